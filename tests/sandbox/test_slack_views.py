"""Triggers, the modal stack, hashes, inputs, submissions and Home, as slack.md sections 1.5, 1.6 and 3.1 say."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox.slack.inputs import ImpossibleInputError
from bot.sandbox.slack.interactions import OptionsLoadError
from bot.sandbox.slack.screens import NotOnScreenError
from bot.sandbox.world import APP_TOKEN
from tests.sandbox.slack_fixtures import (
    App,
    Clock,
    Json,
    actions,
    always,
    button,
    connected,
    field,
    home,
    manifest,
    modal,
    no_ack,
    open_modal,
    option,
    plain,
    section,
)

RITA = "U0RITA"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def app(clock: Clock) -> AsyncIterator[App]:
    async with connected(clock=clock) as app:
        yield app


# --- triggers


async def test_a_trigger_older_than_three_seconds_is_refused(app: App, clock: Clock) -> None:
    trigger = app.slack.store.new_trigger(RITA)
    clock.pass_(3.1)
    assert (await app.call("views.open", trigger_id=trigger, view=modal()))["error"] == "expired_trigger_id"


async def test_a_trigger_opens_one_modal_only(app: App) -> None:
    trigger = app.slack.store.new_trigger(RITA)
    assert (await app.call("views.open", trigger_id=trigger, view=modal()))["ok"]
    assert (await app.call("views.open", trigger_id=trigger, view=modal()))["error"] == "exchanged_trigger_id"
    assert (await app.call("views.open", trigger_id="1.2.abc", view=modal()))["error"] == "invalid_trigger_id"


async def test_a_refused_view_names_its_pointer_and_opens_nothing(app: App) -> None:
    trigger = app.slack.store.new_trigger(RITA)
    answer = await app.call("views.open", trigger_id=trigger, view=modal(title=plain("x" * 25)))
    assert answer["error"] == "invalid_arguments"
    assert "[json-pointer:/view/title/text]" in answer["response_metadata"]["messages"][0]
    assert app.slack.views(RITA) == []


async def test_a_view_may_come_as_json_text_in_a_form(app: App) -> None:
    trigger = app.slack.store.new_trigger(RITA)
    assert (await app.form("views.open", trigger_id=trigger, view="{not json"))["error"] == "invalid_arguments"
    view = '{"type":"modal","title":{"type":"plain_text","text":"T"},"blocks":[{"type":"divider"}]}'
    assert (await app.form("views.open", trigger_id=trigger, view=view))["ok"]


# --- the stack


async def test_a_fourth_view_on_the_stack_is_refused(app: App) -> None:
    view = await open_modal(app)
    for _ in range(2):
        trigger = app.slack.store.new_trigger(RITA, view_id=view["id"])
        assert (await app.call("views.push", trigger_id=trigger, view=modal()))["ok"]
    trigger = app.slack.store.new_trigger(RITA, view_id=view["id"])
    assert (await app.call("views.push", trigger_id=trigger, view=modal()))["error"] == "push_limit_reached"
    [root, second, top] = app.slack.views(RITA)
    assert top["previous_view_id"] == second["id"]
    assert top["root_view_id"] == root["id"]


async def test_a_push_without_an_open_modal_is_refused(app: App) -> None:
    trigger = app.slack.store.new_trigger(RITA)
    assert (await app.call("views.push", trigger_id=trigger, view=modal()))["error"] == "not_found"


async def test_an_external_id_in_use_is_refused_and_free_again_after_closing(app: App) -> None:
    await open_modal(app, modal(external_id="draft-1"))
    trigger = app.slack.store.new_trigger("U0ANN")
    answer = await app.call("views.open", trigger_id=trigger, view=modal(external_id="draft-1"))
    assert answer["error"] == "duplicate_external_id"
    await app.slack.close(RITA)
    await open_modal(app, modal(external_id="draft-1"))


async def test_an_external_id_stays_taken_when_the_client_is_reloaded(app: App) -> None:
    await open_modal(app, modal(external_id="draft-1"))
    app.slack.reload(RITA)
    trigger = app.slack.store.new_trigger(RITA)
    answer = await app.call("views.open", trigger_id=trigger, view=modal(external_id="draft-1"))
    assert answer["error"] == "duplicate_external_id"


async def test_an_update_with_an_old_hash_is_a_conflict(app: App) -> None:
    view = await open_modal(app)
    first = await app.call("views.update", view_id=view["id"], hash=view["hash"], view=modal(section("new")))
    second = await app.call("views.update", view_id=view["id"], hash=view["hash"], view=modal(section("newer")))
    assert first["view"]["hash"] != view["hash"]
    assert second["error"] == "hash_conflict"
    assert app.slack.views(RITA)[0]["blocks"][0]["text"]["text"] == "new"


async def test_a_closed_modal_cannot_be_updated(app: App) -> None:
    view = await open_modal(app)
    await app.slack.close(RITA)
    assert (await app.call("views.update", view_id=view["id"], view=modal()))["error"] == "not_found"


async def test_an_update_needs_exactly_one_of_view_id_and_external_id(app: App) -> None:
    view = await open_modal(app, modal(external_id="x"))
    for names in ({}, {"view_id": view["id"], "external_id": "x"}):
        assert (await app.call("views.update", view=modal(), **names))["error"] == "invalid_arguments"


async def test_inputs_survive_an_update_only_under_the_same_block_and_action_id(app: App) -> None:
    view = await open_modal(app, modal(field("keep"), field("rename")))
    for block_id in ("keep", "rename"):
        await app.slack.click(RITA, "v", block_id=block_id, value="typed")
    await app.call("views.update", view_id=view["id"], view=modal(field("keep"), field("renamed")))
    values = app.slack.views(RITA)[0]["state"]["values"]
    assert values == {
        "keep": {"v": {"type": "plain_text_input", "value": "typed"}},
        "renamed": {"v": {"type": "plain_text_input", "value": None}},
    }


# --- submitting


@pytest.mark.parametrize(
    ("block", "value", "words"),
    [
        (field("x"), None, "required"),
        (field("x", min_length=40), "short", "at least 40"),
        (field("x", max_length=3), "long", "at most 3"),
        (field("x", "number_input", is_decimal_allowed=False), "1.5", "whole number"),
        (field("x", "number_input", is_decimal_allowed=True, max_value="36000"), 36001, "above 36000"),
        (field("x", "email_text_input"), "rita@", "email"),
        (field("x", "url_text_input"), "acme.example", "URL"),
        (field("x", "checkboxes", options=[option("a")]), False, "required"),
        (
            field("x", "multi_static_select", options=[option("a"), option("b")], max_selected_items=1),
            ["a", "b"],
            "at most 1",
        ),
    ],
)
async def test_what_slacks_client_refuses_is_not_sent(app: App, block: Json, value: Any, words: str) -> None:
    await open_modal(app, modal(block))
    delivery = await app.slack.submit(RITA, {"x": value})
    assert delivery.status == "client_refused"
    assert words in delivery.errors["x"]
    assert app.received == []


async def test_a_replayed_call_gets_past_the_client(app: App) -> None:
    await open_modal(app, modal(field("x", "static_select", options=[option("a")])))
    with pytest.raises(ImpossibleInputError):
        await app.slack.submit(RITA, {"x": "forged"})
    delivery = await app.slack.submit(RITA, {"x": "forged"}, bypass_client=True)
    assert delivery.payload["view"]["state"]["values"]["x"]["v"]["selected_option"]["value"] == "forged"


async def test_a_submission_carries_plain_values_in_slacks_shapes(app: App) -> None:
    options = [option("a"), option("b")]
    await open_modal(
        app,
        modal(
            field("menu", "static_select", options=options, initial_option=options[0]),
            field("boxes", "checkboxes", options=options),
            field("who", "users_select"),
            field("day", "datepicker", block={"optional": True}),
            field("where", "conversations_select", response_url_enabled=True, default_to_current_conversation=True),
        ),
    )
    delivery = await app.slack.submit(RITA, {"boxes": ["b"], "who": "U0ANN"})
    view = delivery.payload["view"]
    values = {block_id: entry["v"] for block_id, entry in view["state"]["values"].items()}
    assert values["menu"]["selected_option"] == options[0]
    assert values["boxes"]["selected_options"] == [options[1]]
    assert values["who"] == {"type": "users_select", "selected_user": "U0ANN"}
    assert values["day"] == {"type": "datepicker", "selected_date": None}
    assert delivery.payload["response_urls"][0]["channel_id"] == "C0A2P"
    assert "response_url" not in delivery.payload
    assert app.slack.views(RITA) == []


async def test_errors_for_anything_but_input_blocks_are_an_invalid_ack(app: App) -> None:
    await open_modal(app, modal({**section(), "block_id": "words"}, field("name")))
    for errors in ({"words": "No."}, {"nowhere": "No."}, {}):
        app.reply = always({"response_action": "errors", "errors": errors})
        assert (await app.slack.submit(RITA, {"name": "x"})).status == "invalid_ack"
    assert len(app.slack.views(RITA)) == 1


@pytest.mark.parametrize("view", [modal(title=plain("x" * 25)), home(), "none"])
async def test_a_view_in_a_reply_is_validated_like_any_other(app: App, view: Any) -> None:
    await open_modal(app)
    app.reply = always({"response_action": "update", "view": view})
    delivery = await app.slack.submit(RITA, {"name": "x"})
    assert delivery.status == "invalid_ack"
    assert delivery.messages
    assert len(app.slack.views(RITA)) == 1


async def test_replies_update_push_and_clear_the_stack(app: App) -> None:
    await open_modal(app)
    app.reply = always({"response_action": "update", "view": modal(field("second"))})
    await app.slack.submit(RITA, {"name": "x"})
    app.reply = always({"response_action": "push", "view": modal(field("third"))})
    await app.slack.submit(RITA, {"second": "x"})
    assert [view["blocks"][0]["block_id"] for view in app.slack.views(RITA)] == ["second", "third"]
    app.reply = always({"response_action": "clear"})
    await app.slack.submit(RITA, {"third": "x"})
    assert app.slack.views(RITA) == []


async def test_an_unanswered_submission_leaves_the_modal_open(app: App) -> None:
    await open_modal(app)
    app.reply = no_ack
    assert (await app.slack.submit(RITA, {"name": "x"})).status == "timeout"
    assert app.slack.store.notices[RITA]
    assert app.slack.views(RITA)[0]["state"]["values"]["name"]["v"]["value"] == "x"


# --- closing


async def test_closing_is_told_only_when_asked_for_and_without_what_was_typed(app: App) -> None:
    await open_modal(app)
    assert (await app.slack.close(RITA)).status == "not_sent"
    view = await open_modal(app, modal(notify_on_close=True))
    await app.slack.click(RITA, "v", value="typed")
    delivery = await app.slack.close(RITA)
    assert delivery.payload["type"] == "view_closed"
    assert delivery.payload["is_cleared"] is False
    assert delivery.payload["view"]["id"] == view["id"]
    assert delivery.payload["view"]["state"]["values"] == {}


async def test_the_x_reports_the_root_view_as_cleared(app: App) -> None:
    root = await open_modal(app, modal(notify_on_close=True))
    trigger = app.slack.store.new_trigger(RITA, view_id=root["id"])
    await app.call("views.push", trigger_id=trigger, view=modal(notify_on_close=True))
    delivery = await app.slack.close(RITA, all_views=True)
    assert delivery.payload["view"]["id"] == root["id"]
    assert delivery.payload["is_cleared"] is True
    assert app.slack.views(RITA) == []


# --- actions and options in modals


async def test_a_dispatching_input_sends_its_value_and_a_silent_one_does_not(app: App) -> None:
    loud = field("loud", block={"dispatch_action": True})
    await open_modal(app, modal(loud, field("silent")))
    silent = await app.slack.click(RITA, "v", block_id="silent", value="typed")
    sent = await app.slack.click(RITA, "v", block_id="loud", value="hello")
    assert silent.status == "not_sent"
    assert sent.payload["actions"][0]["value"] == "hello"
    assert sent.payload["view"]["state"]["values"]["silent"]["v"]["value"] == "typed"
    assert sent.payload["container"]["type"] == "view"
    assert "response_url" not in sent.payload


async def test_options_beyond_slacks_limits_are_an_error(app: App) -> None:
    await open_modal(app, modal(field("x", "external_select", min_query_length=0)))
    for reply in ({"options": [option("a")] * 101}, {"options": [{"text": plain("x")}]}, {}):
        app.reply = always(reply)
        with pytest.raises(OptionsLoadError):
            await app.slack.suggest(RITA, "v", "")


async def test_options_load_after_enough_characters_and_can_be_chosen(app: App) -> None:
    await open_modal(app, modal(field("x", "external_select")))
    with pytest.raises(ImpossibleInputError):
        await app.slack.suggest(RITA, "v", "ab")
    app.reply = always({"options": [option("abc")]})
    assert await app.slack.suggest(RITA, "v", "abc") == [option("abc")]
    assert app.received[-1]["payload"]["value"] == "abc"
    app.reply = always({"response_action": "clear"})
    delivery = await app.slack.submit(RITA, {"x": "abc"})
    assert delivery.payload["view"]["state"]["values"]["x"]["v"]["selected_option"] == option("abc")


# --- Home


async def test_home_needs_the_tab_and_a_fresh_hash(app: App, tmp_path: Any) -> None:
    first = await app.call("views.publish", user_id=RITA, view=home())
    assert (await app.call("views.publish", user_id=RITA, view=home(), hash="0.0"))["error"] == "hash_conflict"
    assert (await app.call("views.publish", user_id=RITA, view=home(), hash=first["view"]["hash"]))["ok"]
    assert (await app.call("views.publish", user_id=RITA, view=modal()))["error"] == "invalid_arguments"
    async with connected(connect=False, manifest=manifest(tmp_path, home=False)) as other:
        assert (await other.call("views.publish", user_id=RITA, view=home()))["error"] == "not_enabled"


async def test_a_click_on_home_carries_the_view_and_opens_a_modal(app: App) -> None:
    with pytest.raises(NotOnScreenError):
        await app.slack.click(RITA, "go", view_id="home")
    await app.call("views.publish", user_id=RITA, view=home(actions(button("go", value="7"))))
    delivery = await app.slack.click(RITA, "go", view_id="home")
    assert delivery.payload["view"]["type"] == "home"
    assert delivery.payload["actions"][0]["value"] == "7"
    assert "response_url" not in delivery.payload
    assert (await app.call("views.open", trigger_id=delivery.payload["trigger_id"], view=modal()))["ok"]


async def test_the_app_token_opens_no_views(app: App) -> None:
    answer = await app.call("views.open", token=APP_TOKEN, trigger_id="x", view=modal())
    assert answer["error"] == "not_allowed_token_type"
