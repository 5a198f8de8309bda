"""Trust Hub and brands of the local Twilio, written to: as strict as the reference says."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.sandbox.twilio import policies, start_bundles, start_state, start_west
from tests.sandbox.openapi_checker import openapi_checker
from tests.sandbox.twilio_account import ACCOUNT, Account, Answer, open_account

HUB = "/trusthub/v1"
BRANDS = "/messaging/v1/a2p/BrandRegistrations"
NOWHERE = "0" * 32
BUSINESS = {
    "business_name": "Quillfeather Bakery Inc",
    "business_identity": "direct_customer",
    "business_type": "Corporation",
    "business_industry": "RETAIL",
    "business_registration_identifier": "EIN",
    "business_registration_number": "83-2746159",
    "business_regions_of_operation": "USA_AND_CANADA",
    "website_url": "https://quillfeather.example",
}
PERSON = {
    "first_name": "Wilhelmina",
    "last_name": "Threlkeld",
    "email": "w.threlkeld@quillfeather.example",
    "phone_number": "+15037716294",
    "business_title": "Head of operations",
    "job_position": "Director",
}
STREET = {
    "CustomerName": "Quillfeather Bakery Inc",
    "Street": "4817 Marzipan Crescent",
    "City": "Portland",
    "Region": "OR",
    "PostalCode": "97209",
    "IsoCountry": "US",
}


@pytest.fixture(name="account")
async def _account() -> AsyncIterator[Account]:
    async with open_account() as account:
        yield account


@dataclass(frozen=True)
class Hub:
    """Trust Hub with short words."""

    account: Account

    async def made(self, path: str, **params: str) -> str:
        answer = await self.account.call("POST", path, params)
        assert answer.status == 201, answer
        return str(answer.body["sid"])

    async def bundle(self, kind: str, policy: str) -> str:
        name = {"FriendlyName": "Bakery", "Email": "notices@quillfeather.example", "PolicySid": policy}
        return await self.made(f"{HUB}/{kind}", **name)

    async def user(self, kind: str, attributes: dict[str, str]) -> str:
        return await self.made(f"{HUB}/EndUsers", FriendlyName="x", Type=kind, Attributes=json.dumps(attributes))

    async def put(self, bundle: str, *objects: str) -> None:
        for sid in objects:
            await self.made(f"{HUB}/{bundle}/EntityAssignments", ObjectSid=sid)

    async def document(self, address: str) -> str:
        attributes = json.dumps({"address_sids": address})
        kind = "customer_profile_address"
        return await self.made(f"{HUB}/SupportingDocuments", FriendlyName="x", Type=kind, Attributes=attributes)

    async def profile(self, **changes: str) -> str:
        """A customer profile that holds all it must; gives its path."""
        path = "CustomerProfiles/" + await self.bundle("CustomerProfiles", policies.SECONDARY)
        await self.put(
            path,
            await self.user("customer_profile_business_information", BUSINESS | changes),
            await self.user("authorized_representative_1", PERSON),
            await self.document(await self.made(f"{ACCOUNT}/Addresses.json", **STREET)),
            start_bundles.PRIMARY_PROFILE,
        )
        return path

    async def product(self, profile: str, company_type: str = "private") -> str:
        """A trust product for a profile; gives its path."""
        path = "TrustProducts/" + await self.bundle("TrustProducts", policies.A2P)
        about = await self.user("us_a2p_messaging_profile_information", {"company_type": company_type})
        await self.put(path, about, profile.partition("/")[2])
        return path

    async def evaluation(self, bundle: str) -> dict[str, Any]:
        policy = policies.SECONDARY if bundle.startswith("C") else policies.A2P
        answer = await self.account.call("POST", f"{HUB}/{bundle}/Evaluations", {"PolicySid": policy})
        assert answer.status == 201, answer
        return answer.body

    async def submit(self, bundle: str) -> Answer:
        return await self.account.call("POST", f"{HUB}/{bundle}", {"Status": "pending-review"})

    async def brand(self, profile: str, product: str, **more: str) -> dict[str, Any]:
        sids = {"CustomerProfileBundleSid": profile[-34:], "A2PProfileBundleSid": product[-34:]}
        created = await self.account.call("POST", BRANDS, {**sids, "BrandType": "STANDARD", **more})
        assert created.status == 201, created
        assert (created.body["status"], created.body["errors"]) == ("PENDING", [])
        return (await self.account.call("GET", f"{BRANDS}/{created.body['sid']}")).body


@pytest.fixture(name="hub")
def _hub(account: Account) -> Hub:
    return Hub(account)


def refusal(answer: Answer) -> tuple[int, int | None]:
    return answer.status, answer.code


# what is refused


async def test_status_and_properties_do_not_change_in_one_request(hub: Hub, account: Account) -> None:
    profile = await hub.profile()
    both = {"Status": "pending-review", "FriendlyName": "Other"}
    assert refusal(await account.call("POST", f"{HUB}/{profile}", both)) == (400, 22204)


@pytest.mark.parametrize("status", ["twilio-approved", "in-review", "twilio-rejected", "draft"])
async def test_an_account_does_not_decide_about_its_own_bundle(hub: Hub, account: Account, status: str) -> None:
    profile = await hub.profile()
    assert (await account.call("POST", f"{HUB}/{profile}", {"Status": status})).status == 400


async def test_only_what_exists_and_fits_is_assigned(hub: Hub, account: Account) -> None:
    profile = await hub.profile()
    product = await hub.product(profile)
    path = f"{HUB}/{profile}/EntityAssignments"
    second = await hub.user("authorized_representative_1", PERSON)
    for sid, code in (
        ("IT" + NOWHERE, 22205),
        ("AD" + NOWHERE, 22205),
        (product[-34:], 22206),
        (second, 22206),
    ):
        assert refusal(await account.call("POST", path, {"ObjectSid": sid})) == (400, code)
    primary = {"ObjectSid": start_bundles.PRIMARY_PROFILE}
    assert refusal(await account.call("POST", path, primary)) == (409, 20409)


async def test_attributes_that_are_no_json_are_refused(account: Account) -> None:
    user = {"FriendlyName": "x", "Type": "authorized_representative_1", "Attributes": "first_name=Rita"}
    assert refusal(await account.call("POST", f"{HUB}/EndUsers", user)) == (400, 22207)


async def test_a_policy_is_for_one_kind_of_bundle(account: Account) -> None:
    params = {"FriendlyName": "x", "Email": "a@b.example", "PolicySid": policies.A2P}
    assert (await account.call("POST", f"{HUB}/CustomerProfiles", params)).status == 400
    assert (await account.call("POST", f"{HUB}/TrustProducts", params)).status == 201


async def test_a_draft_can_be_deleted_and_a_submitted_bundle_cannot(hub: Hub, account: Account) -> None:
    draft, submitted = await hub.profile(), await hub.profile()
    await hub.submit(submitted)
    assert (await account.call("DELETE", f"{HUB}/{draft}")).status == 204
    assert (await account.call("DELETE", f"{HUB}/{submitted}")).status == 409
    assert (await account.call("GET", f"{HUB}/{draft}")).status == 404


async def test_what_a_bundle_holds_is_not_deleted_from_under_it(hub: Hub, account: Account) -> None:
    profile = await hub.profile()
    held = (await account.call("GET", f"{HUB}/{profile}/EntityAssignments")).body["results"]
    user = next(row for row in held if row["object_sid"].startswith("IT"))
    assert (await account.call("DELETE", f"{HUB}/EndUsers/{user['object_sid']}")).status == 409
    assert (await account.call("DELETE", f"{HUB}/{profile}/EntityAssignments/{user['sid']}")).status == 204
    assert (await account.call("DELETE", f"{HUB}/EndUsers/{user['object_sid']}")).status == 204


async def test_an_address_that_a_document_names_stays(hub: Hub, account: Account) -> None:
    address = await hub.made(f"{ACCOUNT}/Addresses.json", **STREET)
    document = await hub.document(address)
    assert (await account.call("DELETE", f"{ACCOUNT}/Addresses/{address}.json")).status == 409
    assert (await account.call("DELETE", f"{HUB}/SupportingDocuments/{document}")).status == 204
    assert (await account.call("DELETE", f"{ACCOUNT}/Addresses/{address}.json")).status == 204


@pytest.mark.parametrize("wrong", [{"Region": "Oregon"}, {"PostalCode": "972"}, {"Street": ""}, {"IsoCountry": "usa"}])
async def test_an_address_to_which_no_post_goes_is_refused(account: Account, wrong: dict[str, str]) -> None:
    assert (await account.call("POST", f"{ACCOUNT}/Addresses.json", STREET | wrong)).status == 400


async def test_the_country_of_an_address_cannot_be_changed(hub: Hub, account: Account) -> None:
    address = await hub.made(f"{ACCOUNT}/Addresses.json", **STREET)
    assert refusal(await account.call("POST", f"{ACCOUNT}/Addresses/{address}.json", {"IsoCountry": "CA"})) == (
        400,
        20001,
    )


# evaluations


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"business_name": ""}, "business_name"),
        ({"business_type": "LLC"}, "business_type"),
        ({"business_industry": "BAKERY"}, "business_industry"),
    ],
)
async def test_an_evaluation_names_the_field_and_a_submission_is_refused_for_it(
    hub: Hub, changes: dict[str, str], field: str
) -> None:
    profile = await hub.profile(**changes)
    found = await hub.evaluation(profile)
    assert found["status"] == "noncompliant"
    [result] = [r for r in found["results"] if not r["passed"]]
    assert [wrong["object_field"] for wrong in result["invalid"]] == [field]
    assert refusal(await hub.submit(profile)) == (400, 22215)


async def test_an_empty_profile_lacks_a_business_a_person_an_address_and_a_primary(hub: Hub) -> None:
    path = "CustomerProfiles/" + await hub.bundle("CustomerProfiles", policies.SECONDARY)
    codes = [r["error_code"] for r in (await hub.evaluation(path))["results"]]
    assert codes == [22214, 22214, 22216, 22216]


async def test_a_public_company_must_name_its_ticker_and_its_contact(hub: Hub) -> None:
    product = await hub.product(await hub.profile(), "public")
    [users] = [r for r in (await hub.evaluation(product))["results"] if r["invalid"] and "a2p" in r["object_type"]]
    assert {wrong["object_field"] for wrong in users["invalid"]} == {
        "stock_exchange",
        "stock_ticker",
        "brand_contact_email",
    }


async def test_a_trust_product_is_compliant_only_when_its_profile_is_submitted(hub: Hub) -> None:
    profile = await hub.profile()
    product = await hub.product(profile)
    assert (await hub.evaluation(product))["status"] == "noncompliant"
    assert (await hub.submit(profile)).body["status"] == "pending-review"
    assert (await hub.evaluation(product))["status"] == "compliant"


# brands


async def test_swapped_bundles_pass_the_validator_and_fail_the_brand_before_tcr_hears_of_it(hub: Hub) -> None:
    profile = await hub.profile()
    product = await hub.product(profile)
    await hub.submit(profile)
    await hub.submit(product)
    brand = await hub.brand(product, profile)
    assert (brand["status"], brand["tcr_id"]) == ("FAILED", None)
    assert [e["error_code"] for e in brand["errors"]] == [30793]


async def test_bundles_that_were_not_submitted_fail_the_brand(hub: Hub) -> None:
    profile = await hub.profile()
    brand = await hub.brand(profile, await hub.product(profile))
    assert [e["error_code"] for e in brand["errors"]] == [30793]


async def test_a_brand_on_good_bundles_waits_for_its_verdict(hub: Hub, account: Account) -> None:
    profile = await hub.profile()
    product = await hub.product(profile)
    await hub.submit(profile)
    await hub.submit(product)
    brand = await hub.brand(profile, product, SkipAutomaticSecVet="true")
    assert (brand["status"], brand["skip_automatic_sec_vet"], brand["errors"]) == ("PENDING", True, [])
    account.twilio.desk.brands.approve(brand["sid"])
    approved = await account.call("GET", f"{HUB}/{profile}")
    assert approved.body["status"] == "twilio-approved"
    [named] = [b["name"] for b in account.twilio.brands if b["sid"] == brand["sid"]]
    assert named == "Quillfeather Bakery Inc"


async def test_starter_brands_are_gone(hub: Hub, account: Account) -> None:
    profile = await hub.profile()
    sids = {"CustomerProfileBundleSid": profile[-34:], "A2PProfileBundleSid": profile[-34:], "BrandType": "STARTER"}
    assert refusal(await account.call("POST", BRANDS, sids)) == (400, 21726)


async def test_only_a_failed_brand_is_updated_and_only_three_times(account: Account) -> None:
    failed, approved = f"{BRANDS}/{start_state.FAILED_BRAND}", f"{BRANDS}/{start_state.APPROVED_BRAND}"
    assert refusal(await account.call("POST", approved)) == (400, 21725)
    for _ in range(3):
        assert (await account.call("POST", failed)).status == 202
        account.twilio.desk.brands.fail(start_state.FAILED_BRAND, [30795])
    assert refusal(await account.call("POST", failed)) == (400, 21724)


async def test_a_correction_that_nobody_submits_fails_again_and_counts_all_the_same(hub: Hub, account: Account) -> None:
    profile = await hub.profile()
    product = await hub.product(profile)
    await hub.submit(profile)
    await hub.submit(product)
    brand = f"{BRANDS}/{(await hub.brand(profile, product))['sid']}"
    account.twilio.desk.brands.approve(brand[-34:])
    account.twilio.desk.brands.fail(brand[-34:], [30795])
    account.clock.now += 60
    users = (await account.call("GET", f"{HUB}/EndUsers")).body["results"]
    [business] = [u["url"] for u in users if u["attributes"].get("business_name") == BUSINESS["business_name"]]
    await account.call("POST", business, {"Attributes": json.dumps(BUSINESS | {"business_name": "Bakeries Inc"})})
    assert (await account.call("POST", brand)).status == 202
    failed = (await account.call("GET", brand)).body
    assert (failed["status"], [e["error_code"] for e in failed["errors"]]) == ("FAILED", [30793])
    await hub.submit(profile)
    assert (await account.call("POST", brand)).status == 202
    assert (await account.call("GET", brand)).body["status"] == "PENDING"


async def test_a_brand_that_has_a_campaign_is_not_updated(account: Account) -> None:
    await account.campaign(start_state.SUPPORT_SERVICE, BrandRegistrationSid=start_state.APPROVED_BRAND)
    account.twilio.desk.brands.fail(start_state.APPROVED_BRAND, [30795])
    assert refusal(await account.call("POST", f"{BRANDS}/{start_state.APPROVED_BRAND}")) == (409, 20409)


async def test_a_subaccount_hangs_its_profile_on_the_primary_of_its_parent(account: Account) -> None:
    west = (start_west.CREDENTIALS.account_sid, start_west.CREDENTIALS.auth_token)
    bundle = {"FriendlyName": "West", "Email": "a@b.example", "PolicySid": policies.SECONDARY}
    created = await account.call("POST", f"{HUB}/CustomerProfiles", bundle, auth=west)
    path = f"{HUB}/CustomerProfiles/{created.body['sid']}"
    primary = {"ObjectSid": start_bundles.PRIMARY_PROFILE}
    assert (await account.call("POST", f"{path}/EntityAssignments", primary, auth=west)).status == 201
    found = await account.call("POST", f"{path}/Evaluations", {"PolicySid": policies.SECONDARY}, auth=west)
    assert [r["passed"] for r in found.body["results"] if r["object_type"] == policies.PRIMARY_TYPE] == [True]
    assert (await account.call("GET", path)).status == 404


# shapes


async def test_every_answer_has_the_fields_of_the_openapi_files(hub: Hub, account: Account) -> None:
    checker = openapi_checker()
    profile = await hub.profile()
    product = await hub.product(profile)
    await hub.submit(profile)
    await hub.submit(product)
    await hub.evaluation(profile)
    await hub.brand(profile, product)
    vetting = {"VettingProvider": "aegis"}
    await account.call("POST", f"{BRANDS}/{start_state.APPROVED_BRAND}/Vettings", vetting)
    for path in ("Policies", "EndUserTypes", "SupportingDocumentTypes", "EndUsers", "SupportingDocuments"):
        listed = await account.call("GET", f"{HUB}/{path}")
        [rows] = [rows for name, rows in listed.body.items() if name != "meta"]
        await account.call("GET", rows[0]["url"])
    await account.call("GET", f"{HUB}/{profile}/Evaluations")
    await account.call("GET", f"{BRANDS}/{start_state.APPROVED_BRAND}/Vettings")
    await account.call("GET", f"{ACCOUNT}/Addresses.json")
    problems = []
    for call in account.twilio.log:
        assert call.status < 300, call
        template = checker.template(call.product, call.path)
        problems += checker.check_response(call.product, call.method, template, call.status, call.response)
    assert problems == []
