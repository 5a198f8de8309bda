"""One that cannot be reached or read never keeps the others from hearing, and nothing acknowledged is lost."""

from dataclasses import replace
from typing import Any

from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.sandbox.twilio import start_state
from bot.settings import encryption_keys, load_settings
from bot.vault import Vault
from handlers.acts import Act, ActStore
from tests.e2e.answers import CAMPAIGN, SERVICE
from tests.e2e.world import A2P, ALERTS, ANN, APPROVALS, HURRY, RITA, World, shown


async def _left_behind(world: World, **what: Any) -> None:
    """What a bot that was killed after an ack leaves in Redis, a minute ago."""
    vault = Vault(encryption_keys(load_settings(world.environment())))
    async with open_redis(world.redis_url, world.state) as redis:
        acts = ActStore(redis.client, Keys(), vault)
        await acts.keep(Act(id="a1", kind="decide", user=ANN, team="T0TENFOUR", at=0.0, what=what))


async def test_a_rejection_that_was_acknowledged_survives_a_killed_bot(empty_world: World) -> None:
    world = empty_world
    async with world.bot():
        number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await _left_behind(
        world, number=number, digest=await world.digest(number), verb="reject", reason="We have one already"
    )
    async with world.bot():
        await world.card(number, "We have one already")
        await world.told(RITA, "We have one already")


async def test_an_act_that_is_refused_later_is_told_and_not_tried_for_ever(empty_world: World) -> None:
    await _left_behind(empty_world, number=99, digest="0" * 64, verb="approve")
    async with empty_world.bot():
        await empty_world.told(ANN, "There is no change #99")


async def test_a_channel_that_is_closed_to_us_keeps_no_other_from_hearing(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-watch", "on")
    await world.until(lambda: world.slack.ephemerals(RITA, A2P), "an answer")
    world.slack.remove_member(A2P, "U0TENFOUR")
    number = await world.request(RITA, "/a2p-campaign", "register", *CAMPAIGN)
    await world.approve(ANN, number)
    await world.done(number)
    world.twilio.desk.verify(start_state.SUPPORT_SERVICE)
    await world.hears(ALERTS, "30034")
    await world.told(RITA, "does not hear about verdicts any more")


async def test_a_requester_who_is_gone_does_not_keep_a_change_open(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    world.slack.faults.add(method="conversations.open", error="user_disabled", times=50)
    await world.approve(ANN, number)
    await world.done(number)
    updates = len(world.slack.calls("chat.update"))
    await world.slack.command(ANN, APPROVALS, "/a2p-approvals")
    await world.until(lambda: world.slack.ephemerals(ANN, APPROVALS), "the list")
    assert len(world.slack.calls("chat.update")) == updates


async def test_a_window_that_cannot_be_updated_does_not_say_that_nothing_was_done(world: World) -> None:
    await world.fill(RITA, "/a2p-service", "create", *SERVICE)
    world.slack.faults.add(method="views.update", error="internal_error", times=5)
    await world.slack.submit(RITA)
    await world.told(RITA, "Requested #1")
    await world.card(1, "Approve")


async def test_a_guest_sees_no_approvals_and_no_details(world: World) -> None:
    await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await world.slack.command("U0GUS", A2P, "/a2p-approvals")
    await world.hears(A2P, "Guests take no part", user="U0GUS")


async def test_a_short_fault_of_slack_is_not_blamed_on_a_missing_invitation(world: World) -> None:
    world.slack.faults.add(method="chat.postMessage", error="internal_error", times=1)
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    assert "invite" not in str(world.slack.messages("D0RITA"))
    assert len([m for m in world.slack.messages(APPROVALS) if f"#{number} " in shown(m)]) == 1


async def test_an_act_that_nobody_can_read_keeps_no_other_waiting(empty_world: World) -> None:
    async with open_redis(empty_world.redis_url, empty_world.state) as redis:
        await redis.client.hset(Keys().plain("acts"), "broken", "not sealed by us")
    await _left_behind(empty_world, number=99, digest="0" * 64, verb="approve")
    async with empty_world.bot():
        await empty_world.told(ANN, "There is no change #99")
        number = await empty_world.request(RITA, "/a2p-service", "create", *SERVICE)
        await empty_world.approve(ANN, number)
        await empty_world.done(number)


async def test_trying_again_is_not_told_as_another_approval(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    world.twilio.faults.add(match="POST /v1/Services$", status=400, code=21713)
    await world.approve(ANN, number)
    await world.card(number, "change.retry")
    await world.slack.click(RITA, "change.retry", channel=APPROVALS)
    await world.done(number)
    assert len([m for m in world.slack.messages("D0RITA") if "was approved" in m["text"]]) == 1


async def test_a_preview_that_another_window_has_overtaken_cannot_be_requested(world: World) -> None:
    await world.fill(RITA, "/a2p-service", "create", *SERVICE)
    shown_first = world.view(RITA)
    await world.slack.click(RITA, "form.back")
    await world.page(RITA, 2)
    await world.slack.submit(RITA, {"validity_period": "600"})
    await world.previewed(RITA)
    forged = {
        "type": "view_submission",
        "team": {"id": "T0TENFOUR"},
        "user": {"id": RITA},
        "trigger_id": "t.older",
        "view": {**world.view(RITA), "private_metadata": shown_first["private_metadata"]},
    }
    delivery = await world.slack.deliver(forged)
    assert "changed after this preview" in str(delivery.ack)


BRISK = replace(HURRY, sweep=0.3, left_behind=0.5)
"""What was left behind is carried out at once."""


async def test_what_slack_kept_from_being_done_is_done_once_it_answers(empty_world: World) -> None:
    world = empty_world
    async with world.bot(tempo=BRISK):
        number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
        world.slack.faults.add(method="users.info", error="internal_error", times=4)
        await world.approve(ANN, number)
        await world.done(number)


async def test_a_refusal_that_slack_did_not_take_is_told_once_it_does(empty_world: World) -> None:
    world = empty_world
    await _left_behind(world, number=99, digest="0" * 64, verb="approve")
    world.slack.faults.add(method="chat.postMessage", error="internal_error", times=3)
    async with world.bot(tempo=BRISK):
        await world.told(ANN, "There is no change #99")
