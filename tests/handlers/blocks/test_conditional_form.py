"""A form asks only what its answers leave open, and never shows an answer that identifies somebody."""

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from bot.catalog.form import Ask, Form, Mistake, Option, When
from bot.catalog.operation import Context, Operation
from bot.plans.plan import Plan
from bot.sandbox.slack.inputs import client_errors, state_values
from handlers.blocks.form import ACCOUNT, drawn_fields, form_modal, read_values
from tests.handlers.blocks.judge import block, elements, sound_view, words
from tests.handlers.blocks.samples import ACCOUNT as MAIN
from tests.handlers.blocks.samples import NamedAccount, draft

KINDS = (Option("person", "A person"), Option("company", "A company"))
EIN = "12-3456789"


class Register(Form):
    """Three pages, of which the second is for companies alone."""

    page_titles = ("Who", "Company", "Contact")

    kind: Annotated[Literal["person", "company"], Ask("Kind", control="choice", options=KINDS)] = "person"
    first_name: Annotated[str, Ask("First name", sensitive=True, when=When("kind", ("person",)))]
    listed: Annotated[bool, Ask("Listed", control="yes_no", page=2, when=When("kind", ("company",)))] = False
    ticker: Annotated[str, Ask("Ticker", page=2, when=When("listed", (True,)))]
    tax_id: Annotated[
        str,
        Field(max_length=12),
        Ask("Tax id", "Nine digits.", page=2, sensitive=True, when=When("kind", ("company",))),
    ]
    phone: Annotated[str | None, Ask("Phone", page=3, sensitive=True)] = None


async def _plan(form: Register, context: Context) -> Plan:
    raise NotImplementedError


REGISTER = Operation("brand.x", "Register", "Somebody.", "/a2p-brand", "x", Register, _plan)


def modal(page: int, **values: Any) -> dict[str, Any]:
    return sound_view(form_modal(REGISTER, draft(values), page))


def answered(view: dict[str, Any], inputs: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a view holds when these texts were typed."""
    typed = {n: {f"field:{n}": {"type": "plain_text_input", "value": v}} for n, v in (inputs or {}).items()}
    return {**view, "state": {"values": state_values(view["blocks"], typed)}}


# what is asked


def test_only_what_the_answers_leave_open_is_asked() -> None:
    assert drawn_fields(modal(1)) == {"kind", "first_name"}
    assert drawn_fields(modal(1, kind="company")) == {"kind"}
    assert drawn_fields(modal(2, kind="company")) == {"listed", "tax_id"}
    assert drawn_fields(modal(2, kind="company", listed=True)) == {"listed", "ticker", "tax_id"}


def test_a_page_without_questions_is_not_counted() -> None:
    assert "Step 1 of 2 · Who" in words(modal(1))
    assert "Step 2 of 2 · Contact" in words(modal(3))
    assert "Step 3 of 3 · Contact" in words(modal(3, kind="company"))


def test_a_page_without_questions_gives_way_to_the_one_before_it() -> None:
    assert json.loads(modal(2)["private_metadata"])["p"] == 1


def test_the_last_page_that_applies_leads_on() -> None:
    assert modal(1)["submit"]["text"] == "Next"
    assert modal(3)["submit"]["text"] == "Preview"


def test_a_mistake_names_the_step_as_people_count_it() -> None:
    view = form_modal(REGISTER, draft({}), 1, mistakes=[Mistake("phone", "not a number")])
    assert "Phone (step 2): not a number" in words(view)


@pytest.mark.parametrize(("page", "before", "after"), [(1, "person", "company"), (3, "person", "company")])
def test_a_window_carries_what_of_it_depends_on_answers(page: int, before: str, after: str) -> None:
    shapes = {json.loads(modal(page, kind=kind)["private_metadata"])["s"] for kind in (before, after)}
    assert len(shapes) == 2


def test_an_answer_that_changes_nothing_else_leaves_the_window_as_it_is() -> None:
    shapes = {json.loads(modal(3, phone=text)["private_metadata"])["s"] for text in ("1", "2")}
    assert len(shapes) == 1


# what is not shown


def test_a_sensitive_answer_is_not_sent_back_to_slack() -> None:
    view = modal(2, kind="company", tax_id=EIN)
    assert EIN not in json.dumps(view)
    assert "Kept: •••89 (leave empty to keep)" in json.dumps(view, ensure_ascii=False)
    assert "tax_id" not in client_errors(view["blocks"], state_values(view["blocks"], {}))


def test_an_empty_sensitive_field_keeps_what_was_given() -> None:
    assert "tax_id" not in read_values(REGISTER, answered(modal(2, kind="company", tax_id=EIN)))


def test_a_new_sensitive_answer_replaces_the_old_one() -> None:
    view = answered(modal(2, kind="company", tax_id=EIN), {"tax_id": "98-7654321"})
    assert read_values(REGISTER, view)["tax_id"] == "98-7654321"


def test_half_a_sensitive_answer_is_not_read_while_it_is_typed() -> None:
    view = answered(modal(2, kind="company"), {"tax_id": "12-3"})
    assert "tax_id" not in read_values(REGISTER, view, sensitive=False)


def test_a_sensitive_answer_that_may_be_left_out_can_be_removed() -> None:
    view = modal(3, phone="+15035550123")
    assert "- to remove" in block(view, "phone")["element"]["placeholder"]["text"]
    assert read_values(REGISTER, answered(view, {"phone": "-"})) == {"phone": ""}


def test_a_needed_sensitive_answer_that_was_never_given_is_asked_for_by_slack_itself() -> None:
    view = modal(1)
    assert "first_name" in client_errors(view["blocks"], state_values(view["blocks"], {}))


# where it acts


def test_the_first_page_says_which_account_it_acts_on() -> None:
    accounts = [NamedAccount(MAIN, "main")]
    view = sound_view(form_modal(REGISTER, draft(), 1, accounts=accounts))
    assert f"Acts on main (`{MAIN}`)" in words(view)
    assert ACCOUNT not in elements(view)


def test_with_several_accounts_the_first_page_lets_people_choose() -> None:
    accounts = [NamedAccount(MAIN, "main"), NamedAccount("AC" + "6b" * 16, "acme")]
    first, last = (form_modal(REGISTER, draft(), page, accounts=accounts) for page in (1, 3))
    assert [o["text"]["text"] for o in elements(sound_view(first))[ACCOUNT]["options"]] == ["main", "acme"]
    assert elements(first)[ACCOUNT]["initial_option"]["value"] == MAIN
    assert ACCOUNT not in elements(last)


def test_an_account_that_is_gone_is_not_passed_off_as_another() -> None:
    gone = draft().model_copy(update={"account": "AC" + "7c" * 16})
    view = sound_view(form_modal(REGISTER, gone, 1, accounts=[NamedAccount(MAIN, "main")]))
    assert f"Acts on `{gone.account}`, which Tenfour cannot reach" in words(view)
    assert "initial_option" not in elements(view)[ACCOUNT]
