"""Conversations, Flex and Studio: address configurations, services, defaults and flows."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.start_conversations import (
    FLEX_ADDRESS,
    FLEX_CONVERSATIONS,
    FLEX_FLOW,
    OTHER_CONVERSATIONS,
)
from tests.sandbox.twilio_account import ACCOUNT, Account, open_account

CONFIGURATION = "/conversations/v1/Configuration"
ADDRESSES = f"{CONFIGURATION}/Addresses"
FREE, FLEX = "+15125550120", "+19165550140"
STUDIO: dict[str, Any] = {
    "Type": "sms",
    "Address": FREE,
    "AutoCreation.Enabled": "true",
    "AutoCreation.Type": "studio",
    "AutoCreation.StudioFlowSid": FLEX_FLOW,
    "AutoCreation.StudioRetryCount": "3",
}


@pytest.fixture(name="account")
async def _account() -> AsyncIterator[Account]:
    async with open_account() as account:
        yield account


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"Type": ""}, 400, 20001),
        ({"Address": ""}, 400, 20001),
        ({"Type": "SMS"}, 400, 20422),
        ({"Colour": "red"}, 400, 20001),
        ({"Address": FLEX}, 409, 20409),
        ({"Address": "+15039999999"}, 400, 50407),
        ({"Address": "512 555 0120"}, 400, 50407),
        ({"Address": f"whatsapp:{FREE}"}, 400, 50407),
        ({"Type": "whatsapp"}, 400, 50407),
        ({"Type": "whatsapp", "Address": f"whatsapp:{FLEX}"}, 400, 50407),
        ({"Address": "20777", "AddressCountry": "US"}, 400, 50407),
        ({"AddressCountry": "US"}, 400, 20422),
        ({"AutoCreation.Enabled": "True"}, 400, 20422),
        ({"AutoCreation.Type": ""}, 400, 20422),
        ({"AutoCreation.Type": "webhook"}, 400, 20001),
        ({"AutoCreation.StudioFlowSid": ""}, 400, 20422),
        ({"AutoCreation.StudioFlowSid": "FW" + "0" * 32}, 404, 20404),
        ({"AutoCreation.StudioRetryCount": "4"}, 400, 20422),
        ({"AutoCreation.ConversationServiceSid": "IS" + "0" * 32}, 404, 20404),
        ({"AutoCreation.WebhookFilters": ["onMessageAdd"]}, 400, 20422),
        ({"AutoCreation.WebhookMethod": "POST"}, 400, 20422),
    ],
)
async def test_an_address_that_cannot_be_is_refused_and_not_made(
    account: Account, changes: dict[str, Any], status: int, code: int
) -> None:
    answer = await account.call("POST", ADDRESSES, STUDIO | changes)
    assert (answer.status, answer.code) == (status, code)
    assert len((await account.call("GET", ADDRESSES)).body["address_configurations"]) == 1


async def test_an_address_is_found_by_its_sid_and_by_the_address_itself(account: Account) -> None:
    made = await account.call("POST", ADDRESSES, STUDIO)
    assert made.status == 201
    assert made.body["auto_creation"] == {
        "enabled": True,
        "type": "studio",
        "studio_flow_sid": FLEX_FLOW,
        "studio_retry_count": 3,
    }
    by_sid = await account.call("GET", f"{ADDRESSES}/{made.body['sid']}")
    by_address = await account.call("GET", f"{ADDRESSES}/{quote(FREE, safe='')}")
    assert by_sid.body == by_address.body == made.body


async def test_a_whatsapp_address_is_listed_apart_from_the_sms_ones(account: Account) -> None:
    made = await account.call("POST", ADDRESSES, STUDIO | {"Type": "whatsapp", "Address": f"whatsapp:{FREE}"})
    assert made.status == 201
    listed = await account.call("GET", ADDRESSES, {"Type": "whatsapp"})
    assert [row["address"] for row in listed.body["address_configurations"]] == [f"whatsapp:{FREE}"]


async def test_a_short_code_has_a_country_and_nothing_else_has_one(account: Account) -> None:
    code = STUDIO | {"Address": "20555"}
    assert (await account.call("POST", ADDRESSES, code)).code == 20422
    made = await account.call("POST", ADDRESSES, code | {"AddressCountry": "US"})
    assert (made.status, made.body["address_country"]) == (201, "US")


async def test_pages_of_addresses_and_of_services_are_smaller_than_elsewhere(account: Account) -> None:
    assert (await account.call("GET", ADDRESSES, {"PageSize": "51"})).code == 20007
    assert (await account.call("GET", "/conversations/v1/Services", {"PageSize": "101"})).code == 20007


async def test_an_update_shows_the_settings_of_the_new_type_alone(account: Account) -> None:
    webhook = {
        "AutoCreation.Enabled": "true",
        "AutoCreation.Type": "webhook",
        "AutoCreation.WebhookUrl": "https://acme.example/in",
        "AutoCreation.WebhookMethod": "get",
        "AutoCreation.WebhookFilters": ["onMessageAdded", "onParticipantAdded"],
    }
    changed = await account.call("POST", f"{ADDRESSES}/{FLEX_ADDRESS}", webhook)
    assert changed.status == 200
    assert changed.body["auto_creation"] == {
        "enabled": True,
        "type": "webhook",
        "webhook_url": "https://acme.example/in",
        "webhook_method": "GET",
        "webhook_filters": ["onMessageAdded", "onParticipantAdded"],
    }
    assert changed.body["friendly_name"] == "Acme Flex desk"


async def test_an_update_that_leaves_auto_creation_out_leaves_it_alone(account: Account) -> None:
    before = await account.call("GET", f"{ADDRESSES}/{FLEX_ADDRESS}")
    renamed = await account.call("POST", f"{ADDRESSES}/{FLEX_ADDRESS}", {"FriendlyName": ""})
    assert renamed.body["friendly_name"] is None
    assert renamed.body["auto_creation"] == before.body["auto_creation"]
    assert (await account.call("POST", f"{ADDRESSES}/{FLEX_ADDRESS}", {"Address": FREE})).code == 20001


async def test_a_deleted_address_is_gone_and_can_be_made_again(account: Account) -> None:
    assert (await account.call("DELETE", f"{ADDRESSES}/{quote(FLEX, safe='')}")).status == 204
    assert (await account.call("GET", f"{ADDRESSES}/{FLEX_ADDRESS}")).code == 20404
    assert (await account.call("DELETE", f"{ADDRESSES}/{FLEX_ADDRESS}")).code == 20404
    assert (await account.call("POST", ADDRESSES, STUDIO | {"Address": FLEX})).status == 201


async def test_a_released_number_leaves_its_address_dangling(account: Account) -> None:
    await account.call("DELETE", f"{ACCOUNT}/IncomingPhoneNumbers/{start_state.FLEX_NUMBER}.json")
    assert (await account.call("GET", f"{ADDRESSES}/{FLEX_ADDRESS}")).status == 200


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"DefaultChatServiceSid": "MG" + "0" * 32}, 400, 20422),
        ({"DefaultChatServiceSid": "IS" + "0" * 32}, 404, 20404),
        ({"DefaultInactiveTimer": "PT30S"}, 400, 20422),
        ({"DefaultClosedTimer": "PT9M"}, 400, 20422),
        ({"DefaultClosedTimer": "ten minutes"}, 400, 20422),
    ],
)
async def test_a_bad_default_is_refused(account: Account, params: dict[str, str], status: int, code: int) -> None:
    answer = await account.call("POST", CONFIGURATION, params)
    assert (answer.status, answer.code) == (status, code)


async def test_the_default_service_can_be_changed_and_is_not_flexs_any_more(account: Account) -> None:
    assert (await account.call("GET", CONFIGURATION)).body["default_chat_service_sid"] == FLEX_CONVERSATIONS
    changed = await account.call("POST", CONFIGURATION, {"DefaultChatServiceSid": OTHER_CONVERSATIONS})
    assert (changed.status, changed.body["default_chat_service_sid"]) == (200, OTHER_CONVERSATIONS)
    flex = await account.call("GET", "/flex-api/v1/Configuration", {"UiVersion": "2"})
    assert flex.body["chat_service_instance_sid"] == FLEX_CONVERSATIONS


async def test_a_conversation_service_is_made_and_listed(account: Account) -> None:
    made = await account.call("POST", "/conversations/v1/Services", {"FriendlyName": "Acme chat"})
    assert made.status == 201
    listed = await account.call("GET", "/conversations/v1/Services")
    assert listed.body["services"][0]["friendly_name"] == "Acme chat"
    assert (await account.call("GET", f"/conversations/v1/Services/{made.body['sid']}")).body == made.body
    assert (await account.call("POST", "/conversations/v1/Services", {})).code == 20001


async def test_flows_say_whether_they_are_published(account: Account) -> None:
    listed = await account.call("GET", "/studio/v2/Flows")
    assert {row["friendly_name"]: row["status"] for row in listed.body["flows"]} == {
        "Messaging Flow": "published",
        "Survey after the conversation": "published",
        "Front desk": "published",
        "After hours": "draft",
    }


async def test_a_state_file_of_before_conversations_gets_them_once(tmp_path: Path) -> None:
    state_file = tmp_path / "twilio.json"
    async with open_account(state_file) as account:
        await account.call("POST", f"{ADDRESSES}/{FLEX_ADDRESS}", {"FriendlyName": "Renamed"})
    state = json.loads(state_file.read_text())
    for table in ("ConversationsConfiguration", "ConversationService", "FlexInstance", "AddressConfiguration"):
        del state["tables"][table]
    state_file.write_text(json.dumps(state))
    async with open_account(state_file) as account:
        [address] = (await account.call("GET", ADDRESSES)).body["address_configurations"]
        assert (address["address"], address["friendly_name"]) == (FLEX, "Acme Flex desk")
        assert len(account.twilio.numbers) == len(start_state.OWNED_NUMBERS)
        await account.call("DELETE", f"{ADDRESSES}/{FLEX_ADDRESS}")
    async with open_account(state_file) as account:
        assert (await account.call("GET", ADDRESSES)).body["address_configurations"] == []


async def test_what_only_console_sets_is_set_on_the_desk(account: Account) -> None:
    async def console(setting: str, service: str = start_state.SUPPORT_SERVICE) -> int:
        body = {"service_sid": service, "setting": setting}
        async with account.http.post(f"{account.twilio.url}/_desk/console", json=body) as answer:
            return answer.status

    path = f"/messaging/v1/Services/{start_state.SUPPORT_SERVICE}"
    assert await console("autocreate", "MG" + "0" * 32) == 404
    assert await console("default", "MG" + "0" * 32) == 404
    assert await console("polka") == 400
    assert await console("autocreate") == 200
    assert (await account.call("GET", path)).body["use_inbound_webhook_on_number"] is False
    assert await console("defer") == 200
    assert (await account.call("GET", path)).body["use_inbound_webhook_on_number"] is True
    assert await console("default") == 200
    shown = (await account.call("GET", CONFIGURATION)).body
    assert shown["default_messaging_service_sid"] == start_state.SUPPORT_SERVICE
    assert shown["default_chat_service_sid"] == FLEX_CONVERSATIONS, "the rest stays"
