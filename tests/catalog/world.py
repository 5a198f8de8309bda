"""What the tests of the catalogue share: a local Twilio, an account on it, good answers, and a plain runner."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.catalog import catalog
from bot.catalog.form import parse
from bot.catalog.operation import Context
from bot.catalog.report import Report
from bot.plans.plan import Plan
from bot.plans.step import Adopt, CallStep, GivenStep, found
from bot.ports import NumberState
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.ledger import Record
from bot.sandbox.twilio.server import LocalTwilio
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account
from tests.sandbox.twilio_account import Clock

TOKEN = "tf-k2m9q7xw4a"
EVENTS_PASSWORD = "an-events-password"
EVENTS_URL = f"https://tenfour:{EVENTS_PASSWORD}@bot.acme.example/twilio/events/{start_state.ACCOUNT_SID}"

SERVICE = {"friendly_name": "Acme deliveries"}

CONTENT: dict[str, Any] = {
    "description": (
        "Acme Inc texts customers who ordered on acme.example about their own orders: confirmation, dispatch and "
        "delivery. Only people who asked for texts at checkout receive them."
    ),
    "message_flow": (
        "Customers order at https://acme.example/checkout. Under the phone field is a separate, optional, unticked "
        "box: “I agree to receive order updates by text from Acme. Message frequency varies. Message and data rates "
        "may apply. Reply STOP to opt out, HELP for help.” Next to it are links to the privacy policy at "
        "https://acme.example/privacy and the terms at https://acme.example/terms."
    ),
    "privacy_policy_url": "https://acme.example/privacy",
    "terms_and_conditions_url": "https://acme.example/terms",
    "sample_1": "Acme: your order [number] has left our bakery and comes today. Reply STOP to opt out.",
    "sample_2": "Acme: [name], your parcel was handed over at [time]. Thank you for your order!",
}

CAMPAIGN: dict[str, Any] = {
    **CONTENT,
    "service_sid": start_state.SUPPORT_SERVICE,
    "brand_sid": start_state.APPROVED_BRAND,
    "use_case": "DELIVERY_NOTIFICATION",
}


class NothingKnown:
    """A `Known` of an account of which nothing was ever heard."""

    async def last_event(self, account_sid: str) -> float | None:
        return None

    async def number(self, account_sid: str, number_sid: str) -> NumberState | None:
        return None

    async def follows_events(self, account_sid: str) -> bool:
        return False

    async def codes(self, account_sid: str, service_sid: str) -> Mapping[str, int]:
        return {}

    async def bypassing(self, account_sid: str, phone_number: str) -> int:
        return 0


@dataclass(frozen=True)
class World:
    """A local Twilio in its start state, and a real client of it."""

    twilio: LocalTwilio
    account: Account
    clock: Clock

    async def plan(self, operation: str, token: str = TOKEN, **values: Any) -> Plan:
        """The plan of an operation for these answers."""
        entry = catalog()[operation]
        return await entry.planned(parse(entry.form, values), Context(self.account, token))

    async def look(self, inquiry: str, **values: Any) -> Report:
        """What an inquiry finds where nothing is remembered beside Twilio."""
        entry = next(i for i in catalog().inquiries if i.name == inquiry)
        return await entry.answered(parse(entry.form, values), self.account, NothingKnown())

    async def prefill(self, operation: str, **values: Any) -> dict[str, Any]:
        """What stands at Twilio, as the form of an operation is filled in with it."""
        prefill = catalog()[operation].prefill
        assert prefill is not None
        return await prefill(values, self.account)

    async def carry_out(self, plan: Plan) -> dict[str, dict[str, Any]]:
        """Send every call of a plan in order; gives the answers by step. Nobody waits, approves or works by hand."""
        results: dict[str, dict[str, Any]] = {}
        for step in plan.steps:
            if isinstance(step, GivenStep):
                results[step.id] = dict(step.result)
            elif isinstance(step, CallStep):
                results[step.id] = await self.account.send(step.call.resolved(results))
        return results

    async def adopted(self, adopt: Adopt | None, results: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """What an adopt read finds now."""
        assert adopt is not None
        try:
            answer = await self.account.read(adopt.read.resolved(results))
        except Refused as fault:
            if fault.absent:
                return []
            raise
        return found(adopt, answer, results)

    def rig(self, table: type[Record], key: str, **fields: Any) -> None:
        """Put something into the local Twilio that no verdict of its desk brings about."""
        self.twilio._ledger.table(table).change(key, self.clock(), **fields)

    async def service(self, name: str = "Acme deliveries", **values: Any) -> str:
        """A new messaging service; gives its SID."""
        plan = await self.plan("service.create", **(SERVICE | {"friendly_name": name} | values))
        return str((await self.carry_out(plan))["service"]["sid"])

    async def campaign(self, **values: Any) -> None:
        """Register a campaign on the start state's service."""
        await self.carry_out(await self.plan("campaign.register", **(CAMPAIGN | values)))
        self.clock.now += 5


@asynccontextmanager
async def open_world() -> AsyncIterator[World]:
    """A world of its own for one test."""
    clock = Clock()
    twilio = LocalTwilio(clock=clock)
    await twilio.start()
    account = Account(
        start_state.ACCOUNT_SID,
        start_state.ACCOUNT_SID,
        start_state.AUTH_TOKEN,
        twilio.url + "/{product}",
        events_url=EVENTS_URL,
    )
    try:
        yield World(twilio, account, clock)
    finally:
        await account.close()
        await twilio.stop()


def codes(plan: Plan, severity: str | None = None) -> set[str]:
    """The codes of a plan's findings."""
    return {f.code for f in plan.findings if severity in (None, f.severity)}
