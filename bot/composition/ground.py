"""What every other part is made of: settings, memory, Twilio, the engine. Each is made once in a process."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from bot.catalog import catalog
from bot.catalog.choices import AllChoices
from bot.catalog.operation import Catalog
from bot.closing import Closing
from bot.composition.accounts import opened
from bot.composition.following import Following
from bot.composition.spoilt import Spoilt
from bot.engine import TaskEngine
from bot.health import Pulse
from bot.maintenance.start import at_work
from bot.policy.file import Rulebook, Surroundings
from bot.redis.connection import RedisHandle, open_redis
from bot.redis.keys import Keys
from bot.roles import Role
from bot.settings import Settings, encryption_keys
from bot.tempo import Tempo
from bot.twilio.accounts import Accounts
from bot.twilio.pace import Pace
from bot.vault import Vault
from bot.watching.watch import UNWATCHED, Watch

QUIET = 4
"""Calls at a time to Twilio that nobody waits for."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Ground:
    """`quiet` are the same accounts as `accounts`, with a small concurrency of their own."""

    settings: Settings
    watch: Watch
    role: Role
    clock: Callable[[], float]
    tempo: Tempo
    closing: Closing
    catalog: Catalog
    rulebook: Rulebook
    vault: Vault
    redis: RedisHandle
    keys: Keys
    accounts: Accounts
    quiet: Accounts
    choices: AllChoices
    spoilt: Spoilt
    pulse: Pulse
    following: Following
    engine: TaskEngine


@asynccontextmanager
async def open_ground(
    settings: Settings,
    role: Role,
    clock: Callable[[], float],
    tempo: Tempo,
    closing: Closing,
    watch: Watch = UNWATCHED,
) -> AsyncIterator[Ground]:
    """The ground, until the body ends.

    Raises `PolicyProblem`, `RedisProblem`, `EmbeddedRedisProblem` or `SettingsProblem`, with words for the operator.
    """
    operations = catalog()
    names = tuple(account.name for account in settings.accounts)
    rulebook = Rulebook.of(settings.policy, Surroundings(tuple(o.name for o in operations.operations), names))
    vault = Vault(encryption_keys(settings))
    url = settings.redis_url.get_secret_value() if settings.redis_url else None
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(open_redis(url, settings.state))
        _say_where_memory_is(redis)
        keys = Keys()
        await stack.enter_async_context(at_work(redis.client, keys))
        pace = Pace(redis.client, keys, tempo.spread, tempo.least_calm)
        accounts, quiet = (opened(settings, tempo, pace, n, watch) for n in (None, QUIET))
        stack.push_async_callback(accounts.close)
        stack.push_async_callback(quiet.close)
        choices = AllChoices(accounts, clock, quiet=quiet)
        stack.push_async_callback(choices.close)
        pulse = Pulse(settings.state, redis.client, keys, clock)
        engine = TaskEngine(redis.url, f"{keys.prefix}-tasks", clock, tempo)
        watch.connected(pulse, redis, keys, engine.depth)
        if role.works:
            pulse.watch("engine", engine.alive)
        yield Ground(
            settings,
            watch,
            role,
            clock,
            tempo,
            closing,
            operations,
            rulebook,
            vault,
            redis,
            keys,
            accounts,
            quiet,
            choices,
            Spoilt(redis.client, keys, choices),
            pulse,
            Following.of(redis.client, keys, clock, watch.observer),
            engine,
        )


def _say_where_memory_is(redis: RedisHandle) -> None:
    log.info("memory", redis="embedded, kept in the state folder" if redis.embedded else "at REDIS_URL")
    for warning in redis.warnings:
        log.warning("memory_at_risk", why=warning)
