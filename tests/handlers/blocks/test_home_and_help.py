"""App Home, help, usage and refusals are useful to anybody who sees them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.describe import describe
from bot.catalog.form import Mistake
from bot.catalog.operation import Entry
from handlers.blocks.following.portfolio import portfolio_blocks
from handlers.blocks.help import entry_help, help_message, incomplete, refusal, usage
from handlers.blocks.home import home_view
from tests.handlers.blocks.judge import elements, sound_message, sound_view, words
from tests.handlers.blocks.samples import ANN, CATALOG, NOW, RITA, STRANGE, change, plan, registration
from tests.handlers.blocks.shelves import shelf

NAMES = [o.name for o in CATALOG.operations]
ENTRIES = [e for e in CATALOG.entries if e.command]
LATE = NOW + 3 * 86400 - 3600
"""An hour before the changes of the samples expire."""
GUEST = "Guests take no part in this. Ask a full member of this workspace to request it."


@pytest.mark.parametrize("text", ["Acme alerts", *STRANGE])
def test_a_home_with_a_hundred_of_everything_fits(text: str) -> None:
    every = [change(of=plan(text), text=text, number=n) for n in range(100)]
    pending = [change(of=plan(text), number=n) for n in range(100)]
    followed = portfolio_blocks(shelf(*[registration(title=text)] * 10, total=5000, page=3, text=text, brand="BN1"))
    view = home_view(viewer=ANN, waiting=pending, mine=every, registrations=followed, may_ask=NAMES * 20, now=LATE)
    sound_view(view)
    assert "left out" not in words(view)
    assert {"home.start", "registration.open", "portfolio.page:older"} <= set(elements(view))


def test_home_shows_what_waits_first_with_the_buttons_to_decide() -> None:
    followed = portfolio_blocks(shelf())
    mine = [change("running", number=7)]
    view = home_view(viewer=ANN, waiting=[change()], mine=mine, registrations=followed, may_ask=[], now=NOW)
    shown = words(sound_view(view))
    order = ["Waits for you (1)", "#142", "What you asked for", "#7", "Brands and campaigns", "Start something"]
    assert sorted(order, key=shown.index) == order
    assert {"change.details", "change.approve", "change.reject"} <= set(elements(view))


def test_home_says_when_a_change_is_about_to_expire() -> None:
    view = home_view(viewer=ANN, waiting=[change()], mine=[], registrations=[], may_ask=[], now=LATE)
    assert "Expires in 1 hour." in words(view)


def test_people_can_withdraw_what_they_asked_for_without_seeing_the_approvals_channel() -> None:
    mine = [change(number=7), change("running", number=8)]
    view = home_view(viewer=RITA, waiting=[], mine=mine, registrations=[], may_ask=[], now=NOW)
    withdrawals = [e for b in view["blocks"] for e in b.get("elements", []) if e.get("action_id") == "change.cancel"]
    assert [e["value"].partition(":")[0] for e in withdrawals] == ["7"]


def test_home_of_a_guest_is_not_empty() -> None:
    view = home_view(viewer="U0GUS", waiting=[], mine=[], registrations=[], may_ask=[], now=NOW)
    shown = words(sound_view(view))
    assert "You may not ask for changes here." in shown
    assert elements(view) == {}


def test_home_starts_what_one_may_ask_for() -> None:
    view = home_view(viewer=ANN, waiting=[], mine=[], registrations=[], may_ask=["service.create", "gone"], now=NOW)
    assert elements(view)["home.start"]["value"] == "service.create"
    assert "Create a messaging service" in words(view)


def test_help_lists_commands_with_an_example() -> None:
    shown = words(sound_message(help_message(CATALOG, allowed=dict.fromkeys(NAMES, ""))))
    for entry in ENTRIES:
        assert f"`{entry.command} {entry.word}`" in shown
    assert "left out" not in shown
    assert '`/a2p-service create friendly_name="…"`' in shown
    assert "may not" not in shown


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_everything_has_a_page_of_its_own_that_is_complete(entry: Entry) -> None:
    shown = words(sound_message(entry_help(describe(entry))))
    assert "what follows was left out" not in shown
    assert all(f"`{field.name}`" in shown for field in describe(entry).fields)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_every_step_of_a_form_is_explained_alone(entry: Entry) -> None:
    for page in range(1, entry.form.pages() + 1):
        shown = words(sound_message(entry_help(describe(entry), page)))
        assert "what follows was left out" not in shown
        assert all(f"• `{f.name}` " in shown for f in describe(entry).fields if f.page == page)


def test_a_form_with_very_many_questions_names_them_by_step() -> None:
    assert "(explained by `/a2p-flex help onboard 4`): " in words(entry_help(describe(CATALOG["flex.onboard"])))


def test_a_page_says_limits_conditions_choices_and_defaults() -> None:
    shown = words(entry_help(describe(CATALOG["service.create"])))
    assert "• `friendly_name` Name: text, at most 64 characters." in shown
    assert "may be left out, then `36000`" in shown
    assert "`defer` (Defer to the sender's webhook)" in shown
    assert "only when “What to add” is “Phone numbers”" in words(entry_help(describe(CATALOG["sender.add"])))


def test_help_of_a_guest_shows_nothing_to_look_at() -> None:
    assert "looks only" not in words(help_message(CATALOG, allowed=dict.fromkeys(NAMES, GUEST), member=False))


@pytest.mark.parametrize("text", STRANGE)
def test_what_is_wrong_with_a_typed_command_takes_any_text(text: str) -> None:
    wrong = [Mistake("friendly_name", text or "-"), Mistake("", text or "-")]
    sound_message(incomplete(CATALOG["service.create"], wrong))


def test_help_lists_what_one_may_not_ask_for_in_small_print_with_the_rule() -> None:
    allowed = {name: "" if name == "service.create" else "nobody buys" for name in NAMES}
    message = sound_message(help_message(CATALOG, allowed=allowed))
    small = words({"blocks": [b for b in message["blocks"] if b["type"] == "context"]})
    assert "`/a2p-number buy`" in small
    assert "rule “nobody buys”" in small
    assert small.count("nobody buys") == 1


def test_help_for_a_guest_gives_the_reason_once() -> None:
    message = sound_message(help_message(CATALOG, allowed=dict.fromkeys(NAMES, GUEST)))
    assert "You may not ask for changes." in message["text"]
    assert words(message).count(GUEST) == 1


def test_an_operation_that_nobody_allowed_is_not_offered() -> None:
    assert "You may not ask for changes." in help_message(CATALOG, allowed={})["text"]


@pytest.mark.parametrize("text", STRANGE)
def test_help_usage_and_refusals_take_any_text(text: str) -> None:
    sound_message(help_message(CATALOG, allowed=dict.fromkeys(NAMES, text)))
    sound_message(usage("/a2p-service", CATALOG.words("/a2p-service"), text, text))
    sound_message(refusal(text or "No."))


def test_usage_names_what_was_typed_and_what_was_meant() -> None:
    message = sound_message(usage("/a2p-service", CATALOG.words("/a2p-service"), "craete", "create"))
    assert message["text"] == "`/a2p-service` does not know `craete`. Did you mean `/a2p-service create`?"
    assert "Create a messaging service" in words(message)


def test_usage_takes_bare_words_and_nothing_typed() -> None:
    message = sound_message(usage("/a2p-watch", ["on", "off"], "", None))
    assert message["text"] == "`/a2p-watch` needs a word after it."
    assert "`/a2p-watch off`" in words(message)


def test_a_refusal_keeps_the_people_it_names_and_nothing_else() -> None:
    text = "Only <@U0RITA> can withdraw it <!channel>."
    assert refusal(text)["text"] == "Only <@U0RITA> can withdraw it &lt;!channel&gt;."


@given(st.text(max_size=300).filter(str.strip))
def test_any_refusal_is_shown(text: str) -> None:
    sound_message(refusal(text))
