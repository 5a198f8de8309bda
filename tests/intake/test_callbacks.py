"""Status callbacks: counted once, and nothing of people is kept."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.tracking.traffic import OUTSIDE
from bot.twilio.gateway import Account
from tests.intake.receiver import KEY_ONLY, SERVICE, SIGNED, STRANGER, Receiver, payload

DELIVERED, REFUSED = payload("callbacks")


async def counted(receiver: Receiver, key: str = SERVICE) -> dict[str, Any]:
    account = Account(SIGNED.sid, SIGNED.sid, "a-token-that-is-not-used")
    _, snapshot = await receiver.traffic.look(account, key)
    await account.close()
    return snapshot


def message(n: int, status: str = "delivered", **more: str) -> dict[str, str]:
    sid = "SM" + f"{n:032x}"
    base = {name: value for name, value in DELIVERED.items() if name not in ("SmsSid", "SmsStatus")}
    return {**base, "MessageSid": sid, "MessageStatus": status, **more}


async def test_a_callback_for_an_account_with_an_api_key_alone_is_refused_and_that_is_said_once(
    receiver: Receiver,
) -> None:
    with capture_logs() as logs:
        for _ in range(3):
            assert await receiver.send_callback(DELIVERED | {"AccountSid": KEY_ONLY.sid}, KEY_ONLY.sid) == 403
    assert [e["log_level"] for e in logs if e["event"] == "callbacks_refused"] == ["warning"]


async def test_the_first_callback_of_a_service_begins_following_its_messages(receiver: Receiver) -> None:
    assert await receiver.send_callback(DELIVERED) == 204
    known = await receiver.known("traffic", SERVICE)
    assert (known.title, known.status, known.account_name) == (f"Messages of {SERVICE}", "", "main")
    assert f"traffic {SERVICE}" in await receiver.due()
    await receiver.store.look_at(known.id, receiver.clock() + 600)
    await receiver.send_callback(REFUSED)
    assert f"traffic {SERVICE}" not in await receiver.due(), "each callback asked for a look"


async def test_a_callback_that_comes_twice_is_counted_once(receiver: Receiver) -> None:
    for callback in (DELIVERED, REFUSED, DELIVERED, REFUSED):
        assert await receiver.send_callback(callback) == 204
    found = await counted(receiver)
    assert (found["finished"], found["delivered"], found["codes"], found["rate"]) == (2, 1, {"30034": 1}, 0.5)


async def test_a_message_is_counted_once_whether_a_callback_or_an_event_tells_of_it(receiver: Receiver) -> None:
    await receiver.send_callback(message(41))
    assert await receiver.send_events(payload("message")) == 204
    found = await counted(receiver)
    assert (found["finished"], found["delivered"], found["sent"]) == (3, 1, 1)
    assert found["codes"] == {"30007": 1, "30034": 1}


async def test_nothing_of_the_recipient_and_nothing_of_the_text_is_kept(receiver: Receiver) -> None:
    with capture_logs() as logs:
        await receiver.send_callback(REFUSED | {"Body": "Your code is 4711"})
        await receiver.send_callback(message(1, From="+15035550102", To="+15035550199") | {"MessagingServiceSid": ""})
        await receiver.send_events(payload("message"))
    everything = repr(await receiver.everything()) + repr(logs)
    assert "4711" not in everything
    assert "0199" not in everything
    assert "+15035550101" not in everything, "a sender of the service was kept"
    assert "+15035550102" in everything


@pytest.mark.parametrize(
    ("sender", "bypassing"),
    [
        ("+15035550102", True),
        ("+18005550102", False),
        ("12345", False),
        ("ACME", False),
        ("whatsapp:+15035550102", False),
    ],
)
async def test_a_10dlc_number_that_sends_outside_any_service_is_counted_by_messages(
    receiver: Receiver, sender: str, bypassing: bool
) -> None:
    for n in (1, 2):
        for status in ("sent", "delivered"):
            callback = message(n, status, From=sender)
            del callback["MessagingServiceSid"]
            await receiver.send_callback(callback)
    found = await counted(receiver, OUTSIDE)
    assert found["finished"] == 2
    assert found["bypass"] == ({sender: 2} if bypassing else {})


@pytest.mark.parametrize(
    "odd",
    [
        {"MessageSid": "", "SmsSid": ""},
        {"MessageSid": "SM{}", "SmsSid": "|"},
        {"MessageStatus": "", "SmsStatus": ""},
        {"MessageStatus": "queued"},
        {"MessageStatus": "never_heard_of"},
        {"AccountSid": STRANGER},
        {"ErrorCode": "", "ErrorMessage": "", "MessageStatus": "sending"},
    ],
)
async def test_what_says_nothing_of_an_end_is_acknowledged_and_not_counted(
    receiver: Receiver, odd: dict[str, str]
) -> None:
    assert await receiver.send_callback(DELIVERED | odd) == 204
    assert await receiver.find("traffic", SERVICE) is None


async def test_blank_repeated_and_unheard_of_fields_are_part_of_what_is_signed(receiver: Receiver) -> None:
    fields = {**DELIVERED, "ErrorCode": "", "New": ["b", "a", "b"], "Überraschung": "ja & nein=vielleicht"}
    assert await receiver.send_callback(fields) == 204
    assert (await counted(receiver))["delivered"] == 1
