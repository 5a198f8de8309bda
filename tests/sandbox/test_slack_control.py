"""The control API that the sandbox's page uses: the same drivers, as JSON over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.slack_fixtures import (
    App,
    Json,
    actions,
    always,
    button,
    connected,
    field,
    modal,
    open_modal,
    option,
    section,
)

RITA, ANN, GUS, A2P = "U0RITA", "U0ANN", "U0GUS", "C0A2P"


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with connected() as app:
        yield app


async def act(app: App, what: str, *, status: int = 200, **body: Any) -> Json:
    async with app.session.post(f"{app.slack.url}/_sandbox/{what}", json=body) as response:
        assert response.status == status, await response.text()
        answer: Json = await response.json()
        return answer


async def test_what_a_person_cannot_see_or_do_is_an_error_with_words(app: App) -> None:
    assert "C0APPROVALS" in (await act(app, "command", status=404, user=GUS, channel="C0APPROVALS"))["error"]
    assert "no such person" in (await act(app, "home", status=404, user="U0NOBODY"))["error"]
    assert "go" in (await act(app, "click", status=404, user=RITA, channel=A2P, action_id="go"))["error"]
    async with app.session.post(f"{app.slack.url}/_sandbox/home", data="{") as response:
        assert response.status == 400
    async with app.session.get(f"{app.slack.url}/_sandbox/messages?user={GUS}&channel=C0APPROVALS") as response:
        assert response.status == 404


async def test_another_web_site_cannot_use_it(app: App) -> None:
    foreign = {"Origin": "https://elsewhere.example"}
    status, _ = await app.post(f"{app.slack.url}/_sandbox/home", {"user": RITA}, **foreign)
    assert status == 403
    status, _ = await app.post(f"{app.slack.url}/_sandbox/home", {"user": RITA}, Origin=app.slack.url)
    assert status == 200


async def test_files_outside_the_web_folder_are_not_served(app: App) -> None:
    async with app.session.get(f"{app.slack.url}/web/..%2fworld.py") as response:
        assert response.status == 404


async def test_the_state_shows_a_persons_channels_and_the_commands(app: App) -> None:
    state = await app.get("/_sandbox/state", user=GUS)
    assert [channel["id"] for channel in state["channels"]] == [A2P, "D0GUS"]
    assert state["channels"][1]["is_im"] is True
    assert [person["initials"] for person in state["people"]] == ["RR", "AA", "BA", "GG"]
    assert "/a2p-service" in [entry["command"] for entry in state["commands"]]
    assert state["bot"]["connected"] is True


async def test_messages_are_counted_as_unread_until_looked_at(app: App) -> None:
    parent = (await app.call("chat.postMessage", channel=A2P, text="Hello"))["ts"]
    await app.call("chat.postMessage", channel=A2P, text="reply", thread_ts=parent)
    await app.call("chat.postEphemeral", channel=A2P, user=RITA, text="for Rita")
    assert (await app.get("/_sandbox/state", user=RITA))["channels"][0]["unread"] == 2
    shown = (await app.get("/_sandbox/messages", user=RITA, channel=A2P))["messages"]
    assert [(m["text"], m["reply_count"], m.get("is_ephemeral", False)) for m in shown] == [
        ("Hello", 1, False),
        ("reply", 0, False),
        ("for Rita", 0, True),
    ]
    assert (await app.get("/_sandbox/state", user=RITA))["channels"][0]["unread"] == 0
    assert len((await app.get("/_sandbox/messages", user=ANN, channel=A2P))["messages"]) == 2


async def test_a_click_takes_the_action_and_the_state_around_it(app: App) -> None:
    menu = {"type": "static_select", "action_id": "pick", "options": [option("a"), option("b")]}
    blocks = [section(), field("note", block={"optional": True}), actions(menu, button("go", value="7"))]
    ts = (await app.call("chat.postMessage", channel=A2P, text="x", blocks=blocks))["ts"]
    place = {"user": RITA, "channel": A2P, "ts": ts, "block_id": "buttons"}
    await act(app, "click", **place, action_id="pick", action={"selected_option": option("b")})
    typed = {"note": {"v": {"type": "plain_text_input", "value": "typed"}}}
    answer = await act(app, "click", **place, action_id="go", action={"value": "7"}, state={"values": typed})
    assert answer["status"] == "acked"
    payload = app.received[-1]["payload"]
    assert payload["state"]["values"]["note"]["v"]["value"] == "typed"
    assert payload["state"]["values"]["buttons"]["pick"]["selected_option"] == option("b")


async def test_a_submit_shows_errors_and_then_closes(app: App) -> None:
    view = await open_modal(app)
    refused = await act(app, "submit", user=RITA, view_id=view["id"], state={"values": {}})
    assert refused["status"] == "client_refused"
    assert refused["errors"]["name"]
    app.reply = always({"response_action": "errors", "errors": {"name": "Taken."}})
    state = {"values": {"name": {"v": {"type": "plain_text_input", "value": "Acme"}}}}
    await act(app, "submit", user=RITA, view_id=view["id"], state=state)
    assert (await app.get("/_sandbox/views", user=RITA))["errors"] == {"name": "Taken."}
    app.reply = always({"response_action": "clear"})
    answer = await act(app, "submit", user=RITA, view_id=view["id"], state=state)
    assert (answer["status"], answer["views"]) == ("acked", [])


async def test_suggestions_come_as_the_app_gave_them(app: App) -> None:
    view = await open_modal(app, modal(field("x", "external_select", min_query_length=0)))
    groups = {"option_groups": [{"label": {"type": "plain_text", "text": "G"}, "options": [option("a")]}]}
    app.reply = always(groups)
    place = {"user": RITA, "view_id": view["id"], "block_id": "x", "action_id": "v"}
    assert await act(app, "suggest", **place, value="") == groups
    app.reply = always({})
    assert "options load" in (await act(app, "suggest", status=502, **place, value=""))["error"]


async def test_the_live_socket_tells_what_changed_and_only_to_those_who_see_it(app: App) -> None:
    url = f"{app.slack.url}/_sandbox/live?user="
    async with app.session.ws_connect(url + GUS) as gus, app.session.ws_connect(url + ANN) as ann:
        await app.call("chat.postMessage", channel="C0APPROVALS", text="x")
        await app.call("chat.postMessage", channel=A2P, text="x")
        assert await ann.receive_json() == {"type": "changed", "what": "messages", "channel": "C0APPROVALS"}
        assert await gus.receive_json() == {"type": "changed", "what": "messages", "channel": A2P}


async def test_the_log_shows_the_newest_call_first(app: App) -> None:
    await app.call("auth.test")
    calls = (await app.get("/_sandbox/log"))["calls"]
    assert [call["method"] for call in calls] == ["auth.test", "apps.connections.open"]
