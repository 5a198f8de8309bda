"""Typed commands: a complete one goes straight to its preview, another opens where its first answer is missing."""

from typing import Any

from bot.sandbox.twilio import start_state
from tests.e2e.world import A2P, ANN, GUS, RITA, World, shown

COMPLETE = 'add service="Acme support" kind=number numbers="Acme Austin"'


async def says(world: World, command: str, text: str) -> str:
    """What Rita is told privately and at once."""
    delivery = await world.slack.command(RITA, A2P, command, text)
    assert delivery.ack
    assert delivery.ack["response_type"] == "ephemeral"
    return shown(delivery.ack)


# what is not accepted


async def test_a_flag_that_there_is_not_is_refused_in_private(world: World) -> None:
    assert "Did you mean --plan?" in await says(world, "/a2p-service", "create --plam friendly_name=Acme")


async def test_an_account_that_there_is_not_is_refused_with_those_there_are(world: World) -> None:
    told = await says(world, "/a2p-service", "create friendly_name=A account=sales")
    assert "There is no Twilio account called “sales”" in told
    assert "The accounts are: main" in told


async def test_a_name_that_nothing_has_opens_the_form_with_what_there_is(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-sender", "add service=Sales numbers=Acme")
    view = await world.sees(RITA, "there is no “Sales”")
    assert "Acme support" in shown(view)
    assert "Acme Austin" in shown(view), "“Acme” may be any of the numbers"
    assert view["callback_id"] == "form"


async def test_an_answer_that_is_not_asked_for_is_pointed_out(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-sender", 'add service="Acme support" kind=alpha numbers=+15125550120')
    view = await world.sees(RITA, "only when “What to add” is “Phone numbers”")
    assert "Still needed: Sender id." in shown(view)


async def test_with_twilio_away_the_form_opens_and_says_so(world: World) -> None:
    world.twilio.faults.add(match="GET /v1/Services", status=503, times=99)
    await world.slack.command(RITA, A2P, "/a2p-sender", COMPLETE)
    assert (await world.sees(RITA, "could not be looked up"))["callback_id"] == "form"


async def test_a_guest_gets_neither_preview_nor_plan(world: World) -> None:
    for text in ("create friendly_name=Acme", "create friendly_name=Acme --plan"):
        await world.slack.command(GUS, A2P, "/a2p-service", text)
        seen = lambda: "uest" in str(world.slack.views(GUS)) + str(world.slack.ephemerals(GUS))  # noqa: E731
        await world.until(seen, "a refusal")
    assert "POST /v1/Services" not in str(world.slack.views(GUS)) + str(world.slack.ephemerals(GUS))


# what is


async def test_a_complete_command_goes_straight_to_the_preview_and_becomes_a_change(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-sender", COMPLETE)
    await world.previewed(RITA)
    assert "+15125550120" in shown(world.view(RITA))
    await world.slack.submit(RITA)
    number = int((await world.sees(RITA, "Requested #"))["title"]["text"].partition("#")[2])
    await world.approve(ANN, number)
    await world.done(number)
    assert start_state.FREE_NUMBER in [n["sid"] for n in world.twilio.created("pool_number")]


async def test_the_window_is_open_before_twilio_has_answered(world: World) -> None:
    world.twilio.faults.add(match="GET", delay=0.8, times=8)
    await world.slack.command(RITA, A2P, "/a2p-sender", COMPLETE)
    await world.until(lambda: world.slack.views(RITA), "a window")
    assert world.view(RITA)["callback_id"] == "working"


async def test_an_address_is_asked_for_in_one_line(world: World) -> None:
    line = 'create number=+15125550120 type=studio flow="Front desk"'
    await world.slack.command(RITA, A2P, "/a2p-address", line)
    await world.previewed(RITA)
    assert start_state.FRONT_DESK_FLOW in shown(world.view(RITA))


async def test_what_exists_is_changed_in_one_line(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", 'update service="Acme support" friendly_name="Acme help"')
    await world.previewed(RITA)
    assert "“Acme support” → “Acme help”" in shown(world.view(RITA))


async def test_what_exists_and_is_only_named_opens_filled_in(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", 'update service="Acme support"')
    await world.page(RITA, 2)
    assert "Acme support" in shown(world.view(RITA))


async def test_a_wrong_setting_does_not_keep_the_others_from_being_filled_in(world: World) -> None:
    line = 'update service="Acme support" validity_period=999999'
    await world.slack.command(RITA, A2P, "/a2p-service", line)
    await world.sees(RITA, "at most 36000")
    await world.slack.click(RITA, "form.back")
    await world.page(RITA, 2)
    assert "Acme support" in shown(world.view(RITA))


async def test_back_from_the_preview_shows_what_was_typed(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-sender", COMPLETE)
    await world.previewed(RITA)
    await world.slack.click(RITA, "form.back")
    await world.page(RITA, 1)
    assert "Acme support" in shown(world.view(RITA))
    assert "Acme Austin" in shown(world.view(RITA))


async def test_what_is_missing_opens_the_form_on_its_page(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-number", "buy area_code=415")
    view = await world.sees(RITA, "Still needed: Numbers to buy.")
    await world.page(RITA, 2)
    options: Any = await world.slack.suggest(RITA, "lookup:available_numbers", "")
    assert "+1415" in str(options), view


async def test_a_plan_alone_is_told_privately_and_asks_for_nothing(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", 'create --plan friendly_name="Acme alerts"')
    told = shown(await world.hears(A2P, "Nothing was asked for", user=RITA))
    assert "FriendlyName = Acme alerts" in told
    assert "POST /v1/Services" in told
    assert world.slack.views(RITA) == []
    assert [c for c in world.twilio.log if c.method == "POST"] == []


async def test_a_dash_that_a_phone_has_joined_is_a_flag_all_the_same(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", "create friendly_name=“Acme alerts” —plan")
    assert "FriendlyName = Acme alerts" in shown(await world.hears(A2P, "Nothing was asked for", user=RITA))


async def test_a_plan_of_half_a_command_says_what_is_missing(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-sender", "add --plan kind=number")
    told = shown(await world.hears(A2P, "cannot be carried out", user=RITA))
    assert "`service` Messaging service: this is needed" in told
    assert "`numbers` Numbers: this is needed" in told


async def test_the_main_account_can_be_named(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", "create friendly_name=Acme account=MAIN --plan")
    assert start_state.ACCOUNT_SID in shown(await world.hears(A2P, "Nothing was asked for", user=RITA))


# help


async def test_an_operation_is_explained_field_by_field(world: World) -> None:
    told = await says(world, "/a2p-service", "help create")
    assert "`validity_period` Validity period, seconds: whole number, 1 to 36000" in told
    assert "What it costs" in told
    for command, text in (
        ("/a2p-service", "create help"),
        ("/a2p", "help service.create"),
        ("/a2p", "help service create"),
        ("/a2p", "help /a2p-service create"),
    ):
        assert await says(world, command, text) == told


async def test_help_on_something_unknown_names_the_nearest(world: World) -> None:
    assert "/a2p help service.create" in await says(world, "/a2p", "help service.craete")


async def test_a_sender_and_an_address_are_found_by_a_number_however_it_is_written(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-sender", 'remove service="Acme support" senders=415.555.0110 --plan')
    await world.hears(A2P, "Remove +14155550110 from “Acme support”", user=RITA)
    await world.slack.command(RITA, A2P, "/a2p-address", "update number=9165550140 retry_count=1 --plan")
    await world.hears(A2P, "Change the address of +19165550140", user=RITA)
