"""The local Twilio has a main account and a subaccount, and keeps them apart as Twilio does (twilio.md 11.9)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.sandbox.twilio import start_state, start_west
from tests.sandbox.twilio_account import ACCOUNT, SERVICES, Account, open_account

WEST = start_west.CREDENTIALS
MAIN_TOKEN = (start_state.ACCOUNT_SID, start_state.AUTH_TOKEN)
MAIN_KEY = (start_state.API_KEY_SID, start_state.API_KEY_SECRET)
WEST_TOKEN = (WEST.account_sid, WEST.auth_token)
WEST_KEY = (WEST.api_key, WEST.api_secret)
WEST_PATH = f"/api/2010-04-01/Accounts/{WEST.account_sid}"


@pytest_asyncio.fixture
async def account() -> AsyncIterator[Account]:
    async with open_account() as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "auth"),
    [
        (f"{ACCOUNT}/IncomingPhoneNumbers.json", WEST_TOKEN),
        (f"{ACCOUNT}/IncomingPhoneNumbers.json", WEST_KEY),
        (f"{ACCOUNT}.json", WEST_TOKEN),
        (f"{WEST_PATH}/IncomingPhoneNumbers.json", MAIN_KEY),
        (f"{WEST_PATH}.json", MAIN_KEY),
        (SERVICES, (WEST.account_sid, start_state.AUTH_TOKEN)),
        (SERVICES, (start_state.API_KEY_SID, WEST.api_secret)),
    ],
)
async def test_credentials_that_do_not_open_an_account_are_refused(
    account: Account, path: str, auth: tuple[str, str]
) -> None:
    answer = await account.call("GET", path, auth=auth)
    assert (answer.status, answer.code) == (401, 20003)


async def test_another_accounts_sids_are_not_found(account: Account) -> None:
    for path in (f"{SERVICES}/{start_west.SERVICE}", f"{ACCOUNT}/IncomingPhoneNumbers/{start_west.NUMBER}.json"):
        assert (await account.call("GET", path)).status == 404
    assert (await account.call("GET", f"{SERVICES}/{start_state.SUPPORT_SERVICE}", auth=WEST_TOKEN)).status == 404


async def test_product_subdomains_act_on_the_account_that_authenticated(account: Account) -> None:
    for auth, name in ((MAIN_TOKEN, "Acme support"), (WEST_TOKEN, "Acme West alerts"), (WEST_KEY, "Acme West alerts")):
        answer = await account.call("GET", SERVICES, auth=auth)
        assert [service["friendly_name"] for service in answer.body["services"]] == [name]


async def test_a_parents_auth_token_acts_in_its_subaccount(account: Account) -> None:
    answer = await account.call("GET", f"{WEST_PATH}/IncomingPhoneNumbers.json", auth=MAIN_TOKEN)
    assert [number["account_sid"] for number in answer.body["incoming_phone_numbers"]] == [WEST.account_sid]
    shown = await account.call("GET", f"{WEST_PATH}.json", auth=MAIN_TOKEN)
    assert (shown.body["friendly_name"], shown.body["owner_account_sid"]) == ("Acme West", start_state.ACCOUNT_SID)


async def test_what_one_account_makes_is_its_own_with_a_sid_of_its_own(account: Account) -> None:
    params = {"FriendlyName": "Acme deliveries"}
    made = [await account.call("POST", SERVICES, params, auth=auth) for auth in (MAIN_TOKEN, WEST_TOKEN)]
    assert [answer.body["account_sid"] for answer in made] == [start_state.ACCOUNT_SID, WEST.account_sid]
    west = account.twilio.account(WEST.account_sid)
    assert [service["sid"] for service in account.twilio.created("service")] == [made[0].body["sid"]]
    assert [service["sid"] for service in west.created("service")] == [made[1].body["sid"]]
    assert made[0].body["sid"] != made[1].body["sid"]
    assert [call.account_sid for call in account.twilio.calls("POST /v1/Services$")] == [
        start_state.ACCOUNT_SID,
        WEST.account_sid,
    ]


async def test_a_number_that_one_account_owns_is_not_on_sale_in_the_other(account: Account) -> None:
    number = {"PhoneNumber": "+18085550150"}
    answer = await account.call("POST", f"{ACCOUNT}/IncomingPhoneNumbers.json", number)
    assert (answer.status, answer.code) == (400, 21422)


async def test_a_suspended_account_opens_nothing_and_leaves_the_other_alone(account: Account) -> None:
    west = account.twilio.account(WEST.account_sid)
    west.suspend()
    assert (await account.call("GET", SERVICES, auth=WEST_TOKEN)).code == 20003
    assert (await account.call("GET", SERVICES, auth=WEST_KEY)).code == 20003
    assert (await account.call("GET", SERVICES)).status == 200
    west.reactivate()
    assert (await account.call("GET", SERVICES, auth=WEST_TOKEN)).status == 200


async def test_both_accounts_are_there_again_after_a_restart(tmp_path: Path) -> None:
    async with open_account(tmp_path / "twilio.json") as account:
        await account.call("POST", SERVICES, {"FriendlyName": "Acme deliveries"}, auth=WEST_TOKEN)
    async with open_account(tmp_path / "twilio.json") as account:
        west = account.twilio.account(WEST.account_sid)
        assert [service["friendly_name"] for service in west.created("service")] == ["Acme deliveries"]
        assert account.twilio.created("service") == []


async def test_a_state_file_of_before_there_were_subaccounts_gets_one(tmp_path: Path) -> None:
    file = tmp_path / "twilio.json"
    file.write_text('{"ordinal": 0, "minted": 0, "tables": {}}')
    async with open_account(file) as account:
        west = account.twilio.account(WEST.account_sid)
        assert [service["friendly_name"] for service in west.services] == ["Acme West alerts"]


async def test_the_desk_decides_in_the_account_that_is_named_and_else_in_the_main_one(account: Account) -> None:
    west = f"?account_sid={WEST.account_sid}"
    shown = [(await account.call("GET", f"/_desk/state{query}")).body for query in ("", west)]
    assert [[service["friendly_name"] for service in state["services"]] for state in shown] == [
        ["Acme support"],
        ["Acme West alerts"],
    ]
    assert [each["name"] for each in shown[0]["accounts"]] == ["Acme", "Acme West"]
    assert (await account.call("GET", "/_desk/state?account_sid=AC0")).status == 404
