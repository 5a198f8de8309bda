"""Whatever the order of events, polls, deaths and people's wishes: one log, and each transition told once a channel."""

import asyncio
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.tracking.cadence import DAY
from bot.tracking.due import CLAIM_SECONDS
from bot.tracking.kinds import Kind
from bot.tracking.registration import GONE, Registration
from bot.tracking.store import RegistrationStore
from bot.tracking.subscriptions import Subscription
from bot.tracking.tracker import Tracker
from bot.twilio.gateway import Account
from tests.conftest import Clock, Told
from tests.machines import live
from tests.runs.mortal import Died, Life
from tests.tracking.registry import ALERTS, BASE, Registry, nobody_waits, registration_of

OTHER = "C0OTHER"
STATES = ("PENDING", "IN_PROGRESS", "VERIFIED", "FAILED", "SUSPENDED", "NEVER_SEEN", GONE)


def mortal(redis: Redis, life: Life) -> Redis:
    """A client each of whose commands may be the last one, before or after it takes effect."""

    class Mortal:
        def __getattr__(self, name: str) -> Any:
            found = getattr(redis, name)
            if name == "pipeline":
                return lambda **how: mortal_pipeline(found(**how), life)

            async def run(*arguments: Any, **more: Any) -> Any:
                return await life.during(lambda: found(*arguments, **more))

            return run

    return cast(Redis, Mortal())


def mortal_pipeline(pipe: Any, life: Life) -> Any:
    """A pipeline that may be the last one, before or after it takes effect."""
    execute = pipe.execute
    pipe.execute = lambda **how: life.during(lambda: execute(**how))
    return pipe


class Following(RuleBasedStateMachine):
    """A campaign at a Twilio that moves, events about it that come when they like, and replicas that die."""

    def __init__(self, runner: asyncio.Runner, redis: Redis, keys: Keys) -> None:
        super().__init__()
        self.runner, self.redis, self.keys, self.clock = runner, redis, keys, Clock()
        self.store = RegistrationStore(redis, keys)
        self.state, self.looked = "PENDING", False
        self.states: list[str] = []
        self.posted = set[tuple[str, str]]()

    @initialize()
    def begins(self) -> None:
        self.campaign = registration_of("MG1", started_at=self.clock())
        self.runner.run(self.store.begin(self.campaign))

    @precondition(lambda self: self.looked)
    @rule(state=st.sampled_from(STATES))
    def twilio_moves(self, state: str) -> None:
        self.looked = self.looked and state == self.state
        self.state = state

    @rule(times=st.integers(1, 3))
    def an_event_comes(self, times: int) -> None:
        for _ in range(times):
            self.runner.run(self.tracker().hint([self.fresh()]))

    @rule(replicas=st.integers(1, 3))
    def replicas_sweep(self, replicas: int) -> None:
        async def sweep() -> None:
            await asyncio.gather(*(self.tracker().sweep() for _ in range(replicas)))

        self.runner.run(sweep())
        self.saw()

    @rule()
    def several_look_at_once(self) -> None:
        """As after a claim that ran out, or when somebody clicks *Check now* during a sweep."""

        async def look() -> None:
            await asyncio.gather(*(self.tracker().look(self.campaign.id) for _ in range(3)))

        self.runner.run(look())
        self.saw()

    @precondition(lambda self: not self.looked)
    @rule(steps=st.integers(4, 14))
    def a_replica_dies_in_its_sweep(self, steps: int) -> None:
        self.clock.advance(DAY)  # whatever is due next is due by then
        life = Life(left=steps)
        with suppress(Died):
            self.runner.run(self.tracker(mortal(self.redis, life)).sweep())
        self.saw()

    @rule(seconds=st.sampled_from([1.0, CLAIM_SECONDS + 1.0, DAY]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(crash=st.booleans())
    def what_waits_is_posted(self, crash: bool) -> None:
        self.runner.run(self.post(crash=crash))

    @rule()
    def another_channel_listens(self) -> None:
        self.runner.run(self.store.subscribe(Subscription(channel=OTHER)))

    @rule()
    def it_listens_no_more(self) -> None:
        self.runner.run(self.store.unsubscribe(OTHER))

    def teardown(self) -> None:
        # the last poll finds what no event told
        self.clock.advance(2 * DAY)
        self.runner.run(self.tracker().sweep())
        self.saw()
        self.runner.run(self.post(crash=False))
        log = self.runner.run(self.store.transitions(self.campaign.id))
        steps = [(before, after) for before, after in zip(["", *self.states], self.states, strict=False)]
        news = [(b, a) for b, a in steps if b or a in ("VERIFIED", "FAILED", "SUSPENDED", GONE)]
        assert [(t.before, t.after) for t in log if t.about == "state"] == news
        told = [a.transition.id for a in self.runner.run(self.store.announcements(self.campaign.id))]
        assert (told, self.runner.run(self.store.untold(self.clock()))) == ([], [])
        assert {row for channel, row in self.posted if channel == ALERTS} == {f"{t.id}:{ALERTS}" for t in log}

    # what these deeds are made of

    def fresh(self) -> Registration:
        """The campaign as an event names it."""
        return registration_of("MG1", started_at=self.clock())

    def tracker(self, redis: Redis | None = None) -> Tracker:
        """A replica."""

        async def look(account: Account, key: str) -> tuple[str, dict[str, Any]]:
            await asyncio.sleep(0)
            return self.state, {}

        def account(sid: str) -> Account:
            return cast(Account, SimpleNamespace(concurrency=2))

        kinds = {"campaign": Kind(look, announced=True)}
        store = RegistrationStore(redis or self.redis, self.keys)
        return Tracker(store, account, Told(), self.clock, BASE, ALERTS, nobody_waits, kinds)

    def saw(self) -> None:
        """Keep in mind which state has been recorded: Twilio goes on only after that."""
        known = self.runner.run(self.store.load(self.campaign.id))
        if known and known.status == self.state and known.status:
            self.looked = True
            if not self.states or self.states[-1] != self.state:
                self.states.append(self.state)

    async def post(self, *, crash: bool) -> None:
        """Post every row that waits, as a book of posts does it; with `crash` the process dies before the last word."""
        for registration in await self.store.untold(self.clock()):
            known = await self.store.load(registration)
            assert known
            for row in await self.store.announcements(registration):
                self.posted.add((row.channel, row.id))
                if crash:
                    return
                await self.store.told(registration, row)
            await self.store.all_told(registration, known.version)


def test_any_order_of_events_polls_and_deaths_ends_in_one_log_told_once_a_channel(
    redis_url: str, tmp_path: Path, keys: Keys
) -> None:
    live(Following, redis_url, tmp_path, keys, lives=40, deeds=12)


async def test_a_process_that_dies_at_any_command_of_a_look_loses_no_word_and_says_none_twice(
    registry: Registry,
) -> None:
    state, lasted = "PENDING", 0

    async def look(account: Account, key: str) -> tuple[str, dict[str, Any]]:
        return state, {}

    def tracker(redis: Redis) -> Tracker:
        kinds = {"campaign": Kind(look, announced=True)}
        store = RegistrationStore(redis, registry.keys)
        return Tracker(store, lambda _: registry.account, Told(), registry.clock, BASE, ALERTS, nobody_waits, kinds)

    while True:
        state, campaign = "PENDING", registration_of(f"MG{lasted}", started_at=registry.clock())
        await registry.store.begin(campaign)
        await tracker(registry.redis).sweep()
        await registry.store.all_told(campaign.id, 1)
        state, life = "VERIFIED", Life(left=lasted)
        registry.clock.advance(DAY)
        with suppress(Died):
            await tracker(mortal(registry.redis, life)).sweep()
        registry.clock.advance(DAY)
        await tracker(registry.redis).sweep()
        assert await registry.heard(campaign.id) == [(ALERTS, "VERIFIED")], lasted
        assert campaign.id in await registry.store.untold(registry.clock()), lasted
        await registry.store.forget(campaign.id)
        if life.left is not None and life.left > 0:  # it lived to the end
            break
        lasted += 1
    assert lasted > 10
