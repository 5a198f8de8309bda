"""Searching, buying, configuring and releasing phone numbers."""

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.twilio import start_state
from tests.sandbox.twilio_account import ACCOUNT, SERVICES, Account, open_account

LOCAL = f"{ACCOUNT}/AvailablePhoneNumbers/US/Local.json"
TOLL_FREE = f"{ACCOUNT}/AvailablePhoneNumbers/US/TollFree.json"
OWNED = f"{ACCOUNT}/IncomingPhoneNumbers.json"
FREE = f"{ACCOUNT}/IncomingPhoneNumbers/{start_state.FREE_NUMBER}.json"


@pytest.fixture(name="account")
async def _account() -> AsyncIterator[Account]:
    async with open_account() as account:
        yield account


async def _found(account: Account, path: str, **query: str) -> list[str]:
    answer = await account.call("GET", path, query)
    assert answer.status == 200, answer
    return [row["phone_number"] for row in answer.body["available_phone_numbers"]]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, 20001),
        ({"PhoneNumber": "415-555-0199"}, 21421),
        ({"PhoneNumber": "+14155550110"}, 21422),
        ({"PhoneNumber": "+14158675309"}, 21422),
        ({"AreaCode": "999"}, 21452),
        ({"AreaCode": "41"}, 20422),
        ({"PhoneNumber": "+14155550199", "SmsUrl": "not a url"}, 21502),
        ({"PhoneNumber": "+14155550199", "SmsMethod": "PUT"}, 20422),
        ({"PhoneNumber": "+14155550199", "BundleSid": "RN1"}, 20422),
    ],
)
async def test_a_purchase_that_cannot_be_made_buys_nothing(account: Account, params: dict[str, str], code: int) -> None:
    answer = await account.call("POST", OWNED, params)
    assert (answer.status, answer.code) == (400, code)
    assert account.twilio.created("number") == []


async def test_a_number_is_sold_once_and_leaves_the_search(account: Account) -> None:
    wanted = (await _found(account, LOCAL, AreaCode="415"))[0]
    bought = await account.call("POST", OWNED, {"PhoneNumber": wanted, "FriendlyName": "Acme 415"})
    assert bought.status == 201
    assert bought.body["sms_url"] == ""
    assert (await account.call("POST", OWNED, {"PhoneNumber": wanted})).code == 21422
    assert wanted not in await _found(account, LOCAL, AreaCode="415", PageSize="1000")
    assert [row["phone_number"] for row in account.twilio.created("number")] == [wanted]


async def test_a_search_gives_the_same_numbers_every_time(account: Account) -> None:
    async with open_account() as other:
        assert await _found(account, LOCAL, AreaCode="512") == await _found(other, LOCAL, AreaCode="512")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"AreaCode": "415", "Contains": "*0142"}, ["+14155550142"]),
        ({"Contains": "312555014*", "PageSize": "3"}, ["+13125550140", "+13125550141", "+13125550142"]),
        ({"AreaCode": "415", "Contains": "%550107"}, ["+14155550107"]),
        ({"Contains": "+1415", "PageSize": "1"}, ["+14155550100"]),
        ({"AreaCode": "415", "Contains": "0142$"}, ["+14155550142"]),
        ({"AreaCode": "415", "Contains": "5550$"}, []),
        ({"InLocality": "austin", "InRegion": "TX", "Contains": "0107"}, ["+15125550107", "+17375550107"]),
        ({"InPostalCode": "94105", "PageSize": "1"}, ["+16285550100"]),
        ({"NearNumber": "+12125559999", "PageSize": "1"}, ["+12125550100"]),
        ({"NearLatLong": "40.7506,-73.9972", "Distance": "1", "PageSize": "1"}, ["+12125550100"]),
        ({"AreaCode": "999"}, []),
        ({"AreaCode": "415", "InRegion": "NY"}, []),
        ({"FaxEnabled": "true"}, []),
    ],
)
async def test_a_search_honours_its_filters(account: Account, query: dict[str, str], expected: list[str]) -> None:
    assert await _found(account, LOCAL, **query) == expected


async def test_a_search_by_capability_leaves_out_numbers_without_it(account: Account) -> None:
    everything = await _found(account, LOCAL, AreaCode="415", PageSize="1000")
    texting = await _found(account, LOCAL, AreaCode="415", SmsEnabled="true", MmsEnabled="true", PageSize="1000")
    assert 0 < len(texting) < len(everything)


async def test_toll_free_numbers_are_found_apart_and_have_no_place(account: Account) -> None:
    answer = await account.call("GET", TOLL_FREE, {"AreaCode": "888", "PageSize": "1"})
    (row,) = answer.body["available_phone_numbers"]
    assert row["phone_number"] == "+18885550100"
    assert row["region"] is None
    assert row["capabilities"] == {"voice": True, "SMS": True, "MMS": True, "fax": False}
    assert await _found(account, LOCAL, AreaCode="888") == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"AreaCode": "abc"}, 20422),
        ({"SmsEnabled": "yes"}, 20422),
        ({"Contains": "*"}, 20422),
        ({"Contains": "*5"}, 20422),
        ({"Contains": "4*5"}, 20422),
        ({"Contains": "415*0142"}, 20422),
        ({"Contains": "415**"}, 20422),
        ({"Contains": "+*415"}, 20422),
        ({"Contains": "(415)"}, 20422),
        ({"Contains": "$415"}, 20422),
        ({"Contains": "5" * 17}, 20422),
        ({"Colour": "red"}, 20001),
        ({"PageSize": "1001"}, 20007),
    ],
)
async def test_a_bad_search_is_refused(account: Account, query: dict[str, str], code: int) -> None:
    answer = await account.call("GET", LOCAL, query)
    assert (answer.status, answer.code) == (400, code)


async def test_a_country_without_stock_is_not_found(account: Account) -> None:
    assert (await account.call("GET", LOCAL.replace("/US/", "/FR/"))).code == 20404


async def test_owned_numbers_are_filtered_by_number_pattern_and_by_exact_name(account: Account) -> None:
    by_number = await account.call("GET", OWNED, {"PhoneNumber": "+1512*"})
    by_name = await account.call("GET", OWNED, {"FriendlyName": "Acme Austin"})
    nothing = await account.call("GET", OWNED, {"FriendlyName": "acme austin"})
    assert [row["sid"] for row in by_number.body["incoming_phone_numbers"]] == [start_state.FREE_NUMBER]
    assert by_name.body["incoming_phone_numbers"] == by_number.body["incoming_phone_numbers"]
    assert nothing.body["incoming_phone_numbers"] == []


async def test_an_update_sets_and_clears_a_webhook(account: Account) -> None:
    put = await account.call("POST", FREE, {"SmsUrl": "https://acme.example/sms", "SmsMethod": "GET"})
    assert (put.body["sms_url"], put.body["sms_method"]) == ("https://acme.example/sms", "GET")
    cleared = await account.call("POST", FREE, {"SmsUrl": ""})
    assert (cleared.status, cleared.body["sms_url"], cleared.body["sms_method"]) == (200, "", "GET")


async def test_the_number_itself_cannot_be_updated_nor_moved_to_an_unknown_account(account: Account) -> None:
    assert (await account.call("POST", FREE, {"PhoneNumber": "+14155550199"})).code == 20001
    assert (await account.call("POST", FREE, {"AccountSid": "AC" + "0" * 32})).code == 20404


async def test_a_released_number_is_gone_from_the_account_and_from_its_pool(account: Account) -> None:
    path = f"{ACCOUNT}/IncomingPhoneNumbers/{start_state.POOLED_NUMBER}.json"
    assert (await account.call("DELETE", path)).status == 204
    assert (await account.call("GET", path)).code == 20404
    pool = await account.call("GET", f"{SERVICES}/{start_state.SUPPORT_SERVICE}/PhoneNumbers")
    assert pool.body["phone_numbers"] == []


async def test_prices_are_texts_in_dollars_and_known_for_the_us_only(account: Account) -> None:
    numbers = await account.call("GET", "/pricing/v1/PhoneNumbers/Countries/US")
    assert {"number_type": "local", "base_price": "1.15", "current_price": "1.15"} in numbers.body[
        "phone_number_prices"
    ]
    assert (await account.call("GET", "/pricing/v1/PhoneNumbers/Countries/FR")).code == 20404
    assert (await account.call("GET", "/pricing/v1/Messaging/Countries/US")).body["price_unit"] == "USD"
