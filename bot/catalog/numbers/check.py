"""`number.check`: can this number text right now, and if not, why (twilio.md 0.11, 0.12, 1.4 and 7)."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Final

from bot.catalog.addresses.checks import odd, read_conversations
from bot.catalog.form import Ask, Form
from bot.catalog.numbers.owned import Surroundings, owned, routing, surroundings
from bot.catalog.operation import Inquiry
from bot.catalog.report import Report, Section
from bot.catalog.rules import NumberOrSid
from bot.checks import ready_to_send as rules
from bot.checks.delivery import in_words
from bot.plans.finding import Finding, block, warn
from bot.ports import Known, NumberState
from bot.twilio import reads
from bot.twilio.gateway import Account
from bot.twilio.numbering import toll_free

NOT_REGISTERED: Final = frozenset({"30024", "30034", "30035"})
"""Codes of messages whose sender was not registered yet (twilio.md 7)."""


_STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "REGISTERED": "registered",
        "PENDING_REGISTRATION": "being registered",
        "FAILURE": "registration failed",
        "PENDING_DEREGISTRATION": "being forgotten",
        "UNREGISTERED": "not registered",
    }
)
"""What Twilio's words for a number mean (twilio.md 7)."""


class NumberCheck(Form):
    """One number."""

    page_titles = ("Number",)

    number: Annotated[NumberOrSid, Ask("Number", "One of this account's numbers.", "lookup", source="owned_numbers")]


async def _check(form: NumberCheck, account: Account, known: Known) -> Report:
    (number,), around = await asyncio.gather(owned(account, [form.number], "number"), surroundings(account))
    home = around.home(number)
    campaign = await reads.campaign(account, home.sid) if home else None
    state, events, codes, bypassing, brand, inbound = await asyncio.gather(
        known.number(account.sid, number.sid),
        known.follows_events(account.sid),
        known.codes(account.sid, home.sid) if home else _no_codes(),
        known.bypassing(account.sid, number.phone_number),
        _brand(account, campaign),
        _inbound(account, number, around),
    )
    sending = [*_of_number(number), *_of_service(number, home, campaign, brand)]
    verified = campaign is not None and campaign.campaign_status == "VERIFIED"
    # before its campaign is verified nobody registers a number: silence is no news then
    if home and (verified or state) and not toll_free(number.phone_number):
        sending += _of_carriers(number, home, state, events=events)
    findings = [*sending, *inbound, *_of_traffic(number, home, codes, bypassing)]
    return Report(
        title=f"{number.phone_number}: {_short(sending)}",
        facts=(
            ("Can it text right now", _verdict(sending)),
            ("Messaging service", f"{reads.called(home.friendly_name)} ({home.sid})" if home else "none"),
            *_campaign(campaign),
            *((("Brand", _stands(brand)),) if brand else ()),
            *_carriers(number, state, events=events),
            ("Next step", _next(findings)),
        ),
        sections=_errors(codes),
        findings=tuple(findings),
    )


def _of_number(number: reads.OwnedNumber) -> list[Finding]:
    if not number.can("sms"):
        text = f"{number.phone_number} cannot send texts at all: it has no SMS."
        return [block("no-sms", text, "Buy one that has: `/a2p-number buy`.")]
    if toll_free(number.phone_number):
        text = (
            f"{number.phone_number} is toll-free: it needs no campaign, and carriers block it until it is verified in "
            "its own way, which is not read here."
        )
        return [warn("toll-free-not-10dlc", text, "See Console, Toll-Free Verification.", "", (30032,))]
    return []


def _of_service(
    number: reads.OwnedNumber, home: reads.Service | None, campaign: reads.Campaign | None, brand: reads.Brand | None
) -> list[Finding]:
    """Whether it is under a campaign that lets it send; a toll-free number needs none."""
    if toll_free(number.phone_number):
        return []
    if home is None:
        text = f"{number.phone_number} is in no messaging service, so that no campaign speaks for it."
        return [block("not-in-pool", text, "Add it to the service of a campaign: `/a2p-sender add`.", "", (30034,))]
    name = reads.called(home.friendly_name)
    return [*rules.of_campaign(name, campaign), *(rules.of_brand(campaign, brand) if campaign else [])]


def _of_carriers(
    number: reads.OwnedNumber, home: reads.Service, state: NumberState | None, *, events: bool
) -> list[Finding]:
    status, detail = (state.status, state.detail) if state else ("", {})
    stands = rules.standing(number.phone_number, home.sid, status, detail, awaited=False)
    return rules.of_registrations([stands], events=events)


async def _inbound(account: Account, number: reads.OwnedNumber, around: Surroundings) -> list[Finding]:
    """What becomes of what people answer: it keeps nothing from being sent, but is worth a look."""
    home, address = around.home(number), around.address(number)
    found = list(routing(number, around))
    if address and address.answers:
        found += odd(address, await read_conversations(account))
    weighed = [*rules.of_routing(found), *(rules.of_dropped(home) if home else [])]
    return [f.model_copy(update={"severity": "warn"}) if f.severity == "block" else f for f in weighed]


def _of_traffic(
    number: reads.OwnedNumber, home: reads.Service | None, codes: Mapping[str, int], bypassing: int
) -> list[Finding]:
    found = []
    if home and (refused := sum(n for code, n in codes.items() if code in NOT_REGISTERED)):
        text = (
            f"{_times(refused)} of late, messages of “{reads.called(home.friendly_name)}” were refused because the "
            "number that sent them was not registered yet. Which one it was is not counted."
        )
        found.append(warn("refused-of-late", text, "`/a2p-message test` sends one more.", "", (30034,)))
    if bypassing:
        text = (
            f"{_times(bypassing)} of late, a message went out from {number.phone_number} outside any messaging service."
        )
        fix = "Let your code name the service (MessagingServiceSid) instead of the number alone (From)."
        found.append(warn("bypasses-service", text, fix))
    return found


def _short(sending: Sequence[Finding]) -> str:
    match rules.readiness(sending):
        case "ready":
            return "yes, it can text"
        case "unsure":
            return "it probably can text"
        case "not":
            return "it cannot text yet" if _waits(sending) else "it cannot text"


def _verdict(sending: Sequence[Finding]) -> str:
    match rules.readiness(sending):
        case "ready":
            return "Yes"
        case "unsure" if sending[0].code == "numbers-unknown":
            return "Probably: nobody tells whether carriers have registered it"
        case "unsure":
            return "Probably"
        case "not":
            return "Not yet" if _waits(sending) else "No"


def _waits(sending: Iterable[Finding]) -> bool:
    """Whether time alone mends what keeps it from sending."""
    return {f.code for f in sending if f.severity == "block"} <= rules.WAITING | {"numbers-leaving"}


def _next(findings: Sequence[Finding]) -> str:
    """What mends the first thing that is wrong: what keeps it from sending, else what leaves it unsure."""
    graver = [f for severity in ("block", "warn") for f in findings if f.severity == severity and f.fix]
    return graver[0].fix if graver else "`/a2p-message test` sends a message through its service."


def _campaign(campaign: reads.Campaign | None) -> list[tuple[str, str]]:
    if campaign is None:
        return [("Campaign", "none")]
    known = f"TCR {campaign.campaign_id}" if campaign.campaign_id else "no TCR id yet"
    return [("Campaign", ", ".join(filter(None, (campaign.campaign_status, known, "mock" if campaign.mock else ""))))]


def _stands(brand: reads.Brand) -> str:
    return ", ".join(filter(None, (brand.status, brand.identity_status, brand.sid)))


def _carriers(number: reads.OwnedNumber, state: NumberState | None, *, events: bool) -> list[tuple[str, str]]:
    """What is known of the number's own registration, and from where."""
    if toll_free(number.phone_number):
        return []
    if state is None:
        why = "nothing was heard of it" if events else "no API tells it, and no events reach Tenfour"
        return [("With the carriers", f"unknown: {why}")]
    when = f"{datetime.fromtimestamp(state.since, UTC):%Y-%m-%d %H:%M} UTC"
    words = _STATES.get(state.status, f"Twilio says “{state.status}”")
    return [("With the carriers", f"{words} since {when}, as an event of Twilio told")]


def _errors(codes: Mapping[str, int]) -> tuple[Section, ...]:
    if not codes:
        return ()
    ordered = sorted(codes.items(), key=lambda item: (-item[1], item[0]))
    lines = tuple(f"{code}, {_times(n).lower()}: {in_words(code)}" for code, n in ordered)
    return (Section(title="Errors of its service in the last 24 hours", lines=lines),)


def _times(count: int) -> str:
    return "Once" if count == 1 else f"{count} times"


async def _brand(account: Account, campaign: reads.Campaign | None) -> reads.Brand | None:
    sid = campaign.brand_registration_sid if campaign else None
    return await reads.brand(account, sid) if sid else None


async def _no_codes() -> Mapping[str, int]:
    return {}


INQUIRIES = (
    Inquiry(
        name="number.check",
        title="Can this number text?",
        summary="Whether a number can text the US right now, and if not, why and what to do next.",
        command="/a2p-number",
        word="check",
        form=NumberCheck,
        recall=_check,
        notes=(
            "No API tells whether the carriers have registered a number. Events do, once `/a2p-events setup` is done.",
            "What becomes of replies keeps nothing from being sent; it is looked at because people answer.",
        ),
    ),
)
