"""What forms of addresses offer: only what can be chosen, each with what helps to choose."""

from collections.abc import AsyncIterator

import pytest

from bot.catalog.choices import Choices
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.numbers import Number
from tests.catalog.world import World


@pytest.fixture(name="choices")
async def _choices(world: World) -> AsyncIterator[Choices]:
    choices = Choices(world.account, world.clock)
    yield choices
    await choices.close()


async def test_numbers_that_have_an_address_are_not_offered_again(choices: Choices) -> None:
    offered = [o.value for o in await choices.find("addressable_numbers", "", {})]
    assert offered == ["+14155550110", "+15125550120", "+18885550130", "20555"]


async def test_numbers_say_whether_a_webhook_of_their_own_would_answer_as_well(world: World, choices: Choices) -> None:
    world.rig(Number, start_state.FREE_NUMBER, sms_url="https://acme.example/in")
    [option] = await choices.find("addressable_numbers", "512", {"channel": "sms"})
    assert option.description == "has a webhook of its own"


async def test_whatsapp_offers_the_accounts_whatsapp_senders(choices: Choices) -> None:
    [option] = await choices.find("addressable_numbers", "", {"channel": "whatsapp"})
    assert (option.value, option.description) == ("+15125550120", "ONLINE")


@pytest.mark.parametrize("query", ["(512) 555", "512-555-0120", "+1 512 555 0120", "+15125550120"])
async def test_a_number_is_found_however_it_is_written(choices: Choices, query: str) -> None:
    [option] = await choices.find("owned_numbers", query, {})
    assert option.label.startswith("+15125550120")


async def test_addresses_say_what_answers(choices: Choices) -> None:
    [option] = await choices.find("addresses", "916", {})
    assert option.label == "+19165550140 · SMS · Acme Flex desk"
    assert option.description == "Studio “Messaging Flow”"


async def test_flows_that_are_drafts_come_last_and_say_so(choices: Choices) -> None:
    options = await choices.find("studio_flows", "", {})
    assert [o.label for o in options] == [
        "Front desk",
        "Messaging Flow",
        "Survey after the conversation",
        "After hours",
    ]
    assert options[-1].description.startswith("draft")


async def test_the_default_conversation_service_comes_first_and_flexs_is_marked(choices: Choices) -> None:
    first, other = await choices.find("conversation_services", "", {})
    assert first.description.startswith("the default · Flex's")
    assert other.label == "Acme app chat"


async def test_every_event_of_a_conversation_can_be_chosen(choices: Choices) -> None:
    assert len(await choices.find("conversation_events", "", {})) == 10
