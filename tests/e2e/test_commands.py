"""The commands beside the forms: help, approvals, watch; and what people may do with a change that stopped."""

from typing import Any

import pytest

from bot.sandbox.twilio import start_state
from tests.e2e.answers import CAMPAIGN, SERVICE
from tests.e2e.world import A2P, ALERTS, ANN, APPROVALS, BOB, GUS, RITA, World, shown

STRANGER = "U0ZORA"


async def test_help_shows_what_one_may_do_and_tells_a_guest_why_not(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p")
    await world.hears(A2P, "/a2p-campaign register", user=RITA)
    await world.slack.command(GUS, A2P, "/a2p")
    await world.hears(A2P, "uests", user=GUS)


async def test_a_command_without_a_word_shows_its_usage(world: World) -> None:
    delivery = await world.slack.command(RITA, A2P, "/a2p-number", "")
    assert "/a2p-number buy" in str(delivery.ack)


async def test_approvals_lists_what_waits(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await world.slack.command(BOB, APPROVALS, "/a2p-approvals")
    await world.hears(APPROVALS, f"#{number}", user=BOB)


async def test_a_channel_that_watches_hears_the_verdict_too(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-watch", "on")
    await world.until(lambda: world.slack.ephemerals(RITA, A2P), "an answer")
    number = await world.request(RITA, "/a2p-campaign", "register", *CAMPAIGN)
    await world.approve(ANN, number)
    await world.done(number)
    world.twilio.desk.verify(start_state.SUPPORT_SERVICE)
    for channel in (A2P, ALERTS):
        await world.hears(channel, "30034")


async def test_an_unknown_watch_word_is_refused_with_the_known_ones(world: World) -> None:
    delivery = await world.slack.command(RITA, A2P, "/a2p-watch", "maybe")
    assert "/a2p-watch off" in str(delivery.ack)


async def test_numbers_are_added_to_a_sender_pool(world: World) -> None:
    number = await world.request(
        RITA,
        "/a2p-sender",
        "add",
        {"service_sid": start_state.SUPPORT_SERVICE, "numbers": [start_state.FREE_NUMBER]},
    )
    await world.approve(ANN, number)
    await world.done(number)
    assert start_state.FREE_NUMBER in [n["sid"] for n in world.twilio.created("pool_number")]


async def test_the_requester_withdraws_and_nobody_else_can(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    card = await world.card(number)
    await world.slack.click(ANN, "change.cancel", channel=APPROVALS, ts=card["ts"])
    await world.hears(APPROVALS, "can withdraw it", user=ANN)
    await world.slack.click(RITA, "change.cancel", channel=APPROVALS, ts=card["ts"])
    await world.card(number, "ithdrawn")


@pytest.mark.parametrize("user", [GUS, STRANGER])
async def test_a_forged_click_of_an_outsider_decides_nothing(world: World, user: str) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    card = await world.card(number)
    [button] = [e for b in card["blocks"] for e in b.get("elements", []) if e.get("action_id") == "change.approve"]
    payload: dict[str, Any] = {
        "type": "block_actions",
        "user": {"id": user, "team_id": "T0ELSEWHERE"},
        "team": {"id": "T0TENFOUR"},
        "trigger_id": f"t.{user}",
        "container": {"type": "message", "channel_id": APPROVALS, "message_ts": card["ts"]},
        "channel": {"id": APPROVALS},
        "actions": [{**button, "block_id": "x", "action_ts": "1.1"}],
    }
    assert (await world.slack.deliver(payload)).status == "acked"
    trigger = payload["trigger_id"]
    await world.until(lambda: [c for c in world.slack.calls("views.open") if c.args["trigger_id"] == trigger], "why")
    assert "0 of 1" in shown(await world.card(number)) or "0 so far" in shown(await world.card(number))
    assert not [c for c in world.twilio.log if c.method == "POST"]


async def test_an_outcome_that_nobody_knows_is_settled_by_a_person(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    world.twilio.faults.add(match="POST /v1/Services$", status=500, times=3)
    await world.approve(ANN, number)
    card = await world.card(number, "change.did_not")
    await world.told(RITA, f"#{number}")
    await world.slack.click(RITA, "change.did_not", channel=APPROVALS, ts=card["ts"])
    refused = await world.hears(APPROVALS, "Only people who may approve it", user=RITA)
    assert ANN in shown(refused), "it names who may"
    await world.slack.click(ANN, "change.did_not", channel=APPROVALS, ts=card["ts"])
    await world.done(number)
    assert len([s for s in world.twilio.created("service") if "Acme alerts" in s["friendly_name"]]) == 1


async def test_a_change_whose_world_moved_is_shown_and_asked_for_again(world: World) -> None:
    number = await world.request(
        RITA,
        "/a2p-sender",
        "add",
        {
            "service_sid": start_state.SUPPORT_SERVICE,
            "numbers": [start_state.FREE_NUMBER, start_state.TOLL_FREE_NUMBER],
        },
    )
    await world.twilio_adds_number(start_state.SUPPORT_SERVICE, start_state.TOLL_FREE_NUMBER)
    await world.approve(ANN, number)
    card = await world.card(number, "change.ask_again")
    assert start_state.FREE_NUMBER not in [n["sid"] for n in world.twilio.created("pool_number")]
    await world.slack.click(RITA, "change.ask_again", channel=APPROVALS, ts=card["ts"])
    await world.approve(BOB, number)
    await world.done(number)


async def test_an_approvals_channel_without_the_bot_is_said_to_the_requester(empty_world: World) -> None:
    world = empty_world
    world.slack.remove_member(APPROVALS, "U0TENFOUR")
    async with world.bot():
        await world.fill(RITA, "/a2p-service", "create", *SERVICE)
        await world.slack.submit(RITA)
        await world.until(
            lambda: "invite" in str(world.slack.messages("D0RITA")) + shown(world.view(RITA)), "how to mend it"
        )
