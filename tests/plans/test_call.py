"""A call is data: what was approved is what is sent, whatever people typed into it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans.call import Call, Json, Ref, UnresolvedRefError, segment

SERVICE = "MG" + "0" * 32
RESULTS = {"service": {"sid": SERVICE, "name": "a/b?c"}}


def call(**params: object) -> Call:
    return Call.model_validate({"product": "messaging", "method": "POST", "path": "/v1/Services", "params": params})


def test_a_reference_to_a_step_without_result_is_refused_and_not_sent_as_text() -> None:
    with pytest.raises(UnresolvedRefError, match="'sid' from step 'service'"):
        call(ServiceSid=Ref(step="service")).resolved({})


def test_a_reference_to_a_field_that_the_step_did_not_keep_is_refused() -> None:
    with pytest.raises(UnresolvedRefError, match="'url'"):
        call(Url=Ref(step="service", field="url")).resolved(RESULTS)


def test_a_reference_in_a_parameter_becomes_the_result_of_its_step() -> None:
    assert call(ServiceSid=Ref(step="service")).resolved(RESULTS).params == {"ServiceSid": SERVICE}


def test_a_reference_in_the_path_becomes_the_result_of_its_step() -> None:
    path = "/v1/Services/{service.sid}/PhoneNumbers"
    resolved = Call(product="messaging", method="GET", path=path).resolved(RESULTS)
    assert resolved.path == f"/v1/Services/{SERVICE}/PhoneNumbers"


def test_a_result_with_a_slash_cannot_change_the_path_that_was_approved() -> None:
    resolved = Call(product="messaging", method="GET", path="/v1/Services/{service.name}").resolved(RESULTS)
    assert resolved.path == "/v1/Services/a%2Fb%3Fc"


def test_repeated_parameters_keep_their_order_and_their_references() -> None:
    resolved = call(Many=("one", Ref(step="service"), "two")).resolved(RESULTS)
    assert resolved.params == {"Many": ("one", SERVICE, "two")}


def test_text_that_looks_like_a_reference_stays_text() -> None:
    assert call(FriendlyName="{service.sid}").resolved(RESULTS).params == {"FriendlyName": "{service.sid}"}


@given(st.text())
def test_no_text_that_people_type_ever_becomes_a_reference(text: str) -> None:
    typed = call(FriendlyName=text, Samples=(text, text))
    stored = Call.model_validate_json(typed.model_dump_json())
    assert stored == typed
    assert stored.resolved({}).params == {"FriendlyName": text, "Samples": (text, text)}


@pytest.mark.parametrize("text", ["", ".", ".."])
def test_a_text_that_would_step_out_of_its_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="part of a path"):
        segment(text)
    with pytest.raises(ValueError, match="part of a path"):
        Call(product="messaging", method="GET", path="/v1/{service.sid}").resolved({"service": {"sid": text}})


@given(st.text(min_size=1).filter(lambda text: text not in (".", "..")))
def test_no_text_that_people_type_reaches_out_of_its_path_segment(text: str) -> None:
    path = f"/v1/Services/{segment(text)}"
    assert Call(product="messaging", method="GET", path=path).resolved({}).path == path
    assert path.count("/") == 3


def test_a_stored_call_comes_back_with_its_references() -> None:
    before = call(ServiceSid=Ref(step="service"), Many=("a", Ref(step="service", field="name")))
    assert Call.model_validate_json(before.model_dump_json()) == before


def test_a_field_that_a_newer_version_wrote_is_refused_and_not_dropped() -> None:
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        Call.model_validate({"product": "api", "method": "GET", "path": "/", "colour": "red"})


def test_a_boolean_within_json_is_one_on_the_wire_and_a_text_that_looks_like_one_stays_text() -> None:
    before = call(Set=Json(fields={"yes": True, "text": "true", "sid": Ref(step="service")}))
    stored = Call.model_validate_json(before.model_dump_json())
    assert stored == before
    wire = f'{{"sid":"{SERVICE}","text":"true","yes":true}}'
    assert stored.resolved(RESULTS).params == {"Set": wire}
    assert stored.bound(RESULTS).resolved({}).params == {"Set": wire}
    assert '"yes":true' in str(stored.params["Set"])
