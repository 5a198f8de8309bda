"""What the local Twilio refuses before any endpoint is asked."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.twilio import start_state
from tests.sandbox.twilio_account import ACCOUNT, SERVICES, Account, open_account


@pytest.fixture(name="account")
async def _account() -> AsyncIterator[Account]:
    async with open_account() as account:
        yield account


@pytest.mark.parametrize(
    "auth",
    [
        (start_state.ACCOUNT_SID, "wrong"),
        ("AC" + "0" * 32, start_state.AUTH_TOKEN),
        (start_state.API_KEY_SID, start_state.AUTH_TOKEN),
        ("", ""),
    ],
)
async def test_wrong_credentials_are_refused_with_20003(account: Account, auth: tuple[str, str]) -> None:
    answer = await account.call("POST", SERVICES, {"FriendlyName": "x"}, auth=auth)
    assert (answer.status, answer.code) == (401, 20003)
    assert "WWW-Authenticate" in answer.headers
    assert account.twilio.created("service") == []


async def test_an_api_key_opens_the_account(account: Account) -> None:
    answer = await account.call("GET", SERVICES, auth=(start_state.API_KEY_SID, start_state.API_KEY_SECRET))
    assert answer.status == 200


@pytest.mark.parametrize("path", ["/IncomingPhoneNumbers.json", ".json"])
async def test_the_path_of_another_account_is_refused_with_20003(account: Account, path: str) -> None:
    answer = await account.call("GET", f"/api/2010-04-01/Accounts/AC{'0' * 32}{path}")
    assert (answer.status, answer.code) == (401, 20003)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/messaging/v1/Service", 404, 20404),
        ("GET", "/nonsense/v1/Services", 404, 20404),
        ("GET", f"{SERVICES}/MG{'0' * 32}", 404, 20404),
        ("GET", f"{SERVICES}/nonsense", 404, 20404),
        ("DELETE", SERVICES, 405, 20004),
        ("POST", f"{SERVICES}/Usecases", 405, 20004),
        ("DELETE", f"{SERVICES}/{start_state.SUPPORT_SERVICE}/Compliance/Usa2p", 405, 20004),
    ],
)
async def test_unknown_paths_and_methods_are_refused_with_twilios_error_body(
    account: Account, method: str, path: str, status: int, code: int
) -> None:
    answer = await account.call(method, path)
    assert answer.status == status
    assert set(answer.body) == {"code", "message", "more_info", "status"}
    assert answer.body["code"] == code
    assert answer.body["status"] == status
    assert answer.body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, 20001),
        ({"FriendlyName": ""}, 20001),
        ({"FriendlyName": "x", "Friendlyname": "y"}, 20001),
        ({"FriendlyName": ["x", "y"]}, 20422),
        ({"FriendlyName": "x" * 65}, 20422),
        ({"FriendlyName": "x", "StickySender": "True"}, 20422),
        ({"FriendlyName": "x", "StickySender": ""}, 20422),
        ({"FriendlyName": "x", "ValidityPeriod": "0"}, 20422),
        ({"FriendlyName": "x", "ValidityPeriod": "36001"}, 20422),
        ({"FriendlyName": "x", "ValidityPeriod": "1.5"}, 20422),
        ({"FriendlyName": "x", "InboundMethod": "post"}, 20422),
        ({"FriendlyName": "x", "InboundRequestUrl": "acme.example"}, 20422),
        ({"FriendlyName": "x", "Usecase": "Marketing"}, 21713),
    ],
)
async def test_unknown_missing_and_bad_parameters_are_refused_and_change_nothing(
    account: Account, params: dict[str, Any], code: int
) -> None:
    answer = await account.call("POST", SERVICES, params)
    assert (answer.status, answer.code) == (400, code)
    assert account.twilio.created("service") == []


async def test_a_json_body_is_refused(account: Account) -> None:
    credentials = (start_state.ACCOUNT_SID, start_state.AUTH_TOKEN)
    headers = {"Authorization": aiohttp.encode_basic_auth(*credentials)}
    async with account.http.post(account.twilio.url + SERVICES, json={"FriendlyName": "x"}, headers=headers) as answer:
        assert answer.status == 400
    assert account.twilio.created("service") == []


async def test_a_parameter_in_the_query_of_a_post_is_refused(account: Account) -> None:
    answer = await account.call("POST", f"{SERVICES}?FriendlyName=x", {"FriendlyName": "x"})
    assert (answer.status, answer.code) == (400, 20001)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"PageSize": "1001"}, 20007),
        ({"PageSize": "0"}, 20422),
        ({"Page": "1"}, 20006),
        ({"PageToken": "PA1"}, 20422),
        ({"FriendlyName": "x"}, 20001),
    ],
)
async def test_bad_paging_and_unknown_filters_are_refused(account: Account, params: dict[str, str], code: int) -> None:
    answer = await account.call("GET", SERVICES, params)
    assert (answer.status, answer.code) == (400, code)


async def test_pages_follow_each_other_by_absolute_urls_of_this_server_and_lose_nothing(account: Account) -> None:
    made = [await account.service(FriendlyName=f"service {number}") for number in range(4)]
    first = await account.call("GET", SERVICES, {"PageSize": "2"})
    assert first.body["meta"]["next_page_url"].startswith(f"{account.twilio.url}/messaging/v1/Services?")
    # A resource made or deleted meanwhile must not shift the next page.
    await account.service(FriendlyName="late")
    await account.call("DELETE", f"{SERVICES}/{made[3]}")
    second = await account.call("GET", first.body["meta"]["next_page_url"])
    third = await account.call("GET", second.body["meta"]["next_page_url"])
    shown = [[row["sid"] for row in page.body["services"]] for page in (first, second, third)]
    assert shown == [[made[3], made[2]], [made[1], made[0]], [start_state.SUPPORT_SERVICE]]
    assert third.body["meta"]["next_page_url"] is None
    back = await account.call("GET", third.body["meta"]["previous_page_url"])
    assert back.body["services"] == second.body["services"]


async def test_pages_of_the_2010_api_follow_each_other_by_relative_uris(account: Account) -> None:
    first = await account.call("GET", f"{ACCOUNT}/IncomingPhoneNumbers.json", {"PageSize": "2", "Beta": "true"})
    assert len(first.body["incoming_phone_numbers"]) == 2
    uri = first.body["next_page_uri"]
    assert uri.startswith(f"/2010-04-01/Accounts/{start_state.ACCOUNT_SID}/IncomingPhoneNumbers.json?Beta=true&")
    second = await account.call("GET", f"/api{uri}")
    assert len(second.body["incoming_phone_numbers"]) == 2
    assert second.body["next_page_uri"] is None


async def test_dates_are_iso_8601_on_product_domains_and_rfc_2822_on_the_2010_api(account: Account) -> None:
    service = await account.call("GET", f"{SERVICES}/{start_state.SUPPORT_SERVICE}")
    number = await account.call("GET", f"{ACCOUNT}/IncomingPhoneNumbers/{start_state.FREE_NUMBER}.json")
    assert service.body["date_created"] == "2026-04-28T20:26:40Z"
    assert number.body["date_created"] == "Tue, 28 Apr 2026 20:26:40 +0000"
