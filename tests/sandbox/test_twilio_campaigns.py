"""US A2P campaigns and the brands they stand on."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.campaigns import CAMPAIGN_SID
from bot.sandbox.twilio.codes import RejectionCodes
from tests.sandbox.twilio_account import RESUBMISSION, SERVICES, Account, open_account

BRANDS = "/messaging/v1/a2p/BrandRegistrations"
FAILED_BRAND = f"{BRANDS}/{start_state.FAILED_BRAND}"
V1_2 = {"X-Twilio-Api-Version": "v1.2"}


@pytest.fixture(name="account")
async def _account() -> AsyncIterator[Account]:
    async with open_account() as account:
        yield account


def _path(service_sid: str) -> str:
    return f"{SERVICES}/{service_sid}/Compliance/Usa2p/{CAMPAIGN_SID}"


async def _registered(account: Account) -> str:
    service = await account.service()
    assert (await account.campaign(service)).status == 201
    return service


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"BrandRegistrationSid": None}, 21727),
        ({"Description": None}, 21727),
        ({"MessageFlow": ""}, 21727),
        ({"MessageSamples": None}, 21727),
        ({"HasEmbeddedPhone": None}, 21727),
        ({"PrivacyPolicyUrl": None}, 30933),
        ({"PrivacyPolicyUrl": ""}, 30933),
        ({"TermsAndConditionsUrl": None}, 30934),
        ({"PrivacyPolicyUrl": "http://acme.example/privacy"}, 20422),
        ({"Description": "x" * 39}, 21728),
        ({"Description": "x" * 4097}, 21728),
        ({"MessageFlow": "x" * 39}, 21728),
        ({"MessageFlow": "x" * 2049}, 21728),
        ({"MessageSamples": ["Acme: one sample of twenty letters"]}, 21728),
        ({"MessageSamples": ["Acme: one sample of twenty letters"] * 6}, 21728),
        ({"MessageSamples": ["Acme: one sample of twenty letters", "too short"]}, 21728),
        ({"MessageSamples": "Acme: two samples, joined by a comma, are one"}, 21728),
        ({"HelpMessage": "Acme: help"}, 21728),
        ({"OptOutKeywords": ["STOP" * 16] * 4}, 21728),
        ({"OptOutKeywords": ["STOP", "OPT OUT"]}, 20422),
        ({"HasEmbeddedLinks": "yes"}, 20422),
        ({"SubscriberOptIn": "1"}, 20422),
        ({"BrandRegistrationSid": "BN1"}, 20422),
        ({"UsAppToPersonUsecase": "mixed"}, 21720),
        ({"UsAppToPersonUsecase": "LOW_VOLUME"}, 21717),
        ({"UsAppToPersonUsecase": "SOLE_PROPRIETOR"}, 21717),
        ({"UsAppToPersonUsecase": "CHARITY"}, 21717),
        ({"BrandRegistrationSid": start_state.LOW_VOLUME_BRAND, "UsAppToPersonUsecase": "MIXED"}, 21717),
        ({"BrandRegistrationSid": start_state.PENDING_BRAND}, 21717),
        ({"BrandRegistrationSid": start_state.FAILED_BRAND}, 21717),
        ({"BrandRegistrationSid": "BN" + "0" * 32}, 21717),
        ({"Vertical": "RETAIL"}, 20001),
    ],
)
async def test_a_campaign_that_breaks_a_rule_is_not_registered(
    account: Account, changes: dict[str, Any], code: int
) -> None:
    answer = await account.campaign(await account.service(), **changes)
    assert (answer.status, answer.code) == (400, code)
    assert account.twilio.campaigns == []


async def test_a_service_takes_one_campaign(account: Account) -> None:
    service = await _registered(account)
    answer = await account.campaign(service)
    assert (answer.status, answer.code) == (409, 20409)
    assert len(account.twilio.campaigns) == 1


async def test_the_services_own_use_case_must_agree_with_the_campaigns(account: Account) -> None:
    answer = await account.campaign(await account.service(Usecase="marketing"))
    assert (answer.status, answer.code) == (400, 21719)


async def test_a_suspended_brand_registers_nothing(account: Account) -> None:
    account.twilio.desk.brand_status(start_state.APPROVED_BRAND, "SUSPENDED")
    assert (await account.campaign(await account.service())).code == 21731


async def test_a_campaign_goes_from_pending_to_in_progress_after_a_second(account: Account) -> None:
    service = await account.service()
    answer = await account.campaign(service)
    assert answer.status == 201
    assert answer.body["campaign_status"] == "PENDING"
    assert answer.body["sid"] == CAMPAIGN_SID
    assert answer.body["campaign_id"] is None
    assert answer.body["rate_limits"] is None
    assert answer.body["opt_out_keywords"] == ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"]
    account.clock.now += 1
    assert (await account.call("GET", _path(service))).body["campaign_status"] == "IN_PROGRESS"


async def test_repeated_keys_keep_commas_and_order(account: Account) -> None:
    samples = ["Acme: one, two and three. Reply STOP.", "Acme: four, five and six. Reply HELP."]
    service = await account.service()
    await account.campaign(service, MessageSamples=samples, HelpKeywords=["HELP", "INFO", "AIDE"])
    assert account.twilio.campaigns[0]["message_samples"] == samples
    assert account.twilio.campaigns[0]["help_keywords"] == ["HELP", "INFO", "AIDE"]


async def test_both_urls_are_shown_only_to_version_1_2(account: Account) -> None:
    service = await _registered(account)
    urls = {"privacy_policy_url", "terms_and_conditions_url"}
    plain = await account.call("GET", _path(service))
    other = await account.call("GET", _path(service), headers={"X-Twilio-Api-Version": "v1.1"})
    extended = await account.call("GET", _path(service), headers=V1_2)
    listed = await account.call("GET", f"{SERVICES}/{service}/Compliance/Usa2p", headers=V1_2)
    assert not urls & (set(plain.body) | set(other.body))
    assert extended.body["privacy_policy_url"] == "https://acme.example/privacy"
    assert listed.body["compliance"] == [extended.body]
    assert "campaign_status" not in listed.body


async def test_an_approved_campaign_has_its_tcr_id_and_rates_and_registers_its_service(account: Account) -> None:
    service = await _registered(account)
    account.twilio.desk.verify(service)
    answer = await account.call("GET", _path(service))
    assert answer.body["campaign_status"] == "VERIFIED"
    assert len(answer.body["campaign_id"]) == 7
    assert answer.body["campaign_id"].startswith("C")
    assert set(answer.body["rate_limits"]) == {"att", "tmobile"}
    shown = await account.call("GET", f"{SERVICES}/{service}")
    assert shown.body["us_app_to_person_registered"] is True


async def test_a_rejection_names_codes_fields_and_pages(account: Account) -> None:
    service = await _registered(account)
    account.twilio.desk.reject(service, [30896, 39999], fields=["MESSAGE_FLOW"])
    answer = await account.call("GET", _path(service))
    assert answer.body["campaign_status"] == "FAILED"
    assert [error["error_code"] for error in answer.body["errors"]] == [30896, 39999]
    assert answer.body["errors"][0]["fields"] == ["MESSAGE_FLOW"]
    assert answer.body["errors"][1]["url"] == "https://www.twilio.com/docs/api/errors/39999"


def test_a_code_of_the_table_brings_its_title_and_twilios_names_of_its_fields(tmp_path: Path) -> None:
    row = {"code": 30893, "title": "Samples do not fit", "kind": "campaign_vetting", "resubmittable": True}
    fields = ["MessageSamples", "Description", "TermsAndConditionsUrl", "website_url"]
    (tmp_path / "codes.json").write_text(json.dumps([{**row, "fields": fields}]))
    codes = RejectionCodes.of_file(tmp_path / "codes.json")
    error = codes.error(30893)
    assert error["fields"] == ["SAMPLE_MESSAGE_1", "USE_CASE_DESCRIPTION", "TERMS_AND_CONDITIONS_URL"]
    assert error["description"].endswith("due to Samples do not fit.")
    assert [each.code for each in codes.of_reviews()] == [30893]


async def test_a_rejection_without_codes_is_impossible(account: Account) -> None:
    service = await _registered(account)
    with pytest.raises(ValueError, match="at least one code"):
        account.twilio.desk.reject(service, [])


@pytest.mark.parametrize("verdict", ["PENDING", "IN_PROGRESS", "VERIFIED", "SOMETHING_NEW"])
async def test_only_a_failed_campaign_can_be_resubmitted(account: Account, verdict: str) -> None:
    service = await _registered(account)
    account.twilio.desk.status(service, verdict)
    answer = await account.call("POST", _path(service), RESUBMISSION)
    assert (answer.status, answer.code) == (409, 20409)
    assert not account.twilio.log[-1].effect


async def test_a_resubmission_is_a_whole_write(account: Account) -> None:
    service = await _registered(account)
    account.twilio.desk.reject(service, [30896])
    for name in ("HasEmbeddedLinks", "MessageSamples", "MessageFlow", "Description", "AgeGated", "DirectLending"):
        partial = {key: value for key, value in RESUBMISSION.items() if key != name}
        assert (await account.call("POST", _path(service), partial)).code == 21727
    assert (await account.call("POST", _path(service), {**RESUBMISSION, "HelpMessage": "x" * 30})).code == 20001
    answer = await account.call("POST", _path(service), RESUBMISSION, headers=V1_2)
    assert answer.status == 200
    assert (answer.body["campaign_status"], answer.body["errors"]) == ("IN_PROGRESS", [])


async def test_a_resubmission_without_the_urls_fails_within_a_second(account: Account) -> None:
    service = await _registered(account)
    account.twilio.desk.reject(service, [30896])
    without = {name: value for name, value in RESUBMISSION.items() if not name.endswith("Url")}
    assert (await account.call("POST", _path(service), without)).body["campaign_status"] == "IN_PROGRESS"
    account.clock.now += 1
    shown = await account.call("GET", _path(service))
    assert shown.body["campaign_status"] == "FAILED"
    assert [error["error_code"] for error in shown.body["errors"]] == [30908, 30882]


async def test_an_unverified_brand_fails_its_campaign_within_a_second(account: Account) -> None:
    account.twilio.desk.approve_brand(start_state.PENDING_BRAND, "UNVERIFIED")
    service = await account.service()
    answer = await account.campaign(service, BrandRegistrationSid=start_state.PENDING_BRAND)
    assert answer.status == 201
    account.clock.now += 1
    shown = await account.call("GET", _path(service))
    assert [error["error_code"] for error in shown.body["errors"]] == [30991]


async def test_nothing_of_a_suspended_campaign_can_be_changed(account: Account) -> None:
    service = await _registered(account)
    pool = f"{SERVICES}/{service}/PhoneNumbers"
    await account.call("POST", pool, {"PhoneNumberSid": start_state.FREE_NUMBER})
    account.twilio.desk.suspend(service)
    answers = [
        await account.call("POST", _path(service), RESUBMISSION),
        await account.call("DELETE", _path(service)),
        await account.call("POST", pool, {"PhoneNumberSid": start_state.TOLL_FREE_NUMBER}),
        await account.call("DELETE", f"{pool}/{start_state.FREE_NUMBER}"),
    ]
    assert [answer.code for answer in answers] == [21729] * 4


async def test_a_deleted_campaign_holds_its_service_for_five_seconds(account: Account) -> None:
    service = await _registered(account)
    assert (await account.call("DELETE", _path(service))).status == 204
    assert (await account.call("GET", _path(service))).code == 20404
    assert (await account.campaign(service)).code == 20409
    account.clock.now += 5
    assert (await account.campaign(service)).status == 201


async def test_a_campaign_answers_to_its_constant_sid_only(account: Account) -> None:
    service = await _registered(account)
    assert (await account.call("GET", _path(service)[:-1] + "c")).code == 20404


@pytest.mark.parametrize(
    ("brand", "has", "lacks"),
    [
        (start_state.APPROVED_BRAND, {"MIXED", "MARKETING", "2FA"}, {"LOW_VOLUME", "SOLE_PROPRIETOR", "CHARITY"}),
        (start_state.LOW_VOLUME_BRAND, {"LOW_VOLUME", "MARKETING"}, {"MIXED", "SOLE_PROPRIETOR"}),
        (start_state.PENDING_BRAND, set(), {"MARKETING"}),
    ],
)
async def test_use_cases_depend_on_the_brand(account: Account, brand: str, has: set[str], lacks: set[str]) -> None:
    path = f"{SERVICES}/{start_state.SUPPORT_SERVICE}/Compliance/Usa2p/Usecases"
    answer = await account.call("GET", path, {"BrandRegistrationSid": brand})
    codes = {row["code"] for row in answer.body["us_app_to_person_usecases"]}
    assert has <= codes
    assert not lacks & codes


async def test_a_brand_that_has_not_failed_cannot_be_updated(account: Account) -> None:
    answer = await account.call("POST", f"{BRANDS}/{start_state.APPROVED_BRAND}")
    assert (answer.status, answer.code) == (400, 21725)


async def test_a_brand_is_updated_three_times_and_no_more(account: Account) -> None:
    for _ in range(3):
        answer = await account.call("POST", FAILED_BRAND)
        assert (answer.status, answer.body["status"], answer.body["errors"]) == (202, "PENDING", [])
        account.twilio.desk.reject_brand(start_state.FAILED_BRAND, [{"error_code": 30795}])
    last = await account.call("POST", FAILED_BRAND)
    assert (last.status, last.code) == (400, 21724)


@pytest.mark.parametrize(("changes", "code"), [({"BrandType": "STARTER"}, 21726), ({"Mock": "True"}, 20422)])
async def test_a_bad_brand_is_refused(account: Account, changes: dict[str, str], code: int) -> None:
    bundles = {"CustomerProfileBundleSid": "BU" + "1" * 32, "A2PProfileBundleSid": "BU" + "2" * 32}
    assert (await account.call("POST", BRANDS, {**bundles, **changes})).code == code


async def test_a_sole_proprietor_brand_has_one_campaign(account: Account) -> None:
    bundles = {"CustomerProfileBundleSid": "BU" + "1" * 32, "A2PProfileBundleSid": "BU" + "2" * 32}
    brand = (await account.call("POST", BRANDS, {**bundles, "BrandType": "SOLE_PROPRIETOR"})).body["sid"]
    account.twilio.desk.approve_brand(brand)
    changes = {"BrandRegistrationSid": brand, "UsAppToPersonUsecase": "SOLE_PROPRIETOR"}
    assert (await account.campaign(await account.service(), **changes)).status == 201
    assert (await account.campaign(await account.service(), **changes)).code == 21732
