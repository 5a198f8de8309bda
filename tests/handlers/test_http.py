"""The HTTP listener: what it refuses and in which words, and that a proxy before it changes nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from structlog.testing import capture_logs

from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.world import BOT_TOKEN, RITA, SIGNING_SECRET
from bot.twilio.signatures import HEADER, Signatures, read_form
from handlers.http import LARGEST_BODY, PATH, Listener, listen
from tests.handlers.proxy import reverse_proxy
from tests.intake.receiver import signature
from tests.redis.servers import free_port

PROXIES = (ip_network("127.0.0.0/8"),)
PUBLIC_URL, TOKEN = "https://example.com/tenfour", "the-auth-token"
FORGED = {
    "X-Forwarded-For": "198.51.100.1",
    "Forwarded": "for=198.51.100.1;proto=https;host=hooks.slack.com",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "hooks.slack.com",
    "X-Forwarded-Prefix": "/healthz",
    "X-Real-IP": "198.51.100.1",
    "X-Original-URL": "/healthz",
}


async def twilios(request: web.Request) -> web.Response:
    """A route of Twilio's: whether its signature is good."""
    form = read_form(await request.read())
    good = Signatures(PUBLIC_URL).signs_form(TOKEN, request.raw_path, form, request.headers.get(HEADER, ""))
    return web.Response(status=204 if good else 403)


async def size(request: web.Request) -> web.Response:
    """A route that says how large a body was."""
    return web.Response(text=str(len(await request.read())))


OTHERS = (web.post("/twilio/status/AC1", twilios), web.post("/size", size))


@asynccontextmanager
async def listening(
    app: AsyncApp | None = None, *others: web.RouteDef, body_seconds: float = 20.0, **how: Any
) -> AsyncIterator[str]:
    listener = Listener(free_port(), "/tenfour", body_seconds=body_seconds, **how)
    async with listen(app, listener, others or OTHERS):
        yield f"http://127.0.0.1:{listener.port}"


async def post(url: str, data: Any = b"", headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.post(url, data=data, headers=headers) as answer:
        return answer.status, await answer.text()


def bolt() -> AsyncApp:
    async def authorize(**_: object) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T0TENFOUR", bot_token=BOT_TOKEN, bot_user_id="U0BOT")

    async def answer(ack: Any, command: Mapping[str, str]) -> None:
        await ack(f"heard {command['text']}")

    app = AsyncApp(authorize=authorize, signing_secret=SIGNING_SECRET, process_before_response=True)
    app.command("/a2p")(answer)
    return app


async def test_a_body_above_the_limit_is_refused_in_words_whether_it_says_so_or_not() -> None:
    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100_000

    async with listening() as url:
        for body in (b"x" * (LARGEST_BODY + 1), unannounced()):
            status, said = await post(f"{url}/size", body)
            assert (status, said) == (413, "The body is larger than 1000000 bytes, the most that is taken here.")
        assert await post(f"{url}/size", b"x" * LARGEST_BODY) == (200, str(LARGEST_BODY))


async def test_a_body_that_trickles_is_given_up_in_words_and_its_connection_is_closed() -> None:
    async with listening(body_seconds=0.1) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"POST /size HTTP/1.1\r\nHost: bot\r\nContent-Length: 1000\r\n\r\nx")
        async with asyncio.timeout(20):
            answer = (await reader.read()).decode()
        assert answer.startswith("HTTP/1.1 408 ")
        assert answer.endswith("The body did not arrive within 0.1 seconds.")
        writer.close()


async def test_an_unknown_path_tells_nothing_about_what_runs_here() -> None:
    async with listening() as url:
        for path in ("/", "/tenfour", "/admin", "/tenfour/tenfour/size", "/size/", "/other/slack/events"):
            assert await post(url + path) == (404, "404: Not Found")
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            assert sorted(answer.headers) == ["Content-Length", "Content-Type", "Date"]


async def test_forged_forwarded_headers_let_nobody_in_and_change_no_path() -> None:
    async with listening(bolt(), *OTHERS, trusted=PROXIES) as url:
        assert (await post(url + PATH, b"command=%2Fa2p", FORGED))[0] == 401
        assert (await post(f"{url}/twilio/status/AC1", b"a=b", FORGED))[0] == 403
        assert await post(f"{url}/none", b"", FORGED) == (404, "404: Not Found")


@pytest.mark.parametrize(
    ("trusted", "client"), [((), "127.0.0.1"), (PROXIES, "198.51.100.1")], ids=["trusting nobody", "trusting it"]
)
async def test_the_log_names_the_client_of_a_refused_request_where_a_trusted_proxy_does(
    trusted: Any, client: str
) -> None:
    with capture_logs() as logs:
        async with listening(bolt(), trusted=trusted) as url:
            await post(f"{url}/nothing/secret?token=1", b"", FORGED)
            await post(url + PATH, b"command=%2Fa2p", FORGED)
    refused = [(e["status"], e["route"], e["client"]) for e in logs if e["event"] == "request_refused"]
    assert refused == [(404, "unknown", client), (401, PATH, client)]
    assert "secret" not in json.dumps(logs)


@pytest.mark.parametrize("strips", [True, False], ids=["stripped", "left"])
async def test_slack_and_twilio_are_known_behind_a_proxy_that_serves_the_bot_below_a_path(strips: bool) -> None:
    slack = LocalSlack()
    async with listening(bolt(), *OTHERS) as bot, reverse_proxy(bot, strips=strips) as public:
        slack.http_target = public + PATH
        await slack.start()
        typed = await slack.command(RITA.id, "C0A2P", "/a2p", "help")
        await slack.stop()
        assert (typed.status, typed.ack) == ("acked", {"text": "heard help"})
        proof = signature(TOKEN, f"{PUBLIC_URL}/twilio/status/AC1?a=%20b", {"MessageSid": ["SM1"]})
        url = f"{public}/twilio/status/AC1?a=%20b"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await post(url, b"MessageSid=SM1", {HEADER: proof, **form}))[0] == 204
        assert (await post(url, b"MessageSid=SM2", {HEADER: proof, **form}))[0] == 403
        assert (await post(url + "c", b"MessageSid=SM1", {HEADER: proof, **form}))[0] == 403


async def test_a_request_under_way_is_answered_before_the_listener_ends() -> None:
    begun, may_answer = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        begun.set()
        await may_answer.wait()
        return web.Response(text="done")

    async with listening(None, web.post("/slow", slow)) as url:
        asked = asyncio.create_task(post(f"{url}/slow"))
        await begun.wait()
        asyncio.get_running_loop().call_later(0.05, may_answer.set)
    assert await asked == (200, "done")
