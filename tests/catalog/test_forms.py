"""Forms: what people may type, told field by field, before anything is asked of Twilio."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog import catalog
from bot.catalog.campaigns.forms import CampaignRegister, CampaignResubmit
from bot.catalog.form import Form, mistakes, parse
from bot.catalog.numbers.buy import NumberSearchAndBuy
from bot.catalog.operation import Operation
from bot.catalog.senders.add import SenderAdd
from bot.catalog.services.edit import ServiceCreate
from tests.catalog.world import CAMPAIGN

OPERATIONS = [o for o in catalog().operations if o.command]
SERVICE = "MG" + "5e" * 16
NUMBER = "PN" + "01" * 16


def wrong(form: type[Form], values: dict[str, Any], page: int | None = None) -> dict[str, str]:
    return {m.field: m.text for m in mistakes(form, values, page)}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
class TestEveryForm:
    def test_fits_into_a_modal(self, operation: Operation) -> None:
        form = operation.form
        assert len(form.page_titles) in (0, form.pages())
        assert [t for t in form.page_titles if len(t) > 24] == []
        for ask in form.asks().values():
            assert 0 < len(ask.label) <= 48
            assert len(ask.hint) <= 200
            assert len(ask.placeholder) <= 150
            assert (ask.max_length or 1) <= 3000
            assert all(len(o.label) <= 75 and len(o.description) <= 75 and len(o.value) <= 150 for o in ask.options)

    def test_asks_for_every_field_and_for_nothing_else(self, operation: Operation) -> None:
        assert set(operation.form.asks()) == set(operation.form.model_fields)

    def test_has_a_page_for_every_number_up_to_its_last(self, operation: Operation) -> None:
        form = operation.form
        assert {ask.page for ask in form.asks().values()} == set(range(1, form.pages() + 1))

    def test_asks_in_the_order_of_its_pages(self, operation: Operation) -> None:
        pages = [ask.page for ask in operation.form.asks().values()]
        assert pages == sorted(pages)

    def test_names_a_known_list_for_every_lookup(self, operation: Operation) -> None:
        from bot.catalog.sources.lists import SOURCES

        lookups = {ask.source for ask in operation.form.asks().values() if ask.control in ("lookup", "lookups")}
        assert lookups <= SOURCES.keys()

    def test_tells_an_unknown_field_by_name(self, operation: Operation) -> None:
        assert "unknown field" in wrong(operation.form, {"colour": "red"})["colour"]

    def test_reads_any_text_without_stumbling(self, operation: Operation) -> None:
        @given(st.dictionaries(st.sampled_from(sorted(operation.form.asks())), st.text(max_size=60)))
        def reads(values: dict[str, str]) -> None:
            for text in wrong(operation.form, values).values():
                assert text

        reads()


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({}, "phone_numbers", "this is needed"),
        ({"phone_numbers": []}, "phone_numbers", "this is needed"),
        ({"phone_numbers": "+441234567890"}, "phone_numbers", "not a US number"),
        ({"phone_numbers": "+15035550101 +15035550101"}, "phone_numbers", "named twice"),
        ({"phone_numbers": "+15035550101, 503-555-0101"}, "phone_numbers", "named twice"),
        ({"phone_numbers": [f"+1503555{n:04d}" for n in range(11)]}, "phone_numbers", "at most 10"),
        ({"area_code": "12"}, "area_code", "three digits"),
        ({"area_code": "103"}, "area_code", "three digits"),
        ({"area_code": "503", "number_type": "toll_free"}, "area_code", "toll-free numbers start with 800"),
        ({"area_code": "888"}, "area_code", "choose the type toll-free"),
        ({"region": "Oregon"}, "region", "two letters"),
        ({"locality": "Portland", "number_type": "toll_free"}, "locality", "belong to no place"),
        ({"contains": "5;--"}, "contains", "2 to 16"),
        ({"number_type": "mobile"}, "number_type", "toll_free"),
        ({"sms_url": "acme.example"}, "sms_url", "https://"),
        ({"service_sid": NUMBER}, "service_sid", "not a messaging service SID"),
        ({"service_sid": SERVICE + "\n0"}, "service_sid", "not a messaging service SID"),
        ({"sms": "perhaps"}, "sms", "neither yes nor no"),
    ],
)
def test_a_purchase_refuses_what_twilio_would(values: dict[str, Any], field: str, said: str) -> None:
    assert said in wrong(NumberSearchAndBuy, values)[field]


@pytest.mark.parametrize("typed", ["+15035550101", "15035550101", "5035550101", "503-555-0101", "(503)555.0101"])
def test_a_number_may_be_written_in_any_usual_way(typed: str) -> None:
    assert parse(NumberSearchAndBuy, {"phone_numbers": typed}).phone_numbers == ("+15035550101",)


def test_the_first_page_of_a_purchase_does_not_ask_for_the_second() -> None:
    assert wrong(NumberSearchAndBuy, {"area_code": "503"}, page=1) == {}
    assert wrong(NumberSearchAndBuy, {"area_code": "503"}, page=2).keys() == {"phone_numbers"}


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"service_sid": SERVICE}, "numbers", "this is needed"),
        ({"numbers": NUMBER}, "service_sid", "this is needed"),
        ({"numbers": "MG1"}, "numbers", "not a US number"),
        ({"numbers": "PN1"}, "numbers", "not a phone number SID"),
        ({"numbers": [f"PN{n:032x}" for n in range(51)]}, "numbers", "at most 50"),
    ],
)
def test_adding_senders_refuses_what_is_no_number(values: dict[str, Any], field: str, said: str) -> None:
    assert said in wrong(SenderAdd, values)[field]


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"description": "x" * 39}, "description", "at least 40"),
        ({"description": "x" * 4097}, "description", "at most 3000"),
        ({"description": " " * 50}, "description", "this is needed"),
        ({"message_flow": "x" * 39}, "message_flow", "at least 40"),
        ({"message_flow": "x" * 2049}, "message_flow", "at most 2048"),
        ({"sample_1": "x" * 19}, "sample_1", "at least 20"),
        ({"sample_2": "x" * 1025}, "sample_2", "at most 1024"),
        ({"sample_2": None}, "sample_2", "this is needed"),
        ({"sample_4": "x" * 30}, "sample_4", "sample message 3 first"),
        ({"privacy_policy_url": "http://acme.example/privacy"}, "privacy_policy_url", "must start with https"),
        ({"privacy_policy_url": ""}, "privacy_policy_url", "this is needed"),
        ({"terms_and_conditions_url": "terms"}, "terms_and_conditions_url", "full URL"),
        ({"terms_and_conditions_url": "https://[::1"}, "terms_and_conditions_url", "URL"),
    ],
)
@pytest.mark.parametrize("form", [CampaignRegister, CampaignResubmit])
def test_campaign_texts_keep_to_twilios_limits(form: type[Form], change: dict[str, Any], field: str, said: str) -> None:
    assert said in wrong(form, {**CAMPAIGN, **change})[field]


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"use_case": "order updates"}, "use_case", "a code such as"),
        ({"brand_sid": SERVICE}, "brand_sid", "not a brand registration SID"),
        ({"opt_in_keywords": "JOIN!"}, "opt_in_keywords", "besides letters and digits"),
        ({"opt_in_keywords": "JOÏN"}, "opt_in_keywords", "besides letters and digits"),
        ({"opt_in_keywords": " ".join(f"WORD{n:04d}" for n in range(40))}, "opt_in_keywords", "255 characters"),
        ({"opt_in_keywords": "JOIN"}, "opt_in_message", "needed"),
        ({"opt_in_message": "x" * 321}, "opt_in_message", "at most 320"),
        ({"help_message": "x" * 19}, "help_message", "at least 20"),
    ],
)
def test_a_registration_keeps_to_twilios_limits(change: dict[str, Any], field: str, said: str) -> None:
    assert said in wrong(CampaignRegister, {**CAMPAIGN, **change})[field]


def test_limits_themselves_are_accepted() -> None:
    edge = {
        "description": "x" * 3000, "description_more": "x" * 1095, "message_flow": "x" * 2048, "sample_1": "x" * 20,
        "sample_2": "x" * 1024, "opt_out_message": "x" * 320, "help_message": "x" * 20,
    }  # fmt: skip
    assert wrong(CampaignRegister, {**CAMPAIGN, **edge}) == {}


def test_a_bad_sample_is_told_once_and_not_as_a_gap() -> None:
    assert wrong(CampaignRegister, {**CAMPAIGN, "sample_3": "short", "sample_4": "x" * 30}).keys() == {"sample_3"}


def test_keywords_are_told_apart_in_capitals_and_without_doubles() -> None:
    form = parse(CampaignRegister, {**CAMPAIGN, "opt_in_keywords": "join, Start START", "opt_in_message": "x" * 30})
    assert form.opt_in_keywords == ("JOIN", "START")


def test_a_use_case_may_be_typed_in_small_letters() -> None:
    assert parse(CampaignRegister, {**CAMPAIGN, "use_case": "mixed"}).use_case == "MIXED"


def test_a_stored_form_comes_back_as_it_was() -> None:
    form = parse(CampaignRegister, {**CAMPAIGN, "opt_out_keywords": "STOP END"})
    assert CampaignRegister.model_validate(form.model_dump(mode="json")) == form


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"inbound": "webhook"}, "inbound_request_url", "needed"),
        ({"inbound": "webhook", "inbound_request_url": "acme.example"}, "inbound_request_url", "full URL"),
        ({"validity_period": "0"}, "validity_period", "it must be at least 1"),
        ({"validity_period": "36001"}, "validity_period", "at most 36000"),
        ({"validity_period": "an hour"}, "validity_period", "'an hour' is not a whole number"),
        ({"friendly_name": "x" * 65}, "friendly_name", "at most 64 characters fit, this has 65"),
        ({"usecase": "MARKETING"}, "usecase", "'MARKETING' is not one of 'undeclared'"),
    ],
)
def test_a_service_refuses_settings_that_twilio_would(values: dict[str, Any], field: str, said: str) -> None:
    assert said in wrong(ServiceCreate, {"friendly_name": "Acme", **values})[field]


def test_a_whole_form_with_mistakes_is_never_parsed() -> None:
    with pytest.raises(ValueError, match="numbers: this is needed"):
        parse(SenderAdd, {"service_sid": SERVICE})
