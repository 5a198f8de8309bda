"""Campaigns end to end: what a deletion takes is said before, and only what was looked at is deleted."""

from bot.sandbox.twilio import start_state
from tests.e2e import behind
from tests.e2e.answers import CAMPAIGN, CAMPAIGN_TEXTS
from tests.e2e.world import A2P, ANN, APPROVALS, RITA, World, shown

DELETE = {"service_sid": start_state.SUPPORT_SERVICE}


def deletions(world: World) -> int:
    return len([c for c in world.twilio.log if c.method == "DELETE"])


async def test_without_a_campaign_the_form_says_so(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-campaign", f"delete service={start_state.SUPPORT_SERVICE}")
    await world.sees(RITA, "there is nothing to delete")


async def test_a_suspended_campaign_can_be_looked_at_but_not_asked_to_be_deleted(world: World) -> None:
    await behind.campaign(world, verified=True)
    world.twilio.desk.suspend(start_state.SUPPORT_SERVICE)
    await world.fill(RITA, "/a2p-campaign", "delete", DELETE)
    view = world.view(RITA)
    assert "Do not move its traffic" in shown(view)
    assert view["submit"] is None


async def test_a_verified_campaign_is_deleted_once_though_the_answer_is_lost(world: World) -> None:
    await behind.campaign(world, verified=True)
    await world.fill(RITA, "/a2p-campaign", "delete", DELETE)
    assert "Texting the US ends at once" in shown(world.view(RITA))
    await world.slack.close(RITA, all_views=True)
    number = await world.request(RITA, "/a2p-campaign", "delete", DELETE)
    world.twilio.faults.add(match="DELETE /v1/Services", status=500, after_effect=True)
    await world.approve(ANN, number)
    assert "change.undo" not in shown(await world.done(number))
    assert (world.twilio.campaigns, deletions(world)) == ([], 1)


async def test_a_campaign_that_was_verified_since_it_was_asked_for_is_not_deleted(world: World) -> None:
    await behind.campaign(world)
    world.twilio.desk.reject(start_state.SUPPORT_SERVICE, [30896])
    number = await world.request(RITA, "/a2p-campaign", "delete", DELETE)
    world.twilio.desk.verify(start_state.SUPPORT_SERVICE)
    await world.approve(ANN, number)
    card = await world.card(number, "change.ask_again")
    assert "status was FAILED, is VERIFIED" in shown(card)
    assert deletions(world) == 0


async def test_a_description_beyond_slacks_input_goes_on_in_a_second_one(world: World) -> None:
    long = ("Acme Inc texts customers who ordered on acme.example about their own orders. " * 38)[:2950].strip()
    more = "Only people who asked for texts at checkout receive them. " * 10
    texts = {**CAMPAIGN_TEXTS, "description": long, "description_more": more}
    number = await world.request(RITA, "/a2p-campaign", "register", CAMPAIGN[0], texts, *CAMPAIGN[2:])
    await world.approve(ANN, number)
    await world.done(number)
    assert world.twilio.campaigns[0]["description"] == f"{long} {more.strip()}"


async def test_a_campaign_is_registered_and_resubmitted_once_each_though_the_answers_are_lost(world: World) -> None:
    path = f"POST /v1/Services/{start_state.SUPPORT_SERVICE}/Compliance/Usa2p"
    number = await world.request(RITA, "/a2p-campaign", "register", *CAMPAIGN)
    world.twilio.faults.add(match=f"{path}$", drop_after_effect=True)
    await world.approve(ANN, number)
    await world.done(number)
    world.twilio.desk.reject(start_state.SUPPORT_SERVICE, [30896])
    flow = f"{CAMPAIGN_TEXTS['message_flow']} People can also text JOIN to our number."
    typed = f'resubmit service_sid={start_state.SUPPORT_SERVICE} message_flow="{flow}"'
    number = await world.request(RITA, "/a2p-campaign", typed)
    world.twilio.faults.add(match=f"{path}/", drop_after_effect=True)
    await world.approve(ANN, number)
    await world.done(number)
    assert (len(world.twilio.calls(f"{path}$")), len(world.twilio.calls(f"{path}/"))) == (1, 1)
    assert world.twilio.campaigns[0]["message_flow"] == flow


async def test_a_campaign_whose_addresses_cannot_be_read_back_yet_is_not_registered_twice(world: World) -> None:
    number = await world.request(RITA, "/a2p-campaign", "register", *CAMPAIGN)
    world.twilio.faults.add(
        match="GET /v1/Services/" + start_state.SUPPORT_SERVICE + "/Compliance/Usa2p/QE", status=403
    )
    await world.approve(ANN, number)
    card = await world.card(number, "change.retry")
    await world.slack.click(RITA, "change.retry", channel=APPROVALS, ts=card["ts"])
    await world.done(number)
    assert len([c for c in world.twilio.log if c.method == "POST" and c.path.endswith("Usa2p")]) == 1
