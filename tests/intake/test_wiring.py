"""The whole bot behind its webhooks: what Twilio tells is seen at once, and never by way of a poll."""

import hashlib
import json
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
from redis.asyncio import Redis
from yarl import URL

from bot.redis.keys import Keys
from bot.sandbox.twilio.start_state import ACCOUNT_SID, APPROVED_BRAND, AUTH_TOKEN, SUPPORT_SERVICE
from bot.tracking.registration import FAILING
from bot.tracking.store import RegistrationStore
from tests.e2e.world import ALERTS, open_world
from tests.intake.receiver import SECRET, login, payload, signature
from tests.redis.servers import free_port


async def test_a_brand_is_read_as_soon_as_an_event_names_it_and_refused_messages_are_an_alert(tmp_path: Path) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings = {"TENFOUR_PUBLIC_URL": base, "TENFOUR_EVENTS_SECRET": SECRET, "TENFOUR_POLL_SECONDS": "3600"}

    async def post(path: str, body: bytes, headers: dict[str, str]) -> int:
        async with aiohttp.ClientSession() as session:
            async with session.post(URL(base + path, encoded=True), data=body, headers=headers) as answer:
                return answer.status

    async with open_world(tmp_path, http_port=port) as world, world.bot(**settings):
        refused = payload("callbacks")[1] | {"AccountSid": ACCOUNT_SID, "MessagingServiceSid": SUPPORT_SERVICE}
        for n in range(6):
            form = {name: [value] for name, value in (refused | {"MessageSid": f"SM{n:032x}"}).items()}
            path = f"/twilio/status/{ACCOUNT_SID}"
            proof = {"X-Twilio-Signature": signature(AUTH_TOKEN, base + path, form)}
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            assert await post(path, urlencode(form, doseq=True).encode(), proof | kind) == 204
        event = payload("brand")[0]
        event["data"] |= {"accountsid": ACCOUNT_SID, "brandsid": APPROVED_BRAND}
        body = json.dumps([event]).encode()
        path = f"/twilio/events/{ACCOUNT_SID}?bodySHA256={hashlib.sha256(body).hexdigest()}"
        assert await post(path, body, {**login(), "X-Twilio-Signature": signature(AUTH_TOKEN, base + path)}) == 204
        async with Redis.from_url(world.redis_url, decode_responses=True) as redis:
            store = RegistrationStore(redis, Keys())

            async def states() -> set[str]:
                ids = [f"brand|{ACCOUNT_SID}|{APPROVED_BRAND}", f"traffic|{ACCOUNT_SID}|{SUPPORT_SERVICE}"]
                return {known.status for known in (await store.many(ids)).values()}

            while await states() != {"APPROVED", FAILING}:
                await world.slack.changed() if hasattr(world.slack, "changed") else None
        await world.hears(ALERTS, "30034")
