"""How deliveries reach the app: sockets, acks, redelivery, duplicates, signatures, faults, events."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox.slack.screens import NotOnScreenError
from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.world import APP_TOKEN, SIGNING_SECRET
from tests.sandbox.slack_fixtures import App, connected, manifest, modal, no_ack, open_modal, running

RITA, A2P = "U0RITA", "C0A2P"


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with connected() as app:
        yield app


class Endpoint:
    """An app's request URL that answers with the statuses it is given, then 200."""

    def __init__(self, *statuses: int, body: str = "", headers: dict[str, str] | None = None) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.url = ""
        self._statuses = list(statuses)
        self._body = body
        self._headers = headers
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> "Endpoint":
        app = web.Application()
        app.router.add_post("/slack/events", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/slack/events"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.requests.append((dict(request.headers), await request.read()))
        status = self._statuses.pop(0) if self._statuses else 200
        return web.Response(status=status, text=self._body, headers=self._headers)


# --- Socket Mode


async def test_without_a_connection_a_command_fails_to_dispatch() -> None:
    async with running() as slack:
        assert (await slack.command(RITA, A2P, "/a2p")).status == "not_connected"
        assert slack.ephemerals(RITA)[0]["text"] == "/a2p failed with the error dispatch_failed"


async def test_a_command_that_the_manifest_lacks_is_refused_by_the_composer(app: App, tmp_path: Path) -> None:
    assert (await app.slack.command(RITA, A2P, "/nope")).status == "client_refused"
    async with connected(manifest=manifest(tmp_path, commands="/only")) as other:
        assert (await other.slack.command(RITA, A2P, "/a2p")).status == "client_refused"
        assert (await other.slack.command(RITA, A2P, "/only")).status == "acked"
    assert app.received == []


async def test_an_outsider_cannot_type_into_a_channel_or_click_in_it(app: App) -> None:
    with pytest.raises(NotOnScreenError):
        await app.slack.command("U0GUS", "C0APPROVALS", "/a2p")
    with pytest.raises(NotOnScreenError):
        await app.slack.click("U0GUS", "approve", channel="C0APPROVALS")


async def test_a_socket_ticket_is_good_once(app: App) -> None:
    answer = await app.call("apps.connections.open", token=APP_TOKEN)
    async with app.session.ws_connect(answer["url"]) as socket:
        assert (await socket.receive_json())["type"] == "hello"
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await app.session.ws_connect(answer["url"])


async def test_an_unacked_event_is_redelivered_once_and_a_command_is_not(app: App) -> None:
    app.reply = no_ack
    assert (await app.slack.command(RITA, A2P, "/a2p")).status == "timeout"
    await app.slack.open_home(RITA)
    await app.slack.deliveries.settled()
    sent = [(frame["type"], frame.get("retry_attempt"), frame.get("retry_reason")) for frame in app.received]
    assert sent == [("slash_commands", None, None), ("events_api", 0, ""), ("events_api", 1, "timeout")]
    assert app.received[1]["payload"]["event_id"] == app.received[2]["payload"]["event_id"]


async def test_duplicates_send_every_delivery_twice(app: App) -> None:
    app.slack.deliveries.duplicate = True
    delivery = await app.slack.command(RITA, A2P, "/a2p")
    assert delivery.attempts == 2
    assert len(app.received) == 2
    assert app.received[0]["payload"] == app.received[1]["payload"]


async def test_every_envelope_goes_to_one_connection_in_turn(app: App) -> None:
    second = App(app.slack, app.session)
    task = asyncio.create_task(second.run())
    await asyncio.wait_for(second.greeted.wait(), 5)
    for _ in range(4):
        await app.slack.command(RITA, A2P, "/a2p")
    assert [len(app.received), len(second.received)] == [2, 2]
    assert second.frames[0]["num_connections"] == 2
    task.cancel()


async def test_a_disconnect_tells_why_and_closes(app: App) -> None:
    await app.slack.socket.disconnect("refresh_requested")
    assert (await app.slack.command(RITA, A2P, "/a2p")).status == "not_connected"
    await asyncio.wait_for(app.left.wait(), 5)
    assert app.frames[-1]["reason"] == "refresh_requested"


async def test_a_cut_connection_ends_without_a_word(app: App) -> None:
    app.slack.socket.drop()
    await asyncio.wait_for(app.left.wait(), 5)
    assert [frame["type"] for frame in app.frames] == ["hello"]
    assert not app.slack.socket.connected


async def test_a_black_hole_keeps_the_connection_and_hears_nothing(app: App) -> None:
    app.slack.socket.black_hole = True
    assert (await app.slack.command(RITA, A2P, "/a2p")).status == "timeout"
    assert app.slack.socket.connected


async def test_events_come_only_as_subscribed(app: App, tmp_path: Path) -> None:
    assert (await app.slack.post_as(RITA, A2P, "hello all")).status == "not_subscribed"
    assert (await app.slack.post_as(RITA, A2P, "@Tenfour hello")).payload["event"]["type"] == "app_mention"
    direct = await app.slack.post_as(RITA, "D0RITA", "hello")
    assert direct.payload["event"]["channel_type"] == "im"
    async with connected(manifest=manifest(tmp_path, events="app_mention")) as other:
        assert (await other.slack.open_home(RITA)).status == "not_subscribed"


async def test_a_command_that_escapes_turns_names_into_ids(tmp_path: Path) -> None:
    async with connected(manifest=manifest(tmp_path, escape=True)) as app:
        delivery = await app.slack.command(RITA, A2P, "/a2p", "ask @ann in #a2p-approvals about https://a.example")
    expected = "ask <@U0ANN> in <#C0APPROVALS|> about <https://a.example>"
    assert delivery.payload["text"] == expected


async def test_nobody_types_into_a_read_only_messages_tab(tmp_path: Path) -> None:
    async with connected(manifest=manifest(tmp_path, events="message.im", read_only=True)) as app:
        assert (await app.slack.command(RITA, "D0RITA", "/a2p")).status == "client_refused"
        assert (await app.slack.post_as(RITA, "D0RITA", "hello")).status == "client_refused"
        assert (await app.call("chat.postMessage", channel=RITA, text="x")).get("needed") == "chat:write"
    assert app.received == []


async def test_clicks_stay_home_without_interactivity(tmp_path: Path) -> None:
    async with connected(manifest=manifest(tmp_path, clicks=False)) as app:
        await open_modal(app)
        assert (await app.slack.submit(RITA, {"name": "x"})).status == "not_subscribed"
    assert app.received == []


async def test_a_changed_user_group_is_told_as_a_difference(tmp_path: Path) -> None:
    async with connected(manifest=manifest(tmp_path, events="subteam_members_changed")) as app:
        event = (await app.slack.change_group("S0APPROVERS", added=[RITA], removed=["U0BOB"])).payload["event"]
        assert (event["added_users"], event["removed_users"]) == ([RITA], ["U0BOB"])
    assert app.slack.store.groups["S0APPROVERS"].members == ("U0ANN", RITA)


# --- HTTP


async def test_over_http_commands_are_signed_forms() -> None:
    async with Endpoint(body="Try help.") as endpoint, running(http_target=endpoint.url) as slack:
        delivery = await slack.command(RITA, A2P, "/a2p", "a & b")
    assert delivery.ack == {"text": "Try help."}
    headers, body = endpoint.requests[0]
    base = f"v0:{headers['X-Slack-Request-Timestamp']}:".encode() + body
    expected = "v0=" + hmac.new(SIGNING_SECRET.encode(), base, hashlib.sha256).hexdigest()
    assert headers["X-Slack-Signature"] == expected
    assert parse_qs(body.decode())["text"] == ["a & b"]


async def test_over_http_an_event_is_retried_three_times_with_its_reason() -> None:
    async with Endpoint(500, 500, 500, 500, 500) as endpoint, running(http_target=endpoint.url) as slack:
        slack.deliveries.http_retry_delays = (0, 0, 0)
        assert (await slack.open_home(RITA)).status == "http_500"
        await slack.deliveries.settled()
    retries = [(h.get("x-slack-retry-num"), h.get("x-slack-retry-reason")) for h, _ in endpoint.requests]
    assert retries == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]


async def test_over_http_an_app_can_stop_retries_and_interactions_have_none() -> None:
    stop = {"x-slack-no-retry": "1"}
    async with Endpoint(500, headers=stop) as endpoint, running(http_target=endpoint.url) as slack:
        slack.deliveries.http_retry_delays = (0, 0, 0)
        await slack.open_home(RITA)
        await slack.deliveries.settled()
        assert len(endpoint.requests) == 1
    async with Endpoint(500) as endpoint, running(http_target=endpoint.url) as slack:
        assert (await slack.command(RITA, A2P, "/a2p")).status == "http_500"
        await slack.deliveries.settled()
        assert len(endpoint.requests) == 1


async def test_over_http_nobody_at_home_is_not_connected() -> None:
    async with running(http_target="http://127.0.0.1:1/slack/events") as slack:
        assert (await slack.command(RITA, A2P, "/a2p")).status == "not_connected"
        assert slack.ephemerals(RITA)[0]["text"].endswith("dispatch_failed")


# --- faults


async def test_a_fault_refuses_before_the_effect_as_often_as_told(app: App) -> None:
    app.slack.faults.add("chat.postMessage", error="fatal_error", times=2)
    errors = [(await app.call("chat.postMessage", channel=A2P, text="x")).get("error") for _ in range(3)]
    assert errors == ["fatal_error", "fatal_error", None]
    assert len(app.slack.messages(A2P)) == 1


async def test_a_dropped_response_comes_after_the_effect(app: App) -> None:
    app.slack.faults.add("chat.postMessage", drop_response=True)
    with pytest.raises(aiohttp.ClientError):
        await app.call("chat.postMessage", channel=A2P, text="x")
    assert len(app.slack.messages(A2P)) == 1
    assert app.slack.calls("chat.postMessage")[0].response is None


async def test_a_429_names_the_seconds_to_wait(app: App) -> None:
    app.slack.faults.add("views.open", retry_after=7)
    async with app.session.post(f"{app.slack.url}/api/views.open", json={}) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")


async def test_a_forged_payload_can_be_sent_as_is(app: App) -> None:
    await open_modal(app, modal(private_metadata="142"))
    payload = (await app.slack.submit(RITA, {"name": "x"})).payload
    forged = {**payload, "user": {"id": "U0GUS"}}
    assert (await app.slack.deliver(forged)).status == "acked"
    assert app.received[-1]["type"] == "interactive"
    assert app.received[-1]["payload"]["user"] == {"id": "U0GUS"}


# --- across restarts


async def test_messages_homes_and_timestamps_survive_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "slack.json"
    async with connected(connect=False, state_file=state) as app:
        first = await app.call("chat.postMessage", channel=A2P, text="Hello")
        await app.call("views.publish", user_id=RITA, view={"type": "home", "blocks": [{"type": "divider"}]})
        await open_modal(app)
    async with connected(connect=False, state_file=state, clock=lambda: 1.0) as app:
        assert app.slack.messages(A2P)[0]["ts"] == first["ts"]
        assert app.slack.home(RITA) is not None
        assert app.slack.views(RITA) == []
        second = await app.call("chat.postMessage", channel=A2P, text="Again")
        assert float(second["ts"]) > float(first["ts"])


async def test_a_file_that_is_not_a_state_file_is_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "slack.json"
    state.write_text("not a state", encoding="utf-8")
    slack = LocalSlack(state_file=state)
    with pytest.raises(ValueError, match=r"slack\.json is not a state file"):
        await slack.start()
    assert state.read_text(encoding="utf-8") == "not a state"
