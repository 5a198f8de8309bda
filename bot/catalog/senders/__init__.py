"""Sender pools and what is in them (twilio.md 1.2 and 1.3)."""
