"""The gateway sends a write once and says what is known of it; it repeats reads, where that is safe."""

import asyncio
import json
import socket
from contextlib import closing

import pytest
from aiohttp import web

from bot.plans.call import Call
from bot.twilio.faults import Refused, Throttled, TwilioFault, Uncertain, Unreachable
from bot.twilio.gateway import READ_TRIES, Account
from tests.catalog.world import World
from tests.twilio.scripted import SECRET, SID, saying, scripted

CREATE = Call(product="messaging", method="POST", path="/v1/Services", params={"FriendlyName": "Acme"})
LIST = Call(product="messaging", method="GET", path="/v1/Services")


def sent(world: World) -> int:
    return len(world.twilio.calls("POST /messaging/v1/Services"))


# writes


async def test_a_write_that_ends_in_a_server_error_is_uncertain_and_not_repeated(world: World) -> None:
    world.twilio.faults.add("POST /messaging/v1/Services", status=500, times=5)
    with pytest.raises(Uncertain, match="HTTP 500"):
        await world.account.send(CREATE)
    assert sent(world) == 1


async def test_a_write_for_which_the_server_gave_up_waiting_is_uncertain(world: World) -> None:
    world.twilio.faults.add("POST /messaging/v1/Services", status=408)
    with pytest.raises(Uncertain, match="HTTP 408"):
        await world.account.send(CREATE)
    assert sent(world) == 1


async def test_a_write_whose_connection_is_cut_before_its_effect_is_uncertain_and_not_repeated(world: World) -> None:
    world.twilio.faults.add("POST /messaging/v1/Services", drop=True, times=5)
    with pytest.raises(Uncertain, match="connection was lost"):
        await world.account.send(CREATE)
    assert sent(world) == 1
    assert world.twilio.created("service") == []


async def test_a_write_whose_answer_is_lost_is_uncertain_and_has_happened_once(world: World) -> None:
    world.twilio.faults.add("POST /messaging/v1/Services", drop_after_effect=True, times=5)
    with pytest.raises(Uncertain):
        await world.account.send(CREATE)
    assert sent(world) == 1
    assert len(world.twilio.created("service")) == 1


async def test_a_write_that_gets_no_answer_in_time_is_uncertain() -> None:
    async def never(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    async with scripted(never) as server:
        account = server.account(timeout=0.1)
        with pytest.raises(Uncertain, match="within the time allowed"):
            await account.send(CREATE)
        await account.close()
        assert len(server.asked) == 1


async def test_a_write_that_is_throttled_was_not_processed_and_says_when_to_come_back(world: World) -> None:
    world.twilio.faults.add("POST /messaging/v1/Services", status=429, retry_after=7)
    with pytest.raises(Throttled) as fault:
        await world.account.send(CREATE)
    assert fault.value.retry_after == 7
    assert world.twilio.created("service") == []
    assert sent(world) == 1


async def test_a_refused_write_carries_twilios_own_words_and_link(world: World) -> None:
    with pytest.raises(Refused) as fault:
        await world.account.send(CREATE.model_copy(update={"params": {"FriendlyName": "x" * 65}}))
    assert fault.value.status == 400
    assert fault.value.code
    assert str(fault.value.code) in str(fault.value)
    assert fault.value.message in str(fault.value)
    assert fault.value.link.startswith("https://www.twilio.com/docs/errors")


async def test_nothing_is_sent_when_nobody_listens() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    account = Account(SID, SID, SECRET, f"http://127.0.0.1:{port}/{{product}}")
    with pytest.raises(Unreachable, match="cannot be reached"):
        await account.send(CREATE)
    await account.close()


@pytest.mark.parametrize("text", ["", "<html>Bad gateway</html>", "[1, 2]", '"text"', "{"])
async def test_a_success_that_is_not_readable_is_uncertain_unless_it_is_empty(text: str) -> None:
    async with scripted(saying(201, text)) as server:
        account = server.account()
        if text:
            with pytest.raises(Uncertain, match="not JSON"):
                await account.send(CREATE)
        else:
            assert await account.send(CREATE) == {}
        await account.close()
        assert len(server.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_never_followed(status: int) -> None:
    async with scripted(saying(status, "{}", Location="/elsewhere")) as server:
        account = server.account()
        with pytest.raises(Uncertain, match=f"HTTP {status}"):
            await account.send(CREATE)
        await account.close()
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("body", "code", "message", "link"),
    [
        (
            {"code": 21712, "message": "In another service", "more_info": "https://e.example/21712"},
            21712,
            "In another",
            "https",
        ),
        (
            {"type": "https://e.example/70001", "title": "Bad", "detail": "Too bad", "code": 70001},
            70001,
            "Too bad",
            "https",
        ),
        ({"title": "Bad"}, None, "Bad", ""),
        ({"code": "twelve", "message": "Odd"}, None, "Odd", ""),
        ({}, None, "{}", ""),
    ],
)
async def test_every_shape_of_refusal_is_read(
    body: dict[str, object], code: int | None, message: str, link: str
) -> None:
    async with scripted(saying(409, json.dumps(body))) as server:
        account = server.account()
        with pytest.raises(Refused) as fault:
            await account.send(CREATE)
        await account.close()
    assert fault.value.code == code
    assert fault.value.message.startswith(message)
    assert fault.value.link.startswith(link)


@pytest.mark.parametrize(
    ("status", "credentials", "absent"), [(401, True, False), (403, True, False), (404, False, True)]
)
async def test_a_refusal_says_whether_credentials_or_the_thing_itself_are_missing(
    status: int, credentials: bool, absent: bool
) -> None:
    async with scripted(saying(status)) as server:
        account = server.account()
        with pytest.raises(Refused) as fault:
            await account.send(CREATE)
        await account.close()
    assert (fault.value.credentials, fault.value.absent) == (credentials, absent)


async def test_no_fault_ever_shows_the_secret() -> None:
    async with scripted(saying(401, json.dumps({"code": 20003, "message": "Authenticate"}))) as server:
        account = server.account()
        with pytest.raises(Refused) as fault:
            await account.send(CREATE)
        await account.close()
    assert SECRET not in f"{fault.value!r} {fault.value} {vars(fault.value)}"


# reads


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429, "retry_after": 0}, {"drop": True}])
async def test_a_read_is_repeated_until_it_succeeds(world: World, fault: dict[str, float]) -> None:
    world.twilio.faults.add("GET /messaging/v1/Services", times=READ_TRIES - 1, **fault)  # type: ignore[arg-type]
    assert (await world.account.read(LIST))["services"]


async def test_a_read_is_not_repeated_for_ever(world: World) -> None:
    world.twilio.faults.add("GET /messaging/v1/Services", status=429, retry_after=0, times=50)
    with pytest.raises(Throttled):
        await world.account.read(LIST)
    assert len(world.twilio.calls("GET /messaging/v1/Services")) == READ_TRIES


async def test_a_refused_read_is_not_repeated(world: World) -> None:
    with pytest.raises(Refused) as fault:
        await world.account.read(LIST.model_copy(update={"path": "/v1/Services/MG" + "0" * 32}))
    assert fault.value.absent
    assert len(world.twilio.log) == 1


async def test_all_pages_of_a_list_are_read(world: World) -> None:
    for name in ("One", "Two", "Three"):
        await world.account.send(CREATE.model_copy(update={"params": {"FriendlyName": name}}))
    items = await world.account.pages(LIST.model_copy(update={"params": {"PageSize": "2"}}), "services")
    assert sorted(i["friendly_name"] for i in items) == ["Acme support", "One", "Three", "Two"]
    assert len(world.twilio.calls("GET /messaging/v1/Services")) > 1


async def test_all_pages_are_read_where_page_links_have_no_host(world: World) -> None:
    path = f"/2010-04-01/Accounts/{world.account.sid}/IncomingPhoneNumbers.json"
    call = Call(product="api", method="GET", path=path, params={"PageSize": "1"})
    assert len(await world.account.pages(call, "incoming_phone_numbers")) == 4


@pytest.mark.parametrize(
    "link", ["https://evil.example/v1", "http://127.0.0.1:1/messaging/v1", "https://twilio.com.evil.example/"]
)
async def test_credentials_never_follow_a_page_link_to_another_address(link: str) -> None:
    page = json.dumps({"services": [{"sid": "MG1"}], "meta": {"next_page_url": link}})
    async with scripted(saying(200, page)) as server:
        account = server.account()
        with pytest.raises(TwilioFault, match="not the configured address"):
            await account.pages(LIST, "services")
        await account.close()
        assert len(server.asked) == 1


async def test_no_more_calls_are_in_flight_than_allowed() -> None:
    flying, most = 0, 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await asyncio.sleep(0.01)
        flying -= 1
        return web.json_response({})

    async with scripted(answer) as server:
        account = server.account(concurrency=3)
        await asyncio.gather(*(account.read(LIST) for _ in range(12)))
        await account.close()
    assert most == 3
