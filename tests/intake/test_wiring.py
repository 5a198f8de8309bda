"""The whole bot behind its webhooks: what Twilio tells over HTTP arrives in the channel."""

import hashlib
import json
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from bot.sandbox.twilio.start_state import ACCOUNT_SID, APPROVED_BRAND, AUTH_TOKEN, SUPPORT_SERVICE
from tests.e2e.world import ALERTS, open_world
from tests.intake.receiver import SECRET, login, payload, signature
from tests.redis.servers import free_port


async def test_a_brand_that_an_event_names_is_read_and_messages_that_carriers_refuse_are_an_alert(
    tmp_path: Path,
) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"

    async def post(path: str, body: bytes, headers: dict[str, str]) -> int:
        url = URL(base + path, encoded=True)
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
            return answer.status

    async with (
        open_world(tmp_path, http_port=port) as world,
        world.bot(TENFOUR_PUBLIC_URL=base, TENFOUR_EVENTS_SECRET=SECRET, TENFOUR_POLL_SECONDS="0.2"),
    ):
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
        await world.hears(ALERTS, "30034")
        await world.hears(ALERTS, APPROVED_BRAND)
