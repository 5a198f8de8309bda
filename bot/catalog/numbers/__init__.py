"""Phone numbers (twilio.md section 2)."""
