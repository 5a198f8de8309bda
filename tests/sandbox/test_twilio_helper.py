"""Twilio's own helper library finds the local Twilio to be Twilio."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.campaigns import CAMPAIGN_SID
from tests.sandbox.twilio_account import Account, open_account

SAMPLES = ["Acme: order [number] ships today, sleep well. Reply STOP to end.", "Acme: your parcel is at the door."]


@pytest.fixture(name="account")
async def _account() -> AsyncIterator[Account]:
    async with open_account() as account:
        yield account


def _campaign(**changes: Any) -> dict[str, Any]:
    return {
        "brand_registration_sid": start_state.APPROVED_BRAND,
        "description": "Acme Inc sends order and delivery updates to customers who asked for them.",
        "message_flow": "Customers tick a box at https://acme.example/checkout that says what they will get.",
        "message_samples": SAMPLES,
        "us_app_to_person_usecase": "DELIVERY_NOTIFICATION",
        "has_embedded_links": False,
        "has_embedded_phone": False,
        "privacy_policy_url": "https://acme.example/privacy",
        "terms_and_conditions_url": "https://acme.example/terms",
        "x_twilio_api_version": "v1.2",
        **changes,
    }


async def test_errors_reach_the_helper_with_status_code_and_message(account: Account) -> None:
    services = account.helper().messaging.v1.services
    with pytest.raises(TwilioRestException) as caught:
        await asyncio.to_thread(
            services(start_state.SUPPORT_SERVICE).us_app_to_person.create, **_campaign(description="")
        )
    assert (caught.value.status, caught.value.code) == (400, 21727)
    assert "Description" in caught.value.msg


async def test_a_connection_lost_after_the_effect_reaches_the_helper_as_an_unknown_outcome(account: Account) -> None:
    account.twilio.faults.add("POST /v1/Services$", drop_after_effect=True)
    services = account.helper().messaging.v1.services
    with pytest.raises(requests.exceptions.ConnectionError):
        await asyncio.to_thread(services.create, friendly_name="token-1")
    listed = await asyncio.to_thread(services.list)
    assert [service.friendly_name for service in listed] == ["token-1", "Acme support"]
    assert len(account.twilio.calls("POST /v1/Services$")) == 1


async def test_the_helper_reads_every_page(account: Account) -> None:
    for number in range(5):
        await account.service(FriendlyName=f"service {number}")
    client = account.helper()
    services = await asyncio.to_thread(client.messaging.v1.services.list, page_size=2)
    numbers = await asyncio.to_thread(client.incoming_phone_numbers.list, page_size=2)
    assert len(services) == 6
    assert len(numbers) == 4
    assert len(account.twilio.calls("GET /v1/Services$")) == 3
    assert len(account.twilio.calls("GET /api/2010-04-01")) == 2


async def test_the_helper_provisions_a_number_a_service_and_a_campaign(account: Account) -> None:
    client = account.helper()

    def provision() -> str:
        service = client.messaging.v1.services.create(friendly_name="Acme", use_inbound_webhook_on_number=False)
        found = client.available_phone_numbers("US").local.list(area_code=415, sms_enabled=True, limit=1)
        bought = client.incoming_phone_numbers.create(phone_number=found[0].phone_number, friendly_name="Acme 415")
        assert bought.capabilities["sms"]
        pool = client.messaging.v1.services(service.sid).phone_numbers
        pool.create(phone_number_sid=bought.sid)
        assert [number.sid for number in pool.list()] == [bought.sid]
        campaign = client.messaging.v1.services(service.sid).us_app_to_person.create(**_campaign())
        assert campaign.privacy_policy_url == "https://acme.example/privacy"
        assert campaign.message_samples == SAMPLES
        return str(service.sid)

    service_sid = await asyncio.to_thread(provision)
    account.twilio.desk.verify(service_sid)
    campaigns = client.messaging.v1.services(service_sid).us_app_to_person
    (listed,) = await asyncio.to_thread(campaigns.list)
    assert (listed.sid, listed.campaign_status) == (CAMPAIGN_SID, "VERIFIED")


async def test_the_helper_reads_brands_use_cases_prices_flows_and_addresses(account: Account) -> None:
    client = account.helper()

    def read() -> None:
        assert [brand.status for brand in client.messaging.v1.brand_registrations.list()].count("APPROVED") == 2
        usecases = client.messaging.v1.services(start_state.SUPPORT_SERVICE).us_app_to_person_usecases
        fetched = usecases.fetch(brand_registration_sid=start_state.APPROVED_BRAND)
        assert "MIXED" in {row["code"] for row in fetched.us_app_to_person_usecases}
        assert client.pricing.v1.phone_numbers.countries("US").fetch().price_unit == "USD"
        assert len(client.studio.v2.flows.list()) == 4
        assert [a.address for a in client.conversations.v1.address_configurations.list()] == ["+19165550140"]
        with pytest.raises(TwilioRestException, match="not found"):
            client.conversations.v1.address_configurations("+14155550110").fetch()
        assert client.api.accounts(start_state.ACCOUNT_SID).fetch().friendly_name == "Acme"

    await asyncio.to_thread(read)


async def test_the_asynchronous_helper_works_too(account: Account) -> None:
    async with AsyncTwilioHttpClient() as http:
        client = Client(start_state.API_KEY_SID, start_state.API_KEY_SECRET, start_state.ACCOUNT_SID, http_client=http)
        client.messaging.base_url = f"{account.twilio.url}/messaging"
        service = await client.messaging.v1.services.create_async(friendly_name="Acme", sticky_sender=False)
        assert service.sticky_sender is False
        assert len(await client.messaging.v1.services.list_async()) == 2
