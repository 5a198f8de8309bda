"""Campaigns that are registered in TCR (twilio.md section 6)."""
