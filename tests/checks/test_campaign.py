"""The linter says before the review what reviewers would say after it, and keeps quiet about good texts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks.campaign import lint
from bot.checks.guide import Guide
from bot.checks.texts import CampaignTexts
from bot.plans.finding import Finding
from tests.catalog.world import CAMPAIGN, CONTENT

GOOD = CampaignTexts(
    description=CONTENT["description"],
    message_flow=CONTENT["message_flow"],
    samples=(CONTENT["sample_1"], CONTENT["sample_2"]),
    privacy_policy_url=CONTENT["privacy_policy_url"],
    terms_and_conditions_url=CONTENT["terms_and_conditions_url"],
    use_case=CAMPAIGN["use_case"],
    opt_in_keywords=(),
)
FLOW = GOOD.message_flow
FIRST, SECOND = GOOD.samples
SHOWN_CODES = {g.code for g in Guide.load()}


def findings(brand_name: str | None = "Acme Inc", **changes: Any) -> dict[str, Finding]:
    found = lint(GOOD.model_copy(update=changes), brand_name)
    return {f.code: f for f in found}


def test_good_texts_are_left_alone() -> None:
    assert findings() == {}


def test_nothing_that_the_linter_finds_stops_a_request() -> None:
    worst = CampaignTexts(
        description="x", message_flow="y", samples=("lorem ipsum", "lorem ipsum"), direct_lending=True
    )
    assert {f.severity for f in lint(worst, "Acme")} <= {"warn", "note"}


@pytest.mark.parametrize("brand_name", [None, "Acme", "Ünïcode GmbH & Co. KG", "LLC", "!!!"])
@given(st.lists(st.text(max_size=200), min_size=5, max_size=5), st.booleans())
def test_any_text_at_all_is_read_without_stumbling(brand_name: str | None, texts: list[str], flag: bool) -> None:
    read = CampaignTexts(
        description=texts[0],
        message_flow=texts[1],
        samples=(texts[2], texts[3]),
        privacy_policy_url=f"https://{texts[4]}",
        has_embedded_links=flag,
        help_message=texts[4],
        opt_in_message=texts[3],
        opt_out_message=texts[2],
        use_case="2FA",
    )
    for finding in lint(read, brand_name):
        assert finding.text
        assert finding.field
        assert set(finding.prevents) <= SHOWN_CODES


def test_every_finding_but_a_note_names_the_codes_that_it_prevents() -> None:
    worst = CampaignTexts(
        description="Casino loans for friends and family", message_flow="By ordering you agree. Pre-checked box.",
        samples=("http://bit.ly/x lorem ipsum", "http://bit.ly/x lorem ipsum"), help_message="Hello, dear reader.",
        opt_out_message="Goodbye and thanks, dear reader.", opt_in_message="Welcome to our list, dear reader.",
        use_case="2FA", opt_in_keywords=(),
    )  # fmt: skip
    found = lint(worst, "Acme")
    assert len(found) > 15
    assert [f.code for f in found if not f.prevents] == []


# samples


def test_samples_without_a_way_out_are_noticed() -> None:
    found = findings(samples=("Acme: your order [number] has left our bakery.", SECOND))["samples-without-opt-out"]
    assert (found.field, found.prevents) == ("sample_1", (30893,))


@pytest.mark.parametrize(
    "words", ["Reply STOP to opt out", "Text stop to end", "reply QUIT", "To opt-out visit us", "STOP=end"]
)
def test_every_usual_way_out_counts(words: str) -> None:
    assert "samples-without-opt-out" not in findings(samples=(f"Acme: order [number] is here. {words}.", SECOND))


def test_a_bus_stop_is_not_a_way_out() -> None:
    assert "samples-without-opt-out" in findings(samples=("Acme: the courier waits at the bus stop.", SECOND))


def test_a_sample_without_the_brand_is_noticed_where_it_stands() -> None:
    found = findings(samples=(FIRST, "Your parcel was handed over at [time]. Thank you!"))["sample-without-brand"]
    assert found.field == "sample_2"
    assert "“A••• I•••”" in found.text
    assert "Acme Inc" not in found.text


@pytest.mark.parametrize("name", ["ACME, Inc.", "Acme LLC", "The Acme Company", "acme"])
def test_the_legal_form_of_a_name_does_not_count(name: str) -> None:
    assert "sample-without-brand" not in findings(brand_name=name)


def test_an_unknown_brand_name_is_not_held_against_the_texts() -> None:
    assert findings(brand_name=None, samples=("Order [number] is here. Reply STOP to opt out.", SECOND)) == {}


def test_identical_samples_are_noticed() -> None:
    found = findings(samples=(FIRST, FIRST.upper()))["copied"]
    assert (found.field, found.prevents) == ("sample_2", (30911,))


def test_samples_that_differ_by_a_word_are_noticed() -> None:
    assert "copied" in findings(samples=(FIRST, FIRST.replace("today", "tomorrow")))


def test_a_description_copied_into_the_opt_in_is_noticed() -> None:
    assert findings(message_flow=GOOD.description)["copied"].field == "message_flow"


@pytest.mark.parametrize("host", ["bit.ly", "tinyurl.com", "www.bit.ly", "BIT.LY"])
def test_a_public_shortener_is_noticed(host: str) -> None:
    found = findings(samples=(f"{FIRST} https://{host}/abc", SECOND), has_embedded_links=True)["shortener"]
    assert (found.field, found.prevents) == ("sample_1", (30892, 30963))


@pytest.mark.parametrize("link", ["https://acme.example/bit.ly", "https://notbit.ly.acme.example/x", "mail@bit.ly"])
def test_a_link_that_only_looks_like_a_shortener_is_not_held_against_it(link: str) -> None:
    assert "shortener" not in findings(samples=(f"{FIRST} {link}", SECOND), has_embedded_links=True)


def test_a_link_over_plain_http_is_noticed() -> None:
    found = findings(samples=(FIRST, f"{SECOND} http://acme.example/x"), has_embedded_links=True)["plain-http"]
    assert (found.field, found.prevents[0]) == ("sample_2", 30964)


def test_an_undeclared_link_is_noticed() -> None:
    assert (
        findings(samples=(f"{FIRST} https://acme.example/o", SECOND))["links-undeclared"].field == "has_embedded_links"
    )


def test_a_declared_link_that_no_sample_shows_is_noticed() -> None:
    assert "links-not-shown" in findings(has_embedded_links=True)


def test_a_declared_link_that_a_sample_shows_is_right() -> None:
    assert findings(samples=(f"{FIRST} https://acme.example/o", SECOND), has_embedded_links=True) == {}


@pytest.mark.parametrize("number", ["(503) 555-0101", "503-555-0101", "+15035550101", "1-800-FLOWERS", "503.555.0101"])
def test_an_undeclared_phone_number_is_noticed(number: str) -> None:
    found = findings(samples=(f"{FIRST} Call {number}.", SECOND))["phone-undeclared"]
    assert (found.field, found.prevents) == ("has_embedded_phone", (30889,))


def test_a_declared_phone_number_that_no_sample_shows_is_noticed() -> None:
    assert findings(has_embedded_phone=True)["phone-not-shown"].prevents == (30889,)


@pytest.mark.parametrize("number", ["[123456]", "order 1234567890123", "2026-11-20", "$1,234.56"])
def test_other_numbers_are_not_phone_numbers(number: str) -> None:
    assert "phone-undeclared" not in findings(samples=(f"{FIRST} {number}", SECOND))


@pytest.mark.parametrize(
    "text", ["Lorem ipsum dolor", "test message", "[company name]", "Insert your text here", "<brand>"]
)
def test_placeholders_are_noticed(text: str) -> None:
    assert findings(samples=(FIRST, f"{SECOND} {text}"))["placeholder"].field == "sample_2"


def test_brackets_for_what_varies_are_no_placeholders() -> None:
    assert "placeholder" not in findings(
        samples=("Acme: [first name], your code is [code]. Reply STOP to end.", SECOND)
    )


# opt-in


@pytest.mark.parametrize(
    ("without", "code", "prevents"),
    [
        ("Message frequency varies.", "flow-without-frequency", 30545),
        ("Message and data rates may apply.", "flow-without-rates", 30569),
        ("Reply STOP to opt out, HELP for help.", "flow-without-stop", 30924),
    ],
)
def test_an_opt_in_that_lacks_a_required_statement_is_noticed(without: str, code: str, prevents: int) -> None:
    assert without in FLOW
    found = findings(message_flow=FLOW.replace(without, ""))[code]
    assert found.field == "message_flow"
    assert prevents in found.prevents


def test_an_opt_in_without_privacy_and_terms_is_noticed() -> None:
    flow = FLOW[: FLOW.index("Next to it")]
    assert {"flow-without-privacy", "flow-without-terms"} <= findings(message_flow=flow).keys()


def test_an_opt_in_that_names_no_way_in_is_noticed() -> None:
    assert "flow-without-method" in findings(
        message_flow="People agree to get messages from Acme at some point in time."
    )


def test_an_opt_in_on_the_web_without_a_link_is_noticed() -> None:
    flow = FLOW.replace("https://acme.example/", "the page ")
    assert 30909 in findings(message_flow=flow)["flow-without-link"].prevents


def test_an_opt_in_behind_a_login_needs_evidence() -> None:
    hidden = f"{FLOW} Customers log in to reach it."
    assert "flow-behind-login" in findings(message_flow=hidden)
    assert "flow-behind-login" not in findings(message_flow=f"{hidden} Screenshots: https://acme.example/optin.png")


@pytest.mark.parametrize("said", ["Text STOP to opt out.", "Text HELP for help.", "They chose text as their CHANNEL."])
def test_the_words_for_leaving_and_for_help_are_no_way_in(said: str) -> None:
    assert findings(message_flow=f"{FLOW} {said}") == {}


@pytest.mark.parametrize("words", ["terms", "Term of Use", "Terms & Conditions", "T&C"])
def test_terms_may_be_called_in_any_usual_way(words: str) -> None:
    assert "flow-without-terms" not in findings(message_flow=FLOW.replace("the terms", f"the {words}"))


def test_a_keyword_in_the_flow_needs_keywords_in_the_form() -> None:
    flow = f"{FLOW} People may also text JOIN to our number."
    assert findings(message_flow=flow)["keyword-missing"].field == "opt_in_keywords"
    assert "keyword-missing" not in findings(message_flow=flow, opt_in_keywords=("JOIN",))


def test_a_resubmission_is_not_asked_for_keywords_that_it_cannot_change() -> None:
    flow = f"{FLOW} People may also text JOIN to our number."
    assert "keyword-missing" not in findings(message_flow=flow, opt_in_keywords=None)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("The box is pre-checked.", "consent-pre-ticked"),
        ("New customers are automatically opted in.", "consent-pre-ticked"),
        ("By creating an account you agree to receive texts.", "consent-required"),
        ("Customers must agree to texts.", "consent-required"),
        ("We share numbers with our partners.", "consent-shared"),
        ("Numbers are sold to third parties.", "consent-shared"),
        ("We text purchased lists.", "contacts-bought"),
    ],
)
def test_consent_that_reviewers_do_not_take_is_noticed(said: str, code: str) -> None:
    assert findings(message_flow=f"{FLOW} {said}")[code].field == "message_flow"


@pytest.mark.parametrize(
    "said",
    [
        "The box is not pre-checked.",
        "Nobody must agree to anything they do not want.",
        "We never share numbers with third parties or partners.",
        "Mobile data won't be sold to third parties.",
        "We do not text purchased lists.",
    ],
)
def test_saying_no_to_bad_practice_is_not_bad_practice(said: str) -> None:
    assert findings(message_flow=f"{FLOW} {said}") == {}


# content


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Fresh CBD gummies are in.", 30940),
        ("Play at our casino tonight.", 30944),
        ("Bitcoin tips every day.", 30947),
        ("Ask about debt relief.", 30949),
        ("Half price on vodka.", 30955),
        ("New vape flavours.", 30958),
        ("Enter to win our raffle.", 30945),
        ("Act now!", 30962),
    ],
)
def test_content_that_carriers_refuse_is_noticed_with_its_code(said: str, code: int) -> None:
    found = findings(samples=(FIRST, f"Acme: {said} See you there."))["disallowed-content"]
    assert found.field == "sample_2"
    assert code in found.prevents


def test_a_promise_not_to_send_such_content_is_fine() -> None:
    assert findings(description=f"{GOOD.description} We never send gambling or alcohol offers.").keys() <= {"age-gate"}


def test_words_that_only_contain_a_bad_word_are_fine() -> None:
    assert findings(description=f"{GOOD.description} Essex, Hempstead, beering, begunne, alphabet.") == {}


def test_content_for_adults_needs_the_age_gate() -> None:
    found = findings(samples=(FIRST, "Acme: the new wine list is out for our club members."))["age-gate"]
    assert (found.field, found.prevents[0]) == ("age_gated", 30888)
    assert findings(samples=(FIRST, "Acme: the new wine list is out."), age_gated=True) == {}


def test_a_sweepstake_campaign_may_speak_of_its_sweepstake() -> None:
    samples = (FIRST, "Acme: you are in our raffle, the draw is on [date].")
    assert 30945 in findings(samples=samples)["disallowed-content"].prevents
    assert findings(samples=samples, use_case="SWEEPSTAKE") == {}


def test_an_age_gate_does_not_open_the_way_for_what_is_never_allowed() -> None:
    found = findings(samples=(FIRST, "Acme: the new vape flavours are out."), age_gated=True)
    assert 30958 in found["disallowed-content"].prevents


def test_lending_must_be_declared() -> None:
    found = findings(description=f"{GOOD.description} Mortgage customers too.")["lending-undeclared"]
    assert (found.field, found.prevents) == ("direct_lending", (30895,))


def test_declared_lending_must_be_described() -> None:
    assert findings(direct_lending=True)["lending-not-said"].field == "description"
    described = f"DIRECT LENDING. {GOOD.description}"
    assert findings(direct_lending=True, description=described) == {}


def test_a_thin_description_is_noticed() -> None:
    assert findings(description="Acme sends order texts to its customers.")["description-thin"].prevents == (30886,)


def test_a_text_in_another_language_is_noticed() -> None:
    spanish = "Acme envía avisos de pedidos a clientes que compraron y pidieron mensajes de texto al pagar."
    assert findings(description=spanish)["not-english"].prevents == (30910,)
    assert "not-english" in findings(
        description="Акме отправляет уведомления тем, кто их просил, для этого ставят галочку."
    )


def test_a_sample_that_sells_does_not_fit_a_service_use_case() -> None:
    selling = (FIRST, "Acme: 20% off all bread today only at our shop.")
    assert findings(samples=selling)["sample-off-use-case"].field == "sample_2"
    assert "sample-off-use-case" not in findings(samples=selling, use_case="MARKETING")


def test_samples_that_sell_need_consent_to_marketing() -> None:
    selling = (FIRST, "Acme: 20% off all bread today only at our shop.")
    assert findings(samples=selling, use_case="MARKETING")["marketing-consent"].prevents == (30913,)
    flow = FLOW.replace("order updates", "order updates and, separately, marketing messages")
    assert "marketing-consent" not in findings(samples=selling, use_case="MARKETING", message_flow=flow)


def test_a_passcode_campaign_shows_a_passcode() -> None:
    assert findings(use_case="2FA")["sample-off-use-case"].field == "sample_1"
    assert findings(use_case="2FA", samples=("Acme: your code is [code]. Reply STOP to opt out.", SECOND)) == {}


def test_a_mixed_campaign_is_told_to_name_its_kinds() -> None:
    assert findings(use_case="MIXED")["combined-use-case"].severity == "note"


# links to pages, replies


@pytest.mark.parametrize("field", ["privacy_policy_url", "terms_and_conditions_url"])
def test_pages_must_be_https_and_not_behind_a_shortener(field: str) -> None:
    assert findings(**{field: "http://acme.example/p"})["plain-http"].field == field
    assert findings(**{field: "https://bit.ly/p"})["shortener"].field == field


def test_a_help_reply_without_a_contact_is_noticed() -> None:
    assert findings(help_message="Acme: we are here for you.")["help-without-contact"].prevents == (30890,)


@pytest.mark.parametrize(
    "contact", ["help@acme.example", "(503) 555-0101", "https://acme.example/help", "acme.example"]
)
def test_every_usual_contact_counts(contact: str) -> None:
    assert findings(help_message=f"Acme: for help see {contact}") == {}


def test_a_free_mail_address_is_noticed() -> None:
    assert 30881 in findings(help_message="Acme: write to acme@gmail.com")["free-mail"].prevents


def test_an_opt_out_reply_must_say_that_messages_end() -> None:
    assert findings(opt_out_message="Acme: thanks for writing, goodbye.")["opt-out-unclear"].prevents == (30887,)
    assert findings(opt_out_message="Acme: you are unsubscribed and get no more messages.") == {}


def test_an_opt_in_reply_says_frequency_rates_help_and_stop() -> None:
    found = findings(opt_in_message="Acme: welcome to our order texts!")["opt-in-incomplete"]
    assert "frequency, rates, HELP, STOP" in found.text
    full = "Acme: you get order texts. Msg frequency varies. Msg and data rates may apply. HELP for help, STOP to stop."
    assert findings(opt_in_message=full) == {}


def test_a_reply_without_the_brand_is_noticed() -> None:
    assert (
        findings(help_message="For help write to help@support.example")["reply-without-brand"].field == "help_message"
    )
