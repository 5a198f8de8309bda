"""The lists that forms offer: how each is read from Twilio and how its options read."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.catalog.form import Option
from bot.catalog.sources import brands as sources_brands
from bot.catalog.sources import campaigns as sources_campaigns
from bot.catalog.sources import conversations as sources_conversations
from bot.catalog.sources import numbers as sources_numbers
from bot.catalog.sources import senders as sources_senders
from bot.catalog.sources import services as sources_services
from bot.twilio.gateway import Account

LISTS, SEARCHES = 60.0, 30.0
"""Seconds for which a list of the account, and a search of numbers for sale, count as fresh."""


@dataclass(frozen=True)
class Source:
    """One list: how long it is fresh (seconds), which answers of the form it depends on, and how it is loaded.

    A `costly` one takes a request for each messaging service of the account, or is of a product that few accounts
    use: it is kept warm only while somebody looks at it.
    """

    fresh_for: float
    load: Callable[[Account, Mapping[str, Any]], Awaitable[Sequence[Option]]]
    name: str
    depends_on: tuple[str, ...] = ()
    costly: bool = False

    def key(self, given: Mapping[str, Any]) -> tuple[Any, ...]:
        """Equal for requests that one list answers."""
        return (self.name, *(str(given.get(field, "")) for field in self.depends_on))


def named(source: str) -> Source:
    """The source of this name. Raises `LookupError`."""
    if source not in SOURCES:
        raise LookupError(f"there is no list of choices named {source!r}")
    return SOURCES[source]


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        source.name: source
        for source in (
            Source(LISTS, sources_services.services, "services"),
            Source(LISTS, sources_brands.brands, "brands"),
            Source(LISTS, sources_brands.failed_brands, "failed_brands", costly=True),
            Source(LISTS, sources_brands.standard_brands, "standard_brands", costly=True),
            Source(LISTS, sources_brands.sole_proprietor_brands, "sole_proprietor_brands", costly=True),
            Source(LISTS, sources_brands.primary_profiles, "primary_profiles", costly=True),
            Source(LISTS, sources_campaigns.use_cases, "use_cases", ("brand_sid", "brand_kind")),
            Source(SEARCHES, sources_numbers.available, "available_numbers", sources_numbers.SEARCH_FIELDS),
            Source(LISTS, sources_numbers.owned, "owned_numbers", costly=True),
            Source(LISTS, sources_campaigns.failed, "failed_campaigns", costly=True),
            Source(LISTS, sources_campaigns.campaigns, "campaigns", costly=True),
            Source(LISTS, sources_campaigns.external, "external_campaigns", costly=True),
            Source(LISTS, sources_senders.short_codes, "short_codes", costly=True),
            Source(LISTS, sources_senders.channel_senders, "channel_senders", ("kind",)),
            Source(LISTS, sources_senders.pool_senders, "pool_senders", ("service_sid",)),
            Source(LISTS, sources_senders.pool_numbers, "pool_numbers", ("service_sid",)),
            Source(LISTS, sources_conversations.addressable, "addressable_numbers", ("channel",)),
            Source(LISTS, sources_conversations.addresses, "addresses", costly=True),
            Source(LISTS, sources_conversations.flows, "studio_flows", costly=True),
            Source(LISTS, sources_conversations.services, "conversation_services", costly=True),
            Source(LISTS, sources_conversations.events, "conversation_events"),
        )
    }
)
