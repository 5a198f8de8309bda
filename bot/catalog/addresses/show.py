"""Looking at Conversations addresses: `address.list` (twilio.md section 3)."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from bot.catalog.addresses.checks import Conversations, odd, read_conversations
from bot.catalog.form import Ask, Form, Option
from bot.catalog.numbers.owned import Surroundings, routing, surroundings
from bot.catalog.operation import Inquiry
from bot.catalog.report import Report, Section
from bot.catalog.sources.numbers import label
from bot.plans.finding import Finding, warn
from bot.twilio import reads, reads_conversations, reads_senders
from bot.twilio.gateway import Account
from bot.twilio.reads_conversations import Address

MOST = 100
"""How many lines one section has."""
SHOWN = (
    Option("all", "Every number"),
    Option("missing", "Numbers without an address"),
    Option("odd", "What is odd"),
)


class AddressList(Form):
    """Which numbers to show."""

    page_titles = ("Addresses",)

    only: Annotated[Literal["all", "missing", "odd"], Ask("Show", "", "choice", options=SHOWN)] = "all"
    containing: Annotated[
        str | None,
        Field(max_length=20),
        Ask("Digits", "Only numbers that hold these digits. Empty shows all.", max_length=20),
    ] = None


async def _list(form: AddressList, account: Account) -> Report:
    numbers, codes, addresses, on, around = await asyncio.gather(
        reads.owned_numbers(account),
        reads_senders.short_codes(account),
        reads_conversations.addresses(account),
        read_conversations(account),
        surroundings(account),
    )
    texting = [
        n for n in sorted(numbers, key=lambda n: n.phone_number) if n.can("sms") and _holds(form, n.phone_number)
    ]
    known = {n.phone_number for n in numbers} | {c.short_code for c in codes}
    created = [n for n in texting if around.address(n)]
    missing = [n for n in texting if not around.address(n)]
    others = [a for a in addresses if _holds(form, a.number) and (a.type != "sms" or a.number.isdigit())]
    dangling = [a for a in addresses if a.type == "sms" and a.number not in known and _holds(form, a.number)]
    findings = [
        *(f for n in created for f in _of_number(n, around, on)),
        *(f for a in others for f in odd(a, on)),
        *(f for n in missing for f in routing(n, around) if f.severity == "warn"),
        *map(_dangling, dangling),
    ]
    sections: list[Section] = []
    if form.only == "all":
        lines = [_created(n, around, on) for n in created]
        sections.append(Section(title=f"Address created ({len(created)})", lines=_lines(lines)))
        sections += _if_any("Other channels and short codes", [_line(a, on) for a in others])
    if form.only != "odd":
        lines = [_missing(n, around) for n in missing]
        sections.append(Section(title=f"No address ({len(missing)})", lines=_lines(lines)))
    sections += _if_any("Addresses without a number", [_line(a, on) for a in dangling])
    return Report(
        title="Conversations addresses",
        facts=_facts(on, texting, created),
        sections=tuple(sections),
        findings=tuple(findings[:MOST]),
    )


def _facts(
    on: Conversations, texting: Sequence[reads.OwnedNumber], created: Sequence[reads.OwnedNumber]
) -> tuple[tuple[str, str], ...]:
    default = on.service(None)
    flex = ""
    if on.flex and on.flex.services:
        mine = default is not None and default.sid in on.flex.services
        flex = ", which is Flex's" if mine else ", which is not Flex's"
    return (
        ("SMS numbers", str(len(texting))),
        ("Address created", f"{len(created)} of {len(texting)}"),
        ("Default conversation service", f"{default.name}{flex}" if default else "none"),
        *((("Flex UI", on.flex.ui_version),) if on.flex and on.flex.ui_version else ()),
    )


def _of_number(number: reads.OwnedNumber, around: Surroundings, on: Conversations) -> list[Finding]:
    address = around.address(number)
    own = odd(address, on) if address and address.answers else []
    return [*routing(number, around), *own]


def _created(number: reads.OwnedNumber, around: Surroundings, on: Conversations) -> str:
    address = around.address(number)
    return f"✓ {label(number)} · {on.described(address.auto_creation if address else None)} · {around.where(number)}"


def _missing(number: reads.OwnedNumber, around: Surroundings) -> str:
    own = f"webhook {number.handler}" if number.handler else "no webhook"
    return f"{label(number)} · {own} · {around.where(number)}"


def _line(address: Address, on: Conversations) -> str:
    return " · ".join(filter(None, (address.address, address.friendly_name, on.described(address.auto_creation))))


def _dangling(address: Address) -> Finding:
    text = (
        f"The address {address.address} ({address.sid}) belongs to no number of this account: nothing comes in there."
    )
    return warn("no-number", text, "Delete it with `/a2p-address delete`.")


def _if_any(title: str, lines: Sequence[str]) -> list[Section]:
    return [Section(title=f"{title} ({len(lines)})", lines=_lines(lines))] if lines else []


def _lines(lines: Sequence[str]) -> tuple[str, ...]:
    more = len(lines) - MOST
    return (*lines[:MOST], f"and {more} more: narrow it down with digits") if more > 0 else tuple(lines)


def _holds(form: AddressList, number: str) -> bool:
    digits = "".join(c for c in form.containing or "" if c.isdigit())
    return digits in number


INQUIRIES = (
    Inquiry(
        name="address.list",
        title="Conversations addresses",
        summary="Every SMS number with its “address created” mark, what answers there, and what is odd.",
        command="/a2p-address",
        word="list",
        form=AddressList,
        answer=_list,
    ),
)
