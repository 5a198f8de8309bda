"""Brands, through Trust Hub (twilio.md section 4)."""
