"""A write is on the wire once, whatever comes back, and every call ends in time: as the other end of the wire sees."""

import asyncio
from contextlib import suppress

import aiohttp
import pytest

from bot.plans.call import Call, Method
from bot.twilio.faults import Refused, Throttled, TwilioFault, Uncertain
from bot.twilio.gateway import READ_TRIES, Account
from tests.runs.sockets import Answer, listening, response
from tests.twilio.scripted import SECRET, SID

SHORT = aiohttp.ClientTimeout(total=0.2, connect=0.2)
writes = pytest.mark.parametrize("method", ["POST", "DELETE"])


def call(method: Method) -> Call:
    params = {"FriendlyName": "Acme"} if method == "POST" else {}
    return Call(product="messaging", method=method, path="/v1/Services/MG1", params=dict(params))


def always(*pieces: bytes, then: str = "keep") -> Answer:
    """The same pieces for every request, and then the connection is kept, closed, or cut off."""

    async def answer(number: int, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if then == "close":
            writer.close()
        if then == "cut":
            writer.transport.abort()

    return answer


LOST: dict[str, Answer] = {
    "cut off before any answer": always(then="cut"),
    "closed before any answer": always(then="close"),
    "closed within the headers": always(b"HTTP/1.1 201 Created\r\nContent-", then="close"),
    "closed within the body": always(b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{", then="close"),
    "no HTTP at all": always(b"\x00\x01\x02 nonsense\r\n\r\n", then="close"),
    "500": always(response("500 Internal Server Error", {"code": 20500})),
    "502 and closed": always(response("502 Bad Gateway", Connection="close"), then="close"),
    "503 that says when to come back": always(response("503 Service Unavailable", {}, Retry_After="0")),
    "408": always(response("408 Request Timeout", Connection="close"), then="close"),
    "301": always(response("301 Moved Permanently", Location="/messaging/v1/Services/MG2")),
    "302": always(response("302 Found", Location="/messaging/v1/Services/MG2")),
    "303": always(response("303 See Other", Location="/messaging/v1/Services/MG2")),
    "307": always(response("307 Temporary Redirect", Location="/messaging/v1/Services/MG2")),
    "308": always(response("308 Permanent Redirect", Location="/messaging/v1/Services/MG2")),
}
SURE: dict[str, Answer] = {
    "429 that says when to come back": always(response("429 Too Many Requests", {"code": 20429}, Retry_After="0")),
    "422": always(response("422 Unprocessable Entity", {"code": 20422})),
    "401": always(response("401 Unauthorized", {"code": 20003}, WWW_Authenticate='Basic realm="Twilio API"')),
    "407": always(response("407 Proxy Authentication Required", {}, Proxy_Authenticate="Basic")),
}


@writes
@pytest.mark.parametrize("answer", LOST)
async def test_a_write_without_a_clear_answer_is_on_the_wire_once_and_uncertain(method: Method, answer: str) -> None:
    async with listening(LOST[answer]) as socket:
        account = Account(SID, SID, SECRET, socket.url + "/{product}")
        with pytest.raises(Uncertain):
            await account.send(call(method))
        await account.close()
    assert [request.line for request in socket.arrived] == [f"{method} /messaging/v1/Services/MG1 HTTP/1.1"]


@writes
@pytest.mark.parametrize("answer", SURE)
async def test_a_write_that_was_turned_away_is_on_the_wire_once(method: Method, answer: str) -> None:
    async with listening(SURE[answer]) as socket:
        account = Account(SID, SID, SECRET, socket.url + "/{product}")
        with pytest.raises((Refused, Throttled)):
            await account.send(call(method))
        await account.close()
    assert len(socket.arrived) == 1


@writes
async def test_each_write_has_a_connection_of_its_own(method: Method) -> None:
    async with listening(always(response("200 OK", {}))) as socket:
        account = Account(SID, SID, SECRET, socket.url + "/{product}")
        for _ in range(3):
            await account.send(call(method))
        await account.close()
    assert (socket.connections, len(socket.arrived)) == (3, 3)


async def trickling(number: int, writer: asyncio.StreamWriter) -> None:
    """Never silent for long, and never done."""
    with suppress(ConnectionError):
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)


async def trickling_headers(number: int, writer: asyncio.StreamWriter) -> None:
    """The same, before the body."""
    with suppress(ConnectionError):
        writer.write(b"HTTP/1.1 201 Created\r\n")
        while True:
            writer.write(b"X-More: yes\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)


SLOW: dict[str, Answer] = {
    "says nothing": always(),
    "sends headers and no body": always(b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n"),
    "goes on with its headers": trickling_headers,
    "goes on with its body": trickling,
}


@writes
@pytest.mark.parametrize("answer", SLOW)
async def test_a_call_to_a_twilio_that_never_comes_to_an_end_ends(method: Method, answer: str) -> None:
    async with listening(SLOW[answer]) as socket:
        account = Account(SID, SID, SECRET, socket.url + "/{product}", timeout=SHORT)
        with pytest.raises(Uncertain, match="within the time allowed"):
            await account.send(call(method))
        await account.close()
    assert len(socket.arrived) == 1


async def test_a_read_from_a_twilio_that_never_answers_ends_after_its_tries() -> None:
    async with listening(always()) as socket:
        account = Account(SID, SID, SECRET, socket.url + "/{product}", timeout=aiohttp.ClientTimeout(total=0.05))
        with pytest.raises(TwilioFault):
            await account.read(call("GET"))
        await account.close()
    assert len(socket.arrived) == READ_TRIES


async def test_the_time_of_every_call_is_bounded_unless_somebody_says_otherwise() -> None:
    account = Account(SID, SID, SECRET)
    for session in (account._transport._reads, account._transport._writes):
        assert session.timeout.total
        assert session.timeout.total <= 20
    await account.close()
