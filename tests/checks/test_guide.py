"""The guide explains what it knows, and says nothing of what it does not."""

import pytest

from bot.checks.guide import Guidance, Guide, form_field

GUIDE = Guide.load()


@pytest.mark.parametrize("code", [None, 0, 1, 99999, "", "none", "30 896", "3089x"])
def test_an_unknown_code_has_no_guidance_so_that_twilios_own_words_are_shown(code: int | str | None) -> None:
    assert GUIDE.explain(code) is None


@pytest.mark.parametrize(
    "field", ["", "SAMPLE_MESSAGE_0", "SAMPLE_MESSAGE_6", "SAMPLE_MESSAGE_11", "BRAND_COLOUR", "website_url"]
)
def test_an_unknown_field_is_not_guessed(field: str) -> None:
    assert form_field(field) is None


@pytest.mark.parametrize("code", [30896, "30896"])
def test_a_code_is_explained_whether_it_comes_as_number_or_text(code: int | str) -> None:
    guidance = GUIDE.explain(code)
    assert guidance is not None
    assert guidance.title == "Opt-in error"
    assert guidance.resubmittable is True
    assert "MessageFlow" in guidance.fields
    assert guidance.source_url.endswith("30896")


@pytest.mark.parametrize(
    ("field", "ours"),
    [
        ("MESSAGE_FLOW", "message_flow"),
        ("USE_CASE_DESCRIPTION", "description"),
        ("SAMPLE_MESSAGE_1", "sample_1"),
        ("SAMPLE_MESSAGE_5", "sample_5"),
        ("PRIVACY_POLICY_URL", "privacy_policy_url"),
        ("TERMS_AND_CONDITIONS_URL", "terms_and_conditions_url"),
        ("OPT_IN_MESSAGE", "opt_in_message"),
        ("HAS_EMBEDDED_PHONE", "has_embedded_phone"),
        ("MessageFlow", "message_flow"),
        ("MessageSamples", "sample_1"),
        ("HelpMessage", "help_message"),
        (" message_flow ", "message_flow"),
    ],
)
def test_a_field_that_twilio_names_is_found_in_the_form(field: str, ours: str) -> None:
    assert form_field(field) == ours


def test_every_entry_is_complete_and_says_where_it_comes_from() -> None:
    assert len(GUIDE) > 150
    incomplete = [
        g.code for g in GUIDE if not (g.title and g.meaning and g.remedy and g.source_url.startswith("https://"))
    ]
    assert incomplete == []


def test_codes_that_may_never_be_resubmitted_are_known_as_such() -> None:
    refused = {g.code for g in GUIDE if g.resubmittable is False}
    assert {30883, 30884, 30885, 30897, *range(30940, 30965)} <= refused


def test_where_resubmission_depends_on_the_case_nothing_is_promised() -> None:
    assert {g.code for g in GUIDE if g.resubmittable is None} >= {30880, 30882, 30899}


def test_guidance_is_kept_as_given() -> None:
    entry = Guidance(
        code=1,
        title="t",
        meaning="m",
        fields=(),
        remedy="r",
        source_url="https://x.example",
        kind="brand",
        resubmittable=None,
    )
    assert Guide({1: entry}).explain(1) == entry
