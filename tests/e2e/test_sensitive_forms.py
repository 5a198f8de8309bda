"""What identifies a person goes to Twilio and nowhere else: Slack never gets back what somebody typed."""

from typing import Any

from bot.sandbox.twilio import start_state
from handlers.blocks.form import drawn_fields
from tests.e2e.world import A2P, ANN, RITA, World, everything_in, shown

PHONE = "+15035550199"
DIGITS = "5550199"


def sent_to_slack(world: World) -> str:
    """Everything that the bot has told Slack so far."""
    return str([call.args for call in world.slack.calls()])


async def opened(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-message", "test")
    await world.page(RITA, 1)
    await world.slack.suggest(RITA, "lookup:services", "")


async def submitted(world: World, **values: Any) -> Any:
    """What becomes of the form when Rita fills these in."""
    return await world.slack.submit(RITA, {"service_sid": start_state.SUPPORT_SERVICE, **values})


async def test_a_wrong_answer_is_told_without_quoting_it_and_not_kept(world: World) -> None:
    await opened(world)
    done = await submitted(world, to="+1503555019")
    assert "503555019" not in str(done.errors)
    assert "to" in done.errors
    await world.slack.close(RITA)
    await world.slack.command(RITA, A2P, "/a2p-message", "test")
    await world.sees(RITA, "Resume draft")
    await world.slack.click(RITA, "form.resume")
    await world.until(lambda: "Resume draft" not in shown(world.view(RITA)) and drawn_fields(world.view(RITA)), "it")
    assert "Kept:" not in shown(world.view(RITA))


async def test_half_an_answer_is_not_taken_for_the_whole(world: World) -> None:
    await opened(world)
    for text in ("+1", "+150355", ""):
        await world.slack.click(RITA, "field:to", value=text)
    done = await submitted(world)
    assert "to" in done.errors


async def test_a_word_that_has_lost_its_name_is_not_repeated(world: World) -> None:
    delivery = await world.slack.command(RITA, A2P, "/a2p-message", f'test service="Acme support" to= {PHONE}')
    assert "is not name=value" in shown(delivery.ack or {})
    assert DIGITS not in shown(delivery.ack or {})


async def test_an_answer_is_masked_from_the_preview_to_the_result_and_on_the_way_back(world: World) -> None:
    await opened(world)
    await submitted(world, to=PHONE)
    await world.previewed(RITA)
    assert "•••99" in shown(world.view(RITA))
    await world.slack.click(RITA, "form.back")
    await world.sees(RITA, "Kept: •••99 (leave empty to keep)")
    await world.slack.submit(RITA)
    await world.previewed(RITA)
    await world.slack.submit(RITA)
    number = int((await world.sees(RITA, "Requested #"))["title"]["text"].partition("#")[2])
    assert DIGITS not in await everything_in(world.redis_url)
    await world.approve(ANN, number)
    sent = await world.until(lambda: [c for c in world.twilio.log if c.method == "POST"], "the message")
    assert PHONE in str(sent)
    await world.card(number, "✓ done")
    assert DIGITS not in sent_to_slack(world)


async def test_what_is_typed_after_the_command_is_not_echoed(world: World) -> None:
    text = f'test service="Acme support" to={PHONE}'
    await world.slack.command(RITA, A2P, "/a2p-message", f"{text} --plan")
    assert "•••99" in shown(await world.hears(A2P, "Nothing was asked for", user=RITA))
    await world.slack.command(RITA, A2P, "/a2p-message", text)
    await world.previewed(RITA)
    await world.slack.click(RITA, "form.back")
    await world.sees(RITA, "Kept: •••99")
    assert DIGITS not in sent_to_slack(world)
