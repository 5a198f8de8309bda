"""Whatever a payload carries, nothing is done that the honest one would not do, and the person reads why."""

import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
import pytest_asyncio
import structlog
from structlog.typing import EventDict

from bot.sandbox.twilio import start_state
from handlers import ACTIONS, CLOSED, SUBMISSIONS
from tests.e2e.answers import SERVICE
from tests.e2e.world import A2P, ANN, APPROVALS, BOB, RITA, World, everything_in, shown
from tests.security import payloads
from tests.security.outsiders import changes_of_rita, record, written
from tests.security.payloads import Json

HUGE = "9" * 2000
BOMB = "[" * 3000
"""As deep as Slack's 3,000 characters of private metadata allow."""
RUBBISH = (
    "",
    ":",
    "::",
    "-1",
    "0",
    "1.0",
    "1e3",
    "0x1",
    "+1",
    " 1",
    "1 ",
    "\uff11",
    "\u0661",
    "\xb2",
    HUGE,
    "9" * 13,
    "{change:1}",
    "1}:{2",
    "NaN",
    "null",
    "true",
    "../1",
    "1\n2",
    "1\x002",
    "|||",
    "campaign|AC|MG",
    "campaign|{AC}|{MG}",
    f"campaign|AC{'0' * 32}|",
    f"levitation|{start_state.ACCOUNT_SID}|{start_state.SUPPORT_SERVICE}",
    "change.undo",
    "__class__",
    "C0SECRET",
    "<!channel>",
    BOMB,
)


READ_THEIR_OWN_WAY = (
    "change.approve",
    "registration.check",
    "registration.resubmit",
    "registration.assign",
    "home.start",
    "form.resume",
)
"""Actions whose values are read in different ways; all others read theirs as the first one does."""


@pytest.fixture
def logged() -> Iterable[list[EventDict]]:
    """What is logged meanwhile."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest_asyncio.fixture
async def whispers(world: World) -> AsyncIterator["Whispers"]:
    """Hears what one person is told after a payload."""
    yield Whispers(world)


class Whispers:
    """What one person is told: in an ack, privately in a channel, in a window, or by direct message."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def after(self, user: str, payload: Json) -> str:
        """Deliver, and give the words that follow."""
        slack, dm = self._world.slack, "D" + user[1:]
        slack.reload(user)
        private, direct = len(slack.store.ephemerals), len(slack.store.messages.get(dm, []))
        sent = await slack.deliver(payload)
        assert sent.status == "acked", sent.status
        if sent.ack:
            return json.dumps(sent.ack)

        def look() -> list[Json]:
            held = [e.message for e in slack.store.ephemerals[private:] if e.user == user]
            return [*held, *slack.store.messages.get(dm, [])[direct:], *slack.views(user)]

        what = f"words for {user} after {payload.get('actions') or payload.get('view')}"
        return " ".join(map(shown, await self._world.until(look, what)))


@pytest.mark.long
async def test_no_value_of_a_button_does_what_its_card_does_not_offer(
    world: World, whispers: Whispers, logged: list[EventDict]
) -> None:
    changes = await changes_of_rita(world)
    before, asked = await record(world, changes), written(world)
    pending, failed, unknown, waiting = (changes[s] for s in ("pending", "failed", "unknown", "waiting"))
    other = "0" * 64
    mixed = [
        ("change.approve", f"{pending.number}:{other}"),
        ("change.approve", f"{pending.number}"),
        ("change.approve", f"{pending.number}:{pending.digest.upper()}"),
        ("change.approve", f"{pending.number}:{pending.digest[:-1]}"),
        ("change.approve", f"{failed.number}:{pending.digest}"),
        ("change.approve", f"999999:{pending.digest}"),
        ("change.skip", f"{failed.number}:{failed.digest}:create"),
        ("change.skip", f"{failed.number}:{failed.digest}:verified"),
        ("change.skip", f"{failed.number}:{failed.digest}:"),
        ("change.skip", f"{failed.number}:{failed.digest}:{{create}}"),
        ("change.done", f"{waiting.number}:{waiting.digest}:verified"),
        ("change.done", f"{waiting.number}:{waiting.digest}:paid"),
        ("change.done", f"{waiting.number}:{waiting.digest}"),
        ("change.did_not", f"{unknown.number}:{unknown.digest}:extra"),
        ("change.did_not", f"{failed.number}:{failed.digest}:extra"),
        ("change.retry", f"{waiting.number}:{waiting.digest}"),
        ("change.retry", f"{pending.number}:{pending.digest}"),
        ("change.undo", f"{pending.number}:{pending.digest}"),
        ("change.ask_again", f"{pending.number}:{pending.digest}"),
    ]
    for action, value in mixed:
        said = await whispers.after(ANN, payloads.click_on_card(world, ANN, action, value))
        assert "nobody foresaw" not in said, (action, value, said)
    for action in sorted(set(ACTIONS) - {"watch.on", "watch.off"}):
        for value in RUBBISH if action in READ_THEIR_OWN_WAY else RUBBISH[:3]:
            said = await whispers.after(ANN, payloads.click_on_card(world, ANN, action, value))
            assert "nobody foresaw" not in said, (action, value[:40], said)
    assert await record(world, changes) == before
    assert written(world) == asked
    assert errors(logged) == []


async def test_a_channel_is_switched_by_a_click_in_it_whatever_the_button_names(world: World) -> None:
    for action in ("watch.on", "watch.off"):
        for value in ("C0SECRET", "", "D0BOB", HUGE):
            before = len(world.slack.ephemerals(ANN, APPROVALS))
            await world.slack.deliver(payloads.click_on_card(world, ANN, action, value))
            await heard_more(world, before)
    assert "C0SECRET" not in await everything_in(world.redis_url)


async def heard_more(world: World, before: int) -> None:
    """Ann has read one more private answer."""
    await world.until(lambda: len(world.slack.ephemerals(ANN, APPROVALS)) > before, "an answer")


MEMOS: tuple[str, ...] = (
    "",
    "{",
    "null",
    "true",
    "1",
    '"d"',
    "[]",
    "{}",
    "[1]",
    "NaN",
    BOMB,
    '{"d":' * 500,
    '{"d":' * 480 + "1" + "}" * 480,
    json.dumps({"d": {"d": "x"}, "n": {"n": 1}}),
    json.dumps({"d": None, "n": None, "p": None, "g": None, "s": None, "t": None}),
    json.dumps({"d": "x" * 2900}),
    json.dumps({"d": "../../{tenfour}", "p": 1, "g": "", "s": "", "t": 0}),
    json.dumps({"n": "1", "g": "x", "s": "x"}),
    json.dumps({"n": True, "g": "x", "s": "x"}),
    json.dumps({"n": 1.0, "g": "x", "s": "x"}),
    json.dumps({"n": -1, "g": "x", "s": "x"}),
    '{"n":1e999,"g":"x","s":"x"}',
    '{"n":' + "9" * 2900 + ',"g":"x","s":"x"}',
)


async def test_no_private_metadata_opens_or_does_anything(
    world: World, whispers: Whispers, logged: list[EventDict]
) -> None:
    changes = await changes_of_rita(world)
    before, asked = await record(world, changes), written(world)
    said_why = {"reason": {"reason": {"value": "No"}}, "sid": {"sid": {"value": "MG" + "1b" * 16}}}
    for memo in MEMOS:
        for callback in SUBMISSIONS:
            view = payloads.view(callback, memo, said_why)
            said = await whispers.after(ANN, payloads.submission(world, ANN, view))
            assert "nobody foresaw" not in said, (callback, memo[:60], said)
        for action in ("field:friendly_name", "lookup:services", "form.back", "form.account"):
            click = payloads.click_in_view(world, ANN, {"action_id": action}, payloads.view("form", memo))
            assert "nobody foresaw" not in await whispers.after(ANN, click), (action, memo[:60])
        for callback in CLOSED:
            sent = await world.slack.deliver(payloads.closed(world, ANN, payloads.view(callback, memo)))
            assert sent.status == "acked"
        found = await world.slack.deliver(payloads.options(world, ANN, "lookup:services", payloads.view("form", memo)))
        assert found.ack == {"options": []}
    assert await record(world, changes) == before
    assert written(world) == asked
    assert errors(logged) == []


async def test_a_window_of_ones_own_with_another_page_in_it_stays_a_form(
    world: World, whispers: Whispers, logged: list[EventDict]
) -> None:
    await world.slack.command(BOB, A2P, "/a2p-service", "create")
    await world.page(BOB, 1)
    form = world.view(BOB)
    memo = json.loads(form["private_metadata"])
    for page in (0, -1, 3, 99, 10**12, 10**900):
        view = {**form, "private_metadata": json.dumps({**memo, "p": page})}
        said = await whispers.after(BOB, payloads.submission(world, BOB, view))
        assert "changed on its way" in said, (page, said)
        for action in ("field:friendly_name", "form.back"):
            click = payloads.click_in_view(world, BOB, {"action_id": action, "value": "x"}, view)
            assert (await world.slack.deliver(click)).status == "acked"
    assert errors(logged) == []


STATES: dict[str, Any] = {
    "no state": None,
    "no values": {"values": None},
    "a field that the form has not": {"values": {"requester": {"x": {"value": ANN}}, "plan": {"x": {"value": "{}"}}}},
    "an object for a text": {"values": {"friendly_name": {"field:friendly_name": {"value": {"a": [1]}}}}},
    "a number for a text": {"values": {"friendly_name": {"field:friendly_name": {"value": 7}}}},
    "nothing for a text": {"values": {"friendly_name": {"field:friendly_name": None}}},
    "a text for an element": {"values": {"friendly_name": {"field:friendly_name": "Acme"}}},
    "a list for a block": {"values": {"friendly_name": ["Acme"]}},
    "blocks exchanged": {
        "values": {
            "friendly_name": {"field:inbound": {"selected_option": {"value": "defer", "text": {"text": "Defer"}}}},
            "inbound": {"field:friendly_name": {"value": "Acme"}},
        }
    },
    "a choice that was not offered": {
        "values": {
            "friendly_name": {"field:friendly_name": {"value": "Acme"}},
            "inbound": {"field:inbound": {"selected_option": {"value": "levitate", "text": {"text": "Levitate"}}}},
        }
    },
    "a choice without a value": {"values": {"inbound": {"field:inbound": {"selected_option": {}}}}},
    "very much text": {"values": {"friendly_name": {"field:friendly_name": {"value": "x" * 200_000}}}},
}


async def test_no_state_of_a_form_asks_for_anything(world: World, whispers: Whispers, logged: list[EventDict]) -> None:
    await world.slack.command(BOB, A2P, "/a2p-service", "create")
    await world.page(BOB, 1)
    form = world.view(BOB)
    for what, state in STATES.items():
        said = await whispers.after(BOB, payloads.submission(world, BOB, {**form, "state": state}))
        assert "errors" in said or "response_action" in said, (what, said)
        assert "preview" not in said, what
    assert written(world) == []
    assert world.slack.messages(APPROVALS) == []
    assert errors(logged) == []


async def test_a_thing_of_another_account_cannot_be_chosen(world: World, whispers: Whispers) -> None:
    await world.slack.command(BOB, A2P, "/a2p-campaign", "delete")
    await world.page(BOB, 1)
    form = world.view(BOB)
    forged = {"value": "MG" + "0" * 32, "text": {"type": "plain_text", "text": "Acme support"}}
    state = {"values": {"service_sid": {"lookup:services": {"selected_option": forged}}}}
    await world.slack.deliver(payloads.submission(world, BOB, {**form, "state": state}))
    said = shown(await world.sees(BOB, "MG" + "0" * 32))
    assert world.view(BOB)["callback_id"] == "form", said
    account = {"selected_option": {"value": "AC" + "0" * 32, "text": {"type": "plain_text", "text": "main"}}}
    click = payloads.click_in_view(world, BOB, {"action_id": "form.account", **account}, form)
    assert "no credentials" in await whispers.after(BOB, click)
    assert written(world) == []


async def test_windows_and_commands_that_nobody_knows_are_answered(world: World, whispers: Whispers) -> None:
    for callback in ("levitate", "", "notice", "report", "__class__"):
        said = await whispers.after(ANN, payloads.submission(world, ANN, payloads.view(callback, "{}")))
        assert "older or a newer Tenfour" in said
    said = await whispers.after(ANN, payloads.command(world, ANN, "/a2p-levitate", "now"))
    assert "older or a newer Tenfour" in said
    assert (await world.slack.deliver(payloads.closed(world, ANN, payloads.view("levitate", "{")))).status == "acked"


async def test_who_clicked_is_who_the_envelope_says_and_nobody_else(world: World, whispers: Whispers) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    value = f"{number}:{await world.digest(number)}"
    lies: tuple[Json, ...] = (
        {"user_id": ANN},
        {"user_name": "ann", "username": "ann"},
        {"message": {"user": ANN, "ts": "1.2", "metadata": {"event_payload": {"user": ANN}}}},
        {"view": payloads.view("form", json.dumps({"u": ANN, "user": ANN})), "container": {"type": "message"}},
        {"event": {"user": ANN}},
        {"authorizations": [{"user_id": ANN}]},
    )
    for lie in lies:
        said = await whispers.after(RITA, payloads.click_on_card(world, RITA, "change.approve", value, **lie))
        assert "somebody else must decide" in said, (lie, said)
    for user in ({}, {"id": None}, {"id": ""}, None):
        click = payloads.click_on_card(world, ANN, "change.approve", value) | {"user": user}
        assert (await world.slack.deliver(click)).status == "acked"
    said = await whispers.after(RITA, payloads.click_on_card(world, RITA, "change.approve", f"{value}:{ANN}"))
    assert "somebody else must decide" in said
    assert "change.approve" in shown(await world.card(number))
    assert written(world) == []


def errors(logged: list[EventDict]) -> list[EventDict]:
    """Lines that would wake somebody up."""
    return [line for line in logged if line["log_level"] in ("error", "critical")]
