"""Messages reach a phone only from a number that the carriers have registered under a verified campaign."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.twilio import accounts, start_senders, start_state
from tests.sandbox.twilio_account import ACCOUNT, SERVICES, Account, Answer, open_account

PHONE = "+15035550101"
SERVICE, NUMBER = start_state.SUPPORT_SERVICE, start_state.POOLED_NUMBER
MESSAGES = f"{ACCOUNT}/Messages"


@pytest.fixture(name="account")
async def _account() -> AsyncIterator[Account]:
    async with open_account() as account:
        yield account


async def send(account: Account, **changes: Any) -> Answer:
    params = {"To": PHONE, "MessagingServiceSid": SERVICE, "Body": "Acme: a test. Reply STOP to end.", **changes}
    return await account.call("POST", f"{MESSAGES}.json", {n: v for n, v in params.items() if v is not None})


async def ended(account: Account, **changes: Any) -> tuple[str, int | None]:
    """Status and code of a message once the carrier has spoken."""
    sid = (await send(account, **changes)).body["sid"]
    account.clock.now += 2
    shown = (await account.call("GET", f"{MESSAGES}/{sid}.json")).body
    return shown["status"], shown["error_code"]


async def verified(account: Account) -> None:
    """The service has a verified campaign, whose numbers are being registered."""
    await account.campaign(SERVICE)
    account.twilio.desk.verify(SERVICE)


def standing(account: Account, number: str = NUMBER) -> str:
    return str(account.twilio.carriers.standings()[number]["state"])


@pytest.mark.parametrize(
    ("changes", "http", "code"),
    [
        ({"To": None}, 400, 21604),
        ({"To": "5035550101"}, 400, 21211),
        ({"To": "+1503555010"}, 400, 21211),
        ({"To": "+447700900123"}, 400, 21408),
        ({"Body": None}, 400, 21619),
        ({"Body": "x" * 1601}, 400, 21617),
        ({"MessagingServiceSid": None}, 400, 21603),
        ({"MessagingServiceSid": "MG1"}, 400, 21705),
        ({"MessagingServiceSid": "MG" + "0" * 32}, 404, 21701),
        ({"MessagingServiceSid": None, "From": "+15035550199"}, 400, 21606),
        ({"To": "+14155550110"}, 400, 21266),
        ({"SendAt": "2026-12-01T00:00:00Z", "ScheduleType": "fixed"}, 400, 20422),
        ({"Colour": "red"}, 400, 20001),
    ],
)
async def test_a_bad_message_is_refused(account: Account, changes: dict[str, Any], http: int, code: int) -> None:
    answer = await send(account, **changes)
    assert (answer.status, answer.code) == (http, code)
    assert account.twilio.messages == []


async def test_a_pool_without_senders_sends_nothing(account: Account) -> None:
    service = await account.service()
    assert (await send(account, MessagingServiceSid=service)).code == 21704
    await account.call("POST", f"{SERVICES}/{service}/AlphaSenders", {"AlphaSender": "Acme"})
    assert (await send(account, MessagingServiceSid=service)).code == 21703


async def test_a_trial_account_reaches_no_unverified_phone(account: Account) -> None:
    account.twilio._ledger.table(accounts.Account).change(start_state.ACCOUNT_SID, 0, type="Trial")
    assert (await send(account)).code == 21608


async def test_a_message_is_accepted_then_sent_then_settled_and_only_then_has_a_sender(account: Account) -> None:
    await verified(account)
    account.twilio.carriers.register(NUMBER)
    first = (await send(account)).body
    assert (first["status"], first["from"], first["num_segments"], first["date_sent"]) == ("accepted", None, "0", None)
    account.clock.now += 1
    sent = (await account.call("GET", f"{MESSAGES}/{first['sid']}.json")).body
    assert (sent["status"], sent["from"], sent["num_segments"]) == ("sent", "+14155550110", "1")
    account.clock.now += 1
    assert (await account.call("GET", f"{MESSAGES}/{first['sid']}.json")).body["status"] == "delivered"


async def test_an_unregistered_number_is_blocked_whatever_the_campaign_says(account: Account) -> None:
    assert await ended(account) == ("undelivered", 30034)
    await account.campaign(SERVICE)
    assert await ended(account) == ("undelivered", 30034)
    account.twilio.desk.verify(SERVICE)
    assert standing(account) == "PENDING_REGISTRATION"
    assert await ended(account) == ("undelivered", 30035)
    account.twilio.carriers.fail(NUMBER)
    assert standing(account) == "FAILURE"
    assert await ended(account) == ("undelivered", 30034)
    account.twilio.carriers.register(NUMBER)
    assert await ended(account) == ("delivered", None)
    account.twilio.desk.suspend(SERVICE)
    assert await ended(account) == ("undelivered", 30033)


async def test_a_number_whose_campaign_is_deleted_is_deregistered_and_registered_anew(account: Account) -> None:
    await verified(account)
    account.twilio.carriers.register(NUMBER)
    await account.call("DELETE", f"{SERVICES}/{SERVICE}/Compliance/Usa2p/QE2c6890da8086d771620e9b13fadeba0b")
    assert standing(account) == "PENDING_DEREGISTRATION"
    assert await ended(account) == ("undelivered", 30035)
    account.clock.now += 5
    await verified(account)
    assert standing(account) == "PENDING_DEREGISTRATION"
    account.twilio.carriers.unregister(NUMBER)
    assert standing(account) == "PENDING_REGISTRATION"


async def test_a_number_that_left_its_pool_and_came_back_is_not_registered_any_more(account: Account) -> None:
    await verified(account)
    account.twilio.carriers.register(NUMBER)
    await account.call("DELETE", f"{SERVICES}/{SERVICE}/PhoneNumbers/{NUMBER}")
    await account.call("POST", f"{SERVICES}/{SERVICE}/PhoneNumbers", {"PhoneNumberSid": NUMBER})
    assert standing(account) == "PENDING_DEREGISTRATION"


async def test_carriers_register_no_number_without_a_verified_campaign(account: Account) -> None:
    with pytest.raises(ValueError, match="verified campaign"):
        account.twilio.carriers.register(NUMBER)
    with pytest.raises(LookupError):
        account.twilio.carriers.register("PN" + "0" * 32)


async def test_toll_free_numbers_are_verified_apart_from_campaigns(account: Account) -> None:
    free = {"MessagingServiceSid": None, "From": "+18885550130"}
    assert await ended(account, **free) == ("undelivered", 30032)
    account.twilio.carriers.register(start_state.TOLL_FREE_NUMBER)
    assert await ended(account, **free) == ("delivered", None)


async def test_a_short_code_goes_before_the_numbers_of_its_pool(account: Account) -> None:
    await account.call("POST", f"{SERVICES}/{SERVICE}/ShortCodes", {"ShortCodeSid": start_senders.SHORT_CODE})
    assert await ended(account) == ("delivered", None)


async def test_phones_out_of_the_ordinary_answer_in_their_own_way(account: Account) -> None:
    await verified(account)
    account.twilio.carriers.register(NUMBER)
    account.twilio.carriers.phone(PHONE, 30007)
    assert await ended(account) == ("undelivered", 30007)
    account.twilio.carriers.phone(PHONE, receipt=False)
    assert await ended(account) == ("sent", None)
    account.twilio.carriers.phone(PHONE)
    assert await ended(account) == ("delivered", None)


async def test_messages_are_found_by_recipient_and_by_the_day_they_were_sent(account: Account) -> None:
    first = (await send(account)).body["sid"]
    await send(account, To="+15035550102")

    async def found(**params: str) -> list[str]:
        return [row["sid"] for row in (await account.call("GET", f"{MESSAGES}.json", params)).body["messages"]]

    assert await found(To=PHONE) == [first]
    assert await found(To=PHONE, DateSent="2026-05-28") == []
    account.clock.now += 1
    assert await found(To=PHONE, DateSent="2026-05-28") == [first]
    assert await found(**{"To": PHONE, "DateSent>": "2026-05-29"}) == []
    assert await found(**{"To": PHONE, "DateSent<": "2026-05-29"}) == [first]
    assert len(await found()) == 2


async def test_numbers_and_phones_are_decided_over_http(account: Account) -> None:
    async def desk(tail: str, body: dict[str, Any]) -> int:
        async with account.http.post(f"{account.twilio.url}/_desk/{tail}", json=body) as answer:
            return answer.status

    await verified(account)
    assert await desk("number", {"number_sid": NUMBER, "verdict": "register"}) == 200
    assert standing(account) == "REGISTERED"
    assert await desk("number", {"number_sid": NUMBER, "verdict": "fail", "code": 30126}) == 200
    assert await desk("number", {"number_sid": NUMBER, "verdict": "pending"}) == 200
    assert standing(account) == "PENDING_REGISTRATION"
    assert await desk("number", {"number_sid": NUMBER, "verdict": "unregister"}) == 200
    assert standing(account) == "UNREGISTERED"
    assert await desk("number", {"number_sid": NUMBER, "verdict": "praise"}) == 400
    assert await desk("number", {"number_sid": "PN1", "verdict": "register"}) == 404
    assert await desk("phone", {"phone_number": PHONE, "code": 30003}) == 200
    assert await desk("phone", {"phone_number": "home"}) == 400
    async with account.http.get(f"{account.twilio.url}/_desk/state") as answer:
        state = await answer.json()
    assert state["phones"] == [{"phone_number": PHONE, "code": 30003, "receipt": True}]
    (support,) = (row for row in state["services"] if row["sid"] == SERVICE)
    assert support["numbers"][0]["standing"] == {"state": "UNREGISTERED", "code": None, "stuck": False}
