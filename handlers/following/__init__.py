"""Registrations in Slack: their threads, who hears of them, and what people do about them."""
