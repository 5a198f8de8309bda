"""A campaign at the local Twilio, and the trackers that follow it."""

import asyncio
from dataclasses import dataclass

from redis.asyncio import Redis

from bot.plans.call import Call
from bot.redis.keys import Keys
from bot.sandbox.twilio.server import LocalTwilio
from bot.sandbox.twilio.start_state import APPROVED_BRAND, SUPPORT_SERVICE
from bot.tracking.registration import Announcement, Registration, Transition
from bot.tracking.store import RegistrationStore
from bot.tracking.tracker import Tracker
from bot.twilio import reads
from bot.twilio.gateway import Account
from tests.conftest import Clock, Told

ALERTS = "C0ALERTS"
BASE = 60.0
PAST = "We text order updates to customers who asked for them at checkout."
CAMPAIGN = {
    "BrandRegistrationSid": APPROVED_BRAND,
    "Description": PAST,
    "MessageFlow": PAST,
    "MessageSamples": ("Acme: your order 123 is on its way.", "Acme: your order 123 has arrived today."),
    "UsAppToPersonUsecase": "CUSTOMER_CARE",
    "HasEmbeddedLinks": "false",
    "HasEmbeddedPhone": "false",
    "PrivacyPolicyUrl": "https://acme.example/privacy",
    "TermsAndConditionsUrl": "https://acme.example/terms",
}


def registration_of(key: str, account: str = "AC" + "5a" * 16, started_at: float = 0.0) -> Registration:
    """A registration that nobody has looked at yet."""
    return Registration(kind="campaign", account=account, key=key, title=f"Campaign {key}", started_at=started_at)


async def nobody_waits(number: int) -> None:
    """No change of these tests waits for a registration."""
    raise AssertionError(number)


@dataclass
class Registry:
    """A store of registrations beside the Twilio that they live at."""

    redis: Redis
    keys: Keys
    twilio: LocalTwilio
    account: Account
    clock: Clock
    told: Told

    @property
    def store(self) -> RegistrationStore:
        return RegistrationStore(self.redis, self.keys)

    def tracker(self, account: Account | None = None) -> Tracker:
        """A replica's tracker; all of them share Redis and Twilio."""
        return Tracker(self.store, lambda _: account or self.account, self.told, self.clock, BASE, ALERTS, nobody_waits)

    async def submitted(self, service_sid: str = SUPPORT_SERVICE) -> str:
        """A campaign that was just submitted and is followed from now on. Returns the registration's id."""
        path = reads.campaign_path(service_sid)
        await self.account.send(Call(product="messaging", method="POST", path=path, params=dict(CAMPAIGN)))
        registration = registration_of(service_sid, self.account.sid, self.clock())
        await self.store.begin(registration)
        return registration.id

    async def known(self, registration_id: str) -> Registration:
        """The registration as it stands."""
        registration = await self.store.load(registration_id)
        assert registration is not None
        return registration

    async def due(self, registration_id: str) -> float:
        """Seconds from now until the next look."""
        when = await self.store.due(registration_id)
        assert when is not None
        return float(when) - self.clock()

    async def heard(self, registration_id: str) -> list[tuple[str, str]]:
        """What waits in the outbox: channel and new state, oldest first."""
        rows = await self.store.announcements(registration_id)
        return [(row.channel, row.transition.after) for row in rows]

    async def sweep_everywhere(self, replicas: int = 5) -> int:
        """Every replica sweeps at once. Returns how many looks there were in all."""
        return sum(await asyncio.gather(*(self.tracker().sweep() for _ in range(replicas))))


def transition_of(number: int, after: str = "VERIFIED") -> Transition:
    """A transition with an id of its own."""
    return Transition(id=number, before="PENDING", after=after, at=0.0, severity="good", snapshot={})


def announcement_of(number: int, channel: str = ALERTS) -> Announcement:
    """A transition addressed to a channel."""
    return Announcement(channel=channel, transition=transition_of(number))
