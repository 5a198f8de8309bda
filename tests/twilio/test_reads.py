"""Reads show what Twilio holds: nothing is dropped, nothing that is missing is invented."""

import json
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from bot.sandbox.twilio import start_state
from bot.twilio import reads
from bot.twilio.faults import Refused, Throttled
from tests.catalog.world import CAMPAIGN, World
from tests.twilio.scripted import saying, scripted

SERVICE = start_state.SUPPORT_SERVICE
NOWHERE = "0" * 32


async def test_what_does_not_exist_is_none_and_no_error(world: World) -> None:
    assert await reads.service(world.account, f"MG{NOWHERE}") is None
    assert await reads.brand(world.account, f"BN{NOWHERE}") is None
    assert await reads.campaign(world.account, f"MG{NOWHERE}") is None
    assert await reads.campaign(world.account, SERVICE) is None
    assert await reads.owned_numbers(world.account, "+15039999999") == []


@pytest.mark.parametrize("status", [401, 403])
async def test_what_may_not_be_read_is_an_error_and_not_nothing(world: World, status: int) -> None:
    world.twilio.faults.add("GET /messaging", status=status, times=9)
    with pytest.raises(Refused):
        await reads.service(world.account, SERVICE)
    with pytest.raises(Refused):
        await reads.campaign(world.account, SERVICE)


async def test_a_pool_that_cannot_be_read_is_an_error_and_not_an_empty_pool(world: World) -> None:
    world.twilio.faults.add("/PhoneNumbers", status=429, retry_after=0, times=9)
    with pytest.raises(Throttled):
        await reads.pools(world.account, [SERVICE])


async def test_the_urls_of_a_campaign_come_with_it(world: World) -> None:
    await world.campaign()
    campaign = await reads.campaign(world.account, SERVICE)
    assert campaign is not None
    assert campaign.privacy_policy_url == CAMPAIGN["privacy_policy_url"]
    assert campaign.terms_and_conditions_url == CAMPAIGN["terms_and_conditions_url"]


async def test_an_unknown_state_and_an_unknown_field_are_kept_as_they_came(world: World) -> None:
    await world.campaign()
    world.twilio.desk.status(SERVICE, "HALF_BAKED")
    campaign = await reads.campaign(world.account, SERVICE)
    assert campaign is not None
    assert campaign.campaign_status == "HALF_BAKED"
    assert campaign.model_dump()["rate_limits"] is None


async def test_a_number_is_found_by_exactly_its_own_digits(world: World) -> None:
    (number,) = await reads.owned_numbers(world.account, "+15125550120")
    assert number.sid == start_state.FREE_NUMBER
    assert await reads.owned_numbers(world.account, "+1512555") == []


async def test_each_number_is_found_in_its_service(world: World) -> None:
    other = await world.service()
    assert await reads.pools(world.account, [SERVICE, other]) == {start_state.POOLED_NUMBER: SERVICE}


@pytest.mark.parametrize("keys", [{"SMS": True, "voice": False}, {"sms": True, "Voice": False}])
def test_capabilities_are_read_in_either_case(keys: dict[str, Any]) -> None:
    number = reads.OwnedNumber(sid="PN1", phone_number="+1", capabilities=keys)
    assert (number.can("sms"), number.can("voice"), number.can("mms")) == (True, False, False)


def test_unknown_capabilities_are_none() -> None:
    assert not reads.AvailableNumber(phone_number="+1").can("sms")


async def test_prices_are_the_accounts_own_and_an_unnamed_price_is_none(world: World) -> None:
    assert await reads.number_price(world.account, "local") == Decimal("1.15")
    assert await reads.number_price(world.account, "national") is None


@pytest.mark.parametrize("price", [None, "", "free", "NaN-ish"])
async def test_a_price_that_is_no_number_is_none_and_not_zero(price: str | None) -> None:
    prices = {"phone_number_prices": [{"number_type": "local", "base_price": "1.00", "current_price": price}]}
    async with scripted(saying(200, json.dumps(prices))) as server:
        account = server.account()
        assert await reads.number_price(account, "local") is None
        await account.close()


async def test_the_name_of_a_business_comes_from_its_profile() -> None:
    people = {
        "IT1": {"type": "authorized_representative_1", "attributes": {"first_name": "Ann"}},
        "IT2": {"type": "customer_profile_business_information", "attributes": {"business_name": "Acme Coffee LLC"}},
    }

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("EntityAssignments"):
            assigned = [{"object_sid": sid} for sid in ("RD1", *people, "BU9")]
            return web.json_response({"results": assigned, "meta": {}})
        return web.json_response(people[request.path.rpartition("/")[2]])

    brand = reads.Brand(sid="BN1", status="APPROVED", customer_profile_bundle_sid="BU1", a2p_profile_bundle_sid="BU2")
    async with scripted(answer) as server:
        account = server.account()
        assert await reads.business_name(account, brand) == "Acme Coffee LLC"
        await account.close()
        assert server.asked[0].startswith("GET /trusthub/v1/CustomerProfiles/BU1/EntityAssignments")


async def test_a_profile_that_may_not_be_read_leaves_the_name_unknown() -> None:
    brand = reads.Brand(sid="BN1", status="APPROVED", customer_profile_bundle_sid="BU1")
    async with scripted(saying(403)) as server:
        account = server.account()
        assert await reads.business_name(account, brand) is None
        await account.close()
