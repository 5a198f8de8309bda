"""Nobody but Twilio tells us of registrations and messages: what is forged, replayed or half-proven is refused."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.redis.keys import Keys
from bot.twilio.signatures import Form, Signatures, read_form
from tests.conftest import Clock, Told
from tests.intake.receiver import (
    KEY_ONLY,
    PUBLIC_URL,
    SECRET,
    SIGNED,
    STRANGER,
    Receiver,
    login,
    payload,
    signature,
)

EVENTS, CALLBACK = payload("number_registration"), payload("callbacks")[0]
SIGNATURE, TOKEN = "X-Twilio-Signature", "the-main-accounts-token"
BODY = b'[{"type":"x"}]'
HASHED = f"?bodySHA256={hashlib.sha256(BODY).hexdigest()}"
PATH = f"/twilio/events/{SIGNED.sid}"


@pytest_asyncio.fixture
async def receiver(redis: Redis, keys: Keys, clock: Clock, told: Told) -> AsyncIterator[Receiver]:
    receiver = Receiver(redis, keys, clock, told)
    async with TestServer(receiver.application()) as server:
        receiver.url = str(server.make_url("")).rstrip("/")
        yield receiver


@pytest.mark.parametrize(
    "credentials",
    [
        {"Authorization": None},
        {"Authorization": ""},
        {"Authorization": "Basic"},
        {"Authorization": "Basic ###"},
        {"Authorization": "Basic /w=="},
        {"Authorization": f"Bearer {SECRET}"},
        login("tenfour", ""),
        login("tenfour", f"{SECRET}x"),
        login("tenfour", SECRET[:-1]),
        login("Tenfour", SECRET),
        login("", SECRET),
        login("tenfour", "pässwörd"),
    ],
)
async def test_without_the_password_no_event_is_taken_and_no_account_is_told_apart(
    receiver: Receiver, credentials: dict[str, str | None]
) -> None:
    for account in (SIGNED.sid, KEY_ONLY.sid, STRANGER, "AC%7C"):
        assert await receiver.send_events(EVENTS, account, credentials) == 401
    assert await receiver.everything() == {}


@pytest.mark.parametrize("account", [STRANGER, "AC", "%7B%7D", "AC%7C%FF", SIGNED.sid.upper()])
async def test_an_account_that_is_not_ours_is_not_there(receiver: Receiver, account: str) -> None:
    assert await receiver.send_events(EVENTS, account) == 404
    assert await receiver.everything() == {}


FORGED = {
    "none": None,
    "empty": "",
    "made up": "A" * 28,
    "not ASCII": "\u00e9" * 28,
    "by another account": signature("another-accounts-token", PUBLIC_URL + PATH + HASHED),
    "with the events' password": signature(SECRET, PUBLIC_URL + PATH + HASHED),
    "with nothing": signature("", PUBLIC_URL + PATH + HASHED),
    "of another host": signature(TOKEN, "https://evil.example.com" + PATH + HASHED),
    "over plain http": signature(TOKEN, PUBLIC_URL.replace("https", "http") + PATH + HASHED),
    "of another path": signature(TOKEN, PUBLIC_URL + f"/twilio/events/{KEY_ONLY.sid}" + HASHED),
    "of the address without its query": signature(TOKEN, PUBLIC_URL + PATH),
    "with other credentials": signature(TOKEN, "https://tenfour:wrong@tenfour.example.com" + PATH + HASHED),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
async def test_the_password_without_twilios_signature_is_not_enough(receiver: Receiver, forged: str | None) -> None:
    assert await receiver.send_events(BODY, headers={SIGNATURE: forged}) == 403
    assert await receiver.everything() == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example.com"},
        {"X-Forwarded-Host": "evil.example.com", "X-Forwarded-Proto": "https"},
        {"Forwarded": "host=evil.example.com;proto=https"},
        {"X-Original-Url": "/twilio/status", "X-Rewrite-Url": "/"},
    ],
)
async def test_no_header_moves_the_address_that_was_signed(receiver: Receiver, headers: dict[str, str | None]) -> None:
    evil = signature(TOKEN, "https://evil.example.com" + PATH + HASHED)
    assert await receiver.send_events(BODY, headers={**headers, SIGNATURE: evil}) == 403
    assert await receiver.send_events(BODY, headers=headers) == 204


async def test_a_request_cannot_choose_the_algorithm_of_its_signature(receiver: Receiver) -> None:
    chosen: dict[str, str | None] = {"X-Twilio-Webhooks-Signature-Settings": "key=mine,algorithm=HMAC_SHA256"}
    assert await receiver.send_events(BODY, headers=chosen | {SIGNATURE: "A" * 44}) == 403
    assert await receiver.send_events(BODY, headers=chosen) == 204, "the auth token's own signature still counts"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "?bodySHA256=",
        "?bodySHA256",
        "?bodysha256=" + hashlib.sha256(BODY).hexdigest(),
        f"{HASHED}&bodySHA256=" + "0" * 64,
        "?bodySHA256=" + hashlib.sha256(b"another body").hexdigest(),
        "?bodySHA256=" + "0" * 64,
    ],
)
async def test_a_signed_address_proves_nothing_of_a_body_whose_hash_it_does_not_hold(
    receiver: Receiver, query: str
) -> None:
    # each is signed rightly: what is missing is the tie between the address and the body
    assert await receiver.send_events(BODY, query=query) == 403


async def test_a_signed_delivery_cannot_be_replayed_with_another_body(receiver: Receiver) -> None:
    assert await receiver.send_events(EVENTS, query=HASHED) == 403
    assert await receiver.find("number", EVENTS[0]["data"]["phonenumbersid"]) is None


@pytest.mark.parametrize("signed_as", [PUBLIC_URL, f"https://tenfour:{SECRET}@tenfour.example.com"])
async def test_twilio_may_sign_the_address_with_or_without_its_credentials(receiver: Receiver, signed_as: str) -> None:
    assert await receiver.send_events(BODY, signed_as=signed_as) == 204


@pytest.mark.parametrize(
    ("configured", "signed"),
    [
        ("https://t.example.com", "https://t.example.com:443"),
        ("https://t.example.com:8443", "https://t.example.com:8443"),
        ("https://t.example.com/bot", "https://t.example.com/bot"),
        ("https://t.example.com:8443", "https://tenfour:pw@t.example.com:8443"),
    ],
)
def test_ports_and_paths_of_the_public_address_are_part_of_what_is_signed(configured: str, signed: str) -> None:
    judge = Signatures(configured, "tenfour:pw")
    assert judge.signs_json(TOKEN, PATH + HASHED, BODY.decode(), signature(TOKEN, signed + PATH + HASHED))
    assert not judge.signs_json(TOKEN, f"/x{PATH}{HASHED}", BODY.decode(), signature(TOKEN, signed + PATH + HASHED))


@pytest.mark.parametrize("path", ["https://t.example.com/x", "//[", "x", "", "/\udcff", "/\u00e9", "*"])
def test_an_odd_address_on_the_request_line_is_refused_and_breaks_nothing(path: str) -> None:
    judge = Signatures("https://t.example.com")
    assert not judge.signs_json(TOKEN, path + HASHED, BODY.decode(), "A" * 28)
    assert not judge.signs_form(TOKEN, path, Form(a=["b"]), "A" * 28)


def tampered(**more: Any) -> dict[str, Any]:
    return {**CALLBACK, **more}


@pytest.mark.parametrize(
    "fields",
    [
        tampered(MessageStatus="failed"),
        tampered(ErrorCode="30034"),
        tampered(Extra=""),
        {name: value for name, value in CALLBACK.items() if name != "To"},
        tampered(From=["+15035550101", "+15035550102"]),
        {},
    ],
)
async def test_a_callback_with_anything_changed_is_refused(receiver: Receiver, fields: dict[str, Any]) -> None:
    form = {name: [value] for name, value in CALLBACK.items()}
    right = signature(TOKEN, f"{PUBLIC_URL}/twilio/status/{SIGNED.sid}", form)
    assert await receiver.send_callback(fields, headers={SIGNATURE: right}) == 403
    assert await receiver.everything() == {}


async def test_a_callback_needs_a_signature_and_the_events_password_is_none(receiver: Receiver) -> None:
    for headers in ({SIGNATURE: None}, {SIGNATURE: ""}, {SIGNATURE: None, **login()}):
        assert await receiver.send_callback(CALLBACK, headers=headers) == 403
    assert await receiver.send_callback(CALLBACK, account=STRANGER) == 403
    assert await receiver.everything() == {}


async def test_a_callback_signed_for_one_account_is_not_taken_for_another(receiver: Receiver) -> None:
    form = {name: [value] for name, value in CALLBACK.items()}
    keyed = signature(TOKEN, f"{PUBLIC_URL}/twilio/status/{KEY_ONLY.sid}", form)
    assert await receiver.send_callback(CALLBACK, account=KEY_ONLY.sid, headers={SIGNATURE: keyed}) == 403


@pytest.mark.parametrize("body", [b"\xff=1", b"&".join(b"a=1" for _ in range(2000)), b"a=%FF"])
def test_a_form_that_is_none_of_twilios_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_form(body)


async def test_neither_tokens_nor_passwords_nor_signatures_are_logged(receiver: Receiver) -> None:
    with capture_logs() as logs:
        await receiver.send_events(EVENTS)
        await receiver.send_events(EVENTS, headers={SIGNATURE: "a-forged-signature"})
        await receiver.send_events(EVENTS, headers=login("tenfour", "a-guessed-password"))
        await receiver.send_callback(CALLBACK, headers={SIGNATURE: "a-forged-signature"})
    written = repr(logs)
    assert len(logs) >= 4
    assert not [word for word in (TOKEN, SECRET, "a-forged", "a-guessed", "+1503555") if word in written]
