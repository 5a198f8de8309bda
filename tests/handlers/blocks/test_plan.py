"""A preview shows everything that would be done, exactly, and nothing in it can pass for something else."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.call import Call, Ref
from bot.plans.cost import Cost
from bot.plans.finding import warn
from bot.plans.plan import Difference, Plan
from bot.plans.step import Adopt, GivenStep, ManualStep, WaitStep
from handlers.blocks.plan import call_text, checks, details_modal, plan_blocks, plan_message, preview_modal, price
from tests.handlers.blocks.judge import elements, sound_message, sound_view, words
from tests.handlers.blocks.samples import CATALOG, STATES, STRANGE, buying, by_hand, change, draft, plan

SERVICE_CREATE = CATALOG["service.create"]


def preview(of: Plan) -> dict[str, Any]:
    """The preview of a draft with this plan."""
    return sound_view(preview_modal(SERVICE_CREATE, draft(of=of)))


@pytest.mark.parametrize("text", STRANGE)
def test_a_preview_takes_any_text(text: str) -> None:
    preview(plan(text))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("text", ["Acme alerts", *STRANGE])
def test_details_take_every_state_and_any_text(state: Any, text: str) -> None:
    sound_view(details_modal(change(state, of=plan(text), text=text)))


def test_a_hundred_findings_and_a_hundred_steps_fit() -> None:
    view = preview(plan(findings=100, steps=100))
    assert "100. Create" in words(view)
    assert "left out" not in words(view)
    assert "(100)" in words(view)


def test_ten_numbers_bought_at_once_show_each_call() -> None:
    shown = words(preview(buying()))
    assert shown.count("PhoneNumber = +1503555") == 10
    assert "PhoneNumberSid = {number_10.sid}" in shown
    assert "$11.50 a month" in shown


def test_a_plan_that_may_be_asked_for_has_its_button() -> None:
    view = preview(plan())
    assert view["submit"]["text"] == "Request approval"
    assert view["callback_id"] == "preview"
    assert json.loads(view["private_metadata"]) == {"d": draft().id, "g": plan().digest}
    assert "form.back" in elements(view)


def test_a_plan_that_is_blocked_can_only_go_back() -> None:
    view = preview(plan(severity="block", findings=2))
    assert "submit" not in view
    assert list(elements(view)) == ["form.back"]
    assert "2 findings below stop this request" in words(view)


def test_a_draft_without_a_plan_has_no_preview() -> None:
    with pytest.raises(ValueError, match="no plan"):
        preview_modal(SERVICE_CREATE, draft())


def test_findings_come_first_the_worst_on_top() -> None:
    mixed = plan(findings=1, severity="note").model_copy(
        update={"findings": (*plan(severity="note").findings, *plan(severity="block").findings)}
    )
    shown = words({"blocks": plan_blocks(mixed)})
    order = ["Stops this request", "Good to know", "What changes", "Price", "Exactly what is done"]
    assert sorted(order, key=shown.index) == order


def test_a_finding_says_what_it_prevents() -> None:
    assert "Prevents error <https://www.twilio.com/docs/api/errors/30893|30893>" in words(preview(plan()))


def test_uncertain_prices_say_so_and_why() -> None:
    shown = words(preview(plan()))
    assert "$15.00 once, then about $10.00 a month" in shown
    assert "*Total in the first month*: about $25.00" in shown
    assert "names no price" in shown
    assert "fee article" in shown


def test_a_plan_that_costs_nothing_says_so() -> None:
    free = plan().model_copy(update={"costs": ()})
    assert price(free) == "no charge that Tenfour knows of"


def test_a_price_that_twilio_does_not_name_is_not_passed_over() -> None:
    cost = Cost(what="number", usd=Decimal("1.15"), period="month", source="Twilio")
    part = plan().model_copy(update={"costs": (cost,), "findings": (warn("price-unknown", "No price."),)})
    assert price(part) == "$1.15 a month; at least one price is unknown"
    assert price(part, "paid") == "no charge that Tenfour knows of"  # of what is approved later nothing is unknown


def test_checks_are_counted_by_severity() -> None:
    assert checks(plan(findings=2)) == "2 warnings"
    assert checks(plan(findings=0)) == "no findings"


def test_steps_that_are_no_calls_say_who_acts() -> None:
    shown = words(preview(by_hand()))
    assert "2. Wait: The campaign is verified" in shown
    assert "until VERIFIED" in shown
    assert "3. By hand: Switch on Autocreate" in shown


def test_a_call_is_shown_exactly() -> None:
    call = Call(
        product="messaging",
        method="POST",
        path="/v1/Services/{service.sid}",
        params={"FriendlyName": "Acme & <Co>", "Samples": ("one", "two"), "Sid": Ref(step="number")},
        headers={"X-Twilio-Api-Version": "v1.2"},
    )
    assert call_text(call).split("\n") == [
        "POST /v1/Services/{service.sid}",
        "X-Twilio-Api-Version: v1.2",
        "FriendlyName = Acme & <Co>",
        "Samples = one",
        "Samples = two",
        "Sid = {number.sid}",
    ]


@given(st.text(max_size=200))
def test_no_value_can_pass_for_another_parameter(value: str) -> None:
    call = Call(product="messaging", method="POST", path="/v1/Services", params={"A": value, "B": (value, value)})
    lines = [line for line in call_text(call).splitlines() if not line.startswith("    ")]
    assert [line.split(" ")[0] for line in lines] == ["POST", "A", "B", "B"]


def test_a_value_that_looks_like_a_reference_is_told_from_one() -> None:
    params = {"A": "{service.sid}", "B": Ref(step="service")}
    call = Call(product="messaging", method="POST", path="/v1/Services", params=params)
    assert call_text(call).splitlines()[1:] == ["A = {service.sid}  (as text)", "B = {service.sid}"]


def test_a_line_break_in_a_title_cannot_fake_a_line() -> None:
    shown = words(preview(plan("Acme\n2. Delete everything")))
    assert "\n2. Delete everything" not in shown.replace("    2. Delete everything", "")


def test_details_show_the_plan_the_decisions_the_steps_and_what_happened() -> None:
    shown = words(details_modal(change("failed")))
    for part in ("Approved by <@U0ANN>", "✕ failed", "21713", "POST /v1/Services", "What happened", "asked: rule: one"):
        assert part in shown


def test_a_long_timeline_shows_its_end() -> None:
    long = change("running")
    many = long.model_copy(update={"timeline": long.timeline * 200})
    assert "_300 older entries are not shown._" in words(sound_view(details_modal(many)))


def test_a_difference_at_the_end_of_a_long_text_is_shown() -> None:
    long = "Customers tick a box when they order. " * 20
    changed = (Difference(field="How people opt in", before=long, after=long + "The box is on paper too."),)
    shown = words({"blocks": plan_blocks(plan().model_copy(update={"differences": changed}))})
    assert "The box is on paper too." in shown


def test_a_side_of_a_difference_that_has_quotes_gets_no_others() -> None:
    moved = Difference(field="+15035550101", before="in no service", after="in “Acme alerts”")
    shown = words(preview(plan().model_copy(update={"differences": (moved,)})))
    assert "in no service → in “Acme alerts”" in shown


def test_a_plan_that_sends_nothing_does_not_list_what_is_done() -> None:
    shown = words(preview(plan(steps=0, severity="block")))
    assert "Nothing would be sent to Twilio." in shown
    assert "Exactly what is done" not in shown


def test_a_wait_says_what_ends_it_and_what_people_can_do_meanwhile() -> None:
    wait = WaitStep(
        id="numbers",
        title="The numbers are registered",
        watches=(),
        until=("REGISTERED", "DONE"),
        fails=("FAILED",),
        counts_after={"PENDING": 86400.0},
        meanwhile="Send a test message.",
        word="I have seen them registered.",
    )
    shown = words(preview(plan().model_copy(update={"steps": (wait,)})))
    assert "1. Wait: The numbers are registered" in shown
    assert (
        "until REGISTERED or DONE; PENDING counts after 1 day; fails on FAILED; a person may say: I have seen them "
        "registered; Send a test message" in shown
    )


def test_a_manual_step_says_where_and_whether_anybody_checks() -> None:
    there = ManualStep(id="a", title="Switch it on", where="Console, Services.", link="https://console.twilio.com/x")
    read = Adopt(read=Call(product="messaging", method="GET", path="/v1/Services"))
    checked = there.model_copy(update={"check": read})
    shown = words(preview(plan().model_copy(update={"steps": (there, checked)})))
    assert "Console, Services; https://console.twilio.com/x; a person's word closes it" in shown
    assert "what Twilio shows then is checked" in shown


def test_what_stands_at_twilio_already_is_not_sent() -> None:
    given_step = GivenStep(id="service", title="The service “Acme”", result={"sid": "MG1"})
    shown = words(preview(plan().model_copy(update={"steps": (given_step,)})))
    assert "1. There already: The service “Acme”" in shown
    assert "nothing is sent; sid MG1" in shown


@pytest.mark.parametrize("text", ["Acme alerts", *STRANGE])
def test_a_plan_can_be_told_without_being_asked_for(text: str) -> None:
    message = sound_message(plan_message(SERVICE_CREATE, plan(text)))
    assert "Nothing was asked for." in message["text"]


def test_a_plan_that_is_blocked_says_that_it_could_not_be_requested() -> None:
    assert (
        "could not be requested: 2 findings" in plan_message(SERVICE_CREATE, plan(severity="block", findings=2))["text"]
    )
