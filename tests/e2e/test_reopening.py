"""Back to the form: what came to nothing is asked for anew without typing it all again."""

from bot.sandbox.twilio import start_state
from tests.e2e.answers import SERVICE
from tests.e2e.world import ANN, APPROVALS, BOB, RITA, World, everything_in, shown

PHONE = "+15035550199"
DIGITS = "5550199"


async def rejected(world: World, number: int) -> str:
    """Ann rejects it; the ts of its card."""
    card = await world.card(number, "Reject")
    await world.slack.click(ANN, "change.reject", channel=APPROVALS, ts=card["ts"])
    await world.sees(ANN, "Why not?")
    await world.slack.submit(ANN, {"reason": "Call it otherwise"})
    return str((await world.card(number, "Call it otherwise"))["ts"])


async def test_nobody_else_gets_at_the_answers(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    ts = await rejected(world, number)
    await world.slack.click(BOB, "change.form", channel=APPROVALS, ts=ts)
    await world.hears(APPROVALS, "it holds their answers", user=BOB)
    assert not world.slack.views(BOB)


async def test_what_was_rejected_is_asked_for_anew_with_one_answer_changed(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    ts = await rejected(world, number)
    await world.slack.click(RITA, "change.form", channel=APPROVALS, ts=ts)
    await world.sees(RITA, f"#{number} was asked for with these answers")
    assert "Acme alerts" in shown(world.view(RITA))
    await world.slack.submit(RITA, {"friendly_name": "Acme news"})
    await world.page(RITA, 2)
    assert "14400" in shown(world.view(RITA))
    await world.slack.submit(RITA)
    await world.previewed(RITA)
    await world.slack.submit(RITA)
    await world.sees(RITA, f"Requested #{number + 1}")
    await world.slack.close(RITA, all_views=True)
    await world.approve(ANN, number + 1)
    await world.done(number + 1)
    assert [s["friendly_name"] for s in world.twilio.created("service")].count("Acme news") == 1


async def test_what_failed_before_its_first_call_is_opened_from_the_direct_message_without_showing_who_it_is_about(
    world: World,
) -> None:
    page = {"service_sid": start_state.SUPPORT_SERVICE, "to": PHONE}
    number = await world.request(RITA, "/a2p-message", "test", page)
    world.twilio.faults.add(match="GET /v1/Services", status=400, code=20001, times=3)
    await world.approve(ANN, number)
    message = await world.told(RITA, "failed")
    await world.slack.click(RITA, "change.form", channel="D" + RITA[1:], ts=message["ts"])
    view = await world.sees(RITA, "Kept: •••99")
    assert f"#{number} stays as it is until somebody withdraws or abandons it" in shown(view)
    assert "Acme support" in shown(view), "a choice goes by its name"
    assert DIGITS not in str([call.args for call in world.slack.calls()])
    assert DIGITS not in await everything_in(world.redis_url)


async def test_what_has_done_something_at_twilio_has_no_way_back(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    world.twilio.faults.add(match="POST /v1/Services/MG", status=400, code=20001)
    await world.approve(ANN, number)
    card = await world.card(number, "change.retry")
    assert "change.form" not in shown(card)
