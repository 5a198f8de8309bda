"""A form is drawn page by page from its questions, and what people enter is read back as it was."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.form import Mistake
from bot.catalog.operation import Operation
from bot.sandbox.slack.elements import TEXT_INPUTS
from bot.sandbox.slack.inputs import client_errors, state_values
from handlers.blocks.form import (
    asked_on,
    drawn_fields,
    form_modal,
    notice_modal,
    read_state,
    read_values,
    working_modal,
)
from tests.handlers.blocks.judge import block, elements, sound_view, words
from tests.handlers.blocks.samples import CATALOG, HOSTILE, LONG, SERVICE, STRANGE, draft

SERVICE_CREATE = CATALOG["service.create"]
BUY = CATALOG["number.search_and_buy"]
REGISTER = CATALOG["campaign.register"]
TYPED = [o for o in CATALOG.operations if o.command]
PAGES = [(o, page) for o in TYPED for page in range(1, o.form.pages() + 1)]
OPEN_PAGES = [(o, page) for o in TYPED for page in o.form.open_pages({})]
NUMBERS = ["+15035550001", "+15035550002"]


def filled(view: dict[str, Any]) -> dict[str, Any]:
    """The view as Slack sends it back when nobody touches it."""
    return {**view, "state": {"values": state_values(view["blocks"], {})}}


@pytest.mark.parametrize(("operation", "page"), OPEN_PAGES, ids=lambda value: getattr(value, "name", str(value)))
def test_every_page_of_every_form_can_be_drawn(operation: Operation, page: int) -> None:
    view = sound_view(form_modal(operation, draft(operation=operation.name), page))
    assert drawn_fields(view) == set(asked_on(operation.form, {}, page))
    assert page == operation.form.open_pages({})[-1] or view["submit"]["text"] == "Next"


@pytest.mark.parametrize("text", STRANGE)
@pytest.mark.parametrize(("operation", "page"), [(SERVICE_CREATE, 1), (BUY, 2), (REGISTER, 2)])
def test_a_draft_of_any_text_can_be_drawn(operation: Operation, page: int, text: str) -> None:
    _full_of(operation, page, text)


@pytest.mark.parametrize("text", ["", HOSTILE * 40])
@pytest.mark.parametrize(("operation", "page"), PAGES, ids=lambda value: getattr(value, "name", str(value)))
def test_every_page_can_be_drawn_when_it_is_full(operation: Operation, page: int, text: str) -> None:
    _full_of(operation, page, text)


def _full_of(operation: Operation, page: int, text: str) -> None:
    names = list(operation.form.asks())
    for value in (text, [text, text]):
        values: dict[str, Any] = dict.fromkeys(names, value) | {f"{n}#label": value for n in names}
        mistakes = [Mistake(n, text) for n in (*names, "unknown", "")]
        sound_view(form_modal(operation, draft(values), page, resume=draft(values), mistakes=mistakes))


def test_a_form_carries_ids_only() -> None:
    view = form_modal(SERVICE_CREATE, draft({"friendly_name": "Acme secret"}), 2)
    memo = json.loads(view["private_metadata"])
    assert (memo["d"], memo["p"]) == (draft().id, 2)
    assert re.fullmatch("[0-9a-f]{12}", memo["s"])
    assert memo.keys() == {"d", "p", "s", "t"}
    assert view["external_id"] == f"form-{draft().id}"
    assert view["callback_id"] == "form"
    assert view["notify_on_close"] is True


def test_a_form_of_several_pages_says_where_one_is_and_goes_back() -> None:
    first, second = (form_modal(SERVICE_CREATE, draft(), page) for page in (1, 2))
    assert "Step 1 of 2 · Name and inbound" in words(first)
    assert "form.back" not in elements(first)
    assert "form.back" in elements(second)


def test_what_is_filled_in_comes_back_as_it_was() -> None:
    values = {"friendly_name": "Acme", "usecase": "marketing", "inbound": "webhook", "inbound_method": "GET"}
    values["inbound_request_url"] = "https://acme.example/in"
    seen = read_values(SERVICE_CREATE, filled(form_modal(SERVICE_CREATE, draft(values), 1)))
    assert values.items() <= seen.items()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=3000).filter(str.strip))
def test_any_paragraph_comes_back_as_it_was(text: str) -> None:
    view = form_modal(REGISTER, draft({"description": text}), 2)
    assert read_values(REGISTER, filled(view))["description"] == text


def test_yes_and_no_are_read_as_bools() -> None:
    view = filled(form_modal(SERVICE_CREATE, draft({"sticky_sender": False, "mms_converter": "no"}), 2))
    seen = read_values(SERVICE_CREATE, view)
    assert (seen["sticky_sender"], seen["mms_converter"], seen["smart_encoding"]) == (False, False, True)


def test_a_typed_answer_that_is_neither_yes_nor_no_is_asked_again() -> None:
    view = form_modal(SERVICE_CREATE, draft({"sticky_sender": "maybe"}), 2)
    assert "initial_option" not in block(view, "sticky_sender")["element"]
    assert "sticky_sender" in client_errors(view["blocks"], state_values(view["blocks"], {}))


def test_defaults_are_shown_so_that_people_see_what_will_be_set() -> None:
    assert read_values(SERVICE_CREATE, filled(form_modal(SERVICE_CREATE, draft(), 2)))["validity_period"] == "36000"


def test_chosen_things_keep_their_labels() -> None:
    values: dict[str, Any] = {
        "phone_numbers": NUMBERS,
        "phone_numbers#label": ["503-555-0001 Portland", "503-555-0002"],
    }
    values |= {"service_sid": SERVICE, "service_sid#label": "Acme alerts"}
    view = form_modal(BUY, draft(values), 2)
    sound_view(view)
    assert values.items() <= read_values(BUY, filled(view)).items()
    assert block(view, "service_sid")["element"]["initial_option"]["text"]["text"] == "Acme alerts"


def test_labels_that_belong_to_other_choices_are_not_shown() -> None:
    view = form_modal(BUY, draft({"phone_numbers": NUMBERS, "phone_numbers#label": ["one label"]}), 2)
    chosen = block(view, "phone_numbers")["element"]["initial_options"]
    assert [o["text"]["text"] for o in chosen] == NUMBERS


def test_typed_numbers_become_choices() -> None:
    view = form_modal(BUY, draft({"phone_numbers": " ".join(NUMBERS)}), 2)
    assert read_values(BUY, filled(view))["phone_numbers"] == NUMBERS


def test_what_was_emptied_is_read_as_empty() -> None:
    nothing: dict[str, Any] = {
        "inbound_request_url": {"field:inbound_request_url": {"type": "url_text_input", "value": None}},
        "usecase": {"field:usecase": {"type": "static_select", "selected_option": None}},
        "sticky_sender": {"field:sticky_sender": {"type": "radio_buttons", "selected_option": None}},
        "not_a_field": {"x": {"type": "plain_text_input", "value": "forged"}},
    }
    assert read_state(SERVICE_CREATE, nothing) == {"inbound_request_url": "", "usecase": ""}
    lookups: dict[str, Any] = {
        "phone_numbers": {"lookup:available_numbers": {"selected_options": []}},
        "service_sid": {},
    }
    assert read_state(BUY, lookups) == {"phone_numbers": [], "phone_numbers#label": []}


def test_a_view_without_state_is_read_as_nothing() -> None:
    assert read_values(SERVICE_CREATE, {}) == {}


@pytest.mark.parametrize(("operation", "page"), PAGES, ids=lambda value: getattr(value, "name", str(value)))
def test_every_answer_is_sent_while_it_is_given(operation: Operation, page: int) -> None:
    for asked in (b for b in form_modal(operation, draft(), page)["blocks"] if b["type"] == "input"):
        assert asked["dispatch_action"] is True
        if asked["element"]["type"] in TEXT_INPUTS:
            assert asked["element"]["dispatch_action_config"] == {"trigger_actions_on": ["on_character_entered"]}


def test_every_element_says_which_field_or_source_it_is_about() -> None:
    assert "field:description" in elements(form_modal(REGISTER, draft(), 2))
    assert "lookup:brands" in elements(form_modal(REGISTER, draft(), 1))


def test_slack_itself_asks_for_what_is_needed_and_for_nothing_else() -> None:
    view = form_modal(BUY, draft(), 2)
    assert set(client_errors(view["blocks"], state_values(view["blocks"], {}))) == {"phone_numbers"}


def test_an_older_draft_is_offered() -> None:
    older = draft().model_copy(update={"id": "older"})
    view = sound_view(form_modal(SERVICE_CREATE, draft(), 1, resume=older))
    assert elements(view)["form.resume"]["value"] == "older"
    assert "You left a draft (" in words(view)


def test_a_mistake_of_another_page_names_its_field_and_step() -> None:
    view = form_modal(SERVICE_CREATE, draft(), 1, mistakes=[Mistake("validity_period", "at most 36000")])
    alert = view["blocks"][0]
    assert alert["type"] == "alert"
    assert alert["text"]["text"] == "Validity period, seconds (step 2): at most 36000"


def test_a_mistake_of_no_field_is_shown_in_full() -> None:
    view = sound_view(form_modal(SERVICE_CREATE, draft(), 1, mistakes=[Mistake("", f"Twilio refused it. {LONG}")]))
    assert view["blocks"][0]["text"]["text"] == "Twilio refused it."
    assert LONG[:200] in words(view)


def test_a_text_too_long_for_slack_is_not_lost_in_silence() -> None:
    assert "The last 500 of the text" in words(form_modal(REGISTER, draft({"description": "x" * 3500}), 2))


def test_hints_are_shown_without_markup() -> None:
    hint = block(form_modal(BUY, draft(), 1), "contains")["hint"]["text"]
    assert "at either end “*” is one digit" in hint


@pytest.mark.parametrize("text", [*filter(str.strip, STRANGE), "#142 waits in <#C0APPROVALS>."])
def test_windows_that_only_say_something_take_any_text(text: str) -> None:
    sound_view(working_modal(text, text, external_id="form-x"))
    sound_view(notice_modal(text, text, level="error"))


def test_a_notice_keeps_the_links_to_people_and_channels_that_we_wrote() -> None:
    assert "<#C0APPROVALS>" in words(notice_modal("Requested #142", "#142 waits in <#C0APPROVALS>."))
