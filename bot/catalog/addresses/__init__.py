"""Conversations addresses (twilio.md section 3)."""
