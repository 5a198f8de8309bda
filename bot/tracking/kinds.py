"""The kinds of registrations: how each is looked at, and whether channels hear of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from bot.checks import delivery
from bot.plans.call import Call, segment
from bot.tracking.registration import FLOWING, GONE, ON_ITS_WAY, QUIET, Registration
from bot.twilio import reads, reads_brands
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account

VETTING_FAILED = (
    "The vetting failed, and the score of the brand stays as it was. Twilio's API gives no reason: see the brand in "
    "the Console. Another vetting costs again."
)
Look = Callable[[Account, str], Awaitable[tuple[str, dict[str, Any]]]]
"""Reads one registration: Twilio's status word (`GONE` when it has none) and the snapshot to keep."""
LookAgain = Callable[[Account, Registration], Awaitable[tuple[str, dict[str, Any]]]]
"""The same for a look that begins with what is known already."""


@dataclass(frozen=True)
class Kind:
    """One kind. Without a `look` no API tells its state: events and people do. Nothing leaves the states of `over`.

    `remembers` names what is still known of one that Twilio no longer has, since its card goes on speaking of it. In
    the states of `unshown` it gets no card unless there is news of it. `again`: a look that needs what is known.
    """

    look: Look | None
    announced: bool
    over: frozenset[str] = frozenset()
    remembers: tuple[str, ...] = ()
    unshown: frozenset[str] = frozenset()
    again: LookAgain | None = None

    async def seen(self, account: Account, known: Registration) -> tuple[str, dict[str, Any]]:
        """What a look finds; one of a kind without a `look` is as it was."""
        if self.again:
            return await self.again(account, known)
        return await self.look(account, known.key) if self.look else (known.status, dict(known.snapshot))

    def remembered(self, snapshot: Mapping[str, Any]) -> dict[str, Any]:
        """The snapshot of one that is gone, from the last one before."""
        return {name: snapshot[name] for name in self.remembers if snapshot.get(name) is not None}


async def look_at_campaign(account: Account, service_sid: str) -> tuple[str, dict[str, Any]]:
    """A campaign is found by its messaging service: its own SID is a constant (twilio.md 0.3)."""
    seen = await reads.campaign(account, service_sid)
    return (seen.campaign_status, seen.model_dump(mode="json")) if seen else (GONE, {})


async def look_at_brand(account: Account, brand_sid: str) -> tuple[str, dict[str, Any]]:
    """A brand; its errors matter whatever its status is (twilio.md 0.11)."""
    seen = await reads.brand(account, brand_sid)
    return (seen.status, seen.model_dump(mode="json")) if seen else (GONE, {})


async def look_at_message(account: Account, message_sid: str) -> tuple[str, dict[str, Any]]:
    """What became of a message. Its text and its recipient are nobody's business here."""
    path = f"/2010-04-01/Accounts/{account.sid}/Messages/{segment(message_sid)}.json"
    try:
        seen = await account.read(Call(product="api", method="GET", path=path))
    except Refused as fault:
        if fault.absent:
            return GONE, {}
        raise
    code = seen.get("error_code")
    kept = {name: seen.get(name) for name in ("sid", "status", "error_code", "num_segments", "price", "price_unit")}
    return str(seen.get("status") or ""), kept | ({"explained": delivery.in_words(code)} if code else {})


async def look_at_vetting(account: Account, brand_sid: str) -> tuple[str, dict[str, Any]]:
    """The latest secondary vetting of a brand: a vetting is found by its brand, and only one is under way at a time."""
    seen = await reads_brands.vettings(account, brand_sid)
    if not seen:
        return GONE, {}
    latest = max(seen, key=lambda v: v.date_created or "")
    return latest.vetting_status or "PENDING", {"brand_vetting_sid": latest.brand_vetting_sid} | (
        {"explained": VETTING_FAILED} if latest.vetting_status == "FAILED" else {}
    )


NO_LOOKS: Mapping[str, LookAgain] = MappingProxyType({})
ENDED = frozenset({"delivered", "undelivered", "failed", "canceled", "read", "partially_delivered", GONE})
"""States of a message that no other follows."""


def kinds(again: Mapping[str, LookAgain] = NO_LOOKS, **looks: Look) -> Mapping[str, Kind]:
    """Every kind; `looks`, by kind, are those that know more than Twilio, `again` those that need what is known."""
    return MappingProxyType(
        {name: replace(k, look=looks.get(name, k.look), again=again.get(name)) for name, k in KINDS.items()}
    )


REMEMBERED = ("campaign_id", "is_externally_registered", "brand_registration_sid")
"""What is known of a campaign that is gone: who follows its brand must hear of it too."""

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "campaign": Kind(look_at_campaign, announced=True, remembers=REMEMBERED),
        "brand": Kind(look_at_brand, announced=True),
        "message": Kind(
            look_at_message,
            announced=False,
            over=ENDED,
        ),
        "vetting": Kind(look_at_vetting, announced=False),
        "number": Kind(None, announced=False),
        "share": Kind(None, announced=False),
        "bundle": Kind(None, announced=True, unshown=ON_ITS_WAY),
        "traffic": Kind(None, announced=True, unshown=frozenset({"", FLOWING, QUIET})),
        "sink": Kind(None, announced=True),
    }
)
