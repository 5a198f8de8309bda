"""What was done is taken back by a change of its own, and a run that stopped offers every way on."""

import re
from typing import Any

from bot.sandbox.twilio import start_state
from tests.e2e.answers import NUMBER, SERVICE
from tests.e2e.world import ANN, APPROVALS, BOB, RITA, World, shown


async def click(world: World, number: int, action: str) -> None:
    """Click a button on a card, once it is there."""
    card = await world.card(number, action)
    await world.slack.click(RITA, action, channel=APPROVALS, ts=card["ts"])


def click_on(card: dict[str, Any], action: str, user: str) -> dict[str, Any]:
    """A click of somebody on whose screen the card stands as it was."""
    [button] = [e for b in card["blocks"] for e in b.get("elements", []) if e.get("action_id") == action]
    return {
        "type": "block_actions",
        "user": {"id": user, "team_id": "T0TENFOUR"},
        "team": {"id": "T0TENFOUR"},
        "trigger_id": f"t.{user}",
        "container": {"type": "message", "channel_id": APPROVALS, "message_ts": card["ts"]},
        "channel": {"id": APPROVALS},
        "actions": [{**button, "block_id": "x", "action_ts": "1.1"}],
    }


async def undo(world: World, number: int) -> int:
    """Click Undo on a card; gives the number of the change that takes it back."""
    await click(world, number, "change.undo")
    title = f"Undo #{number}:"
    asking = re.compile(rf"#(\d+) {title}")
    found = await world.until(lambda: asking.search(" ".join(map(shown, world.slack.messages(APPROVALS)))), title)
    return int(found[1])


async def test_a_finished_change_is_undone_by_another_that_needs_approval_too(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await world.approve(ANN, number)
    await world.done(number)
    undoing = await undo(world, number)
    assert [s for s in world.twilio.created("service") if s["friendly_name"] == "Acme alerts"], "not before approval"
    card = await world.card(number, f"#{undoing} would undo this, and is waiting for approval")
    assert "change.undo" not in shown(card)
    await world.approve(ANN, undoing)
    await world.done(undoing)
    assert "change.undo" not in shown(await world.card(number, f"Undone by #{undoing}."))
    assert not [s for s in world.twilio.created("service") if s["friendly_name"] == "Acme alerts"]


async def test_a_change_that_failed_half_way_is_undone_and_let_go(world: World) -> None:
    before = {n["sid"] for n in world.twilio.created("number")}
    number = await world.request(RITA, "/a2p-number", "buy", *NUMBER)
    world.twilio.faults.add(
        match=f"POST /v1/Services/{start_state.SUPPORT_SERVICE}/PhoneNumbers$", status=400, code=21714
    )
    await world.approve(ANN, number)
    card = await world.card(number, "change.retry")
    assert "Done at Twilio so far" in shown(card)
    undoing = await undo(world, number)
    await world.card(number, f"undo it with #{undoing}")
    await world.approve(ANN, undoing)
    await world.done(undoing)
    assert {n["sid"] for n in world.twilio.created("number")} == before


async def test_nothing_runs_on_once_its_undoing_is_asked_for(world: World) -> None:
    number = await world.request(RITA, "/a2p-number", "buy", *NUMBER)
    world.twilio.faults.add(
        match=f"POST /v1/Services/{start_state.SUPPORT_SERVICE}/PhoneNumbers$", status=400, code=21714
    )
    await world.approve(ANN, number)
    card = await world.card(number, "change.retry")
    # who may approve the undoing is read from Slack, which takes its time
    slow = world.slack.faults.add(method="conversations.members", delay=1.0)
    await world.slack.click(RITA, "change.undo", channel=APPROVALS, ts=card["ts"])
    await world.until(lambda: slow.times == 0, "the undoing is asked for")
    await world.slack.deliver(click_on(card, "change.retry", BOB))
    await world.told(BOB, f"#{number} is given up")
    await world.card(number + 1, "Waiting for approval")


async def test_an_undoing_that_came_to_nothing_can_be_asked_for_again_and_one_that_stands_is_named(
    world: World,
) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await world.approve(ANN, number)
    await world.done(number)
    undoing = await undo(world, number)
    await click(world, undoing, "change.cancel")
    await world.card(undoing, "Withdrawn")
    card = await world.card(number, "change.undo")
    await click(world, number, "change.undo")
    again = undoing + 1
    await world.card(again, "Waiting for approval")
    await world.slack.deliver(click_on(card, "change.undo", BOB))
    await world.told(BOB, f"#{again} takes #{number} back already, and is waiting for approval")


async def test_a_step_that_is_harmless_to_miss_is_skipped_and_the_card_says_what_is_missing(world: World) -> None:
    before = world.twilio.created("number")
    typed = f'phone_numbers="+14155550100,+14155550101" service_sid={start_state.SUPPORT_SERVICE}'
    number = await world.request(RITA, "/a2p-number", f"buy area_code=415 {typed}")
    path = f"/2010-04-01/Accounts/{start_state.ACCOUNT_SID}/IncomingPhoneNumbers.json"
    world.twilio.faults.add(match=f"POST {path}$", status=400, code=21422)
    await world.approve(ANN, number)
    await click(world, number, "change.skip")
    assert "Skipped" in shown(await world.done(number))
    assert len(world.twilio.created("number")) == len(before) + 1
