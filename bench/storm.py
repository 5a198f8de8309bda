"""A storm of Twilio's events: what an account with many campaigns sends within minutes, some of it twice, shuffled."""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bench.load import post
from bot.sandbox.twilio.start_state import ACCOUNT_SID, AUTH_TOKEN
from bot.twilio.gateway import EVENTS_PATH, EVENTS_USER

COMPLIANCE, MESSAGE = "com.twilio.messaging.compliance", "com.twilio.messaging.message"
PUBLIC_URL, SECRET = "https://tenfour.example.com", "the-events-password"
TWICE = 0.1
"""The share of events that come twice."""
RECEIPTS, NUMBERS, CAMPAIGNS = 0.6, 0.25, 0.1
"""The shares of message receipts, of events of numbers and of campaigns; the rest is of brands."""

Json = dict[str, Any]


def service_sid(n: int) -> str:
    """The service of the nth campaign of the storm."""
    return f"MG{n:032x}"


def brand_sid(n: int) -> str:
    """The nth brand of the storm."""
    return f"BN{n:032x}"


def storm(count: int, campaigns: int, brands: int, at: float, seed: int = 4) -> list[Json]:
    """That many events about these campaigns and brands, the second copies among them; `at` is in epoch seconds."""
    chance = random.Random(seed)
    once = [_event(chance, n, campaigns, brands, at) for n in range(round(count / (1 + TWICE)))]
    events = once + chance.choices(once, k=count - len(once))
    chance.shuffle(events)
    return events


def begun(n: int, at: float) -> Json:
    """The event with which the nth campaign begins to be followed."""
    return _cloud(f"{COMPLIANCE}.campaign-registration.campaign-submitted", f"begun-{n}", at, _campaign(n))


def requests(events: Sequence[Json], batch: int) -> list[bytes]:
    """As Twilio sends them, so many in one request: a single one is no array."""
    parts = (events[start : start + batch] for start in range(0, len(events), batch))
    return [_signed(json.dumps(part[0] if batch == 1 else part).encode()) for part in parts]


def _event(chance: random.Random, n: int, campaigns: int, brands: int, at: float) -> Json:
    sort, campaign = chance.random(), chance.randrange(campaigns)
    when = at - chance.random() * 600
    if sort < RECEIPTS:
        status = chance.choice(("sent", "delivered", "delivered", "delivered", "undelivered"))
        told = {
            "messageSid": f"SM{n:032x}",
            "messageStatus": status,
            "messagingServiceSid": service_sid(campaign),
            "to": "+15035550199",
            "from": "+15035550101",
            **({"errorCode": "30003"} if status == "undelivered" else {}),
        }
        return _cloud(f"{MESSAGE}.{status}", f"m{n}", when, told)
    if sort < RECEIPTS + NUMBERS:
        number, state = chance.randrange(10 * campaigns), chance.choice(("pending", "successful", "successful"))
        of_number: Json = {
            "phonenumbersid": f"PN{number:032x}",
            "phonenumber": f"1503{number:07}",
            "messagingservicesid": service_sid(number % campaigns),
            "timestamp": when,
        }
        return _cloud(f"{COMPLIANCE}.number-registration.{state}", f"n{n}", when, of_number)
    if sort < RECEIPTS + NUMBERS + CAMPAIGNS:
        return _cloud(f"{COMPLIANCE}.campaign-registration.campaign-in-review", f"c{n}", when, _campaign(campaign))
    told = {"brandsid": brand_sid(chance.randrange(brands)), "brandstatus": "approved"}
    return _cloud(f"{COMPLIANCE}.brand-registration.brand-registered", f"b{n}", when, told)


def _campaign(n: int) -> Json:
    return {"messagingservicesid": service_sid(n), "campaignregistrationstatus": "in-review"}


def _cloud(kind: str, event_id: str, at: float, data: Json) -> Json:
    return {
        "specversion": "1.0",
        "type": kind,
        "source": f"/{ACCOUNT_SID}",
        "id": f"EZ{event_id}",
        "datacontenttype": "application/json",
        "time": datetime.fromtimestamp(at, UTC).isoformat(),
        "data": {"accountSid": ACCOUNT_SID, **data},
    }


def _signed(body: bytes) -> bytes:
    path = f"{EVENTS_PATH}/{ACCOUNT_SID}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    digest = hmac.new(AUTH_TOKEN.encode(), (PUBLIC_URL + path).encode(), hashlib.sha1).digest()
    login = base64.b64encode(f"{EVENTS_USER}:{SECRET}".encode()).decode()
    headers = {"X-Twilio-Signature": base64.b64encode(digest).decode(), "Authorization": f"Basic {login}"}
    return post(path, body, "application/json", headers)
