"""The bot's memory, opened for a command: needs only REDIS_URL, TENFOUR_ENCRYPTION_KEY and TENFOUR_STATE."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cryptography.fernet import Fernet
from redis.asyncio import Redis

from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.settings import MemorySettings, SettingsProblem, encryption_keys, load_memory_settings
from bot.vault import Vault


@dataclass(frozen=True)
class Memory:
    """What a command works on. `encryption_keys` are newest first."""

    redis: Redis
    keys: Keys
    vault: Vault
    encryption_keys: tuple[str, ...]


@asynccontextmanager
async def opened(environ: Mapping[str, str], *, fresh: bool = False, keyless: bool = False) -> AsyncIterator[Memory]:
    """The memory that the environment names; `fresh` when it may be of a bot that has never run here.

    With `keyless` it is opened also where no key was made yet: nothing that is sealed can then be read.

    Raises `SettingsProblem`, `RedisProblem` or `EmbeddedRedisProblem`.
    """
    settings = load_memory_settings(environ)
    if not fresh and (lines := _wrong_place(settings)):
        raise SettingsProblem(lines)
    # never made here: what is read or put back was sealed with a key that somebody has
    missing = settings.encryption_key is None and not (settings.state / "encryption.key").is_file()
    if missing and not keyless:
        raise SettingsProblem([_no_key(settings)])
    secret, url = (Fernet.generate_key().decode(),) if missing else encryption_keys(settings), settings.redis_url
    async with open_redis(url.get_secret_value() if url else None, settings.state) as redis:
        yield Memory(redis.client, Keys(), Vault(secret), secret)


def _wrong_place(settings: MemorySettings) -> list[str]:
    """Where the bot never was, an empty memory would be taken for the truth."""
    if settings.redis_url is not None or (settings.state / "redis").is_dir():
        return []
    return [f"REDIS_URL: not set, and the bot has no Redis of its own in the state folder. {_where(settings)}"]


def _no_key(settings: MemorySettings) -> str:
    return f"TENFOUR_ENCRYPTION_KEY: not set, and the state folder has no key file. {_where(settings)}"


def _where(settings: MemorySettings) -> str:
    return f"Run this where the bot runs, with its settings. TENFOUR_STATE is {settings.state.resolve()}."
