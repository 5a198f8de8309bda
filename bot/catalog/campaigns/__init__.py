"""Campaigns (twilio.md section 5)."""
