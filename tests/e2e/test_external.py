"""External campaigns end to end: nothing before the share is accepted, and a way on from every failure."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest_asyncio

from bot.sandbox.twilio import start_state
from bot.sandbox.world import TCR_SECRET
from tests.e2e import behind
from tests.e2e.behind import TCR
from tests.e2e.test_undo import undo
from tests.e2e.world import A2P, ALERTS, ANN, APPROVALS, RITA, World, open_world, shown
from tests.redis.servers import free_port

SERVICE = start_state.SUPPORT_SERVICE
ASSOCIATE: tuple[dict[str, str], ...] = ({"campaign_id": TCR, "service_sid": SERVICE}, {})


@pytest_asyncio.fixture
async def http_world(tmp_path: Path) -> AsyncIterator[World]:
    """A world in which TCR tells the bot what becomes of shares."""
    port = free_port()
    async with open_world(tmp_path, http_port=port) as world, world.bot(TENFOUR_TCR_SECRET=TCR_SECRET):
        world.twilio.tcr.url = f"http://127.0.0.1:{port}/tcr/{TCR_SECRET}"
        yield world


async def desk(world: World, verdict: str, feedback: str = "") -> None:
    """What Twilio or the campaign's owner does in TCR, of which TCR tells the bot."""
    order = {"campaign_id": TCR, "verdict": verdict, "feedback": feedback}
    async with aiohttp.ClientSession() as http, http.post(f"{world.twilio.url}/_desk/share", json=order) as answer:
        assert answer.status == 200


def associations(world: World) -> int:
    return len(world.twilio.calls("POST /v1/Services/PreregisteredUsa2p"))


async def accepted(world: World, number: int) -> None:
    """Somebody has read TCR's event, and says so on the card."""
    world.twilio.shares.accept(TCR)
    card = await world.card(number, "change.done")
    await world.slack.click(RITA, "change.done", channel=APPROVALS, ts=card["ts"])


async def test_a_campaign_of_tcr_is_associated_only_after_its_share_was_accepted(world: World) -> None:
    await world.fill(RITA, "/a2p-external", "associate", *ASSOCIATE)
    assert "account executive" in shown(world.view(RITA))
    assert "$15" in shown(world.view(RITA))
    await world.slack.close(RITA, all_views=True)
    number = await world.request(RITA, "/a2p-external", "associate", *ASSOCIATE)
    await world.approve(ANN, number)
    card = await world.card(number, "change.done")
    assert "CAMPAIGN_SHARE_ACCEPT" in shown(card)
    assert associations(world) == 0
    await accepted(world, number)
    await world.done(number)
    await world.hears(ALERTS, TCR)
    world.twilio.desk.verify(SERVICE)
    await world.hears(ALERTS, "30034")


async def test_tcrs_own_word_is_shown_and_goes_on_without_anybody(http_world: World) -> None:
    world = http_world
    number = await world.request(RITA, "/a2p-external", "associate", *ASSOCIATE)
    await world.approve(ANN, number)
    await world.card(number, "change.done")
    await desk(world, "decline", feedback="The website does not work.")
    await world.card(number, "The website does not work.")
    assert associations(world) == 0
    await desk(world, "share")
    await desk(world, "accept")
    await world.done(number)
    assert associations(world) == 1


async def test_a_decline_is_told_to_whoever_asked_and_to_whoever_would_say_otherwise(http_world: World) -> None:
    world = http_world
    number = await world.request(RITA, "/a2p-external", "associate", *ASSOCIATE)
    await world.approve(ANN, number)
    await world.card(number, "change.done")
    await desk(world, "decline", feedback="The website does not work.")
    await world.told(RITA, "The website does not work.")
    assert "The last that Tenfour heard is DECLINED" in str(await world.card(number, "It is `DECLINED` now"))


async def test_a_campaign_that_is_refused_and_shared_again_is_accepted_a_second_time(http_world: World) -> None:
    world = http_world
    number = await world.request(RITA, "/a2p-external", "associate", *ASSOCIATE)
    await world.approve(ANN, number)
    await desk(world, "share")
    await desk(world, "accept")
    await world.done(number)
    world.twilio.desk.reject(SERVICE, [30902])
    card = await world.hears(ALERTS, "30902")
    assert "Submitted" not in str(card)
    number = await world.request(RITA, "/a2p-external", "reassociate", {"service_sid": SERVICE}, {})
    await world.approve(ANN, number)
    await world.card(number, "change.done")
    await desk(world, "share")
    await desk(world, "accept")
    await world.done(number)
    assert associations(world) == 2


async def test_an_association_whose_answer_was_lost_is_not_repeated_and_is_undone_without_an_alarm(
    world: World,
) -> None:
    number = await world.request(RITA, "/a2p-external", "associate", *ASSOCIATE)
    world.twilio.faults.add(match="PreregisteredUsa2p", drop_after_effect=True)
    await world.approve(ANN, number)
    await accepted(world, number)
    await world.done(number)
    assert associations(world) == 1
    await world.hears(ALERTS, TCR)
    undoing = await undo(world, number)
    await world.approve(ANN, undoing)
    await world.done(undoing)
    assert world.twilio.campaigns == []
    card = await world.hears(ALERTS, "No longer at Twilio")
    told = [m["ts"] for m in world.slack.messages(ALERTS) if "no longer at twilio" in shown(m).lower()]
    assert told == [card["ts"]], "its card says so, and nobody is called"


async def test_what_is_no_tcr_id_is_told_on_its_field(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-external", f"associate campaign_id=BACME10 service_sid={SERVICE}")
    await world.sees(RITA, "C, then six letters or digits")


async def test_where_the_endpoint_is_closed_the_card_says_whom_to_ask(world: World) -> None:
    number = await world.request(RITA, "/a2p-external", "associate", *ASSOCIATE)
    world.twilio.faults.add(match="PreregisteredUsa2p", status=403)
    await world.approve(ANN, number)
    await accepted(world, number)
    assert "account executive" in shown(await world.card(number, "change.retry"))


async def test_a_service_that_declares_a_use_stops_the_request_with_the_fix(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create friendly_name=Declared usecase=marketing")
    await world.approve(ANN, number)
    await world.done(number)
    [service] = [s["sid"] for s in world.twilio.created("service") if s["friendly_name"] == "Declared"]
    await world.fill(RITA, "/a2p-external", "associate", {"campaign_id": TCR, "service_sid": service}, {})
    assert "/a2p-service update" in shown(world.view(RITA))


async def test_a_failed_association_is_made_anew_after_a_newer_accept(world: World) -> None:
    await behind.association(world, accepted=False)
    await world.until(lambda: world.twilio.campaigns[0]["campaign_status"] == "FAILED", "30904")
    await world.slack.command(RITA, A2P, "/a2p-external", f"show service_sid={SERVICE}")
    assert "30904" in shown(await world.hears(A2P, "reassociate", user=RITA))
    number = await world.request(RITA, "/a2p-external", "reassociate", {"service_sid": SERVICE}, {})
    await world.approve(ANN, number)
    await world.card(number, "change.done")
    assert world.twilio.campaigns == []
    await accepted(world, number)
    await world.done(number)
    await world.until(lambda: world.twilio.campaigns[0]["campaign_status"] == "IN_PROGRESS", "the review")


async def test_an_association_made_anew_whose_answer_was_lost_is_found_and_never_sent_again(world: World) -> None:
    await behind.association(world, accepted=False)
    await world.until(lambda: world.twilio.campaigns[0]["campaign_status"] == "FAILED", "30904")
    number = await world.request(RITA, "/a2p-external", "reassociate", {"service_sid": SERVICE}, {})
    world.twilio.faults.add(match="POST /v1/Services/PreregisteredUsa2p", drop_after_effect=True)
    await world.approve(ANN, number)
    await world.card(number, "change.done")
    await accepted(world, number)
    await world.done(number)
    assert associations(world) == 2, "the one that failed, and the one whose answer was lost"
    assert [c["campaign_id"] for c in world.twilio.campaigns] == [TCR]
    assert len(world.twilio.calls("DELETE /v1/Services")) == 1


async def test_a_dissociation_is_sent_once_though_the_answer_is_lost_and_leaves_the_campaign_in_tcr(
    world: World,
) -> None:
    await behind.association(world)
    await world.fill(RITA, "/a2p-external", "dissociate", {"service_sid": SERVICE})
    assert "stays in TCR" in shown(world.view(RITA))
    await world.slack.close(RITA, all_views=True)
    number = await world.request(RITA, "/a2p-external", "dissociate", {"service_sid": SERVICE})
    world.twilio.faults.add(match="DELETE /v1/Services", drop_after_effect=True)
    await world.approve(ANN, number)
    await world.done(number)
    assert world.twilio.campaigns == []
    assert len(world.twilio.calls("DELETE /v1/Services")) == 1
    assert world.twilio.shares.campaigns()[0]["state"] == "ACCEPTED"
