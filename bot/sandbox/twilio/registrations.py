"""How far numbers are registered with the carriers: what no API of Twilio tells (reference: section 7)."""

from typing import NamedTuple

from bot.sandbox.twilio.campaigns import Campaign
from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.numbers import Number
from bot.sandbox.twilio.pools import PoolNumber

_CARRIES = {"VERIFIED", "SUSPENDED"}
"""States of a campaign under which its numbers keep their registration."""


class NumberRegistration(Record):
    """The carriers' last word on a number; `sid` is the number's own.

    `campaign` and `membership` are the ordinals of the campaign and of the place in its pool that it was given for:
    a number that leaves either has to be registered anew. `service_sid` is that campaign's service. A number is
    `stuck` when carriers could not forget it.
    """

    state: str
    code: int | None = None
    campaign: int = 0
    membership: int = 0
    service_sid: str = ""
    stuck: bool = False


class Standing(NamedTuple):
    """Where a number stands, in Twilio's words, and the code of a failure; `stuck` when it could not be forgotten."""

    state: str
    code: int | None = None
    stuck: bool = False


class Holding(NamedTuple):
    """The campaign under which a number may be registered, and its place in that campaign's pool."""

    campaign: Campaign
    member: PoolNumber


def holding(ledger: Ledger, number_sid: str) -> Holding | None:
    """Under which campaign a number sends, if its pool has one that carries it."""
    member = ledger.table(PoolNumber).get(number_sid)
    campaign = ledger.table(Campaign).get(member.service_sid) if member else None
    if member is None or campaign is None or campaign.status not in _CARRIES or campaign.mock:
        return None
    return Holding(campaign, member)


def standing(ledger: Ledger, number: Number) -> Standing:
    """Where a number stands now. Toll-free numbers are verified, which has nothing to do with campaigns."""
    word = ledger.table(NumberRegistration).get(number.sid)
    if number.type == "toll-free":
        return Standing(word.state if word else "UNVERIFIED")
    if word and word.stuck:
        return Standing("FAILURE", word.code, stuck=True)
    under = holding(ledger, number.sid)
    same = under and word and (word.campaign, word.membership) == (under.campaign.ordinal, under.member.ordinal)
    if word and same:
        return Standing(word.state, word.code)
    if word and word.state == "REGISTERED":
        return Standing("PENDING_DEREGISTRATION")
    return Standing("PENDING_REGISTRATION" if under else "UNREGISTERED")
