"""Messaging services and their sender pools."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.twilio import start_state
from tests.sandbox.twilio_account import ACCOUNT, SERVICES, Account, Answer, open_account

SUPPORT = f"{SERVICES}/{start_state.SUPPORT_SERVICE}"


@pytest.fixture(name="account")
async def _account() -> AsyncIterator[Account]:
    async with open_account() as account:
        yield account


async def _add(account: Account, service_sid: str, number_sid: str) -> Answer:
    return await account.call("POST", f"{SERVICES}/{service_sid}/PhoneNumbers", {"PhoneNumberSid": number_sid})


async def test_a_number_that_is_already_in_the_pool_is_refused_with_21710(account: Account) -> None:
    answer = await _add(account, start_state.SUPPORT_SERVICE, start_state.POOLED_NUMBER)
    assert answer.code == 21710
    assert not account.twilio.log[-1].effect


async def test_a_number_of_another_service_is_refused_with_21712(account: Account) -> None:
    answer = await _add(account, await account.service(), start_state.POOLED_NUMBER)
    assert answer.code == 21712


async def test_the_four_hundred_and_first_number_is_refused_with_21714(account: Account) -> None:
    service = await account.service()
    owned = f"{ACCOUNT}/IncomingPhoneNumbers.json"
    area_codes = ["201", "202", "203", "206", "210"]
    last = None
    for area_code in area_codes:
        for digits in range(84):
            bought = await account.call("POST", owned, {"PhoneNumber": f"+1{area_code}55501{digits:02d}"})
            if bought.body["capabilities"]["sms"]:
                last = await _add(account, service, bought.body["sid"])
    assert last is not None
    assert last.code == 21714
    assert len(account.twilio.pools[service]) == 400


async def test_a_number_that_cannot_text_is_refused_with_21715(account: Account) -> None:
    search = {"VoiceEnabled": "true", "SmsEnabled": "false"}
    found = await account.call("GET", f"{ACCOUNT}/AvailablePhoneNumbers/US/Local.json", search)
    voice_only = found.body["available_phone_numbers"][0]["phone_number"]
    bought = await account.call("POST", f"{ACCOUNT}/IncomingPhoneNumbers.json", {"PhoneNumber": voice_only})
    answer = await _add(account, start_state.SUPPORT_SERVICE, bought.body["sid"])
    assert (answer.status, answer.code) == (400, 21715)


@pytest.mark.parametrize(
    ("number", "status", "code"), [("PN" + "0" * 32, 404, 20404), ("MG" + "0" * 32, 400, 20422), ("", 400, 20001)]
)
async def test_a_number_that_does_not_exist_cannot_be_added(
    account: Account, number: str, status: int, code: int
) -> None:
    answer = await _add(account, start_state.SUPPORT_SERVICE, number)
    assert (answer.status, answer.code) == (status, code)


async def test_removing_a_number_that_is_not_in_the_pool_is_refused_with_21711(account: Account) -> None:
    answer = await account.call("DELETE", f"{SUPPORT}/PhoneNumbers/{start_state.FREE_NUMBER}")
    assert (answer.status, answer.code) == (404, 21711)


async def test_a_number_can_be_added_shown_removed_and_added_elsewhere(account: Account) -> None:
    service = await account.service()
    member = f"{SUPPORT}/PhoneNumbers/{start_state.POOLED_NUMBER}"
    shown = await account.call("GET", member)
    assert shown.body["capabilities"] == ["MMS", "SMS", "Voice"]
    assert (await account.call("DELETE", member)).status == 204
    assert (await account.call("GET", member)).code == 20404
    assert (await _add(account, service, start_state.POOLED_NUMBER)).status == 201
    assert [row["sid"] for row in account.twilio.pools[service]] == [start_state.POOLED_NUMBER]


async def test_a_service_that_still_has_numbers_is_not_deleted(account: Account) -> None:
    answer = await account.call("DELETE", SUPPORT)
    assert (answer.status, answer.code) == (409, 20409)
    await account.call("DELETE", f"{SUPPORT}/PhoneNumbers/{start_state.POOLED_NUMBER}")
    assert (await account.call("DELETE", SUPPORT)).status == 204
    assert (await account.call("GET", SUPPORT)).code == 20404


async def test_an_update_changes_what_it_names_and_an_empty_url_clears(account: Account) -> None:
    service = await account.service(InboundRequestUrl="https://acme.example/sms", ValidityPeriod="600")
    account.clock.now += 60
    answer = await account.call("POST", f"{SERVICES}/{service}", {"InboundRequestUrl": "", "StickySender": "false"})
    assert answer.status == 200
    assert answer.body["inbound_request_url"] is None
    assert answer.body["sticky_sender"] is False
    assert answer.body["validity_period"] == 600
    assert answer.body["date_updated"] > answer.body["date_created"]


async def test_the_other_senders_of_a_service_are_empty_lists(account: Account) -> None:
    lists = {"ShortCodes": "short_codes", "AlphaSenders": "alpha_senders", "ChannelSenders": "senders"}
    for path, key in lists.items():
        assert (await account.call("GET", f"{SUPPORT}/{path}")).body[key] == []
        assert (await account.call("GET", f"{SERVICES}/MG{'0' * 32}/{path}")).code == 20404
