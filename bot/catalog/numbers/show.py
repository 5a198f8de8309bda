"""Looking at phone numbers: `number.list` and `number.show` (twilio.md section 2)."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from bot.catalog.addresses.checks import odd, read_conversations
from bot.catalog.form import Ask, Form
from bot.catalog.numbers.owned import (
    NOBODY_ANSWERS,
    Surroundings,
    nobody_answers,
    owned,
    routing,
    surroundings,
)
from bot.catalog.operation import Inquiry
from bot.catalog.report import Report, Section
from bot.catalog.rules import NumberOrSid, ServiceSid
from bot.catalog.sources.numbers import label
from bot.catalog.webhooks import of_standing
from bot.plans.finding import Finding, note
from bot.twilio import reads
from bot.twilio.gateway import Account
from bot.twilio.numbering import toll_free

MOST = 100
"""How many numbers one section names."""


class NumberList(Form):
    """Which numbers to show; all by default."""

    page_titles = ("Numbers",)

    containing: Annotated[
        str | None,
        Field(max_length=20),
        Ask("Digits or name", "Only numbers whose digits or name hold this. Empty shows all.", max_length=20),
    ] = None
    service_sid: Annotated[
        ServiceSid | None,
        Ask("Messaging service", "Only the numbers of this service's pool.", "lookup", source="services"),
    ] = None


class NumberShow(Form):
    """One number."""

    page_titles = ("Number",)

    number: Annotated[NumberOrSid, Ask("Number", "", "lookup", source="owned_numbers")]


async def _list(form: NumberList, account: Account) -> Report:
    numbers, around = await asyncio.gather(reads.owned_numbers(account), surroundings(account))
    shown = [n for n in numbers if _wanted(form, n, around)]
    findings = _odd([n for n in shown if n.can("sms")], around)
    return Report(
        title="Phone numbers",
        facts=(
            ("Numbers", f"{len(shown)} of {len(numbers)}" if len(shown) < len(numbers) else str(len(numbers))),
            ("In a sender pool", str(sum(around.home(n) is not None for n in shown))),
            ("Address created", _addresses(shown, around)),
        ),
        sections=tuple(_sections(shown, around)),
        findings=tuple(findings[:MOST]),
    )


def _odd(numbers: Sequence[reads.OwnedNumber], around: Surroundings) -> list[Finding]:
    """What is odd about each; those that nothing answers are said in one finding, as they are often many."""
    each = [(n.phone_number, f) for n in numbers for f in routing(n, around)]
    silent = sorted(number for number, finding in each if finding.code == NOBODY_ANSWERS)
    found = [finding for _, finding in each if finding.code != NOBODY_ANSWERS]
    return [*found, nobody_answers(silent)] if silent else found


def _wanted(form: NumberList, number: reads.OwnedNumber, around: Surroundings) -> bool:
    home = around.home(number)
    if form.service_sid and (home is None or home.sid != form.service_sid):
        return False
    if not form.containing:
        return True
    digits = "".join(c for c in form.containing if c.isdigit())
    named = form.containing.casefold() in (number.friendly_name or "").casefold()
    return named or bool(digits and digits in number.phone_number)


def _addresses(numbers: Sequence[reads.OwnedNumber], around: Surroundings) -> str:
    if around.addresses is None:
        return "cannot be read with this key"
    return str(sum(around.address(n) is not None for n in numbers))


def _sections(numbers: Sequence[reads.OwnedNumber], around: Surroundings) -> list[Section]:
    by_home: dict[str, list[reads.OwnedNumber]] = {}
    for number in sorted(numbers, key=lambda n: n.phone_number):
        home = around.home(number)
        by_home.setdefault(home.friendly_name if home else "", []).append(number)
    # numbers in no service come first: they are what people look for when they fill a pool
    return [
        Section(
            title=f"In “{name}” ({len(held)})" if name else f"In no service ({len(held)})", lines=_lines(held, around)
        )
        for name, held in sorted(by_home.items(), key=lambda pair: pair[0].casefold())
    ]


def _lines(numbers: Sequence[reads.OwnedNumber], around: Surroundings) -> tuple[str, ...]:
    lines = [_line(n, around) for n in numbers[:MOST]]
    if len(numbers) > MOST:
        lines.append(f"and {len(numbers) - MOST} more: narrow it down with digits, a name or a service")
    return tuple(lines)


def _line(number: reads.OwnedNumber, around: Surroundings) -> str:
    marks = [label(number)]
    marks.append("address created" if around.address(number) else "")
    marks.append(f"webhook {number.handler}" if number.handler else "no webhook")
    marks.append("" if number.can("sms") else "no SMS")
    marks.append("toll-free: not 10DLC" if toll_free(number.phone_number) else "")
    return " · ".join(filter(None, marks))


async def _show(form: NumberShow, account: Account) -> Report:
    (number,), around, on = await asyncio.gather(
        owned(account, [form.number], "number"), surroundings(account), read_conversations(account)
    )
    home = around.home(number)
    campaign = await reads.campaign(account, home.sid) if home else None
    addresses = {channel: around.address(number, channel) for channel in ("sms", "whatsapp")}
    findings = [*routing(number, around), *_of_webhooks(number)]
    if (address := addresses["sms"]) and address.answers:
        findings += odd(address, on)
    return Report(
        title=f"{number.phone_number}",
        facts=(
            *_identity(number),
            ("Messaging service", f"{home.friendly_name} ({home.sid})" if home else "none"),
            *((("Campaign", campaign.campaign_status),) if campaign else ()),
            *_handling(number),
            *((f"Address ({channel})", on.described(a.auto_creation)) for channel, a in addresses.items() if a),
            *(() if addresses["sms"] else (("Address (sms)", _no_address(around)),)),
        ),
        findings=(*findings, *_carriers(campaign)),
        links=(("Open in Console", f"{_CONSOLE}/{number.sid}/configure"),),
    )


def _identity(number: reads.OwnedNumber) -> tuple[tuple[str, str], ...]:
    can = ", ".join(name.upper() if name != "voice" else name for name in ("sms", "mms", "voice") if number.can(name))
    return (("Name", number.friendly_name or "none"), ("SID", number.sid), ("Can do", can or "nothing"))


def _handling(number: reads.OwnedNumber) -> list[tuple[str, str]]:
    settings: Mapping[str, tuple[str | None, str | None]] = {
        "Messaging application": (number.sms_application_sid, ""),
        "Inbound webhook": (number.sms_url or "blank", number.sms_method if number.sms_url else ""),
        "Fallback webhook": (number.sms_fallback_url, number.sms_fallback_method),
        "Status callback": (number.status_callback, number.status_callback_method),
    }
    return [(name, " ".join(filter(None, (value, method)))) for name, (value, method) in settings.items() if value]


def _of_webhooks(number: reads.OwnedNumber) -> list[Finding]:
    return of_standing(
        {
            "The inbound webhook": number.sms_url,
            "The fallback webhook": number.sms_fallback_url,
            "The status callback": number.status_callback,
        }
    )


def _no_address(around: Surroundings) -> str:
    return "none" if around.addresses is not None else "cannot be read with this key"


def _carriers(campaign: reads.Campaign | None) -> list[Finding]:
    if campaign is None or campaign.campaign_status != "VERIFIED":
        return []
    text = "Its campaign is verified. Whether the carriers have registered the number itself, no API of Twilio tells."
    return [note("number-state", text, "Follow the registration here, or send a test message.", "", (30034,))]


_CONSOLE = "https://console.twilio.com/us1/develop/phone-numbers/manage/incoming"

INQUIRIES = (
    Inquiry(
        name="number.list",
        title="Phone numbers",
        summary="The account's numbers by messaging service, with their webhooks and address marks.",
        command="/a2p-number",
        word="list",
        form=NumberList,
        answer=_list,
    ),
    Inquiry(
        name="number.show",
        title="One phone number",
        summary="Everything that decides about one number's messages.",
        command="/a2p-number",
        word="show",
        form=NumberShow,
        answer=_show,
    ),
)
