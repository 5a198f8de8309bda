"""Test messages end to end: sent once, followed to the phone, and explained where they did not arrive."""

from bot.sandbox.twilio import start_state
from tests.e2e import behind
from tests.e2e.behind import NUMBER
from tests.e2e.world import A2P, ANN, APPROVALS, RITA, World, shown

PHONE = "+15035550101"
TEST = {"service_sid": start_state.SUPPORT_SERVICE, "to": PHONE}


def sent(world: World) -> int:
    return len([c for c in world.twilio.log if c.method == "POST" and c.path.endswith("/Messages.json")])


async def test_a_message_of_a_registered_number_is_followed_to_the_phone(world: World) -> None:
    await behind.campaign(world, verified=True)
    world.twilio.carriers.register(NUMBER)
    number = await world.request(RITA, "/a2p-message", "test", TEST)
    await world.approve(ANN, number)
    card = await world.done(number)
    assert "delivered" in shown(card)
    assert "5550101" not in shown(card)
    [message] = world.twilio.messages
    assert (message["to"], message["status"]) == (PHONE, "delivered")
    assert message["body"].startswith("Acme Inc: ")


async def test_an_unregistered_number_is_foretold_and_explained_with_what_to_do_next(world: World) -> None:
    await world.fill(RITA, "/a2p-message", "test", TEST)
    assert "30034 is to be expected" in shown(world.view(RITA))
    await world.slack.close(RITA, all_views=True)
    number = await world.request(RITA, "/a2p-message", "test", TEST)
    await world.approve(ANN, number)
    card = await world.card(number, "not registered for A2P")
    assert "30034" in shown(card)
    assert "number registration takes minutes to days" in shown(card)
    assert "change.retry" not in shown(card)
    assert "ask for it anew" in shown(card)


async def test_a_message_whose_answer_was_lost_is_found_and_never_sent_twice(world: World) -> None:
    await behind.campaign(world, verified=True)
    world.twilio.carriers.register(NUMBER)
    number = await world.request(RITA, "/a2p-message", "test", TEST)
    world.twilio.faults.add(match="Messages.json", drop_after_effect=True)
    await world.approve(ANN, number)
    await world.done(number)
    assert (sent(world), len(world.twilio.messages)) == (1, 1)


async def test_a_message_that_never_left_is_sent_again_only_on_a_persons_word(world: World) -> None:
    await behind.campaign(world, verified=True)
    world.twilio.carriers.register(NUMBER)
    number = await world.request(RITA, "/a2p-message", "test", TEST)
    world.twilio.faults.add(match="POST /2010-04-01/Accounts", drop=True)
    await world.approve(ANN, number)
    card = await world.card(number, "change.did_not")
    assert len(world.twilio.messages) == 0
    await world.slack.click(ANN, "change.did_not", channel=APPROVALS, ts=card["ts"])
    await world.done(number)
    assert len(world.twilio.messages) == 1


async def test_a_phone_abroad_is_refused_on_its_field_and_not_repeated(world: World) -> None:
    await world.slack.command(
        RITA, A2P, "/a2p-message", f"test service={start_state.SUPPORT_SERVICE} to=+4915112345678"
    )
    await world.sees(RITA, "this is not a US number")
    assert "15112345678" not in str([call.args for call in world.slack.calls()])


async def test_an_opted_out_recipient_is_said_with_the_way_back_and_never_in_full(world: World) -> None:
    await behind.campaign(world, verified=True)
    number = await world.request(RITA, "/a2p-message", "test", TEST)
    world.twilio.faults.add(match="POST /2010-04-01/Accounts", code=21610)
    await world.approve(ANN, number)
    card = await world.card(number, "21610")
    assert "texting START" in shown(card)
    assert "5550101" not in shown(card)


async def test_without_a_receipt_the_card_goes_on_waiting_and_says_why(world: World) -> None:
    await behind.campaign(world, verified=True)
    world.twilio.carriers.register(NUMBER)
    world.twilio.carriers.phone(PHONE, receipt=False)
    number = await world.request(RITA, "/a2p-message", "test", TEST)
    await world.approve(ANN, number)
    await world.card(number, "counts after four hours")
