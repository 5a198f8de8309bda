"""A process that dies at a chosen moment: nothing that it would have done after it reaches Redis or Slack."""

from collections.abc import Mapping
from typing import Any, cast

from redis.asyncio import Redis
from slack_sdk.web.async_client import AsyncWebClient

from tests.runs.mortal import Life

WRITES = frozenset({"hset", "hdel", "zadd", "delete", "expire", "evalsha", "eval"})
POSTS = frozenset({"chat_postMessage", "chat_update"})


def mortal(of: Any, names: frozenset[str], life: Life) -> Any:
    """What is named takes effect, and is heard of, as long as `life` lasts."""

    class Mortal:
        def __getattr__(self, name: str) -> Any:
            found = getattr(of, name)
            if name not in names:
                return found

            async def run(*args: Any, **kwargs: Any) -> Any:
                return await life.during(lambda: found(*args, **kwargs))

            return run

    return Mortal()


def mortal_redis(redis: Redis, life: Life) -> Redis:
    """A client whose writes reach Redis as long as `life` lasts."""
    return cast(Redis, mortal(redis, WRITES, life))


def mortal_slack(client: AsyncWebClient, life: Life) -> AsyncWebClient:
    """A client whose posts reach Slack as long as `life` lasts."""
    return cast(AsyncWebClient, mortal(client, POSTS, life))


def slot_of(message: Mapping[str, Any]) -> str:
    """Which slot of which book a message fills."""
    key = str(((message.get("metadata") or {}).get("event_payload") or {}).get("key") or "")
    return key.rpartition("/")[2]
