"""A channel remembers the Twilio account that its people have chosen."""

from redis.asyncio import Redis

from bot.changes.account_choice import ChannelAccounts, Choice
from bot.redis.keys import Keys
from tests.conftest import Clock

WEST = "AC" + "7e" * 16


async def test_a_choice_of_another_version_is_as_good_as_none(redis: Redis, keys: Keys, clock: Clock) -> None:
    choices = ChannelAccounts(redis, keys, clock)
    await redis.hset(keys.plain("channel-accounts"), "C0A2P", '{"shape": "of tomorrow"}')
    assert await choices.of("C0A2P") is None


async def test_each_channel_has_its_own_choice_with_who_made_it_until_it_is_forgotten(
    redis: Redis, keys: Keys, clock: Clock
) -> None:
    choices = ChannelAccounts(redis, keys, clock)
    await choices.use("C0A2P", WEST, "U0RITA")
    assert await choices.of("C0A2P") == Choice(account=WEST, user="U0RITA", at=clock())
    assert await choices.of("C0ALERTS") is None
    assert await choices.of("") is None
    await choices.forget("C0A2P")
    assert await choices.of("C0A2P") is None
