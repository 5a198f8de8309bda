"""Buying phone numbers: `number.search_and_buy` (twilio.md 2.1, 2.2 and 2.4)."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from bot.catalog.fees import Fees
from bot.catalog.form import Ask, Form, Option, Values
from bot.catalog.numbers.owned import number_path
from bot.catalog.operation import Context, Operation
from bot.catalog.rules import ServiceSid, UsNumber, Webhook, shaped, split_words
from bot.catalog.senders.pool import Pool, add_step, joining, read_pool
from bot.catalog.sources.numbers import search_filters
from bot.plans.call import Call, Ref
from bot.plans.cost import Cost
from bot.plans.finding import Finding, block, note, warn
from bot.plans.plan import Difference, Plan
from bot.plans.step import Adopt, CallStep, Undo
from bot.twilio import reads
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account
from bot.twilio.numbering import TOLL_FREE_CODES, default_name, fits, toll_free

FEES = Fees.load()
NOT_AVAILABLE = 21422
ADVICE = {
    NOT_AVAILABLE: (
        "Somebody else has bought this number, so trying again will not help. Skip it and go on with the others, or "
        "Abandon this change; then search again and choose another number. What was bought before it stays, in its "
        "pool."
    ),
    21649: "This number needs a regulatory bundle, which Tenfour cannot give it. Skip it, or buy it in Console.",
    22300: "Twilio does not sell this account new long codes. Ask Twilio Support to lift that, then try again.",
}

TYPES = (
    Option("local", "Local", "A ten-digit number with an area code: what 10DLC is about."),
    Option("toll_free", "Toll-free", "Not 10DLC: needs toll-free verification instead of a campaign."),
)


CONTAINS = (
    "2 to 16 characters, with at least two digits or letters in one piece; * (one digit) or % (any digits) may stand "
    "at either end"
)


class NumberSearchAndBuy(Form):
    """What to search for, and which of the numbers found to buy."""

    page_titles = ("Search", "Choose")

    number_type: Annotated[Literal["local", "toll_free"], Ask("Type", control="choice", options=TYPES)] = "local"
    area_code: Annotated[
        str | None,
        AfterValidator(shaped(r"[2-9]\d{2}", "an area code has three digits and starts with 2 to 9")),
        Ask("Area code", "Three digits, for example 503.", max_length=3),
    ] = None
    contains: Annotated[
        str | None,
        AfterValidator(shaped(r"(?=.{2,16}\Z)[+*%]?[0-9A-Za-z]{2,}[*%$]?", CONTAINS)),
        Ask(
            "Pattern",
            "Digits or letters in one piece; at either end `*` is one digit, `%` any; `+` the beginning, `$` the end.",
            max_length=16,
        ),
    ] = None
    locality: Annotated[str | None, Field(max_length=80), Ask("City", "For example Portland.", max_length=80)] = None
    region: Annotated[
        str | None,
        AfterValidator(shaped(r"[A-Z]{2}", "two letters, for example OR", upper=True)),
        Ask("State", "Two letters, for example OR.", max_length=2),
    ] = None
    sms: Annotated[bool, Ask("Must have SMS", "A2P messaging needs it.", "yes_no")] = True
    mms: Annotated[bool, Ask("Must have MMS", control="yes_no")] = False
    voice: Annotated[bool, Ask("Must have voice", control="yes_no")] = False
    phone_numbers: Annotated[
        tuple[UsNumber, ...],
        BeforeValidator(split_words),
        Field(min_length=1, max_length=10),
        Ask(
            "Numbers to buy",
            "1 to 10. Nobody holds them for you until they are bought.",
            "lookups",
            2,
            source="available_numbers",
        ),
    ]
    sms_url: Annotated[
        Webhook | None,
        Ask(
            "Inbound webhook of the numbers",
            "Leave blank for Flex Conversations: an address configuration answers there instead.",
            "url",
            2,
            placeholder="https://",
        ),
    ] = None
    service_sid: Annotated[
        ServiceSid | None,
        Ask(
            "Add them to a messaging service",
            "Optional: they join its sender pool as soon as they are bought.",
            "lookup",
            2,
            source="services",
        ),
    ] = None

    @classmethod
    def together(cls, values: Values) -> dict[str, str]:
        wrong = {}
        free = values.get("number_type") == "toll_free"
        if values.get("area_code") and (values["area_code"] in TOLL_FREE_CODES) != free:
            wrong["area_code"] = (
                f"toll-free numbers start with {', '.join(sorted(TOLL_FREE_CODES))}"
                if free
                else "that is a toll-free code: choose the type toll-free"
            )
        if free:
            wrong |= {
                name: "toll-free numbers belong to no place" for name in ("locality", "region") if values.get(name)
            }
        if len(set(values.get("phone_numbers") or ())) < len(values.get("phone_numbers") or ()):
            wrong["phone_numbers"] = "a number is named twice"
        return wrong


def buy_step(step_id: str, number: str, context: Context, sms_url: str | None = None) -> CallStep:
    """The step that buys one number (E.164), under a name that only this change uses, with a blank webhook or this one.

    Never by area code: a second attempt would buy a second number (twilio.md 2.2).
    """
    tag = f"{default_name(number)} {context.token}"
    path = f"/2010-04-01/Accounts/{context.account.sid}/IncomingPhoneNumbers.json"
    bought = number_path(context.account, f"{{{step_id}.sid}}")
    webhook = {"SmsUrl": sms_url, "SmsMethod": "POST"} if sms_url else {"SmsUrl": ""}
    return CallStep(
        id=step_id,
        title=f"Buy {number}",
        call=Call(
            product="api", method="POST", path=path, params={"PhoneNumber": number, "FriendlyName": tag, **webhook}
        ),
        adopt=Adopt(
            read=Call(product="api", method="GET", path=path, params={"PhoneNumber": number, "FriendlyName": tag}),
            items="incoming_phone_numbers",
            match={"phone_number": number, "friendly_name": tag},
        ),
        # also what a repetition hears when the first answer was lost but the number bought: the adopt read decides
        already_done=(NOT_AVAILABLE,),
        keep=("sid", "phone_number", "friendly_name"),
        advice=ADVICE,
        undo=Undo(
            title=f"Release {number}: anybody can buy it then, so it may be lost for good; its first month stays paid",
            call=Call(product="api", method="DELETE", path=bought),
            adopt=Adopt(read=Call(product="api", method="GET", path=bought), gone=True),
        ),
        skippable=f"{number} is not bought, and is in no pool",
    )


@dataclass(frozen=True)
class _Candidate:
    """A chosen number as it stands now: on sale, already ours, or neither; and whether the search still finds it."""

    phone_number: str
    on_sale: reads.AvailableNumber | None
    owned: bool
    fits: bool


async def _plan_buy(form: NumberSearchAndBuy, context: Context) -> Plan:
    account = context.account
    candidates, prices, pool = await asyncio.gather(
        asyncio.gather(*(_candidate(account, form, n) for n in form.phone_numbers)),
        _prices(account, form.phone_numbers),
        _pool(account, form.service_sid),
    )
    steps: list[CallStep] = []
    for i, number in enumerate(form.phone_numbers, 1):
        steps.append(buy_step(f"number_{i}", number, context, form.sms_url))
        if pool is not None:
            # before the next purchase, which may fail: a bought number is of use only in its pool
            steps.append(add_step(pool, f"add_{i}", number, Ref(step=f"number_{i}")))
    into = f"in “{pool.service.friendly_name}”" if pool else "in no service"
    many = len(form.phone_numbers)
    return Plan(
        operation="number.search_and_buy",
        account=account.sid,
        title=f"Buy {form.phone_numbers[0]}" if many == 1 else f"Buy {many} numbers",
        steps=tuple(steps),
        differences=tuple(Difference(field=n, before=None, after=f"bought, {into}") for n in form.phone_numbers),
        costs=tuple(_cost(n, prices[_kind(n)]) for n in form.phone_numbers),
        findings=tuple(_findings(form, candidates, prices, pool)),
    )


async def _candidate(account: Account, form: NumberSearchAndBuy, number: str) -> _Candidate:
    search = "TollFree" if toll_free(number) else "Local"
    sale, owned, found = await asyncio.gather(
        reads.available_numbers(account, search, {"Contains": number}, limit=20),
        reads.owned_numbers(account, number),
        _found(account, form, number),
    )
    return _Candidate(number, next((n for n in sale if n.phone_number == number), None), bool(owned), found)


async def _found(account: Account, form: NumberSearchAndBuy, number: str) -> bool:
    """Whether the search, as it is now, finds this number: it may have been changed after the number was chosen."""
    if form.contains and not fits(number, form.contains):
        return False
    # one search takes one pattern, and this one needs it for the number itself; SMS is judged apart
    asked = {k: v for k, v in search_filters(form.model_dump()).items() if k not in ("Contains", "SmsEnabled")}
    if not asked:
        return True
    search = "TollFree" if toll_free(number) else "Local"
    sale = await reads.available_numbers(account, search, asked | {"Contains": number}, limit=20)
    return any(n.phone_number == number for n in sale)


async def _pool(account: Account, service_sid: str | None) -> Pool | None:
    return await read_pool(account, service_sid) if service_sid else None


async def _prices(account: Account, numbers: Sequence[str]) -> dict[str, Decimal | None]:
    """Monthly price by type of number; None where Twilio names none or the key may not ask."""
    found: dict[str, Decimal | None] = {}
    for kind in {_kind(n) for n in numbers}:
        try:
            found[kind] = await reads.number_price(account, kind)
        except Refused:
            found[kind] = None
    return found


def _kind(number: str) -> str:
    return "toll free" if toll_free(number) else "local"


def _cost(number: str, price: Decimal | None) -> Cost:
    what = f"{number} ({_kind(number)})"
    if price is None:  # counted as nothing, it would be approved as what is free
        return FEES.cost("number_toll_free" if toll_free(number) else "number_local").model_copy(update={"what": what})
    return Cost(what=what, usd=price, period="month", source="Twilio Pricing API, this account's price")


def _findings(
    form: NumberSearchAndBuy, candidates: Iterable[_Candidate], prices: dict[str, Decimal | None], pool: Pool | None
) -> list[Finding]:
    found = [f for c in candidates for f in _judged(c, needs_sms=form.sms or pool is not None)]
    unknown = sorted(kind for kind, price in prices.items() if price is None)
    if unknown:
        text = f"Twilio names no price for {' and '.join(unknown)} numbers. What they usually cost is shown and judged."
        found.append(warn("price-unknown", text, "Look the price up in Console before approving.", "phone_numbers"))
    if form.sms_url:
        text = "With Flex Conversations a number that has its own webhook may be answered twice, or not by Flex."
        found.append(note("webhook-and-flex", text, "Leave it blank if Flex is to answer.", "sms_url"))
    if pool is not None:
        found += joining(pool, form.phone_numbers, "phone_numbers")
        if form.sms_url and pool.service.answers_inbound:
            text = (
                f"“{pool.service.friendly_name}” handles inbound messages itself: the numbers' webhook is not called."
            )
            fix = "Let the service defer to the sender's webhook, or leave the webhook blank."
            found.append(warn("two-webhooks", text, fix, "sms_url"))
    elif any(toll_free(n) for n in form.phone_numbers):
        text = "Toll-free numbers are not 10DLC: no A2P campaign covers them."
        fix = "Get toll-free verification before they send."
        found.append(warn("toll-free-not-10dlc", text, fix, "phone_numbers", (30032,)))
    return found


def _judged(candidate: _Candidate, *, needs_sms: bool) -> list[Finding]:
    number, sale, field = candidate.phone_number, candidate.on_sale, "phone_numbers"
    if candidate.owned:
        return [block("number-owned", f"{number} is this account's already.", "Take it out.", field)]
    if sale is None:
        return [block("number-gone", f"{number} is not for sale any more.", "Search again.", field, (NOT_AVAILABLE,))]
    found = []
    if not candidate.fits:
        text = f"{number} is not what you search for: it was chosen before the search was changed."
        fix = "Take it out and choose another, or go back and clear what it does not fit."
        found.append(block("not-in-search", text, fix, field))
    if not sale.can("sms"):
        severity = block if needs_sms else warn
        text = f"{number} has no SMS: it can never send A2P messages."
        found.append(severity("no-sms", text, "Choose a number with SMS.", field, (21715,)))
    if sale.address_requirements not in (None, "none"):
        # any and local are refused without an address; foreign only concerns addresses abroad
        severity = block if sale.address_requirements in ("any", "local") else warn
        text = f"{number} needs an address (“{sale.address_requirements}”), which this purchase does not give."
        found.append(severity("address-required", text, "Choose another number.", field, (21613, 21615, 21631)))
    return found


OPERATIONS = (
    Operation(
        name="number.search_and_buy",
        title="Search and buy numbers",
        summary="Numbers with live prices, bought one by one, and added to a sender pool if wanted.",
        command="/a2p-number",
        word="buy",
        form=NumberSearchAndBuy,
        plan=_plan_buy,
        notes=(
            "Numbers are bought by number, never by area code, each under a name that only this change uses.",
            "Nobody holds a number until it is bought: one that is gone can be skipped, and the others are bought.",
            "Taking it back releases the numbers. The month stays paid, and somebody else may buy them.",
        ),
        next="A number texts the US from a service with a verified campaign: `/a2p-sender add` if it is in none, then "
        "`/a2p-campaign register`. `/a2p-number configure` names it.",
    ),
)
