"""Campaigns of TCR: always taken, and failed afterwards when the share with Twilio is not in order."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.campaigns import CAMPAIGN_SID
from tests.sandbox.twilio_account import RESUBMISSION, SERVICES, Account, Answer, open_account

TCR = "CACME10"
SERVICE = start_state.SUPPORT_SERVICE


@pytest.fixture(name="account")
async def _account() -> AsyncIterator[Account]:
    async with open_account() as account:
        yield account


async def associate(account: Account, service: str = SERVICE, campaign: str = TCR, **more: str) -> Answer:
    params = {"CampaignId": campaign, "MessagingServiceSid": service, **more}
    return await account.call("POST", f"{SERVICES}/PreregisteredUsa2p", params)


def path(service: str = SERVICE) -> str:
    return f"{SERVICES}/{service}/Compliance/Usa2p/{CAMPAIGN_SID}"


async def status(account: Account, service: str = SERVICE) -> tuple[str, list[int]]:
    """The status of a service's campaign after intake, with its codes."""
    account.clock.now += 1
    shown = (await account.call("GET", path(service))).body
    return shown["campaign_status"], [error["error_code"] for error in shown["errors"]]


@pytest.mark.parametrize(
    ("params", "http", "code"),
    [
        ({"campaign": "CACME1"}, 400, 20422),
        ({"campaign": "cacme10"}, 400, 20422),
        ({"campaign": "BACME10"}, 400, 20422),
        ({"service": "MG" + "0" * 32}, 404, 21701),
        ({"service": "MG1"}, 400, 20422),
        ({"CnpMigration": "yes"}, 400, 20422),
        ({"Usecase": "MIXED"}, 400, 20001),
    ],
)
async def test_a_bad_association_is_refused(account: Account, params: dict[str, str], http: int, code: int) -> None:
    answer = await associate(account, **params)
    assert (answer.status, answer.code) == (http, code)
    assert account.twilio.campaigns == []


async def test_a_service_that_declares_a_use_takes_no_external_campaign(account: Account) -> None:
    service = await account.service(Usecase="marketing")
    assert (await associate(account, service)).code == 21719


async def test_the_answer_has_no_status_and_the_campaign_shows_as_external(account: Account) -> None:
    account.twilio.shares.accept(TCR)
    answer = await associate(account)
    assert answer.status == 201
    assert set(answer.body) == {"sid", "account_sid", "campaign_id", "messaging_service_sid", "date_created"}
    shown = (await account.call("GET", path())).body
    assert (shown["campaign_id"], shown["is_externally_registered"], shown["brand_registration_sid"]) == (
        TCR,
        True,
        None,
    )
    assert await status(account) == ("IN_PROGRESS", [])
    account.twilio.desk.verify(SERVICE)
    assert await status(account) == ("VERIFIED", [])


async def test_without_an_accepted_share_the_campaign_fails_after_it_was_taken(account: Account) -> None:
    second, third = await account.service(), await account.service()
    assert (await associate(account)).status == 201
    assert await status(account) == ("FAILED", [30904])
    account.twilio.shares.share("CSHARED")
    account.clock.now += 5
    assert (await associate(account, second, "CSHARED")).status == 201
    assert await status(account, second) == ("FAILED", [30905])
    account.twilio.shares.decline("CNOLIKE", "The website does not work.")
    account.clock.now += 5
    assert (await associate(account, third, "CNOLIKE")).status == 201
    assert await status(account, third) == ("FAILED", [30906])


async def test_a_failed_association_stays_failed_when_the_share_is_accepted_late(account: Account) -> None:
    account.twilio.shares.share(TCR)
    await associate(account)
    account.twilio.shares.accept(TCR)
    assert await status(account) == ("FAILED", [30905])


async def test_two_associations_within_five_seconds_fail_the_second_and_use_up_its_share(account: Account) -> None:
    other = await account.service()
    for campaign in (TCR, "COTHER1"):
        account.twilio.shares.accept(campaign)
    await associate(account)
    account.clock.now += 4.9
    assert (await associate(account, other, "COTHER1")).status == 201
    assert await status(account, other) == ("FAILED", [30794])
    assert (await account.call("DELETE", path(other))).status == 204
    account.clock.now += 5
    await associate(account, other, "COTHER1")
    assert await status(account, other) == ("FAILED", [30904])


async def test_a_deleted_association_holds_service_and_campaign_for_five_seconds(account: Account) -> None:
    other = await account.service()
    account.twilio.shares.accept(TCR)
    await associate(account)
    assert (await account.call("DELETE", path())).status == 204
    account.clock.now += 4.9
    assert (await associate(account, other)).code == 20409
    assert (await associate(account, SERVICE, "COTHER1")).code == 20409
    account.clock.now += 0.1
    assert (await associate(account, other)).status == 201
    assert await status(account, other) == ("IN_PROGRESS", [])


async def test_a_campaign_is_with_one_service_and_a_service_has_one_campaign(account: Account) -> None:
    await associate(account)
    account.clock.now += 5
    assert (await associate(account, await account.service())).code == 20409
    assert (await associate(account, SERVICE, "COTHER1")).code == 20409


async def test_a_rejection_by_a_secondary_dca_takes_back_the_share(account: Account) -> None:
    account.twilio.shares.accept(TCR)
    await associate(account)
    account.twilio.desk.reject(SERVICE, [30909])
    assert account.twilio.shares.campaigns()[0]["state"] == "DECLINED"
    assert account.twilio.shares.campaigns()[0]["feedback"]
    await account.call("DELETE", path())
    account.clock.now += 5
    await associate(account)
    assert await status(account) == ("FAILED", [30906])


async def test_an_external_campaign_is_not_edited_at_twilio(account: Account) -> None:
    await associate(account)
    account.clock.now += 1
    assert (await account.call("POST", path(), RESUBMISSION)).code == 20409


async def test_the_share_desk_is_reached_over_http_and_says_what_is_wrong(account: Account) -> None:
    async def desk(body: dict[str, Any]) -> int:
        async with account.http.post(f"{account.twilio.url}/_desk/share", json=body) as answer:
            return answer.status

    assert await desk({"campaign_id": TCR, "verdict": "share"}) == 200
    assert await desk({"campaign_id": TCR, "verdict": "decline", "feedback": "No privacy policy."}) == 200
    assert account.twilio.shares.campaigns() == [
        {
            "campaign_id": TCR,
            "state": "DECLINED",
            "feedback": "No privacy policy.",
            "messaging_service_sid": None,
            "suspended": False,
        }
    ]
    assert await desk({"campaign_id": TCR, "verdict": "praise"}) == 400
    assert await desk({"campaign_id": "acme", "verdict": "accept"}) == 400


async def test_a_webhook_that_nobody_answers_keeps_no_verdict_back(account: Account) -> None:
    account.twilio.tcr.url = "http://127.0.0.1:9/tcr/gone"
    assert await account.twilio.tcr.tell(TCR, "accept") is False
    async with account.http.post(
        f"{account.twilio.url}/_desk/share", json={"campaign_id": TCR, "verdict": "accept"}
    ) as answer:
        assert answer.status == 200
    assert account.twilio.shares.campaigns()[0]["state"] == "ACCEPTED"
