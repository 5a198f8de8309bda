"""The Flex chains through Slack: weeks of waiting, several approvals, and nothing lost, doubled or left unsaid."""

from typing import Any

import pytest

from bot.plans.call import Call
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.services import Service
from tests.catalog.brand_answers import ADDRESS, BUSINESS, IDENTIFYING, KIND, REPRESENTATIVE
from tests.e2e import behind
from tests.e2e.answers import CAMPAIGN_SAMPLES, CAMPAIGN_TEXTS
from tests.e2e.world import ALERTS, ANN, APPROVALS, BOB, FIRST, RITA, World, everything_in, shown

SUPPORT, FREE, POOLED = start_state.SUPPORT_SERVICE, start_state.FREE_NUMBER, start_state.POOLED_NUMBER
PHONE, FOR_SALE = "+15035559876", "+15035550101"
USE_CASE = "DELIVERY_NOTIFICATION"
NEW: tuple[dict[str, Any], ...] = (
    {"service_name": "Acme Flex", "flow_sid": start_state.FLEX_FLOW},
    {"numbers": [FREE], "area_code": "503"},
    {"phone_numbers": FIRST},
    {name: value for name, value in KIND.items() if name != "brand_kind"},
    BUSINESS,
    REPRESENTATIVE,
    ADDRESS,
    {"use_case": USE_CASE, **CAMPAIGN_TEXTS},
    CAMPAIGN_SAMPLES,
    {},
    {"to": PHONE},
)
TYPED = " ".join(
    f'{name}="{value}"'
    for name, value in {
        **CAMPAIGN_TEXTS,
        **CAMPAIGN_SAMPLES,
        "use_case": USE_CASE,
        "brand_sid": start_state.APPROVED_BRAND,
    }.items()
    if isinstance(value, str) and '"' not in value
)
FLOW, STANDING = f"flow_sid={start_state.FLEX_FLOW}", f"service=existing service_sid={SUPPORT}"
TEST = f"to={PHONE}"
WAITS = "Waits until: *The brand"


async def asked(world: World, word: str, typed: str) -> int:
    """Ask for a chain by a typed command; gives the change's number, once its card stands."""
    return await world.request(RITA, "/a2p-flex", f"{word} {typed}")


async def press(world: World, user: str, number: int, action: str, text: str = "") -> None:
    """Press a button of the card, once the card shows it, and this text with it."""
    await world.until(lambda: _offers(world, number, action, text), f"#{number}: {action} {text}")
    card = _offers(world, number, action, text)
    assert card is not None
    await world.slack.click(user, f"change.{action}", channel=APPROVALS, ts=card["ts"])


def _offers(world: World, number: int, action: str, text: str) -> dict[str, Any] | None:
    cards = [shown_card for shown_card in world.slack.messages(APPROVALS) if f"#{number} " in shown(shown_card)]
    return next((c for c in cards if f"change.{action}" in shown(c) and text in shown(c)), None)


def service(world: World, name: str) -> str:
    return str(next(s["sid"] for s in world.twilio.created("service") if s["friendly_name"] == name))


def pool(world: World, service_sid: str) -> list[str]:
    return [n["sid"] for n in world.twilio.created("pool_number") if n["service_sid"] == service_sid]


def posts(world: World, path: str) -> int:
    return len([c for c in world.twilio.log if c.method == "POST" and c.path.endswith(path) and c.effect])


# The whole way


@pytest.mark.long
async def test_everything_new_comes_to_a_delivered_message_though_the_bot_is_killed_before_each_part(
    empty_world: World,
) -> None:
    world = empty_world
    bot = await world.process()
    number = await world.request(RITA, "/a2p-flex", "onboard brand_kind=low_volume buy=yes", *NEW)
    await world.approve(ANN, number)
    await world.card(number, "The next part is “The brand")
    await world.told(RITA, "asks for the approval of its next part")
    await world.kill(bot)
    bot = await world.process()
    await press(world, BOB, number, "approve", "The next part is “The brand")
    await world.card(number, WAITS)
    brand = world.twilio.created("brand")[-1]["sid"]
    world.twilio.desk.brands.fail(brand, [30795])
    assert "/a2p-brand resubmit" in shown(await world.card(number, "FAILED"))
    await world.kill(bot)
    world.twilio.desk.brands.approve(brand)
    await world.process()
    await world.card(number, "The next part is “The campaign")
    assert posts(world, "/Compliance/Usa2p") == 0, "not before it is approved"
    await press(world, ANN, number, "approve", "The next part is “The campaign")
    made = service(world, "Acme Flex")
    await world.until(lambda: posts(world, "/Compliance/Usa2p"), "the campaign")
    world.twilio.desk.verify(made)
    await world.card(number, "It has happened")
    for member in pool(world, made):
        world.twilio.carriers.register(member)
    await press(world, RITA, number, "done")
    card = shown(await world.done(number))
    [message] = world.twilio.messages
    assert (message["to"], message["status"]) == (PHONE, "delivered")
    assert len(pool(world, made)) == 2
    assert [posts(world, p) for p in ("/BrandRegistrations", "/Compliance/Usa2p", "/Messages.json")] == [1, 1, 1]
    assert "delivered" in card
    everything = f"{[c.args for c in world.slack.calls()]} {await everything_in(world.redis_url)}"
    assert [piece for piece in (*IDENTIFYING, PHONE) if piece in everything] == []


# Traps


async def test_what_stands_is_left_alone_and_an_approved_chain_of_waits_sends_nothing_but_the_test(
    world: World,
) -> None:
    await behind.campaign(world, verified=True)
    world.twilio.carriers.register(POOLED)
    await behind.send(world, _address("+14155550110"))
    number = await asked(world, "onboard", f"{STANDING} {FLOW} campaign=standing numbers={POOLED} {TEST}")
    written = len([c for c in world.twilio.log if c.method != "GET"])
    await world.approve(ANN, number)
    await press(world, RITA, number, "done")
    assert "there already" in shown(await world.done(number))
    assert len([c for c in world.twilio.log if c.method != "GET"]) == written + 1


async def test_a_number_that_somebody_else_buys_is_skipped_and_the_chain_goes_on_for_the_others(world: World) -> None:
    number = await asked(
        world, "onboard", f"service_name=Flex {FLOW} numbers={FREE} buy=yes phone_numbers={FOR_SALE} {TYPED}"
    )
    path = f"/2010-04-01/Accounts/{start_state.ACCOUNT_SID}/IncomingPhoneNumbers.json"
    world.twilio.faults.add(match=f"POST {path}$", status=400, code=21422)
    await world.approve(ANN, number)
    await press(world, RITA, number, "skip", "21422")
    await press(world, BOB, number, "approve", "The next part is")
    made = service(world, "Flex")
    await world.until(lambda: world.twilio.campaigns, "the campaign")
    world.twilio.desk.verify(made)
    await press(world, RITA, number, "done")
    assert f"{FOR_SALE} is not bought" in shown(await world.done(number))
    assert pool(world, made) == [FREE]


async def test_a_rejected_campaign_is_mended_from_its_own_form_while_the_chain_waits(world: World) -> None:
    number = await asked(world, "onboard", f"{STANDING} {FLOW} numbers={POOLED} {TYPED}")
    await world.approve(ANN, number)
    await press(world, BOB, number, "approve", "The next part is")
    await world.until(lambda: world.twilio.campaigns, "the campaign")
    await world.hears(APPROVALS, "asked for the approval of “The campaign”")
    await world.until(lambda: not _offers(world, number, "approve", ""), "nothing to press any more")
    world.twilio.desk.reject(SUPPORT, [30896])
    await world.card(number, "FAILED")
    await world.hears(ALERTS, "30896")
    flow = f"{CAMPAIGN_TEXTS['message_flow']} People can also text JOIN to our number."
    mending = await world.request(RITA, "/a2p-campaign", f'resubmit service_sid={SUPPORT} message_flow="{flow}"')
    await world.approve(ANN, mending)
    await world.done(mending)
    world.twilio.desk.verify(SUPPORT)
    await press(world, RITA, number, "done")
    await world.done(number)


async def test_an_unverified_brand_stops_the_chain_before_the_campaign_is_paid(world: World) -> None:
    typed = TYPED.replace(start_state.APPROVED_BRAND, start_state.PENDING_BRAND)
    number = await asked(world, "onboard", f"service_name=Flex {FLOW} numbers={FREE} {typed}")
    await world.approve(ANN, number)
    await world.card(number, WAITS)
    world.twilio.desk.approve_brand(start_state.PENDING_BRAND, "UNVERIFIED")
    assert "30991" in shown(await world.card(number, "UNVERIFIED"))
    assert world.twilio.campaigns == []


async def test_autocreate_waits_for_a_hand_in_console_and_looks_before_numbers_join(world: World) -> None:
    number = await asked(world, "onboard", f"service_name=Flex routing=autocreate numbers={FREE} {TYPED}")
    await world.approve(ANN, number)
    assert "Configure Conversations" in shown(await world.card(number, "change.done"))
    await press(world, RITA, number, "done")
    await world.card(number, "use_inbound_webhook_on_number is true")
    made = service(world, "Flex")
    assert pool(world, made) == []
    world.twilio.ledger.table(Service).change(made, 0, use_inbound_webhook_on_number=False)
    await press(world, RITA, number, "retry")
    await world.card(number, "The next part is")
    assert pool(world, made) == [FREE]


async def test_a_test_message_that_does_not_arrive_is_explained_and_does_not_spoil_the_chain(world: World) -> None:
    await behind.campaign(world, verified=True)
    number = await asked(world, "onboard", f"{STANDING} {FLOW} campaign=standing numbers={POOLED} {TEST}")
    await world.approve(ANN, number)
    await press(world, RITA, number, "done")
    await press(world, RITA, number, "skip", "30035")
    assert "the test message did not arrive" in shown(await world.done(number))


async def test_without_a_default_service_the_form_says_where_to_set_one(world: World) -> None:
    await world.slack.command(RITA, "C0A2P", "/a2p-flex", f"onboard service=default {FLOW} numbers={FREE} {TYPED}")
    await world.sees(RITA, "no default messaging service")


async def test_a_number_of_another_service_cannot_be_asked_for(world: World) -> None:
    await world.fill(RITA, "/a2p-flex", f"onboard service_name=Flex {FLOW} numbers={POOLED} {TYPED}")
    assert "21712" in shown(world.view(RITA))
    assert world.view(RITA)["submit"] is None


async def test_proxy_makes_a_service_defer_registers_its_campaign_and_takes_the_mode_back(world: World) -> None:
    hook = "https://acme.example/in"
    world.twilio.ledger.table(Service).change(SUPPORT, 0, use_inbound_webhook_on_number=False, inbound_request_url=hook)
    number = await asked(world, "proxy", f"{STANDING} numbers={POOLED} {TYPED}")
    await world.approve(ANN, number)
    await press(world, BOB, number, "approve", "The next part is")
    assert _support(world)["use_inbound_webhook_on_number"] is True
    await world.until(lambda: world.twilio.campaigns, "the campaign")
    world.twilio.desk.verify(SUPPORT)
    await press(world, RITA, number, "done")
    card = await world.done(number)
    await world.slack.click(RITA, "change.undo", channel=APPROVALS, ts=card["ts"])
    await press(world, ANN, number + 1, "approve", f"Undo #{number}:")
    await world.until(lambda: _support(world)["inbound_request_url"] == hook, "the old settings")


def _support(world: World) -> dict[str, Any]:
    return next(s for s in world.twilio.services if s["sid"] == SUPPORT)


def _address(number: str) -> Call:
    auto = {"Enabled": "true", "Type": "studio", "StudioFlowSid": start_state.FLEX_FLOW, "StudioRetryCount": "3"}
    return Call(
        product="conversations",
        method="POST",
        path="/v1/Configuration/Addresses",
        params={"Type": "sms", "Address": number, **{f"AutoCreation.{name}": value for name, value in auto.items()}},
    )
