"""What people type in the tests' forms."""

from typing import Any

from bot.sandbox.twilio import start_state
from tests.e2e.world import FIRST

SERVICE: tuple[dict[str, Any], ...] = ({"friendly_name": "Acme alerts"}, {"validity_period": "14400"})

NUMBER: tuple[dict[str, Any], ...] = (
    {"area_code": "415"},
    {"phone_numbers": FIRST, "service_sid": start_state.SUPPORT_SERVICE},
)

CAMPAIGN_TEXTS: dict[str, Any] = {
    "description": (
        "Acme Inc texts customers who ordered on acme.example about their own orders: confirmation, dispatch and "
        "delivery. Only people who asked for texts at checkout receive them."
    ),
    "message_flow": (
        "Customers order at https://acme.example/checkout. Under the phone field is a separate, optional, unticked "
        "box: “I agree to receive order updates by text from Acme. Message frequency varies. Message and data "
        "rates may apply. Reply STOP to opt out, HELP for help.” Next to it are links to the privacy policy at "
        "https://acme.example/privacy and the terms at https://acme.example/terms."
    ),
    "privacy_policy_url": "https://acme.example/privacy",
    "terms_and_conditions_url": "https://acme.example/terms",
}
CAMPAIGN_SAMPLES: dict[str, Any] = {
    "sample_1": "Acme: your order [number] has left our bakery and comes today. Reply STOP to opt out.",
    "sample_2": "Acme: [name], your parcel was handed over at [time]. Thank you for your order!",
}
CAMPAIGN: tuple[dict[str, Any], ...] = (
    {
        "service_sid": start_state.SUPPORT_SERVICE,
        "brand_sid": start_state.APPROVED_BRAND,
        "use_case": "DELIVERY_NOTIFICATION",
    },
    CAMPAIGN_TEXTS,
    CAMPAIGN_SAMPLES,
    {},
)
