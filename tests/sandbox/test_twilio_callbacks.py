"""What becomes of a message is told to whoever its service names; and what becomes of a TCR campaign, to its owner."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from bot.sandbox.twilio import start_state
from tests.sandbox.twilio_account import ACCOUNT, SERVICES, Account, eventually, open_account
from tests.sandbox.twilio_receiver import Receiver, open_receiver

SERVICE, NUMBER, PHONE = start_state.SUPPORT_SERVICE, start_state.POOLED_NUMBER, "+15035550101"
FROM = start_state.OWNED_NUMBERS[0].phone_number
TCR = "CACME10"


@pytest.fixture(name="account")
async def _account() -> AsyncIterator[Account]:
    async with open_account() as account:
        yield account


@pytest.fixture(name="receiver")
async def _receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as receiver:
        yield receiver


async def desk(account: Account, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
    async with account.http.post(f"{account.twilio.url}/_desk/{path}", json=body) as answer:
        return answer.status, await answer.json()


async def listen(account: Account, receiver: Receiver) -> None:
    """The service has its callbacks sent to the receiver."""
    await account.call("POST", f"{SERVICES}/{SERVICE}", {"StatusCallback": f"{receiver.url}/status?of=acme"})


async def send(account: Account, receiver: Receiver, **changes: Any) -> list[dict[str, str]]:
    """Send a message and let it come to its end; gives what was told of it."""
    params = {"To": PHONE, "MessagingServiceSid": SERVICE, "Body": "Acme: a test.", **changes}
    before = len(receiver.forms)
    answer = await account.call("POST", f"{ACCOUNT}/Messages.json", {n: v for n, v in params.items() if v})
    assert answer.status == 201, answer
    account.clock.now += 2
    await eventually(lambda: len(receiver.forms) == before + 3)
    return receiver.forms[before:]


@pytest.mark.parametrize(
    ("body", "http"),
    [
        ({"service_sid": "MG1"}, 404),
        ({"number": "PN1"}, 404),
        ({}, 404),
        ({"service_sid": SERVICE, "count": 5000}, 400),
        ({"service_sid": SERVICE}, 400),
        ({"number": NUMBER}, 400),
    ],
)
async def test_traffic_that_nobody_could_hear_of_is_refused(account: Account, body: dict[str, Any], http: int) -> None:
    assert (await desk(account, "traffic", **body))[0] == http
    assert not account.twilio.callbacks.sent


async def test_each_state_of_a_message_is_told_once_and_signed(account: Account, receiver: Receiver) -> None:
    await account.campaign(SERVICE)
    account.twilio.desk.verify(SERVICE)
    account.twilio.carriers.register(NUMBER)
    await listen(account, receiver)
    told = await send(account, receiver)
    assert [form["MessageStatus"] for form in told] == ["queued", "sent", "delivered"]
    assert {(form["From"], form["To"], form["MessagingServiceSid"]) for form in told} == {(FROM, PHONE, SERVICE)}
    assert told[-1]["ErrorMessage"] == ""
    assert "ErrorCode" not in told[-1]


async def test_what_carriers_stop_is_told_with_its_code(account: Account, receiver: Receiver) -> None:
    await listen(account, receiver)
    told = await send(account, receiver)
    assert (told[-1]["MessageStatus"], told[-1]["ErrorCode"]) == ("undelivered", "30034")


async def test_a_messages_own_callback_goes_before_the_services_and_that_before_the_numbers(
    account: Account, receiver: Receiver
) -> None:
    await listen(account, receiver)
    number = f"{ACCOUNT}/IncomingPhoneNumbers/{NUMBER}.json"
    await account.call("POST", number, {"StatusCallback": f"{receiver.url}/number"})
    await send(account, receiver)
    await send(account, receiver, StatusCallback=f"{receiver.url}/own")
    past = await send(account, receiver, MessagingServiceSid="", From=FROM)
    assert "MessagingServiceSid" not in past[0]
    sent = [each.url.removeprefix(receiver.url) for each in account.twilio.callbacks.sent]
    assert sent == ["/status?of=acme"] * 3 + ["/own"] * 3 + ["/number"] * 3


async def test_a_message_whose_carrier_keeps_silent_stays_sent(account: Account, receiver: Receiver) -> None:
    await account.campaign(SERVICE)
    account.twilio.desk.verify(SERVICE)
    account.twilio.carriers.register(NUMBER)
    account.twilio.carriers.phone(PHONE, receipt=False)
    await account.call(
        "POST",
        f"{ACCOUNT}/Messages.json",
        {"To": PHONE, "MessagingServiceSid": SERVICE, "Body": "Hello", "StatusCallback": f"{receiver.url}/own"},
    )
    account.clock.now += 60
    await eventually(lambda: len(receiver.forms) == 2)
    assert [form["SmsStatus"] for form in receiver.forms] == ["queued", "sent"]


async def test_traffic_is_made_up_through_a_service_and_past_it(account: Account, receiver: Receiver) -> None:
    await listen(account, receiver)
    assert await desk(account, "traffic", service_sid=SERVICE, count=30) == (200, {"ok": True, "taken": 60})
    assert {form["MessagingServiceSid"] for form in receiver.forms} == {SERVICE}
    assert len({form["MessageSid"] for form in receiver.forms}) == 30
    assert {form["MessageStatus"] for form in receiver.forms} == {"sent", "delivered"}
    await desk(account, "traffic", number=NUMBER, count=1, code=30034)
    past = receiver.forms[-2:]
    assert all("MessagingServiceSid" not in form for form in past)
    assert {(form["MessageStatus"], form.get("ErrorCode")) for form in past} == {
        ("sent", None),
        ("undelivered", "30034"),
    }


async def test_tcr_tells_what_dcas_and_carriers_do_with_a_campaign(account: Account) -> None:
    told: list[dict[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        told.append(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/tcr", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    account.twilio.tcr.url = f"http://127.0.0.1:{runner.addresses[0][1]}/tcr"
    try:
        for verdict in ("complete", "suspend", "unsuspend", "expire"):
            assert (await desk(account, "share", campaign_id=TCR, verdict=verdict))[0] == 200
        assert (await desk(account, "share", campaign_id="acme", verdict="complete"))[0] == 400
    finally:
        await runner.cleanup()
    assert [(event["campaignId"], event["eventType"]) for event in told] == [
        (TCR, "CAMPAIGN_DCA_COMPLETE"),
        (TCR, "MNO_CAMPAIGN_OPERATION_SUSPENDED"),
        (TCR, "MNO_CAMPAIGN_OPERATION_UNSUSPENDED"),
        (TCR, "CAMPAIGN_EXPIRED"),
    ]
    assert account.twilio.shares.campaigns()[0]["state"] == "EXPIRED"
    assert account.twilio.shares.campaigns()[0]["suspended"] is False
