"""What receives webhooks, on a real port, and a Twilio that signs what it sends."""

import base64
import hashlib
import hmac
import json
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from cryptography.fernet import Fernet
from pydantic import SecretStr
from redis.asyncio import Redis
from yarl import URL

from bot.accounts_file import AccountSettings
from bot.intake.callbacks import Callbacks
from bot.intake.events import Events
from bot.intake.journal import Journal
from bot.intake.reading import Reading
from bot.intake.receipts import Receipts
from bot.intake.right_of_way import RightOfWay
from bot.intake.soon import Soon
from bot.intake.taking import Taking
from bot.intake.tcr import Campaigns, TcrIntake
from bot.intake.tcr_index import TcrIndex
from bot.intake.uptake import Uptake
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.tracking.kinds import kinds
from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore
from bot.tracking.tracker import Tracker
from bot.tracking.traffic import Traffic
from bot.twilio.gateway import Account
from bot.vault import Vault
from handlers.http import LARGEST_BODY
from tests.conftest import Clock, Told

SIGNED = AccountSettings("main", "AC" + "5a" * 16, auth_token=SecretStr("the-main-accounts-token"))
KEY_ONLY = AccountSettings("keyed", "AC" + "6b" * 16, api_key="SK" + "0" * 32, api_secret=SecretStr("a-key-secret"))
STRANGER = "AC" + "7c" * 16
PUBLIC_URL, SECRET, TCR_SECRET = "https://tenfour.example.com", "the-events-password", "unguessable"
SERVICE, NUMBER, BRAND = "MG" + "1b" * 16, "PN" + "3d" * 16, "BN" + "2c" * 16
CAMPAIGN = "CABC123"
VAULT = Vault([Fernet.generate_key().decode()])
"""The ids in the payloads, all of them of `SIGNED`."""


def payload(name: str) -> Any:
    """What Twilio or TCR sends, as documented."""
    return json.loads((Path(__file__).parent / "payloads" / f"{name}.json").read_text("utf-8"))


def signature(token: str, url: str, form: Mapping[str, list[str]] | None = None) -> str:
    """Twilio's signature (twilio.md 11.4)."""
    content = url + "".join(name + value for name in sorted(form or {}) for value in sorted(set((form or {})[name])))
    return base64.b64encode(hmac.new(token.encode(), content.encode(), hashlib.sha1).digest()).decode()


def token_of(account: str) -> str | None:
    """The auth token that Twilio signs with, where the account has one here."""
    known = {a.sid: a.auth_token for a in (SIGNED, KEY_ONLY)}.get(account)
    return known.get_secret_value() if known else None


def login(user: str = "tenfour", password: str = SECRET) -> dict[str, str]:
    """The credentials of a destination."""
    return {"Authorization": aiohttp.encode_basic_auth(user, password)}


class Receiver:
    """Every route for webhooks. What would be done in the background is kept in `begun`.

    `registry` is where registrations lie, if that is elsewhere than the rest.
    """

    def __init__(self, redis: Redis, keys: Keys, clock: Clock, told: Told, registry: Redis | None = None) -> None:
        self.redis, self.keys, self.clock = redis, keys, clock
        self.store = RegistrationStore(registry or redis, keys)
        self.index = TcrIndex(redis, keys)
        self.traffic = Traffic(redis, keys, self.store, clock)
        self.begun: list[str] = []
        self.url = ""

        async def nobody_waits(number: int) -> None:
            raise AssertionError(number)

        def nobody(sid: str) -> Account:
            raise AssertionError(f"a webhook must be answered without asking Twilio about {sid}")

        self.tracker = Tracker(
            self.store,
            nobody,
            told,
            clock,
            60.0,
            "C0ALERTS",
            nobody_waits,
            kinds=kinds(traffic=self.traffic.look),
            projections=(self.index.learn,),
        )
        soon, accounts = Soon(self.tracker.sweep, self._begin), (SIGNED, KEY_ONLY)
        receipts = Receipts(self.traffic, self.tracker, clock)
        way = RightOfWay()
        taking = Taking(redis, keys, self.tracker, receipts, self.index, soon, clock)
        self.journal, self.reading = Journal(redis, keys, VAULT), Reading(accounts, taking, clock, way)
        self.uptake = Uptake(self.journal, self.reading, Leases(redis), keys.events("uptake"), self._begin)
        self.events = Events(self.journal, accounts, PUBLIC_URL, SECRET, self.uptake.ask, way)
        self.callbacks = Callbacks(accounts, PUBLIC_URL, receipts)
        campaigns = Campaigns(self.index, soon, clock)
        self.tcr = TcrIntake(redis, keys, self.tracker, (SIGNED.sid,), TCR_SECRET, campaigns)

    def application(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY)
        app.add_routes([*self.events.routes(), *self.callbacks.routes(), *self.tcr.routes()])
        return app

    async def send_events(
        self,
        body: Any,
        account: str = SIGNED.sid,
        headers: Mapping[str, str | None] | None = None,
        query: str | None = None,
        signed_as: str = PUBLIC_URL,
        waiting: bool = False,
    ) -> int:
        """Send events as Twilio does, but for what `headers` and `query` replace; gives the status of the answer.

        What was acknowledged is taken up by then, unless it is left `waiting`.
        """
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        asked = f"?bodySHA256={hashlib.sha256(raw).hexdigest()}" if query is None else query
        path = f"/twilio/events/{account}{asked}"
        proof: dict[str, str | None] = {**login(), "Content-Type": "application/json"}
        if token := token_of(account):
            proof["X-Twilio-Signature"] = signature(token, signed_as + path)
        status = await self._send(path, raw, proof | dict(headers or {}))
        if status == 204 and not waiting:
            await self.uptake.take_up()
        return status

    async def send_callback(
        self,
        fields: Mapping[str, str | list[str]],
        account: str = SIGNED.sid,
        headers: Mapping[str, str | None] | None = None,
    ) -> int:
        """Send a status callback as Twilio does, but for what `headers` replace; gives the status of the answer."""
        form = {name: [value] if isinstance(value, str) else value for name, value in fields.items()}
        path = f"/twilio/status/{account}"
        token = token_of(account) or "a-token-that-nobody-told-us"
        proof: dict[str, str | None] = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "X-Twilio-Signature": signature(token, PUBLIC_URL + path, form),
        }
        return await self._send(path, urlencode(form, doseq=True).encode(), proof | dict(headers or {}))

    async def send_tcr(self, body: Any) -> int:
        """Send what TCR sends; gives the status of the answer."""
        return await self._send(f"/tcr/{TCR_SECRET}", json.dumps(body).encode(), {"Content-Type": "application/json"})

    async def known(self, kind: str, key: str) -> Registration:
        """A registration as it stands."""
        found = await self.find(kind, key)
        assert found is not None
        return found

    async def find(self, kind: str, key: str, account: str = SIGNED.sid) -> Registration | None:
        """A registration as it stands, or None when nobody follows it."""
        return await self.store.load(f"{kind}|{account}|{key}")

    async def due(self) -> set[str]:
        """What the next sweep looks at: kind and key."""
        times = {i: await self.store.due(i) for i in await self.store.looked_at()}
        return {" ".join(i.split("|")[::2]) for i, when in times.items() if when is not None and when <= self.clock()}

    async def everything(self) -> dict[str, Any]:
        """All that Redis holds of this receiver, to compare one state with another."""
        found: dict[str, Any] = {}
        for key in sorted([str(k) async for k in self.redis.scan_iter(f"{self.keys.prefix}:*", count=1000)]):
            if await self.redis.type(key) == "hash":
                found[key] = await self.redis.hgetall(key)
            elif await self.redis.type(key) == "zset":
                found[key] = await self.redis.zrange(key, 0, -1, withscores=True)
            elif await self.redis.type(key) == "set":
                found[key] = await self.redis.smembers(key)
            elif await self.redis.type(key) == "stream":
                found[key] = await self.redis.xrange(key)
            else:
                found[key] = await self.redis.get(key)
        return found

    async def _send(self, path: str, raw: bytes, headers: Mapping[str, str | None]) -> int:
        given = {name: value for name, value in headers.items() if value is not None}
        url = URL(self.url + path, encoded=True)
        async with aiohttp.ClientSession() as session, session.post(url, data=raw, headers=given) as answer:
            return answer.status

    def _begin(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        self.begun.append(name)
        work.close()
