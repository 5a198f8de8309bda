"""Nothing that somebody typed, or that Twilio repeats of it, takes effect in Slack: no mention, link or turned writing.

The words come from everywhere at once: every text input of every operation, names at Twilio, its errors and verdicts.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import pytest

from bot.catalog import catalog
from bot.catalog.form import Form, Mistake, mistakes
from bot.catalog.operation import CannotPlanError, Inquiry
from bot.changes.change import State
from bot.changes.refusal import Refusal
from bot.changes.roster import Pinged
from bot.checks.guide import Guide
from bot.plans.plan import Plan
from bot.tracking.memory import Accepted, Past
from bot.tracking.memory import Refused as RefusedBefore
from bot.tracking.registration import About, Fact, Mute
from bot.tracking.subscriptions import Subscription
from bot.twilio.faults import Refused, TwilioFault
from bot.twilio.gateway import Account
from handlers.blocks.account import Row, account_list
from handlers.blocks.calls import call, last_call, next_part, reminder
from handlers.blocks.change import approvals_list, change_card, happened_modal, reject_modal, told
from handlers.blocks.following.portfolio import portfolio_blocks
from handlers.blocks.following.registration import Shown, registration_card, registration_modal, verdict
from handlers.blocks.following.registration_acts import assigned, muted, unmuted
from handlers.blocks.following.ticket import ticket_modal
from handlers.blocks.following.watch import Watched, watch_modal, watch_panel
from handlers.blocks.form import form_modal, notice_modal
from handlers.blocks.help import incomplete, refusal, usage, window_gone
from handlers.blocks.home import home_view
from handlers.blocks.plan import details_modal, plan_message, preview_modal
from handlers.blocks.report import report_message, report_modal
from handlers.words import in_words
from tests.catalog.examples import EXAMPLES, Example
from tests.catalog.world import World, open_world
from tests.e2e.world import A2P, ALERTS, ANN, APPROVALS, BOB, RITA, shown
from tests.e2e.world import World as WholeWorld
from tests.handlers.blocks import samples
from tests.handlers.blocks.judge import texts
from tests.handlers.blocks.shelves import shelf

CALLS_UP = re.compile(r"<!(?!date\^)|<!date\^1\^[^>]*evil|[\u202a-\u202e\u2066-\u2069]")
"""What must take effect nowhere: a call to everybody, and turned writing."""
MENTIONS = re.compile(r"<@U0EVIL|<#C0EVIL")
"""What must take effect nowhere but in a private refusal, which repeats to one person what that person has typed."""
LINKS = re.compile(r"<(https?:[^|>]*)")
PLANT = (
    "<!channel> <!here> <@U0EVIL> <#C0EVIL> <https://evil.example|twilio.com> <https://www.twilio.com/evil.example|x> "
    "<!date^1^{date}^https://evil.example|2026-01-01 00:00 UTC> <!subteam^S0EVIL> &lt;!channel&gt; & "
    "\u202ereversed\u202c zero\u200bwidth"
)
SHORT = "<@U0EVIL> <!here>"
OF_TWILIO = re.compile(r"https://(www|console)\.twilio\.com/")
GUIDE = Guide.load()
TYPED = frozenset({"text", "paragraph", "url", "lookup", "lookups"})


def dead(drawn: Any, where: str = "", *, private: bool = False) -> None:
    """Assert that nothing of the words planted takes effect in a message or view."""
    for kind, text in [*texts(drawn.get("blocks", [])), ("mrkdwn", str(drawn.get("text") or ""))]:
        if kind == "mrkdwn":
            inert(text, where, private=private)


def inert(text: str, where: str = "", *, private: bool = False) -> None:
    """Assert it of one text: links go to Twilio's own pages only."""
    live = [found[0] for rule in (CALLS_UP, *([] if private else [MENTIONS])) for found in rule.finditer(text)]
    live += [url for url in LINKS.findall(text) if not OF_TWILIO.match(url)]
    assert not live, f"{where}: {live} in {text!r}"


def pictures(plan: Plan, operation: str, values: dict[str, Any], text: str = PLANT) -> Iterator[tuple[str, Any]]:
    """What shows a plan, before it is asked for and in the states that show different parts of it."""
    entry = catalog()[operation]
    draft = samples.draft(values, operation=operation, of=plan)
    yield "preview", preview_modal(entry, draft)
    yield "plan", plan_message(entry, plan)
    for state in ("pending", "failed", "succeeded"):
        yield f"card {state}", change_card(samples.change(state, of=plan, text=text))
    yield "details", details_modal(samples.change("succeeded", of=plan, text=text))


def lives(plan: Plan, state: State) -> Iterator[tuple[str, Any]]:
    """Everything that shows a change in a state, of which everything that can be said is the words planted."""
    change = samples.change(state, of=plan, text=PLANT)
    yield "card", change_card(change)
    yield "details", details_modal(change)
    yield "list", approvals_list([change], viewer=ANN)
    yield "told", told(change) or {}
    yield "home", home_of(change)
    yield "reject", reject_modal(change)
    if state == "unknown":
        yield "happened", happened_modal(change)
    if state == "pending":
        whom = Pinged(users=(BOB,))
        yield "next part", next_part(change, whom)
        yield "call", call(change, whom) or {}
        yield "reminder", reminder(change, whom, samples.NOW)
        yield "last call", last_call(change)


def home_of(change: Any) -> Any:
    followed = portfolio_blocks(shelf(samples.registration("FAILED", title=PLANT, trouble=PLANT), text=PLANT))
    waiting = [change] if change.state == "pending" else []
    return home_view(viewer=RITA, waiting=waiting, mine=[change], registrations=followed, may_ask=[], now=samples.NOW)


def refusals(form: type[Form], values: dict[str, Any], operation: str) -> Iterator[tuple[str, Any]]:
    """How a form, a note and a command answer words that do not fit."""
    entry = catalog().entry(operation)
    assert entry
    wrong = [*mistakes(form, values), *(Mistake(name, f"{PLANT} is not known.") for name in form.asks())]
    for page in range(1, form.pages() + 1):
        yield f"page {page}", form_modal(entry, samples.draft(values, operation=operation), page, mistakes=wrong)
    yield "command", incomplete(entry, wrong)


def planted(values: dict[str, Any], form: type[Form]) -> dict[str, Any]:
    """Answers with the words at the end of every text that takes them."""
    asks = form.asks()
    for name, value in list(values.items()):
        ask = asks.get(name)
        if ask is None or ask.control not in TYPED or not isinstance(value, str):
            continue
        for words in (f"{value} {PLANT}", f"{value} {SHORT}", f"{value}/{SHORT}".replace(" ", "")):
            if not {m.field for m in mistakes(form, values | {name: words})} & {name}:
                values = values | {name: words}
                break
    return values


async def planned(world: World, operation: str, honest: dict[str, Any], values: dict[str, Any]) -> Plan:
    """The plan for as many of the planted answers as it takes; the words about those that it does not are looked at."""
    while True:
        try:
            return await world.plan(operation, **values)
        except (CannotPlanError, TwilioFault, ValueError) as error:
            words = in_words(error)
            dead(refusal(words), f"{operation} refused", private=True)
            dead(notice_modal("Tenfour", words), f"{operation} refused", private=True)
            field = getattr(error, "field", "")
            if values == honest:
                raise
            values = values | {field: honest[field]} if values.get(field) != honest.get(field) else honest


def rename_everything(world: World) -> None:
    """Names that somebody gave at Twilio, in Console or long ago."""
    for table in world.twilio._ledger._tables.values():
        for record in list(table):
            names = {n: f"{getattr(record, n)} {PLANT}" for n in ("friendly_name",) if getattr(record, n, None)}
            if names:
                table.change(record.key, record.date_updated, **names)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.operation)
async def test_no_text_of_any_operation_and_no_name_at_twilio_takes_effect(example: Example) -> None:
    async with open_world() as world:
        form = catalog()[example.operation].form
        honest = {**example.values, **await example.before(world)}
        rename_everything(world)
        values = planted(honest, form)
        plan = await planned(world, example.operation, honest, values)
        for where, drawn in pictures(plan, example.operation, values):
            dead(drawn, f"{example.operation}, {where}")
        for where, drawn in refusals(form, honest | dict.fromkeys(form.asks(), PLANT), example.operation):
            dead(drawn, f"{example.operation}, {where}", private=True)


@pytest.mark.parametrize("state", samples.STATES)
def test_nothing_that_is_said_of_a_change_takes_effect(state: State) -> None:
    for plan in (samples.plan(PLANT), samples.plan(PLANT, severity="block"), samples.by_hand(), samples.chain()):
        for where, drawn in lives(plan, state):
            dead(drawn, f"{where} of {state}")


async def test_no_name_at_twilio_takes_effect_in_a_report() -> None:
    async with open_world() as world:
        rename_everything(world)
        for inquiry in catalog().inquiries:
            await _look(world, inquiry)


async def _look(world: World, inquiry: Inquiry) -> None:
    for values in ({}, {name: _example_of(name) for name in inquiry.form.asks() if _example_of(name)}):
        if mistakes(inquiry.form, values):
            continue
        try:
            report = await world.look(inquiry.name, **values)
        except (CannotPlanError, TwilioFault) as error:
            dead(refusal(in_words(error)), inquiry.name, private=True)
            continue
        dead(report_message(inquiry, report, world.account), inquiry.name)
        dead(report_modal(inquiry, report, world.account, "draft"), inquiry.name)


def _example_of(name: str) -> str:
    return next((str(e.values[name]) for e in EXAMPLES if name in e.values), "")


@pytest.mark.parametrize("status", ["", "PENDING", "IN_PROGRESS", "VERIFIED", "FAILED", "SUSPENDED", PLANT])
@pytest.mark.parametrize("kind", ["campaign", "brand", "share", "number", "message"])
def test_no_verdict_of_a_carrier_takes_effect(status: str, kind: str) -> None:
    errors = [samples.error(30896, description=PLANT, url=PLANT, fields=[PLANT]), samples.error(PLANT)]
    for given in ([], errors):
        the = samples.registration(status, *given, title=PLANT, trouble=PLANT, failures=3, kind=kind, text=PLANT)
        moved = samples.transition(status, *given, before=PLANT, text=PLANT)
        dead(registration_card(Shown(the, (moved,))), kind)
        dead(verdict(Shown(the), moved), kind)
        muted = the.model_copy(update={"muted": {A2P: Mute(by=samples.ANN, at=0.0)}})
        wanted = Subscription(channel=A2P, brands=(PLANT,), zone=PLANT, quiet_from=1, quiet_until=2)
        watched = Watched(A2P, wanted, {"AC1": PLANT, "AC2": PLANT}, {PLANT[:99]: PLANT}, {PLANT: 1}, [muted])
        dead(watch_panel(watched), kind)
        dead(watch_modal(watched), kind)


@pytest.mark.parametrize("kind", ["campaign", "brand", "bundle", "sink", "traffic"])
def test_nothing_that_is_remembered_of_a_registration_takes_effect(kind: str) -> None:
    number = {"phone_number": PLANT, "error_code": PLANT, "reason": PLANT}
    reason = {"code": PLANT, "severity": PLANT, "text": PLANT, "fix": PLANT}
    readiness = {"numbers": {PLANT: 1}, "failed": [number], "reasons": [reason], "service": PLANT, "events": False}
    counts = {"codes": {PLANT: PLANT}, "bypass": {PLANT: 1}, "likely": PLANT, "finished": PLANT}
    the = samples.registration("VERIFIED", samples.error(PLANT), title=PLANT, kind=kind, text=PLANT)
    heard = {PLANT: Fact(name=PLANT, value=PLANT, at=samples.NOW, event="EV1")}
    snapshot = the.snapshot | counts | {"ready": "not", "readiness": readiness}
    the = the.model_copy(update={"snapshot": snapshot, "heard": heard})
    old = RefusedBefore(registration=the.id, title=PLANT, at=1.0, errors=({"error_code": PLANT},))
    accepted = Accepted(registration=PLANT, title=PLANT, at=1.0, use_case=PLANT, texts={"message_flow": PLANT})
    seen = Shown(the, channel=A2P, now=samples.NOW, past=Past(refused=(old,), accepted=accepted))
    facts = {"failed": [number], "reasons": [reason], "stage": PLANT, "name": PLANT, "why": PLANT}
    for status in ("VERIFIED", "FAILED", "APPROVED", PLANT):
        moved = samples.transition(status, samples.error(30896, description=PLANT), before=PLANT, text=PLANT)
        for about in get_args(About):
            dead(verdict(seen, moved.model_copy(update={"about": about, "facts": facts})), f"{kind} {about}")
        shown_so = replace(seen, registration=the.model_copy(update={"status": status}), transitions=(moved,))
        for window in (registration_card(shown_so), registration_modal(shown_so), ticket_modal(shown_so, [PLANT])):
            dead(window, kind)
    for said in (assigned(the, ANN, BOB), muted(the, ANN), unmuted(the, ANN)):
        dead(said, kind)


async def test_no_answer_to_words_that_nobody_knows_takes_effect(account: Account) -> None:
    fault = Refused(400, 21713, PLANT, "https://evil.example", "POST /v1/Services")
    for drawn in (
        refusal(in_words(fault)),
        notice_modal("Tenfour", in_words(fault)),
        usage("/a2p-service", ["create"], PLANT, PLANT),
        window_gone(PLANT, kept=True),
        account_list(A2P, [Row(account, PLANT)], None, account),
        refusal(in_words(Refusal(f"“{PLANT}” is not known."))),
    ):
        dead(drawn, private=True)


async def test_nothing_typed_anywhere_takes_effect_in_the_whole_bot(world: WholeWorld) -> None:
    number = await world.request(RITA, "/a2p-service", "create", {"friendly_name": PLANT[:60]}, {})
    for text in (
        f"create {PLANT}",
        PLANT,
        f"help {PLANT}",
        f'create friendly_name="{PLANT}" --plan',
        f"create x={PLANT}",
    ):
        for command in ("/a2p-service", "/a2p", "/a2p-watch", "/a2p-account", "/a2p-approvals"):
            await world.slack.command(BOB, A2P, command, text)
    card = await world.card(number)
    await world.slack.click(ANN, "change.reject", channel=APPROVALS, ts=card["ts"])
    await world.sees(ANN, "Why not?")
    await world.slack.submit(ANN, {"reason": PLANT})
    await world.told(RITA, "reversed")
    await world.slack.open_home(RITA)
    await world.until(lambda: f"#{number}" in shown(world.slack.home(RITA) or {}), "the home")
    for channel in (A2P, APPROVALS, ALERTS, "D0RITA", "D0ANN", "D0BOB"):
        for message in world.slack.messages(channel):
            dead(message, channel)
        for message in world.slack.ephemerals(BOB, channel):
            dead(message, channel, private=True)
    for asked in world.slack.calls():
        dead(asked.args, asked.method, private=True)
        dead(asked.args.get("view") or {}, asked.method, private=True)
