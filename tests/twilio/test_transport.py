"""What was approved is what travels: the same path, the same values, to the configured address and nowhere else."""

from contextlib import suppress
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.call import Call, segment
from bot.twilio.faults import Uncertain
from bot.twilio.transport import AddressError, Transport
from tests.twilio.scripted import SECRET, SID, saying, scripted

ODD = "a+b&c=d%2F é “x” \n{y.z}"


async def test_every_value_arrives_as_it_was_approved() -> None:
    async with scripted(saying()) as server:
        account = server.account()
        call = Call(
            product="messaging",
            method="POST",
            path="/v1/Services",
            params={"A": ODD, "Blank": "", "B": ("1,2", "1,2", "")},
        )
        await account.send(call)
        await account.close()
    assert parse_qsl(server.bodies[0], keep_blank_values=True) == [
        ("A", ODD),
        ("Blank", ""),
        ("B", "1,2"),
        ("B", "1,2"),
        ("B", ""),
    ]


async def test_a_call_whose_connection_is_lost_is_not_sent_again_by_the_client() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.abort()
        return web.Response()

    async with scripted(cut) as server:
        account = server.account()
        with pytest.raises(Uncertain):
            await account.send(Call(product="messaging", method="DELETE", path="/v1/Services/x"))
        await account.close()
    assert server.asked == ["DELETE /messaging/v1/Services/x"]


async def test_a_plus_in_a_query_stays_a_plus() -> None:
    async with scripted(saying()) as server:
        account = server.account()
        await account.read(Call(product="api", method="GET", path="/x.json", params={"PhoneNumber": "+15035550101"}))
        await account.close()
    assert server.asked == ["GET /api/x.json?PhoneNumber=%2B15035550101"]


@pytest.mark.parametrize("text", ["a/b", "a?b", "a#b", "a%2Fb", "a b", "é", "{x.y}"])
async def test_a_path_segment_stays_one_segment_on_the_wire(text: str) -> None:
    async with scripted(saying()) as server:
        account = server.account()
        await account.read(Call(product="api", method="GET", path=f"/v1/{segment(text)}/end"))
        await account.close()
    (line,) = server.asked
    assert line.count("/") == 4
    assert "?" not in line
    assert line.endswith("/end")


async def test_headers_of_a_call_travel_with_it_and_the_credentials_are_basic() -> None:
    async with scripted(saying()) as server:
        account = server.account()
        headers = {"X-Twilio-Api-Version": "v1.2"}
        await account.read(Call(product="messaging", method="GET", path="/v1", headers=headers))
        await account.close()
    assert server.headers[0]["X-Twilio-Api-Version"] == "v1.2"
    assert server.headers[0]["Authorization"].startswith("Basic ")
    assert SECRET not in server.asked[0]


async def test_edge_and_region_of_the_environment_do_not_move_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    async with scripted(saying()) as server:
        account = server.account()
        await account.read(Call(product="messaging", method="GET", path="/v1/Services"))
        await account.close()
        assert server.asked == ["GET /messaging/v1/Services"]
        assert account.sid == SID


@given(host=st.from_regex(r"[a-z0-9.@-]{1,30}", fullmatch=True))
async def test_only_twilio_is_ever_addressed_by_default(host: str) -> None:
    transport = Transport("https://{product}.twilio.com")
    with suppress(AddressError):
        address = transport._local(f"https://{host}/v1/Services")
        assert address.split("/")[2].rpartition("@")[2].endswith(".twilio.com")
    await transport.close()
