"""What the tests stand on: a real Redis, the local Twilio over real sockets, and a clock that they set."""

import gc
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
import structlog
from cryptography.fernet import Fernet
from hypothesis import settings
from redis.asyncio import Redis

from bot.changes.authority import Authority
from bot.changes.budget import Budget
from bot.changes.change import Change
from bot.changes.delegations import Delegations
from bot.changes.people import Directory, Person
from bot.changes.store import ChangeStore
from bot.policy.file import Rulebook
from bot.policy.policy import Group, Policy
from bot.redis.connection import open_redis
from bot.redis.embedded import run_embedded_redis
from bot.redis.keys import Keys
from bot.vault import Vault

if TYPE_CHECKING:
    from bot.sandbox.twilio.server import LocalTwilio
    from bot.twilio.gateway import Account

# structlog's own tracebacks show all that is known in each frame: drawing one keeps a loop busy for seconds
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)
# a timing is never asserted: the machine may be busy. Forty-five examples each keep all tests within five minutes
settings.register_profile("tenfour", deadline=None, max_examples=45)
settings.load_profile("tenfour")

START = 1_790_000_000.0
"""When the tests' clock starts: epoch seconds, in September 2026."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long is begun first."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was collected stays until the end: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Staff:
    """A `Directory` over people held in memory. `barred` maps a user to why they may neither ask nor decide."""

    def __init__(
        self,
        channels: Mapping[str, Iterable[str]] | None = None,
        usergroups: Mapping[str, Iterable[str]] | None = None,
        barred: Mapping[str, str] | None = None,
    ) -> None:
        self.channels = {name: frozenset(users) for name, users in (channels or {}).items()}
        self.usergroups = {name: frozenset(users) for name, users in (usergroups or {}).items()}
        self.barred = dict(barred or {})

    async def person(self, user: str, *, fresh: bool = False) -> Person:
        return Person(id=user, name=user.lower(), bar=self.barred.get(user, ""))

    async def members(self, group: Group, *, fresh: bool = False) -> frozenset[str]:
        of_channel = self.channels.get(group.channel, frozenset())
        return group.listed | self.usergroups.get(group.usergroup, frozenset()) | of_channel


def authority_of(
    redis: Redis, keys: Keys, vault: Vault, clock: Callable[[], float], policy: Policy, people: Directory
) -> Authority:
    """Who may do what by this policy, among these people."""
    delegations, budget = Delegations(redis, keys, vault, clock), Budget(redis, keys, clock)
    return Authority(Rulebook(policy), people, delegations, budget)


class Told:
    """A `Notifier` that remembers what it was told."""

    def __init__(self) -> None:
        self.changes: list[int] = []
        self.registrations: list[str] = []
        self.reminders: list[tuple[int, int]] = []
        self.reviews: list[tuple[int, int]] = []

    async def change_moved(self, number: int) -> None:
        self.changes.append(number)

    async def registration_moved(self, registration: str) -> None:
        self.registrations.append(registration)

    async def changes_stand(self, changes: Sequence[tuple[Change, int]]) -> None:
        self.changes += [change.number for change, _ in changes]
        self.reminders += [(change.number, due) for change, due in changes if due]

    async def review_waits(self, number: int, nth: int) -> None:
        self.reviews.append((number, nth))


class Started:
    """An `Engine` that remembers which runs it was asked to start."""

    def __init__(self) -> None:
        self.runs: list[int] = []

    async def start_run(self, number: int) -> None:
        self.runs.append(number)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def redis_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Address of one real server for the whole session."""
    async with run_embedded_redis(tmp_path_factory.mktemp("state")) as server:
        client = Redis.from_url(server.url)
        # what a killed server loses is tested in tests/redis; here an fsync for each write would only cost time
        await client.config_set("appendfsync", "no")
        await client.aclose()
        yield server.url


@pytest_asyncio.fixture
async def redis(redis_url: str, tmp_path: Path) -> AsyncIterator[Redis]:
    """The bot's own kind of client, connected to the session's server."""
    async with open_redis(redis_url, tmp_path) as handle:
        yield handle.client


@pytest.fixture
def keys() -> Keys:
    """Key names that no other test uses."""
    return Keys(prefix=f"test-{os.urandom(6).hex()}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vault() -> Vault:
    return Vault([Fernet.generate_key().decode()])


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def started() -> Started:
    return Started()


@pytest.fixture
def store(redis: Redis, keys: Keys, vault: Vault) -> ChangeStore:
    return ChangeStore(redis, keys, vault)


@pytest_asyncio.fixture
async def twilio(clock: Clock) -> "AsyncIterator[LocalTwilio]":
    """A local Twilio in its start state, on a free port, living by the tests' clock."""
    from bot.sandbox.twilio.server import LocalTwilio

    server = LocalTwilio(clock=clock)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture
async def account(twilio: "LocalTwilio") -> "AsyncIterator[Account]":
    """The local Twilio's account, over the bot's own gateway."""
    from bot.twilio.gateway import Account

    opened = Account(twilio.account_sid, twilio.account_sid, twilio.auth_token, f"{twilio.url}/{{product}}")
    yield opened
    await opened.close()


@pytest.fixture
def accounts(account: "Account") -> "Callable[[str], Account]":
    """Finds the only account there is, whatever its SID."""
    return lambda _sid: account
