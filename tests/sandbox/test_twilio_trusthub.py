"""Trust Hub of the local Twilio: who the brands of the start state are."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.twilio import start_bundles, start_state
from tests.sandbox.twilio_account import Account, open_account

PROFILES, PRODUCTS, USERS = (f"/trusthub/v1/{kind}" for kind in ("CustomerProfiles", "TrustProducts", "EndUsers"))
PROFILE, PRODUCT = "BU" + "a1c0" * 8, "BU" + "a1a2" * 8
NOWHERE = "0" * 32
NAMES = {
    start_state.APPROVED_BRAND: "Acme Inc",
    start_state.PENDING_BRAND: "Acme Pending Inc",
    start_state.LOW_VOLUME_BRAND: "Acme Local LLC",
    start_state.FAILED_BRAND: "Acme Failed Inc",
}
BUSINESS = {"ObjectType": "customer_profile_business_information"}


@pytest.fixture(name="account")
async def _account() -> AsyncIterator[Account]:
    async with open_account() as account:
        yield account


async def _listed(account: Account, path: str, **filters: str) -> list[dict[str, Any]]:
    answer = await account.call("GET", path, filters)
    assert answer.status == 200, answer
    return list(answer.body["results"])


async def _names(account: Account) -> dict[str, str]:
    names = {}
    for brand in account.twilio.brands:
        path = f"{PROFILES}/{brand['customer_profile_bundle_sid']}/EntityAssignments"
        (assigned,) = await _listed(account, path, **BUSINESS)
        user = await account.call("GET", f"{USERS}/{assigned['object_sid']}")
        names[brand["sid"]] = user.body["attributes"]["business_name"]
    return names


async def test_each_brand_has_a_profile_with_its_legal_name(account: Account) -> None:
    assert await _names(account) == NAMES


async def test_each_brand_has_approved_bundles_under_the_path_of_their_kind(account: Account) -> None:
    for brand in account.twilio.brands:
        profile = await account.call("GET", f"{PROFILES}/{brand['customer_profile_bundle_sid']}")
        product = await account.call("GET", f"{PRODUCTS}/{brand['a2p_profile_bundle_sid']}")
        assert profile.body["friendly_name"] == NAMES[brand["sid"]]
        assert profile.body["policy_sid"] == start_bundles.SECONDARY_POLICY
        assert product.body["policy_sid"] == start_bundles.A2P_POLICY
        assert {profile.body["status"], product.body["status"]} == {"twilio-approved"}


@pytest.mark.parametrize("path", [f"{PROFILES}/{PRODUCT}", f"{PRODUCTS}/{PROFILE}"])
@pytest.mark.parametrize("tail", ["", "/EntityAssignments"])
async def test_a_bundle_of_the_other_kind_is_not_found(account: Account, path: str, tail: str) -> None:
    answer = await account.call("GET", path + tail)
    assert (answer.status, answer.code) == (404, 20404)


@pytest.mark.parametrize("path", [f"{PROFILES}/BU{NOWHERE}", f"{PRODUCTS}/BU{NOWHERE}", f"{USERS}/IT{NOWHERE}"])
async def test_what_does_not_exist_is_not_found(account: Account, path: str) -> None:
    answer = await account.call("GET", path)
    assert (answer.status, answer.code) == (404, 20404)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"FriendlyName": "Acme Inc"}, 1),
        ({"FriendlyName": "Acme"}, 0),
        ({"Status": "twilio-approved"}, 5),
        ({"Status": "draft"}, 0),
        ({"PolicySid": start_bundles.PRIMARY_POLICY}, 1),
        ({"PolicySid": start_bundles.SECONDARY_POLICY, "FriendlyName": "Acme Local LLC"}, 1),
    ],
)
async def test_profiles_are_filtered_exactly(account: Account, filters: dict[str, str], found: int) -> None:
    assert len(await _listed(account, PROFILES, **filters)) == found


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        (PROFILES, {"Status": "approved"}, 20422),
        (PRODUCTS, {"PolicySid": PROFILE}, 20422),
        (PROFILES, {"Email": "compliance@acme.example"}, 20001),
        (USERS, {"Type": "authorized_representative_1"}, 20001),
        (f"{PROFILES}/{PROFILE}", {"PageSize": "5"}, 20001),
        (f"{PROFILES}/{PROFILE}/EntityAssignments", {"ObjectSid": PRODUCT}, 20001),
    ],
)
async def test_a_filter_that_trust_hub_does_not_have_is_refused(
    account: Account, path: str, params: dict[str, str], code: int
) -> None:
    answer = await account.call("GET", path, params)
    assert (answer.status, answer.code) == (400, code)


async def test_a_profile_holds_people_a_document_and_the_primary_profile(account: Account) -> None:
    held = await _listed(account, f"{PROFILES}/{PROFILE}/EntityAssignments")
    assert sorted(row["object_sid"][:2] for row in held) == ["BU", "IT", "IT", "RD"]
    assert start_bundles.PRIMARY_PROFILE in {row["object_sid"] for row in held}
    held = await _listed(account, f"{PRODUCTS}/{PRODUCT}/EntityAssignments")
    assert sorted(row["object_sid"][:2] for row in held) == ["BU", "IT"]
    assert PROFILE in {row["object_sid"] for row in held}


async def test_what_a_bundle_holds_is_found_by_its_address_and_in_no_other_bundle(account: Account) -> None:
    (row,) = await _listed(account, f"{PROFILES}/{PROFILE}/EntityAssignments", **BUSINESS)
    found = await account.call("GET", row["url"])
    assert found.body == row
    other = await account.call("GET", f"{PROFILES}/{start_bundles.PRIMARY_PROFILE}/EntityAssignments/{row['sid']}")
    assert (other.status, other.code) == (404, 20404)


async def test_pages_of_what_a_bundle_holds_keep_the_filter_and_lose_nothing(account: Account) -> None:
    path = f"{PROFILES}/{PROFILE}/EntityAssignments"
    first = await account.call("GET", path, {"PageSize": "3"})
    second = await account.call("GET", first.body["meta"]["next_page_url"])
    assert second.body["meta"]["next_page_url"] is None
    assert [*first.body["results"], *second.body["results"]] == await _listed(account, path)


async def test_the_helper_reads_trust_hub(account: Account) -> None:
    hub = account.helper().trusthub.v1

    def read() -> None:
        assert {profile.friendly_name for profile in hub.customer_profiles.list()} >= set(NAMES.values())
        held = hub.customer_profiles(PROFILE).customer_profiles_entity_assignments.list()
        users = [hub.end_users(row.object_sid).fetch() for row in held if row.object_sid.startswith("IT")]
        assert "Acme Inc" in {user.attributes.get("business_name") for user in users}
        assert hub.trust_products(PRODUCT).fetch().status == "twilio-approved"
        assert len(hub.trust_products(PRODUCT).trust_products_entity_assignments.list()) == 2

    await asyncio.to_thread(read)


async def test_a_state_file_of_before_trust_hub_is_completed_under_the_names_it_has(tmp_path: Path) -> None:
    state_file = tmp_path / "twilio.json"
    async with open_account(state_file) as account:
        service = await account.service()
    state = json.loads(state_file.read_text())
    for table in ("CustomerProfile", "TrustProduct", "EndUser", "EntityAssignment", "SupportingDocument", "Address"):
        del state["tables"][table]
    for brand in state["tables"]["Brand"]:
        brand["name"] = f"Former {brand['name']}"
    state_file.write_text(json.dumps(state))
    former = {sid: f"Former {name}" for sid, name in NAMES.items()}
    async with open_account(state_file) as account:
        assert await _names(account) == former
        assert service in {row["sid"] for row in account.twilio.services}
        assert len(account.twilio.created("service")) == 1
    async with open_account(state_file) as account:
        assert await _names(account) == former
        assert len(await _listed(account, PROFILES)) == 5
