"""What an inquiry found is shown whole where it fits, and says what it leaves out where it does not."""

from typing import Any

import pytest

from bot.catalog.form import Form
from bot.catalog.operation import Inquiry
from bot.catalog.report import Report, Section
from bot.plans.finding import block, note, warn
from bot.twilio.gateway import Account
from handlers.blocks.report import report_message, report_modal
from tests.handlers.blocks.judge import elements, sound_message, sound_view, words
from tests.handlers.blocks.samples import ACCOUNT, STRANGE, NamedAccount


class Nothing(Form):
    """No question at all."""


async def _answer(form: Any, account: Account) -> Report:
    raise NotImplementedError


LOOK = Inquiry("service.show", "Show a service", "What it is set to.", "/a2p-service", "show", Nothing, _answer)
MAIN = NamedAccount(ACCOUNT, "main")


def report(text: str = "Acme support", lines: int = 3) -> Report:
    return Report(
        title=text or "-",
        facts=(("Name", text), ("Inbound", "defers to the sender's webhook")),
        sections=(
            Section(title="Senders", lines=tuple(f"{text} {n}" for n in range(lines))),
            Section(title="Campaigns", lines=("QE2c, VERIFIED",)),
        ),
        findings=(warn("odd", text, "Mend it.", "", (30034,)), block("broken", "No sender."), note("n", "Fine.")),
        links=(("Open in Console", "https://console.twilio.com/x"), ("Page", "https://evil.example")),
    )


@pytest.mark.parametrize("text", STRANGE)
def test_a_report_takes_any_text(text: str) -> None:
    sound_message(report_message(LOOK, report(text), MAIN))
    sound_view(report_modal(LOOK, report(text), MAIN, "draft"))


def test_a_report_says_what_is_odd_with_its_fix_and_the_account() -> None:
    shown = words(sound_message(report_message(LOOK, report(), MAIN)))
    order = ["Acme support", "main (`AC", "*Name*", "*Does not work*", "*Worth a look*", "*Senders*", "*Campaigns*"]
    assert sorted(order, key=shown.index) == order
    assert "Fix: Mend it." in shown
    assert "Leads to error <https://www.twilio.com/docs/api/errors/30034|30034>" in shown
    assert "<https://console.twilio.com/x|Open in Console>" in shown


def test_a_link_that_is_not_twilios_is_shown_as_it_is() -> None:
    assert "Page (`https://evil.example`)" in words(report_message(LOOK, report(), MAIN))


def test_a_long_report_says_how_much_is_left_out_and_keeps_its_other_lists() -> None:
    shown = words(sound_message(report_message(LOOK, report(lines=2000), MAIN)))
    assert "of 2000)" in shown
    assert "more lines did not fit" in shown
    assert "QE2c" in shown
    assert "what follows was left out" not in shown


def test_a_window_holds_more_than_a_message() -> None:
    shown = words(sound_view(report_modal(LOOK, report(lines=1500), MAIN, "draft")))
    assert "Acme support 1499" in shown


def test_a_report_of_nothing_is_not_empty() -> None:
    bare = Report(title="Addresses", sections=(Section(title="Addresses", lines=()),))
    assert "none" in words(sound_message(report_message(LOOK, bare, MAIN)))


def test_a_window_without_questions_has_no_way_back() -> None:
    assert elements(report_modal(LOOK, report(), MAIN, "draft")) == {}


def test_a_moment_is_shown_in_the_readers_own_time_and_what_only_looks_like_one_is_left_alone() -> None:
    facts = (("Since", "registered since 2026-11-21 20:22 UTC, as told"), ("Odd", "2026-13-45 99:99 UTC"))
    shown = words(sound_message(report_message(LOOK, Report(title="+15035550100", facts=facts), MAIN)))
    assert "registered since <!date^1795292520^" in shown
    assert "2026-13-45 99:99 UTC" in shown
