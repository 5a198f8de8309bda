"""Conversations addresses through Slack: one sentence makes one, and whatever would answer twice is said before."""

from typing import Any

from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.address_configurations import AddressConfiguration
from bot.sandbox.twilio.start_conversations import FLEX_ADDRESS, FRONT_DESK_FLOW
from tests.e2e.test_undo import undo
from tests.e2e.world import A2P, ANN, RITA, World, shown

FREE, FLEX, URL = "+15125550120", "+19165550140", "https://acme.example/in"
CREATE = f'create number={FREE} type=studio flow="Front desk"'


def addresses(world: World) -> dict[str, dict[str, Any]]:
    """Every address configuration, by address."""
    rows = world.twilio._ledger.table(AddressConfiguration)
    return {row.address: {"sid": row.sid, "name": row.friendly_name, **row.auto_creation} for row in rows}


async def run(world: World, text: str, command: str = "/a2p-address") -> int:
    """Ask for something, approve it and see it done; gives the change's number."""
    number = await world.request(RITA, command, text)
    await world.approve(ANN, number)
    await world.done(number)
    return number


async def test_one_sentence_makes_one_address_though_the_answer_is_lost_and_undo_takes_it_away(world: World) -> None:
    world.twilio.faults.add(match="POST /v1/Configuration/Addresses$", drop_after_effect=True)
    number = await run(world, CREATE)
    assert len(world.twilio.calls("POST /v1/Configuration/Addresses$")) == 1
    assert addresses(world)[FREE]["studio_flow_sid"] == FRONT_DESK_FLOW
    assert addresses(world)[FREE]["studio_retry_count"] == 3
    undoing = await undo(world, number)
    await world.approve(ANN, undoing)
    await world.done(undoing)
    assert set(addresses(world)) == {FLEX}


async def test_the_form_asks_only_for_what_the_type_needs(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-address", f"create number={FREE}")
    await world.page(RITA, 2)
    assert "Studio flow" in shown(world.view(RITA))
    assert "Webhook method" not in shown(world.view(RITA))
    await world.slack.click(RITA, "field:type", value="webhook")
    assert "Studio flow" not in shown(await world.sees(RITA, "Webhook method")).replace("A Studio flow", "")
    await world.slack.submit(RITA, {"webhook_url": URL, "webhook_method": "GET"})
    await world.previewed(RITA)
    assert "onMessageAdded" in shown(world.view(RITA))


async def test_a_flow_that_there_is_not_is_told_with_those_there_are(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-address", f'create number={FREE} flow="Back desk"')
    view = shown(await world.sees(RITA, "there is no “Back desk”"))
    assert "Front desk" in view
    await world.slack.close(RITA, all_views=True)
    await world.slack.command(RITA, A2P, "/a2p-address", f"create number={FREE} flow=FW{'0' * 32}")
    assert "It may be deleted" in shown(await world.sees(RITA, "no Studio flow FW"))


async def test_a_webhook_that_would_answer_as_well_is_said_and_blanked_on_a_yes(world: World) -> None:
    await run(world, f"configure numbers={FREE} webhook=set sms_url={URL}", "/a2p-number")
    await world.slack.command(RITA, A2P, "/a2p-address", CREATE)
    await world.previewed(RITA)
    assert "answered twice" in shown(world.view(RITA))
    await world.slack.close(RITA, all_views=True)
    number = await run(world, f"{CREATE} clear_webhook=yes")
    assert {n["sms_url"] for n in world.twilio.numbers} == {""}
    undoing = await undo(world, number)
    await world.approve(ANN, undoing)
    await world.done(undoing)
    assert (set(addresses(world)), URL in {n["sms_url"] for n in world.twilio.numbers}) == ({FLEX}, True)


async def test_an_address_that_somebody_makes_meanwhile_is_not_overwritten(world: World) -> None:
    number = await world.request(RITA, "/a2p-address", CREATE)
    await run(world, f'create number={FREE} flow="Messaging Flow"')
    await world.approve(ANN, number)
    assert "has an address already" in shown(await world.card(number, "has an address already"))
    assert addresses(world)[FREE]["studio_flow_sid"] == start_state.FLEX_FLOW


async def test_an_update_opens_filled_in_is_found_after_a_lost_answer_and_undo_writes_the_old_settings_back(
    world: World,
) -> None:
    await world.slack.command(RITA, A2P, "/a2p-address", f"update number={FLEX}")
    await world.page(RITA, 2)
    assert "Acme Flex desk" in shown(world.view(RITA))
    await world.slack.close(RITA, all_views=True)
    before = addresses(world)[FLEX]
    world.twilio.faults.add(match=f"POST /v1/Configuration/Addresses/{FLEX_ADDRESS}", drop_after_effect=True)
    number = await run(world, f'update number={FLEX} flow="Front desk" friendly_name="Night desk"')
    assert len(world.twilio.calls("POST /v1/Configuration/Addresses/")) == 1
    assert addresses(world)[FLEX] == before | {"studio_flow_sid": FRONT_DESK_FLOW, "name": "Night desk"}
    undoing = await undo(world, number)
    await world.approve(ANN, undoing)
    await world.done(undoing)
    assert addresses(world)[FLEX] == before


async def test_a_deletion_says_what_answers_then_and_undo_makes_the_address_again(world: World) -> None:
    before = addresses(world)[FLEX]
    number = await world.request(RITA, "/a2p-address", f"delete number={FLEX}")
    assert f"Nothing answers {FLEX} then" in shown(await world.card(number))
    world.twilio.faults.add(match="DELETE /v1/Configuration/Addresses", drop_after_effect=True)
    await world.approve(ANN, number)
    await world.done(number)
    assert addresses(world) == {}
    undoing = await undo(world, number)
    await world.approve(ANN, undoing)
    await world.done(undoing)
    assert addresses(world)[FLEX] == before | {"sid": addresses(world)[FLEX]["sid"]}
    assert addresses(world)[FLEX]["sid"] != FLEX_ADDRESS


async def test_a_whatsapp_address_stands_beside_the_sms_one_of_the_same_number(world: World) -> None:
    await run(world, CREATE)
    await run(world, f"{CREATE} channel=whatsapp")
    assert {FREE, f"whatsapp:{FREE}"} <= set(addresses(world))


async def test_the_list_marks_what_is_created_and_tells_what_is_odd(world: World) -> None:
    world.twilio._ledger.table(AddressConfiguration).change(FLEX_ADDRESS, 0.0, address="+15039999999")
    await run(world, CREATE)
    await world.slack.command(RITA, A2P, "/a2p-address", "list")
    told = shown(await world.hears(A2P, "Conversations addresses", user=RITA))
    assert "Address created (1)" in told
    assert "✓ +15125550120" in told
    assert "Front desk" in told
    assert "belongs to no number of this account" in told
