"""Pages of Twilio's Console that people are sent to for what no API does."""

SERVICES = "https://www.twilio.com/console/sms/services"
CONVERSATIONS_DEFAULTS = "https://www.twilio.com/console/conversations/configuration/defaults"


def service(sid: str) -> str:
    """A messaging service's own pages."""
    return f"https://console.twilio.com/us1/service/sms/{sid}/properties"
