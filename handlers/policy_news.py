"""Tells the approvals channel, once for all replicas, that the policy file was changed, has broken or was mended."""

import asyncio

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.policy.file import Rulebook
from bot.policy.policy import Policy
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from handlers.blocks.policy import policy_broken, policy_changed
from handlers.desk import SLACK_FAILURES
from handlers.posts import Posts

REST = 30
"""Looks that pass before news is tried again that could not be told."""

log = structlog.get_logger()


class PolicyNews:
    """What was last told of the policy stands in one Redis hash, with the policy itself: news is told against that.

    `nth` in it counts what was told, so that a policy that comes back is news again, and replicas post one message.
    """

    def __init__(
        self, posts: Posts, redis: Redis, keys: Keys, leases: Leases, rulebook: Rulebook, channel: str
    ) -> None:
        self._posts, self._redis, self._leases, self._rulebook = posts, redis, leases, rulebook
        self._book, self._lease, self._channel = keys.plain("policy:news"), keys.plain("policy:telling"), channel
        self._told, self._rest = "", 0

    async def look(self) -> bool:
        """Take what the file says by now into force, and tell what has not been told. Whether the policy is another."""
        before = self._rulebook.policy
        if await asyncio.to_thread(self._rulebook.look_again):
            self._rest = 0
            if self._rulebook.problem:
                log.error("policy_not_taken", why=self._rulebook.problem, then="the policy from before stays in force")
            else:
                log.info("policy_in_force", fingerprint=self._rulebook.policy.fingerprint)
        self._rest = max(0, self._rest - 1)
        if self._told != self._rulebook.state and not self._rest:
            await self._tell_alone(self._rulebook.state)
        return self._rulebook.policy is not before

    async def in_force(self) -> bool:
        """Whether this process has the policy that came into force last, among all replicas."""
        return str(await self._redis.hget(self._book, "fingerprint")) == self._rulebook.policy.fingerprint

    async def _tell_alone(self, state: str) -> None:
        try:
            async with self._leases.held(self._lease) as ours:
                if ours:
                    await self._tell(state)
        except (*SLACK_FAILURES, RedisError) as error:
            self._rest = REST
            log.warning("policy_news_not_told", channel=self._channel, why=str(error) or type(error).__name__)

    async def _tell(self, state: str) -> None:
        told = {str(k): str(v) for k, v in (await self._redis.hgetall(self._book)).items()}
        nth, policy = int(told.get("nth", 0)), self._rulebook.policy
        # in force first, whatever becomes of the message: what waits is judged by it; not what a process is left with
        # whose file has broken, while the others may have a newer one
        if not self._rulebook.problem or "fingerprint" not in told:
            await self._redis.hset(self._book, "fingerprint", policy.fingerprint)
        if told.get("state", state) != state:
            nth += 1
            if self._rulebook.problem:
                message = policy_broken(self._rulebook.problem)
            else:
                message = policy_changed(_read(told["policy"]), policy, mended=told["broken"] == "1")
            await self._posts.once(self._book, f"told:{nth}", self._channel, message)
            await self._redis.hdel(self._book, f"told:{nth - 1}")
        broken = str(int(bool(self._rulebook.problem)))
        standing = {
            "nth": str(nth),
            "state": state,
            "broken": broken,
            "policy": policy.model_dump_json(exclude_defaults=True),
        }
        await self._redis.hset(self._book, items=[part for row in standing.items() for part in row])
        self._told = state


def _read(policy: str) -> Policy | None:
    """The policy that was told of last; None when another version wrote it in another shape."""
    try:
        return Policy.model_validate_json(policy)
    except ValueError:
        return None
