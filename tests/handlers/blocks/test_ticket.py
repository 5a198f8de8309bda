"""The support ticket: everything that whoever helps has to know, in one piece, and nobody's name."""

import re
from typing import Any

import pytest

from bot.checks.external import APPEALS
from bot.tracking.memory import Past, Refused
from bot.tracking.registration import Registration
from handlers.blocks.following.registration import Shown, registration_modal
from handlers.blocks.following.ticket import ticket_modal, ticket_text
from handlers.desk import DRAFTED
from tests.handlers.blocks.judge import sound_view, words
from tests.handlers.blocks.samples import ACCOUNT, NOW, RITA, SERVICE, STRANGE, error, registration, transition

NUMBERS = ["+15035550100", "+15035550101"]


def failed(**more: Any) -> Registration:
    the = registration("FAILED", error(30896))
    return the.model_copy(update={"snapshot": {**the.snapshot, **more}, "tries": 2})


def test_a_ticket_names_every_sid_the_numbers_the_states_the_errors_and_the_texts() -> None:
    the = failed()
    past = Past(refused=(Refused(registration=the.id, title="x", at=NOW, errors=({"error_code": 30893},)),))
    text = ticket_text(Shown(the, (transition("FAILED", error(30896)),), past=past, now=NOW), NUMBERS)
    for part in (
        "Subject: US A2P 10DLC campaign CABC123 is FAILED with 30896",
        f"Account SID: {ACCOUNT}",
        f"Messaging Service SID: {SERVICE}",
        "Brand registration SID: BN" + "3d" * 16,
        "Campaign id at TCR: CABC123",
        "+15035550100, +15035550101",
        "IN_PROGRESS to FAILED (30896)",
        "30896 about MESSAGE_FLOW: Opt-in could not be verified",
        "Message flow: People tick a box at checkout.",
        "Sample 2: Acme: your order [number] is here.",
        "Rejected on 2026-11-18 11:06 UTC (30893)",
        "submitted again: 2 times",
    ):
        assert part in text, part


def test_nobody_who_works_on_it_is_named() -> None:
    assert RITA not in ticket_text(Shown(failed()))


def test_what_a_brand_was_submitted_with_stays_at_twilio() -> None:
    brand = registration("FAILED", error(30795), kind="brand")
    held = {"description": "tax id 12-3456789", "message_flow": "Jane Doe", "business_name": "Acme"}
    text = ticket_text(Shown(brand.model_copy(update={"snapshot": {**brand.snapshot, **held}})))
    assert "12-3456789" not in text
    assert "Jane Doe" not in text


@pytest.mark.parametrize("text", ["Acme", *STRANGE])
def test_a_ticket_of_any_length_is_one_block_to_copy(text: str) -> None:
    the = registration(text, error(text, description=text), text=text, title=text)
    view = sound_view(ticket_modal(Shown(the), NUMBERS * 90))
    copied = [e for b in view["blocks"] if b["type"] == "rich_text" for e in b["elements"]]
    assert [e["type"] for e in copied] == ["rich_text_preformatted"]


def test_it_goes_to_support_and_an_appeal_against_a_dca_to_the_mailbox_for_it() -> None:
    assert "tickets/create|Twilio support>" in words(ticket_modal(Shown(failed())))
    of_dca = ticket_modal(Shown(failed(is_externally_registered=True)))
    assert APPEALS in words(of_dca)
    assert "[paste the feedback that TCR gave]" in words(of_dca)
    not_shared = failed(is_externally_registered=True, errors=[error(30904)])
    assert APPEALS not in words(ticket_modal(Shown(not_shared)))


def test_what_waits_is_asked_about_with_how_long_it_has_waited() -> None:
    text = ticket_text(Shown(registration(), now=NOW))
    assert re.search(r"status IN_PROGRESS \(under review\) since .* UTC, for 3 days now", text)
    assert "what it is waiting for" in text


def test_no_draft_is_promised_of_a_window_in_which_nothing_is_typed() -> None:
    windows = (ticket_modal(Shown(failed())), registration_modal(Shown(failed())))
    assert not {view["callback_id"] for view in windows} & DRAFTED
