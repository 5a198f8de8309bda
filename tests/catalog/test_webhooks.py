"""Webhooks: whatever operation asks for one, its plan says who can read along, and what Twilio cannot reach."""

from typing import Any

import pytest

from bot.catalog import catalog
from bot.catalog.webhooks import of_webhook
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.numbers import Number
from tests.catalog.world import World, codes

CLEAR, SAFE = "http://hooks.acme.example/in", "https://hooks.acme.example/in"
SERVICE = {"friendly_name": "Acme", "inbound": "webhook"}
OWN, POOLED = "+15125550120", "+14155550110"
ASKED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("service.create", "inbound_request_url", SERVICE),
    ("service.create", "fallback_url", {**SERVICE, "inbound_request_url": SAFE}),
    ("service.create", "status_callback", {"friendly_name": "Acme"}),
    ("service.update", "status_callback", {"service_sid": start_state.SUPPORT_SERVICE, "friendly_name": "Acme"}),
    ("number.configure", "sms_url", {"numbers": OWN, "webhook": "set"}),
    ("number.configure", "sms_fallback_url", {"numbers": OWN, "webhook": "set", "sms_url": SAFE}),
    ("number.configure", "status_callback", {"numbers": OWN, "status": "set"}),
    ("number.search_and_buy", "sms_url", {"phone_numbers": "+15035550101"}),
    ("address.create", "webhook_url", {"number": OWN, "type": "webhook"}),
    ("address.update", "webhook_url", {"number": "+19165550140", "type": "webhook"}),
)
"""Every question for a webhook, with the other answers that it needs."""


@pytest.mark.parametrize(("operation", "field", "values"), ASKED, ids=lambda v: v if isinstance(v, str) else "")
async def test_a_webhook_without_encryption_is_warned_of_wherever_it_is_asked_for(
    world: World, operation: str, field: str, values: dict[str, Any]
) -> None:
    in_clear, safe = [await world.plan(operation, **{**values, field: url}) for url in (CLEAR, SAFE)]
    (found,) = [f for f in in_clear.findings if f.code == "webhook-in-clear"]
    assert (found.severity, found.field, "hooks.acme.example over http://" in found.text) == ("warn", field, True)
    assert not {"webhook-in-clear", "webhook-unreachable"} & codes(safe)
    assert safe.digest != in_clear.digest


def test_no_question_for_an_address_is_forgotten() -> None:
    asked = {(o.name, name) for o in catalog().operations for name, a in o.form.asks().items() if a.control == "url"}
    shown = {(operation, field) for operation, field, _ in ASKED}
    shown |= {("service.update", name) for name in ("inbound_request_url", "fallback_url")}  # those of service.create
    # these are for people: Twilio calls none of them
    pages = {"privacy_policy_url", "terms_and_conditions_url", "website_url"}
    assert {(operation, field) for operation, field in asked if field not in pages} == shown


INSIDE = [
    *("localhost", "localhost:8080", "127.0.0.1", "10.1.2.3", "192.168.0.7:80", "169.254.1.1", "100.64.0.1", "0.0.0.0"),
    *("[::1]", "[fd00::1]", "hooks", "hooks.internal", "hooks.local.", "HOOKS.LAN"),
]
OUTSIDE = ["acme.example", "8.8.8.8", "local.acme.example", "[2606:4700::1111]", "hooks.acme.example:8443"]


def test_an_address_that_twilio_cannot_reach_is_warned_of_and_one_of_the_internet_is_not() -> None:
    warned = [host for host in (*INSIDE, *OUTSIDE) if list(of_webhook(f"https://{host}/in", "It"))]
    assert warned == INSIDE
    assert {f.code for host in INSIDE for f in of_webhook(f"https://{host}/in", "It")} == {"webhook-unreachable"}


async def test_what_stands_without_encryption_is_shown_with_its_number_and_its_service(world: World) -> None:
    world.rig(Number, start_state.POOLED_NUMBER, sms_url=CLEAR)
    await world.carry_out(
        await world.plan(
            "service.update", service_sid=start_state.SUPPORT_SERVICE, friendly_name="A", status_callback=CLEAR
        )
    )
    number = await world.look("number.show", number=POOLED)
    service = await world.look("service.show", service_sid=start_state.SUPPORT_SERVICE)
    assert [f.code for report in (number, service) for f in report.findings].count("webhook-in-clear") == 2
