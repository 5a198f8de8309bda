"""`campaign.resubmit`: a rejected campaign goes back to review with what the rejection asked for, or not at all."""

from typing import Any

import pytest

from bot.catalog import catalog
from bot.catalog.operation import CannotPlanError
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.campaigns import Campaign
from bot.twilio.faults import Refused, Uncertain
from tests.catalog.world import CAMPAIGN, World, codes

SERVICE = start_state.SUPPORT_SERVICE
MORE = " Customers may untick the box at any time."


async def rejected(world: World, *rejection: int, fields: list[str] | None = None, **values: Any) -> dict[str, Any]:
    """Register, reject, and open the form: its prefilled answers."""
    await world.campaign(**values)
    world.twilio.desk.reject(SERVICE, list(rejection or (30896,)), fields)
    return await prefill(world, {"service_sid": SERVICE})


async def prefill(world: World, given: dict[str, Any]) -> dict[str, Any]:
    complete = catalog()["campaign.resubmit"].prefill
    assert complete is not None
    return await complete(given, world.account)


async def resubmit(world: World, values: dict[str, Any], **changes: Any) -> Plan:
    return await world.plan("campaign.resubmit", **(values | changes))


def step_of(plan: Plan) -> CallStep:
    step, _ = plan.steps
    assert isinstance(step, CallStep)
    return step


# what stands in the way


async def test_without_a_campaign_there_is_nothing_to_open(world: World) -> None:
    with pytest.raises(CannotPlanError, match="no campaign"):
        await prefill(world, {"service_sid": SERVICE})


async def test_without_a_campaign_there_is_nothing_to_plan(world: World) -> None:
    content = {k: v for k, v in CAMPAIGN.items() if k not in ("brand_sid", "use_case")}
    with pytest.raises(CannotPlanError, match="/a2p-campaign register"):
        await resubmit(world, content)


@pytest.mark.parametrize("status", ["IN_PROGRESS", "VERIFIED", "SUSPENDED", "SOMETHING_NEW"])
async def test_a_campaign_that_is_not_failed_stops_the_request(world: World, status: str) -> None:
    values = await rejected(world)
    world.twilio.desk.status(SERVICE, status)
    plan = await resubmit(world, values, message_flow=values["message_flow"] + MORE)
    (finding,) = [f for f in plan.findings if f.severity == "block"]
    assert finding.code == "campaign-not-failed"
    assert status in finding.text


async def test_a_resubmission_equal_to_the_one_just_rejected_stops_the_request(world: World) -> None:
    values = await rejected(world)
    plan = await resubmit(world, values)
    (finding,) = [f for f in plan.findings if f.severity == "block"]
    assert "equal to the one just rejected" in finding.text
    assert plan.differences == ()


async def test_blanks_and_line_ends_that_slack_changes_count_as_no_change(world: World) -> None:
    values = await rejected(world, message_flow=CAMPAIGN["message_flow"].replace(". ", ".\r\n"))
    assert "\r" not in values["message_flow"]
    assert "nothing-changed" in codes(await resubmit(world, values, description=f"  {values['description']} "), "block")


async def test_blanks_and_line_ends_within_a_text_count_as_no_change_either(world: World) -> None:
    values = await rejected(world)
    spaced = values["message_flow"].replace(" ", "  ").replace(". ", ".\n")
    plan = await resubmit(world, values, message_flow=spaced, description=values["description"].replace(" ", "  ", 3))
    assert "nothing-changed" in codes(plan, "block")
    assert "nothing-changed" not in codes(await resubmit(world, values, message_flow=spaced + MORE))


async def test_a_campaign_that_lives_in_tcr_stops_the_request(world: World) -> None:
    values = await rejected(world)
    world.rig(Campaign, SERVICE, is_externally_registered=True)
    plan = await resubmit(world, values, message_flow=values["message_flow"] + MORE)
    assert "external-campaign" in codes(plan, "block")


async def test_a_brand_that_was_suspended_meanwhile_stops_the_request(world: World) -> None:
    values = await rejected(world)
    world.twilio.desk.brand_status(start_state.APPROVED_BRAND, "SUSPENDED")
    plan = await resubmit(world, values, message_flow=values["message_flow"] + MORE)
    assert codes(plan, "block") == {"brand-not-approved"}


# what is worth knowing


async def test_a_code_that_may_not_be_resubmitted_is_told(world: World) -> None:
    values = await rejected(world, 30944)
    plan = await resubmit(world, values, description=values["description"] + MORE)
    finding = next(f for f in plan.findings if f.code == "not-resubmittable")
    assert finding.severity == "warn"
    assert "30944" in finding.text
    assert finding.prevents == (30944,)


async def test_a_named_field_that_is_unchanged_is_told_in_twilios_words(world: World) -> None:
    values = await rejected(world, 30896, fields=["MESSAGE_FLOW"])
    plan = await resubmit(world, values, description=values["description"] + MORE)
    finding = next(f for f in plan.findings if f.code == "named-field-unchanged")
    assert finding.field == "message_flow"
    assert "30896" in finding.text
    assert "MESSAGE_FLOW" in finding.text


async def test_a_named_sample_is_found_by_its_number(world: World) -> None:
    values = await rejected(world, 30893, fields=["SAMPLE_MESSAGE_2"])
    unchanged = await resubmit(world, values, sample_1=values["sample_1"] + " Thanks!")
    assert next(f for f in unchanged.findings if f.code == "named-field-unchanged").field == "sample_2"
    changed = await resubmit(world, values, sample_2=values["sample_2"] + " Thanks!")
    assert "named-field-unchanged" not in codes(changed)


async def test_a_named_field_that_was_changed_is_not_held_against_it(world: World) -> None:
    values = await rejected(world, 30896, fields=["MESSAGE_FLOW"])
    plan = await resubmit(world, values, message_flow=values["message_flow"] + MORE)
    assert "named-field-unchanged" not in codes(plan)


async def test_a_named_field_that_cannot_be_edited_is_told(world: World) -> None:
    values = await rejected(world, 30890, fields=["HELP_MESSAGE"])
    plan = await resubmit(world, values, description=values["description"] + MORE)
    finding = next(f for f in plan.findings if f.code == "named-field-not-editable")
    assert "Help reply" in finding.text
    assert "Delete the campaign" in finding.fix


async def test_unknown_codes_and_fields_do_not_break_the_view(world: World) -> None:
    values = await rejected(world)
    strange: list[dict[str, Any]] = [
        {"error_code": 39999, "description": "Brand new reason.", "fields": ["MOOD"], "url": "https://x.example"},
        {"error_code": 39998, "description": "Another one.", "fields": ["MESSAGE_FLOW"], "url": "https://x.example"},
        {"error_code": None, "description": None, "fields": None, "url": None},
    ]
    world.rig(Campaign, SERVICE, errors=strange)
    plan = await resubmit(world, values, description=values["description"] + MORE)
    (finding,) = [f for f in plan.findings if f.code == "named-field-unchanged"]
    assert "39998: Another one." in finding.text
    assert finding.fix == "https://x.example"
    assert finding.prevents == ()


async def test_what_cannot_be_changed_here_is_said(world: World) -> None:
    values = await rejected(world)
    assert "not-editable" in codes(await resubmit(world, values), "note")


async def test_the_texts_are_checked_again(world: World) -> None:
    values = await rejected(world)
    plan = await resubmit(world, values, sample_1="Acme: see https://bit.ly/x for order [number].")
    assert {"shortener", "samples-without-opt-out", "links-undeclared"} <= codes(plan, "warn")


async def test_the_fee_is_shown_as_one_that_may_come_again(world: World) -> None:
    (cost,) = (await resubmit(world, await rejected(world))).costs
    assert (str(cost.usd), cost.period, cost.certain) == ("15.00", "once", False)


# the call


async def test_the_form_opens_with_everything_that_was_rejected(world: World) -> None:
    values = await rejected(world, has_embedded_links=True, sample_3="Acme: a third one about order [number], see you.")
    assert values["service_sid"] == SERVICE
    for field in (
        "description",
        "message_flow",
        "privacy_policy_url",
        "terms_and_conditions_url",
        "sample_1",
        "sample_3",
    ):
        assert values[field] == {**CAMPAIGN, "sample_3": "Acme: a third one about order [number], see you."}[field]
    assert values["has_embedded_links"] is True
    assert values["sample_4"] is None


@pytest.mark.parametrize("words", ["order updates ", "order\nupdates  ", "orderupdates"])
async def test_a_long_description_comes_back_in_two_inputs_and_counts_as_unchanged(world: World, words: str) -> None:
    whole = (words * 400)[:4000].strip()
    await world.campaign(description="x" * 60)
    world.rig(Campaign, SERVICE, description=whole)
    world.twilio.desk.reject(SERVICE, [30896])
    values = await prefill(world, {"service_sid": SERVICE})
    assert len(values["description"]) <= 3000
    assert values["description_more"]
    plan = await resubmit(world, values, message_flow=values["message_flow"] + MORE)
    assert {d.field for d in plan.differences} == {"How people opt in"}


async def test_a_long_description_is_settled_as_one_text(world: World) -> None:
    values = await rejected(world)
    step = step_of(await resubmit(world, values, description_more="And this is what comes after it."))
    await world.account.send(step.call)
    assert step.adopt is not None
    assert len(await world.adopted(step.adopt, {})) == 1


async def test_what_was_typed_already_wins_over_what_was_rejected(world: World) -> None:
    await rejected(world)
    typed = "A description that was typed into the command, about order updates."
    assert (await prefill(world, {"service_sid": SERVICE, "description": typed}))["description"] == typed


async def test_without_a_service_the_form_opens_empty(world: World) -> None:
    assert await prefill(world, {}) == {}


async def test_the_write_is_whole_and_keeps_the_urls(world: World) -> None:
    values = await rejected(world)
    step = step_of(await resubmit(world, values, message_flow=values["message_flow"] + MORE))
    assert step.call.headers == {"X-Twilio-Api-Version": "v1.2"}
    assert step.call.params.keys() == {
        "Description", "MessageFlow", "MessageSamples", "HasEmbeddedLinks", "HasEmbeddedPhone", "AgeGated",
        "DirectLending", "PrivacyPolicyUrl", "TermsAndConditionsUrl",
    }  # fmt: skip
    campaign = await world.account.send(step.call)
    assert campaign["campaign_status"] == "IN_PROGRESS"
    assert campaign["privacy_policy_url"] == CAMPAIGN["privacy_policy_url"]


async def test_each_changed_field_is_shown_before_and_after(world: World) -> None:
    values = await rejected(world, sample_3="Acme: a third one about order [number], see you.")
    plan = await resubmit(world, values, sample_3=None, has_embedded_phone=True)
    assert {(d.field, d.before, d.after) for d in plan.differences} == {
        ("Sample message 3", "Acme: a third one about order [number], see you.", None),
        ("Messages hold phone numbers", "No", "Yes"),
    }


@pytest.mark.parametrize(
    "change",
    [
        {"message_flow": CAMPAIGN["message_flow"] + MORE},
        {"privacy_policy_url": "https://acme.example/privacy-2"},
        {"sample_2": "Acme: [name], your parcel stands at the door since [time]."},
        {"has_embedded_links": True},
    ],
)
async def test_a_lost_answer_is_settled_by_the_fields_that_changed(world: World, change: dict[str, Any]) -> None:
    values = await rejected(world)
    step = step_of(await resubmit(world, values, **change))
    assert step.adopt is not None
    assert step.adopt.repeatable is False
    assert await world.adopted(step.adopt, {}) == []
    world.twilio.faults.add("POST /messaging", drop_after_effect=True)
    with pytest.raises(Uncertain):
        await world.account.send(step.call)
    assert len(await world.adopted(step.adopt, {})) == 1


async def test_a_write_that_was_rejected_again_at_once_still_counts_as_written(world: World) -> None:
    values = await rejected(world)
    step = step_of(await resubmit(world, values, message_flow=values["message_flow"] + MORE))
    await world.account.send(step.call)
    world.twilio.desk.reject(SERVICE, [30909])
    assert step.adopt is not None
    assert len(await world.adopted(step.adopt, {})) == 1


@pytest.mark.parametrize("refusal", [{"status": 403}, {"status": 405}, {"code": 20003}])
async def test_where_twilio_takes_no_edits_over_its_api_the_other_ways_are_said(
    world: World, refusal: dict[str, Any]
) -> None:
    step = step_of(await resubmit(world, await rejected(world), message_flow=CAMPAIGN["message_flow"] + MORE))
    world.twilio.faults.add("POST /v1/Services", **refusal)
    with pytest.raises(Refused) as fault:
        await world.account.send(step.call)
    advice = step.advice.get(fault.value.code or 0) or step.advice[fault.value.status]
    assert "Fix Campaign" in advice
    assert "delete the campaign and register it again" in advice


async def test_the_registration_is_the_one_that_was_followed_before(world: World) -> None:
    (watch,) = (await resubmit(world, await rejected(world))).watches
    assert (watch.kind, watch.key) == ("campaign", SERVICE)
