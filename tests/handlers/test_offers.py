"""An offer of what nobody follows ends up showing what was done about it, whatever dies or fails in between."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.changes.refusal import Refusal
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.twilio.server import LocalTwilio
from bot.sandbox.world import BOT, BOT_TOKEN, TEAM_ID
from bot.tracking.discovery import Discovery
from bot.tracking.store import RegistrationStore
from bot.tracking.subscriptions import Subscription
from bot.twilio.accounts import Accounts
from bot.twilio.gateway import Account
from bot.vault import Vault
from handlers.acts import Act, ActStore
from handlers.blocks.following.discovered import choices
from handlers.desk import Desk
from handlers.following import discovered
from handlers.following.offers import Offers
from handlers.people import People
from handlers.posts import Posts
from tests.conftest import Clock, Told
from tests.e2e.world import ALERTS, ANN, RITA, shown
from tests.runs.mortal import Died
from tests.sandbox.slack_fixtures import running
from tests.tracking.registry import Registry


@dataclass
class Front:
    """As much of a desk as offers need; it may die before it writes into the audit."""

    people: People
    discovery: Discovery
    offers: Offers
    acts: ActStore
    slack: LocalSlack
    account: str
    dies: bool = False
    noted: list[str] = field(default_factory=list)

    async def note(self, act: Act, kind: str, what: str, detail: str, account: str = "") -> None:
        if self.dies:
            raise Died
        self.noted.append(what)

    async def does(self, how: str, user: str = RITA, **what: Any) -> None:
        """What somebody clicked, carried out as it stands written down."""
        act = Act(id=f"{user}{how}", kind="discovered", user=user, team=TEAM_ID, at=0.0, what={"how": how, **what})
        act = act.model_copy(update={"what": act.what | {"account": self.account}})
        kept = [a for a in await self.acts.left(1.0) if a.id == act.id]
        if not kept:
            await self.acts.keep(act)
        await discovered.carry_out(cast(Desk, self), (kept or [act])[0])

    @property
    def offered(self) -> list[str]:
        """What stands in the alerts channel."""
        return [shown(m) for m in self.slack.messages(ALERTS)]


@pytest_asyncio.fixture
async def front(
    redis: Redis, keys: Keys, vault: Vault, twilio: LocalTwilio, account: Account, clock: Clock, told: Told
) -> AsyncIterator[Front]:
    async with running(rate_limits=False) as slack:
        client = AsyncWebClient(BOT_TOKEN, base_url=f"{slack.url}/api/", retry_handlers=[])
        tracker = Registry(redis, keys, twilio, account, clock, told).tracker()
        discovery = Discovery(redis, keys, tracker, Accounts([account]), clock)
        offers = Offers(Posts(client, redis), redis, keys, Leases(redis), discovery, ALERTS)
        people = People(client, TEAM_ID, "C0APPROVALS", BOT.id, clock)
        await offers.look([account.sid])
        yield Front(people, discovery, offers, ActStore(redis, keys, vault), slack, account.sid)


@pytest.mark.parametrize(
    ("how", "words"), [("follow", f"<@{RITA}> follows"), ("decline", f"<@{RITA}> declined")], ids=["follow", "decline"]
)
async def test_what_a_process_died_over_is_shown_and_noted_and_not_refused(front: Front, how: str, words: str) -> None:
    count = len((await front.discovery.offer(front.account)).found)
    front.dies = True
    with pytest.raises(Died):
        await front.does(how)
    assert (await front.discovery.offer(front.account)).found == ()
    front.dies = False
    await front.does(how)
    (message,) = front.offered
    assert "is followed, or was declined" in message
    assert f"{words} {count} registration" in message
    assert len(front.noted) == 1
    with pytest.raises(Refusal, match="None of that is left"):
        await front.does(how, ANN)


async def test_what_slack_did_not_take_is_shown_with_the_next_look(front: Front) -> None:
    front.slack.faults.add("chat.update", error="internal_error")
    await front.does("decline")
    assert "nobody follows here" in front.offered[0]
    await front.offers.look([front.account])
    assert f"<@{RITA}> declined" in front.offered[0]
    updates = len(front.slack.calls("chat.update"))
    await front.offers.look([front.account])
    assert len(front.slack.calls("chat.update")) == updates


async def test_choices_say_in_words_how_things_stand(front: Front) -> None:
    found = (await front.discovery.offer(front.account)).found
    described = [o["description"]["text"].partition(" · ")[0] for o in choices(found, "")]
    assert "Approved" in described
    assert not {"APPROVED", "VERIFIED", "PENDING", "IN_PROGRESS", "FAILED"} & set(described)


async def test_an_offer_waits_until_quiet_hours_end(front: Front, clock: Clock, redis: Redis, keys: Keys) -> None:
    minute = int(clock() % 86400 // 60)
    quiet = Subscription(channel=ALERTS, quiet_from=minute - 1, quiet_until=minute + 60)
    await RegistrationStore(redis, keys).subscribe(quiet)
    await redis.delete(keys.plain(f"discovery:posts:{front.account}"))
    before = len(front.offered)
    await front.offers.draw(front.account)
    assert len(front.offered) == before
    clock.advance(2 * 3600)
    await front.offers.draw(front.account)
    assert len(front.offered) == before + 1
