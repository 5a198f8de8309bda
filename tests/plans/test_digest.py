"""A decision is bound to the digest: it must change with anything that is sent, and with nothing else."""

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from bot.plans.call import Call, Json, Ref
from bot.plans.finding import note
from bot.plans.masking import secret
from bot.plans.plan import Difference, Plan
from bot.plans.step import ApprovalStep, CallStep, ManualStep, WaitStep

names = st.text(st.characters(codec="ascii", categories=("Lu", "Ll")), min_size=1, max_size=12)
values = st.one_of(st.text(max_size=40), st.lists(st.text(max_size=10), min_size=1, max_size=3).map(tuple))
params = st.dictionaries(names, values, min_size=1, max_size=5)


def plan(*calls: Call, account: str = "AC1", **more: Any) -> Plan:
    steps = tuple(CallStep(id=f"s{i}", title="Do it", call=c) for i, c in enumerate(calls))
    return Plan(operation="service.create", account=account, title="A plan", steps=steps, **more)


def call(sent: dict[str, Any], path: str = "/v1/Services", method: str = "POST", **more: Any) -> Call:
    return Call.model_validate({"product": "messaging", "method": method, "path": path, "params": sent, **more})


@given(params)
def test_the_digest_does_not_depend_on_the_order_of_parameters(sent: dict[str, Any]) -> None:
    turned = dict(reversed(sent.items()))
    assert plan(call(sent)).digest == plan(call(turned)).digest


@given(params, params)
def test_different_parameters_never_share_a_digest(first: dict[str, Any], second: dict[str, Any]) -> None:
    assume(first != second)
    assert plan(call(first)).digest != plan(call(second)).digest


@given(params, st.data())
def test_changing_any_one_parameter_changes_the_digest(sent: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(sent)))
    other = data.draw(values.filter(lambda v: v != sent[name]))
    assert plan(call(sent)).digest != plan(call({**sent, name: other})).digest


@given(params)
def test_a_stored_plan_keeps_its_digest(sent: dict[str, Any]) -> None:
    before = plan(call(sent))
    assert Plan.model_validate_json(before.model_dump_json()).digest == before.digest


def test_a_reference_and_the_text_that_looks_like_it_have_different_digests() -> None:
    reference, text = Ref(step="service"), "{service.sid}"
    assert str(reference) == text
    assert plan(call({"Sid": reference})).digest != plan(call({"Sid": text})).digest


def test_one_value_and_a_list_of_one_value_have_different_digests() -> None:
    assert plan(call({"A": "x"})).digest != plan(call({"A": ("x",)})).digest


def test_method_path_header_and_account_are_covered() -> None:
    base = call({"A": "x"})
    others = [
        plan(call({"A": "x"}, method="DELETE")),
        plan(call({"A": "x"}, path="/v1/Services/MG1")),
        plan(call({"A": "x"}, headers={"X-Twilio-Api-Version": "v1.2"})),
        plan(call({"A": "x"}, product="api")),
        plan(base, account="AC2"),
        plan(base, base),
        plan(),
    ]
    assert len({p.digest for p in others} | {plan(base).digest}) == len(others) + 1


def test_the_order_of_calls_is_covered() -> None:
    first, second = call({"A": "1"}), call({"A": "2"})
    assert plan(first, second).digest != plan(second, first).digest


def test_words_for_people_are_not_covered() -> None:
    sent = call({"A": "x"})
    told = plan(
        sent, findings=(note("n", "Something new."),), differences=(Difference(field="A", before="", after="x"),)
    )
    assert told.digest == plan(sent).digest


def test_a_pause_in_the_middle_is_covered_as_taking_it_out_would_send_what_comes_after_it_at_once() -> None:
    sent = plan(call({"A": "x"}))
    for pause in (
        WaitStep(id="w", title="Wait", watches=(), until=("VERIFIED",)),
        ManualStep(id="w", title="By hand", where="Console"),
        ApprovalStep(id="w", title="Again"),
    ):
        assert sent.model_copy(update={"steps": (pause, *sent.steps)}).digest != sent.digest


def test_an_approval_of_one_part_is_none_of_the_next() -> None:
    told = plan(call({"A": "x"}))
    assert len({told.digest, told.digest_at("brand"), told.digest_at("campaign")}) == 3


def test_a_secret_is_covered_and_never_shown() -> None:
    first, second = (plan(call({"A": Json(fields={"ein": secret(number)})})) for number in ("12-3456789", "12-3456780"))
    assert first.digest != second.digest
    [step] = first.steps
    assert isinstance(step, CallStep)
    assert "3456" not in f"{step.call.params['A']} {step.call!r} {first!r}"
    assert step.call.resolved({}).params == {"A": '{"ein":"12-3456789"}'}
    assert first.masked("refused: 12-3456789") == "refused: •••89"


def test_a_plan_that_was_stored_by_an_earlier_version_keeps_its_digest() -> None:
    stored = plan(call({"A": Json(fields={"ein": secret("12-3456789"), "sid": Ref(step="s0")}), "B": ("x", "y")}))
    assert stored.digest == "e81526db4644d43abf04238b16c08f587d54a81448f5e51c69801ea75735ac3d"
