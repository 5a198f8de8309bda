"""Looking changes nothing: it is answered at once, to the person who asked alone, and leaves nothing behind."""

import re

from bot.sandbox.twilio import start_state
from tests.e2e.world import A2P, GUS, RITA, World, everything_in, shown

DRAFT = re.compile(r"\{draft:[^}]+\}:doc")


async def test_a_guest_is_shown_nothing(world: World) -> None:
    await world.slack.command(GUS, A2P, "/a2p-service", 'show service="Acme support"')
    told = shown(await world.hears(A2P, "uests", user=GUS))
    assert start_state.SUPPORT_SERVICE not in told
    refused = await world.slack.command(GUS, A2P, "/a2p-service", "show")
    assert "uests" in shown(refused.ack or {})


async def test_a_name_that_nothing_has_is_told_with_what_there_is(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", "show service=Sales")
    told = shown(await world.hears(A2P, "cannot be carried out", user=RITA))
    assert "there is no “Sales”. There are: Acme support" in told


async def test_with_twilio_away_one_is_told_so(world: World) -> None:
    world.twilio.faults.add(match="GET", status=503, times=999)
    await world.slack.command(RITA, A2P, "/a2p-service", f"show service={start_state.SUPPORT_SERVICE}")
    await world.hears(A2P, "Nothing was changed", user=RITA)


async def test_a_plan_of_a_look_is_refused(world: World) -> None:
    delivery = await world.slack.command(RITA, A2P, "/a2p-service", "show --plan")
    assert "there is nothing to plan" in shown(delivery.ack or {})


async def test_a_complete_command_is_answered_privately_where_it_was_typed(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", 'show service="acme support"')
    told = shown(await world.hears(A2P, "Messaging service “Acme support”", user=RITA))
    assert "+14155550110" in told
    assert f"main (`{start_state.ACCOUNT_SID}`)" in told
    assert world.slack.views(RITA) == []
    assert "Messaging service “Acme support”" not in str(world.slack.messages(A2P)), "only Rita sees it"


async def test_a_look_that_needs_nothing_is_answered_without_a_window(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-number", "list")
    assert "+15125550120" in shown(await world.hears(A2P, "Phone numbers", user=RITA))
    assert world.slack.views(RITA) == []


async def test_what_is_missing_is_asked_for_in_a_window_that_shows_the_answer(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", "show")
    view = await world.sees(RITA, "Looks at main")
    assert view["submit"]["text"] == "Show"
    await world.slack.suggest(RITA, "lookup:services", "")
    await world.slack.submit(RITA, {"service_sid": start_state.SUPPORT_SERVICE})
    view = await world.sees(RITA, "Messaging service “Acme support”")
    assert view["callback_id"] == "report"
    await world.slack.click(RITA, "form.back")
    assert "Acme support" in shown(await world.sees(RITA, "Looks at main"))


async def test_a_closed_window_leaves_nothing_behind(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", "show")
    await world.page(RITA, 1)
    await world.slack.suggest(RITA, "lookup:services", "")
    await world.slack.submit(RITA, {"service_sid": start_state.SUPPORT_SERVICE})
    await world.sees(RITA, "Messaging service “Acme support”")
    assert DRAFT.search(await everything_in(world.redis_url))
    await world.slack.close(RITA)
    # that its pages were answered is still known, should a copy of one come
    assert not DRAFT.search(await everything_in(world.redis_url))
    await world.slack.command(RITA, A2P, "/a2p-service", "show")
    assert "Resume draft" not in shown(await world.sees(RITA, "Looks at main"))
