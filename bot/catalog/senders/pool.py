"""Sender pools: what is in them, the steps that add and remove, and what follows (twilio.md 1.2 and 1.3)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.catalog.found import found_service
from bot.catalog.numbers.owned import listed
from bot.checks import eligibility
from bot.plans.call import Call, Ref, segment
from bot.plans.finding import Finding, block, note, warn
from bot.plans.step import Adopt, CallStep, Undo
from bot.twilio import reads
from bot.twilio.gateway import Account
from bot.twilio.numbering import toll_free
from bot.twilio.reads_senders import RESOURCES, Kind, Sender

POOL_LIMIT = 400
ALREADY_IN_POOL = 21710
NOT_IN_POOL: Final = (21711,)
"""How Twilio refuses to remove what is gone already, besides with 404."""
_PARAMS: Final[dict[Kind, str]] = {
    "number": "PhoneNumberSid",
    "short_code": "ShortCodeSid",
    "alpha": "AlphaSender",
    "country_alpha": "AlphaSender",
    "channel": "Sid",
}
_SUPPORT = "Ask Twilio Support to allow alphanumeric sender ids on this account, or correct the text. Then try again."


@dataclass(frozen=True)
class Place:
    """A messaging service as steps speak of it: `sid` may be a reference such as `{service.sid}`."""

    sid: str
    name: str

    def path(self, kind: Kind = "number") -> str:
        """Where senders of a kind are added and listed."""
        sid = self.sid if self.sid.startswith("{") else segment(self.sid)
        return f"/v1/Services/{sid}/{RESOURCES[kind]}"


@dataclass(frozen=True)
class Pool:
    """A service with the numbers and short codes in its sender pool and the campaign under which it sends."""

    service: reads.Service
    numbers: tuple[reads.PoolNumber, ...]
    short_codes: int
    campaign: reads.Campaign | None

    @property
    def place(self) -> Place:
        """The service as steps speak of it."""
        return Place(self.service.sid, self.service.friendly_name)


async def read_pool(account: Account, service_sid: str, field: str = "service_sid") -> Pool:
    """The pool of one service. Raises `CannotPlanError` when the account has no such service."""
    service = await found_service(account, service_sid, field)
    numbers, codes, campaign = await asyncio.gather(
        reads.pool(account, service_sid), reads.short_codes(account, service_sid), reads.campaign(account, service_sid)
    )
    return Pool(service, tuple(numbers), len(codes), campaign)


def add_step(into: Pool | Place, step_id: str, phone_number: str, number_sid: str | Ref) -> CallStep:
    """The step that adds one number to a pool. A number that is there already counts as done (21710)."""
    place = into.place if isinstance(into, Pool) else into
    return _adding(place, step_id, "number", phone_number, number_sid)


def add_sender_step(place: Place, step_id: str, sender: Sender) -> CallStep:
    """The step that adds a sender of any kind; an alphanumeric sender id needs no SID, as it is made by it."""
    return _adding(place, step_id, sender.kind, sender.name, _value(sender), sender.country)


def remove_step(place: Place, step_id: str, sender: Sender, *, skippable: str = "", until: str = "") -> CallStep:
    """The step that takes one sender out of a pool; the sender itself stays in the account.

    Undo adds it again, but not after the step `until`, which takes away the sender or the service.
    """
    path, name = f"{place.path(sender.kind)}/{segment(sender.sid)}", shown(sender)
    return CallStep(
        id=step_id,
        title=f"Remove {name} from “{place.name}”",
        call=Call(product="messaging", method="DELETE", path=path),
        adopt=Adopt(read=Call(product="messaging", method="GET", path=path), gone=True),
        already_done=NOT_IN_POOL,
        undo=Undo(
            until=until,
            title=f"Add {name} to “{place.name}” again",
            call=_add_call(place, sender.kind, _value(sender), sender.country),
            adopt=_added(place, sender.kind, _value(sender), sender.country),
            already_done=(ALREADY_IN_POOL,),
        ),
        skippable=skippable,
    )


def shown(sender: Sender) -> str:
    """A sender as people read it."""
    match sender.kind:
        case "short_code":
            return f"the short code {sender.name}"
        case "alpha":
            return f"the sender id {sender.name}"
        case "country_alpha":
            return f"the sender id {sender.name} for {sender.country or 'all countries'}"
        case _:
            return sender.name


def _adding(place: Place, step_id: str, kind: Kind, name: str, value: str | Ref, country: str = "") -> CallStep:
    alpha = _PARAMS[kind] == "AlphaSender"
    what = shown(Sender(kind, "", name, country))
    member = f"{place.path(kind)}/{f'{{{step_id}.sid}}' if alpha else _in_path(value)}"
    return CallStep(
        id=step_id,
        title=f"Add {what} to “{place.name}”",
        call=_add_call(place, kind, value, country),
        adopt=_added(place, kind, value, country),
        already_done=(ALREADY_IN_POOL,),
        keep=("sid", "phone_number"),
        advice={21709: _SUPPORT} if alpha else {},
        undo=Undo(
            title=f"Remove {what} from “{place.name}”",
            call=Call(product="messaging", method="DELETE", path=member),
            adopt=Adopt(read=Call(product="messaging", method="GET", path=member), gone=True),
            already_done=NOT_IN_POOL,
        ),
        skippable=f"“{place.name}” lacks {what}",
    )


def _add_call(place: Place, kind: Kind, value: str | Ref, country: str) -> Call:
    more = {"IsoCountryCode": country} if country else {}
    return Call(product="messaging", method="POST", path=place.path(kind), params={_PARAMS[kind]: value, **more})


def _added(place: Place, kind: Kind, value: str | Ref, country: str) -> Adopt:
    """How a sender shows that it is in the pool."""
    path = place.path(kind)
    if _PARAMS[kind] != "AlphaSender":
        read = Call(product="messaging", method="GET", path=f"{path}/{_in_path(value)}")
        return Adopt(read=read, match={"sid": value})
    more = {"iso_country_code": country} if kind == "country_alpha" else {}
    read = Call(product="messaging", method="GET", path=path)
    return Adopt(read=read, items="alpha_senders", match={"alpha_sender": value, **more})


def _value(sender: Sender) -> str:
    return sender.name if _PARAMS[sender.kind] == "AlphaSender" else sender.sid


def joining(pool: Pool, adding: Sequence[str], field: str, service_field: str = "service_sid") -> list[Finding]:
    """What follows for a pool when these E.164 numbers join it; the fields are those that a form asks for both in."""
    return [
        *over_limit(pool, len(adding), field),
        *_toll_free(pool, adding, field),
        *inbound_dropped(pool.service, service_field),
        *_campaign(pool, len(adding), field, service_field),
    ]


def over_limit(pool: Pool, adding: int, field: str) -> list[Finding]:
    """Whether so many more numbers and short codes fit (21714)."""
    held = len(pool.numbers) + pool.short_codes
    if held + adding <= POOL_LIMIT:
        return []
    text = (
        f"The pool holds {held} numbers and short codes; with {adding} more it passes Twilio's limit of {POOL_LIMIT}."
    )
    fix = "Remove senders, use another service, or ask Twilio Support for a higher limit."
    # a pool that is past the default already has had its limit raised, and to what cannot be read
    severity = warn if held > POOL_LIMIT else block
    return [severity("pool-full", text, fix, field, (21714,))]


def _toll_free(pool: Pool, adding: Sequence[str], field: str) -> list[Finding]:
    new = [n for n in adding if toll_free(n)]
    if not new:
        return []
    found = [
        warn(
            "toll-free-not-10dlc",
            f"{listed(new)}: toll-free numbers are not 10DLC. The A2P campaign does not cover them.",
            "Get toll-free verification for them before they send.",
            field,
            (30032,),
        )
    ]
    if len(new) + sum(toll_free(n.phone_number) for n in pool.numbers) > 1:
        found.append(
            warn(
                "second-toll-free",
                "The pool would hold more than one toll-free number, which can get them blocked.",
                "Keep one toll-free number a service.",
                field,
            )
        )
    return found


def inbound_dropped(service: reads.Service, field: str = "service_sid") -> list[Finding]:
    """Whether replies to the senders of a service reach nobody (twilio.md 0.17)."""
    if not service.answers_inbound or service.inbound_request_url:
        return []
    return [
        warn(
            "inbound-dropped",
            f"“{service.friendly_name}” drops inbound messages: replies to these numbers reach nobody, unlogged. "
            "(Unless “Autocreate a Conversation” is on: Twilio's API does not show that.)",
            "Set an inbound webhook on the service, or let it defer to the sender's webhook.",
            field,
        )
    ]


def _campaign(pool: Pool, adding: int, field: str, service_field: str) -> list[Finding]:
    campaign = pool.campaign
    name = f"“{pool.service.friendly_name}”"
    if campaign is None:
        text = f"{name} has no campaign yet: its numbers cannot text the US until one is registered and verified."
        return [note("no-campaign", text, "Register one with `/a2p-campaign register`.", service_field, (30034,))]
    found = []
    if campaign.us_app_to_person_usecase == "SOLE_PROPRIETOR" and len(pool.numbers) + adding > 1:
        found.append(
            warn(
                "sole-proprietor-one-number",
                "A sole proprietor campaign registers one number. Of several, Twilio picks one; the others never send.",
                "Keep one number in this pool.",
                field,
                (30125,),
            )
        )
    match campaign.campaign_status:
        case "SUSPENDED":
            found += eligibility.of_suspension(pool.service, campaign, service_field)
        case "VERIFIED":
            text = (
                f"The campaign of {name} is verified, but each new number is still registered with the carriers: "
                "minutes to days. It cannot text the US before that."
            )
            found.append(
                note("number-registration", text, "Wait for *registered* before sending.", field, (30034, 30035))
            )
        case status:
            text = f"The campaign of {name} is {status}: its numbers cannot text the US until it is VERIFIED."
            found.append(note("campaign-not-verified", text, "", service_field, (30034,)))
    return found


def _in_path(value: str | Ref) -> str:
    return str(value) if isinstance(value, Ref) else segment(value)
