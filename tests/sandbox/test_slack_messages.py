"""Posting, updating, threads, ephemerals, history, response URLs and pace."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.slack_fixtures import (
    App,
    Clock,
    actions,
    always,
    button,
    connected,
    field,
    manifest,
    option,
    section,
)

RITA, ANN, GUS = "U0RITA", "U0ANN", "U0GUS"
A2P = "C0A2P"
METADATA = {"event_type": "change", "event_payload": {"id": "142", "version": 3}}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def app(clock: Clock) -> AsyncIterator[App]:
    async with connected(clock=clock) as app:
        yield app


async def post(app: App, channel: str = A2P, **content: Any) -> str:
    answer = await app.call("chat.postMessage", channel=channel, **(content or {"text": "Hello"}))
    assert answer["ok"], answer
    return str(answer["ts"])


# --- refusals


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "C0PRIVATE", "text": "x"}, "channel_not_found"),
        ({"channel": "C0PUBLIC", "text": "x"}, "not_in_channel"),
        ({"channel": A2P}, "no_text"),
        ({"channel": A2P, "text": ""}, "no_text"),
        ({"text": "x"}, "invalid_arguments"),
        ({"channel": A2P, "text": "x", "colour": "red"}, "invalid_arguments"),
        ({"channel": A2P, "text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"channel": A2P, "text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"channel": A2P, "text": "x", "blocks": [{"type": "alert"}]}, "invalid_blocks"),
        ({"channel": A2P, "text": "x", "attachments": [{"text": "old"}]}, "invalid_attachments"),
        ({"channel": A2P, "text": "x", "metadata": {"event_type": "t"}}, "invalid_metadata_format"),
        (
            {"channel": A2P, "text": "x", "metadata": {"event_type": "t", "event_payload": {"a": {"b": {}}}}},
            "invalid_metadata_schema",
        ),
        ({"channel": A2P, "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
    ],
)
async def test_a_post_that_slack_refuses_is_refused_in_its_words(app: App, args: dict[str, Any], error: str) -> None:
    app.slack.add_channel("C0PUBLIC", "public", [RITA])
    app.slack.add_channel("C0PRIVATE", "private", [RITA], is_private=True)
    assert (await app.call("chat.postMessage", **args))["error"] == error
    assert app.slack.messages(A2P) == []


async def test_only_the_bots_own_messages_can_be_changed(app: App) -> None:
    await app.slack.post_as(RITA, A2P, "mine")
    ts = app.slack.messages(A2P)[0]["ts"]
    assert (await app.call("chat.update", channel=A2P, ts=ts, text="x"))["error"] == "cant_update_message"
    assert (await app.call("chat.delete", channel=A2P, ts=ts))["error"] == "cant_delete_message"
    assert (await app.call("chat.update", channel=A2P, ts="1.000001", text="x"))["error"] == "message_not_found"
    assert (await app.call("chat.update", channel=RITA, ts=ts, text="x"))["error"] == "channel_not_found"


async def test_an_update_has_a_shorter_limit_than_a_post(app: App) -> None:
    ts = await post(app, text="x" * 41_000)
    assert len(app.slack.messages(A2P)[0]["text"]) == 40_000
    answer = await app.call("chat.update", channel=A2P, ts=ts, text="x" * 4_001)
    assert answer["error"] == "msg_too_long"


async def test_an_ephemeral_reaches_only_a_member_and_cannot_be_updated(app: App) -> None:
    refused = await app.call("chat.postEphemeral", channel="C0APPROVALS", user=GUS, text="x")
    assert refused["error"] == "user_not_in_channel"
    shown = await app.call("chat.postEphemeral", channel=A2P, user=GUS, text="Only you see this.")
    answer = await app.call("chat.update", channel=A2P, ts=shown["message_ts"], text="x")
    assert answer["error"] == "message_not_found"
    assert [m["text"] for m in app.slack.ephemerals(GUS)] == ["Only you see this."]
    assert app.slack.messages(A2P) == []


async def test_more_than_a_burst_of_posts_to_one_channel_is_rate_limited(app: App, clock: Clock) -> None:
    for _ in range(5):
        await post(app)
    url = f"{app.slack.url}/api/chat.postMessage"
    token = {"Authorization": "Bearer xoxb-sandbox"}
    status, text = await app.post(url, {"channel": A2P, "text": "x"}, **token)
    assert status == 429
    assert "ratelimited" in text
    await post(app, "C0ALERTS")
    clock.pass_(1)
    await post(app)


async def test_rate_limits_can_be_switched_off() -> None:
    async with connected(connect=False, rate_limits=False) as app:
        for _ in range(30):
            await post(app)


async def test_a_missing_scope_says_what_is_needed_and_what_is_there(tmp_path: Any) -> None:
    async with connected(connect=False, manifest=manifest(tmp_path, scopes="commands chat:write")) as app:
        await post(app)
        answer = await app.call("users.info", user=RITA)
        assert (answer["error"], answer["needed"]) == ("missing_scope", "users:read")
        assert answer["provided"] == "commands,chat:write"
        assert (await app.form("conversations.info", channel="D0RITA"))["needed"] == "im:read"
        assert (await app.call("conversations.history", channel=A2P))["needed"] == "channels:history"


async def test_tokens_and_methods_are_checked(app: App) -> None:
    assert (await app.call("auth.test", token=None))["error"] == "not_authed"
    assert (await app.call("auth.test", token="xoxb-other"))["error"] == "invalid_auth"
    assert (await app.call("apps.connections.open"))["error"] == "not_allowed_token_type"
    assert (await app.call("chat.scheduleMessage"))["error"] == "unknown_method"
    assert (await app.form("users.info", user="U0NOBODY"))["error"] == "user_not_found"
    # users.info takes no JSON: the body is not looked at.
    assert (await app.call("users.info", user=RITA))["error"] == "invalid_arguments"


# --- what posts become


async def test_a_user_id_means_the_direct_message(app: App) -> None:
    answer = await app.call("chat.postMessage", channel=ANN, text="For you")
    opened = await app.call("conversations.open", users=ANN)
    assert answer["channel"] == opened["channel"]["id"] == "D0ANN"


async def test_text_without_blocks_drops_the_blocks_and_metadata_stays_until_emptied(app: App) -> None:
    ts = await post(app, text="Hello", blocks=[section()], metadata=METADATA)
    await app.call("chat.update", channel=A2P, ts=ts, text="Bye")
    [message] = app.slack.messages(A2P)
    assert "blocks" not in message
    assert message["metadata"] == METADATA
    await app.call("chat.update", channel=A2P, ts=ts, text="Bye", metadata={})
    assert "metadata" not in app.slack.messages(A2P)[0]


async def test_history_tells_metadata_only_when_asked(app: App) -> None:
    await post(app, text="Hello", metadata=METADATA)
    brief = await app.call("conversations.history", channel=A2P)
    full = await app.call("conversations.history", channel=A2P, include_all_metadata=True)
    assert brief["messages"][0]["metadata"] == {"event_type": "change"}
    assert full["messages"][0]["metadata"] == METADATA


async def test_replies_stay_in_their_thread_unless_broadcast(app: App) -> None:
    parent = await post(app)
    reply = await post(app, text="quiet", thread_ts=parent)
    await post(app, text="loud", thread_ts=parent, reply_broadcast=True)
    assert (await app.call("chat.postMessage", channel=A2P, text="x", thread_ts=reply))["ok"] is False
    history = await app.call("conversations.history", channel=A2P)
    assert [m["text"] for m in history["messages"]] == ["loud", "Hello"]
    assert history["messages"][1]["reply_count"] == 2
    thread = await app.form("conversations.replies", channel=A2P, ts=parent)
    assert [m["text"] for m in thread["messages"]] == ["Hello", "quiet", "loud"]


async def test_history_comes_in_pages(app: App) -> None:
    for number in range(3):
        await post(app, text=str(number))
    first = await app.call("conversations.history", channel=A2P, limit=2)
    cursor = first["response_metadata"]["next_cursor"]
    second = await app.call("conversations.history", channel=A2P, limit=2, cursor=cursor)
    assert [m["text"] for m in [*first["messages"], *second["messages"]]] == ["2", "1", "0"]
    assert second["has_more"] is False
    assert (await app.call("conversations.history", channel=A2P, cursor="??"))["error"] == "invalid_cursor"


async def test_a_file_cannot_be_shown_before_it_is_processed(app: App, clock: Clock) -> None:
    answer = await app.form("files.getUploadURLExternal", filename="chart.png", length="3")
    image = {"type": "image", "alt_text": "A chart", "slack_file": {"id": answer["file_id"]}}
    assert (await app.post(answer["upload_url"], {}))[0] == 400
    async with app.session.post(answer["upload_url"], data=b"png") as uploaded:
        assert uploaded.status == 200
    await app.call("files.completeUploadExternal", files=[{"id": answer["file_id"]}])
    early = await app.call("chat.postMessage", channel=A2P, text="Chart", blocks=[image])
    assert early["error"] == "invalid_blocks"
    clock.pass_(1)
    assert (await app.form("files.info", file=answer["file_id"]))["file"]["mimetype"] == "image/png"
    await post(app, text="Chart", blocks=[image])


# --- clicks and response URLs


async def test_a_click_carries_message_state_and_container_but_no_metadata(app: App) -> None:
    menu = {"type": "static_select", "action_id": "pick", "options": [option("a"), option("b")]}
    blocks = [field("note", block={"optional": True}), actions(menu, button("go", value="7", url="https://a.example"))]
    ts = await post(app, text="Choose", blocks=blocks, metadata=METADATA)
    await app.slack.click(RITA, "v", value="typed")
    await app.slack.click(RITA, "pick", value="b")
    payload = (await app.slack.click(RITA, "go")).payload
    assert payload["actions"][0]["value"] == "7"
    assert payload["container"] == {"type": "message", "message_ts": ts, "channel_id": A2P, "is_ephemeral": False}
    assert payload["state"]["values"]["note"]["v"]["value"] == "typed"
    assert payload["state"]["values"]["buttons"]["pick"]["selected_option"] == option("b")
    assert "metadata" not in payload["message"]
    other = (await app.slack.click(ANN, "go")).payload
    assert other["state"]["values"]["note"]["v"]["value"] is None


async def test_a_response_url_serves_five_times_within_thirty_minutes(app: App, clock: Clock) -> None:
    url = (await app.slack.command(RITA, A2P, "/a2p")).payload["response_url"]
    answers = [await app.post(url, {"text": str(n)}) for n in range(6)]
    assert answers == [*[(200, "ok")] * 5, (404, "used_url")]
    late = (await app.slack.command(RITA, A2P, "/a2p")).payload["response_url"]
    clock.pass_(30 * 60 + 1)
    assert await app.post(late, {"text": "x"}) == (404, "expired_url")
    assert await app.post(late + "x", {"text": "x"}) == (404, "expired_url")


async def test_a_response_is_ephemeral_unless_it_says_in_channel(app: App) -> None:
    url = (await app.slack.command(RITA, A2P, "/a2p")).payload["response_url"]
    await app.post(url, {"text": "quiet"})
    await app.post(url, {"text": "loud", "response_type": "in_channel"})
    await app.post(url, {"text": "still quiet", "response_type": "in_channel", "replace_original": True})
    assert (await app.post(url, {"text": "x", "colour": "red"}))[0] == 400
    assert (await app.post(url, {"text": "x", "blocks": [{"type": "alert"}]})) == (400, "invalid_blocks")
    assert [m["text"] for m in app.slack.ephemerals(RITA)] == ["still quiet"]
    assert [m["text"] for m in app.slack.messages(A2P)] == ["loud"]


async def test_a_response_to_a_click_replaces_or_deletes_the_message(app: App) -> None:
    await post(app, text="Sure?", blocks=[actions()])
    url = (await app.slack.click(RITA, "go")).payload["response_url"]
    await app.post(url, {"text": "Yes", "replace_original": True})
    assert [m["text"] for m in app.slack.messages(A2P)] == ["Yes"]
    await app.post(url, {"delete_original": True})
    assert app.slack.messages(A2P) == []
    assert await app.post(url, {"delete_original": True}) == (400, "message_not_found")


async def test_an_in_channel_ack_also_shows_what_was_typed(app: App) -> None:
    app.reply = always({"response_type": "in_channel", "text": "Here you are."})
    await app.slack.command(RITA, A2P, "/a2p", "status")
    assert [m["text"] for m in app.slack.messages(A2P)] == ["/a2p status", "Here you are."]


async def test_an_ack_with_unsound_blocks_is_an_error_the_person_sees(app: App) -> None:
    app.reply = always({"text": "x", "blocks": [{"type": "alert"}]})
    assert (await app.slack.command(RITA, A2P, "/a2p")).status == "invalid_ack"
    assert app.slack.ephemerals(RITA)[0]["user"] == "USLACKBOT"
