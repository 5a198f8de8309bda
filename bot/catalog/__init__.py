"""What can be asked for: one file per Twilio resource."""

from bot.catalog import campaigns, numbers, senders, services
from bot.catalog.operation import Catalog


def catalog() -> Catalog:
    """Every operation that Tenfour knows."""
    return Catalog(operations=(*services.OPERATIONS, *numbers.OPERATIONS, *senders.OPERATIONS, *campaigns.OPERATIONS))
