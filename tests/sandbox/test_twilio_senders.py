"""Senders besides numbers: short codes, alphanumeric ids, WhatsApp and RCS."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.twilio import start_senders, start_state
from tests.sandbox.twilio_account import ACCOUNT, SERVICES, Account, open_account

SUPPORT = f"{SERVICES}/{start_state.SUPPORT_SERVICE}"
SENDERS = "/messaging/v2/Channels/Senders"


@pytest.fixture(name="account")
async def _account() -> AsyncIterator[Account]:
    async with open_account() as account:
        yield account


@pytest.mark.parametrize("text", ["Acme Deliveries", "12345", "Acme!", "Ácme"])
async def test_a_sender_id_of_the_wrong_shape_is_refused_with_21709(account: Account, text: str) -> None:
    answer = await account.call("POST", f"{SUPPORT}/AlphaSenders", {"AlphaSender": text})
    assert (answer.status, answer.code) == (400, 21709)


async def test_a_second_sender_id_for_the_same_country_is_refused_with_21714(account: Account) -> None:
    await account.call("POST", f"{SUPPORT}/AlphaSenders", {"AlphaSender": "Acme"})
    again = await account.call("POST", f"{SUPPORT}/AlphaSenders", {"AlphaSender": "Acme"})
    other = await account.call("POST", f"{SUPPORT}/AlphaSenders", {"AlphaSender": "Acme2"})
    assert (again.code, other.code) == (21710, 21714)
    german = {"AlphaSender": "AcmeDE", "IsoCountryCode": "DE"}
    assert (await account.call("POST", f"{SUPPORT}/DestinationAlphaSenders", german)).status == 201
    second = {"AlphaSender": "AcmeDE2", "IsoCountryCode": "DE"}
    assert (await account.call("POST", f"{SUPPORT}/DestinationAlphaSenders", second)).code == 21714


async def test_a_sender_id_for_one_country_is_shown_and_removed_there_only(account: Account) -> None:
    german = {"AlphaSender": "AcmeDE", "IsoCountryCode": "DE"}
    made = (await account.call("POST", f"{SUPPORT}/DestinationAlphaSenders", german)).body
    assert (await account.call("GET", f"{SUPPORT}/AlphaSenders")).body["alpha_senders"] == []
    assert (await account.call("DELETE", f"{SUPPORT}/AlphaSenders/{made['sid']}")).code == 20404
    assert (await account.call("DELETE", f"{SUPPORT}/DestinationAlphaSenders/{made['sid']}")).status == 204


async def test_a_short_code_is_in_one_service_only(account: Account) -> None:
    code = {"ShortCodeSid": start_senders.SHORT_CODE}
    other = f"{SERVICES}/{await account.service()}"
    assert (await account.call("POST", f"{SUPPORT}/ShortCodes", code)).status == 201
    assert (await account.call("POST", f"{SUPPORT}/ShortCodes", code)).code == 21710
    assert (await account.call("POST", f"{other}/ShortCodes", code)).code == 21712
    assert (await account.call("DELETE", f"{other}/ShortCodes/{start_senders.SHORT_CODE}")).code == 21711
    assert (await account.call("DELETE", f"{SUPPORT}/ShortCodes/{start_senders.SHORT_CODE}")).status == 204


async def test_a_short_code_that_is_not_ours_is_not_found(account: Account) -> None:
    answer = await account.call("POST", f"{SUPPORT}/ShortCodes", {"ShortCodeSid": "SC" + "0" * 32})
    assert (answer.status, answer.code) == (404, 20404)


async def test_short_codes_of_the_account_are_found_by_their_digits(account: Account) -> None:
    found = await account.call("GET", f"{ACCOUNT}/SMS/ShortCodes.json", {"ShortCode": "20555"})
    none = await account.call("GET", f"{ACCOUNT}/SMS/ShortCodes.json", {"ShortCode": "20556"})
    assert [c["sid"] for c in found.body["short_codes"]] == [start_senders.SHORT_CODE]
    assert none.body["short_codes"] == []


async def test_senders_are_listed_by_channel_and_a_channel_must_be_named(account: Account) -> None:
    assert (await account.call("GET", SENDERS)).code == 20001
    listed = await account.call("GET", SENDERS, {"Channel": "rcs"})
    assert {s["status"] for s in listed.body["senders"]} == {"ONLINE", "DRAFT"}


async def test_a_channel_sender_joins_and_leaves_a_pool(account: Account) -> None:
    sender = {"Sid": start_senders.WHATSAPP_SENDER}
    added = await account.call("POST", f"{SUPPORT}/ChannelSenders", sender)
    assert (added.status, added.body["sender"]) == (201, "whatsapp:+15125550120")
    assert (await account.call("POST", f"{SUPPORT}/ChannelSenders", sender)).code == 21710
    member = f"{SUPPORT}/ChannelSenders/{start_senders.WHATSAPP_SENDER}"
    assert (await account.call("DELETE", member)).status == 204
    assert (await account.call("DELETE", member)).code == 20404


async def test_a_service_that_still_has_any_sender_is_not_deleted(account: Account) -> None:
    service = f"{SERVICES}/{await account.service()}"
    made = await account.call("POST", f"{service}/AlphaSenders", {"AlphaSender": "Acme"})
    assert (await account.call("DELETE", service)).code == 20409
    await account.call("DELETE", f"{service}/AlphaSenders/{made.body['sid']}")
    assert (await account.call("DELETE", service)).status == 204


async def test_a_declared_use_that_contradicts_the_campaign_is_refused_with_21719(account: Account) -> None:
    await account.campaign(start_state.SUPPORT_SERVICE)
    answer = await account.call("POST", SUPPORT, {"Usecase": "marketing"})
    assert (answer.status, answer.code) == (400, 21719)
    assert (await account.call("POST", SUPPORT, {"Usecase": "notifications"})).status == 200
