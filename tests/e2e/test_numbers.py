"""Numbers through Slack: bought at a total price, configured, shown, and released in the safe order."""

from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.start_conversations import FLEX_ADDRESS
from tests.e2e.answers import CAMPAIGN
from tests.e2e.test_undo import undo
from tests.e2e.world import A2P, ANN, APPROVALS, RITA, World, shown

SUPPORT, FREE, POOLED = start_state.SUPPORT_SERVICE, "+15125550120", "+14155550110"
OWNED = f"/2010-04-01/Accounts/{start_state.ACCOUNT_SID}/IncomingPhoneNumbers"
TWO = 'phone_numbers="+15035550101,+15035550102" service="Acme support"'


def bought(world: World) -> set[str]:
    """The numbers that were bought since the start."""
    return {n["phone_number"] for n in world.twilio.created("number")}


async def test_a_number_chosen_before_the_search_was_changed_is_pointed_out_and_not_bought(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-number", f"buy area_code=415 {TWO}")
    await world.previewed(RITA)
    view = shown(world.view(RITA))
    assert "+15035550101 is not what you search for" in view
    assert bought(world) == set()


async def test_several_numbers_are_bought_once_at_a_total_price_though_an_answer_is_lost_and_released_again(
    world: World,
) -> None:
    await world.slack.command(RITA, A2P, "/a2p-number", f"buy area_code=503 {TWO}")
    await world.previewed(RITA)
    assert "$2.30" in shown(world.view(RITA))
    await world.slack.close(RITA, all_views=True)
    number = await world.request(RITA, "/a2p-number", f"buy area_code=503 {TWO}")
    world.twilio.faults.add(match=f"POST {OWNED}.json$", drop_after_effect=True)
    await world.approve(ANN, number)
    await world.done(number)
    assert bought(world) == {"+15035550101", "+15035550102"}
    assert len(world.twilio.calls(f"POST {OWNED}.json$")) == 2
    assert bought(world) <= {n["phone_number"] for n in world.twilio.pools[SUPPORT]}
    undoing = await undo(world, number)
    assert "lost for good" in shown(await world.card(undoing))
    await world.approve(ANN, undoing)
    await world.done(undoing)
    assert bought(world) == set()


async def test_a_number_that_somebody_else_buys_meanwhile_is_skipped_with_what_depends_on_it(world: World) -> None:
    number = await world.request(RITA, "/a2p-number", f"buy {TWO}")
    world.twilio.faults.add(match=f"POST {OWNED}.json$", status=400, code=21422)
    await world.approve(ANN, number)
    card = await world.card(number, "change.skip")
    assert "Somebody else has bought this number" in shown(card)
    await world.slack.click(RITA, "change.skip", channel=APPROVALS, ts=card["ts"])
    assert "Skipped" in shown(await world.done(number))
    assert bought(world) == {"+15035550102"}
    assert {n["phone_number"] for n in world.twilio.pools[SUPPORT]} == {POOLED, "+15035550102"}


async def test_a_number_is_blanked_for_flex_though_the_answer_is_lost_and_gets_its_webhook_back(world: World) -> None:
    url = "https://acme.example/in"
    number = await world.request(RITA, "/a2p-number", f"configure numbers={FREE} webhook=set sms_url={url}")
    await world.approve(ANN, number)
    await world.done(number)
    number = await world.request(RITA, "/a2p-number", f"configure numbers={FREE} webhook=blank")
    card = shown(await world.card(number))
    assert "Nothing answers" in card
    world.twilio.faults.add(match=f"POST {OWNED}/", drop_after_effect=True)
    await world.approve(ANN, number)
    await world.done(number)
    assert {n["sms_url"] for n in world.twilio.numbers} == {""}
    undoing = await undo(world, number)
    await world.approve(ANN, undoing)
    await world.done(undoing)
    assert url in {n["sms_url"] for n in world.twilio.numbers}


async def test_settings_that_would_change_nothing_are_told_before_anybody_is_asked(world: World) -> None:
    await world.fill(RITA, "/a2p-number", f"configure numbers={FREE} webhook=blank")
    assert f"{FREE}: set like this already" in shown(world.view(RITA))
    assert world.view(RITA)["submit"] is None


async def test_the_settings_that_stand_fill_in_the_form_and_only_what_applies_is_asked(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-number", f"configure numbers={FREE}")
    await world.page(RITA, 2)
    view = shown(world.view(RITA))
    assert "Acme Austin" in view
    assert "Fallback webhook" not in view
    await world.slack.click(RITA, "field:webhook", value="set")
    await world.sees(RITA, "Fallback webhook")


async def test_a_number_of_a_suspended_campaign_is_not_released(world: World) -> None:
    number = await world.request(RITA, "/a2p-campaign", "register", *CAMPAIGN)
    await world.approve(ANN, number)
    await world.done(number)
    world.twilio.desk.suspend(SUPPORT)
    await world.slack.command(RITA, A2P, "/a2p-number", f"release numbers={POOLED}")
    await world.previewed(RITA)
    assert "SUSPENDED: Twilio refuses every change to it and to its numbers" in shown(world.view(RITA))
    assert "This cannot be requested" in shown(world.view(RITA))


async def test_numbers_are_released_in_the_safe_order_with_all_that_is_lost_said_before(world: World) -> None:
    number = await world.request(RITA, "/a2p-number", f'release numbers="{POOLED}, +19165550140"')
    card = shown(await world.card(number))
    assert "released at once and for good" in card
    assert "No number is left in the pool" in card
    await world.approve(ANN, number)
    await world.done(number)
    deleted = [c.path for c in world.twilio.log if c.method == "DELETE" and c.status == 204]
    assert deleted == [
        f"/v1/Services/{SUPPORT}/PhoneNumbers/{start_state.POOLED_NUMBER}",
        f"{OWNED}/{start_state.POOLED_NUMBER}.json",
        f"/v1/Configuration/Addresses/{FLEX_ADDRESS}",
        f"{OWNED}/{start_state.FLEX_NUMBER}.json",
    ]


async def test_a_release_whose_answer_is_lost_is_done_once_and_a_number_gone_already_is_no_failure(
    world: World,
) -> None:
    number = await world.request(RITA, "/a2p-number", f"release numbers={FREE}")
    world.twilio.faults.add(match=f"DELETE {OWNED}", drop_after_effect=True)
    await world.approve(ANN, number)
    await world.done(number)
    assert FREE not in {n["phone_number"] for n in world.twilio.numbers}


async def test_one_number_is_shown_with_all_that_decides_about_its_messages(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-number", 'show number="Acme Flex desk"')
    told = shown(await world.hears(A2P, "Studio flow", user=RITA))
    assert "Messaging Flow" in told
    assert start_state.FLEX_NUMBER in told
