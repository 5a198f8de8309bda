"""Messaging services (twilio.md section 1)."""
