"""Tells the approvals channel, once for all replicas, that the policy file was changed, has broken or was mended."""

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError

from bot.changes.policy import Policy
from bot.changes.policy_file import Rulebook
from bot.changes.policy_words import differences
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from handlers.blocks import kit
from handlers.blocks.kit import Message
from handlers.posts import Posts, why

log = structlog.get_logger()


class PolicyNews:
    """What was last told of the policy stands in one Redis hash, with the policy itself: news is told against that.

    `nth` counts what was told, so that a policy that comes back is news again, and two replicas post one message.
    """

    def __init__(
        self, posts: Posts, redis: Redis, keys: Keys, leases: Leases, rulebook: Rulebook, channel: str
    ) -> None:
        self._posts, self._redis, self._leases, self._rulebook = posts, redis, leases, rulebook
        self._book, self._lease, self._channel = keys.plain("policy:news"), keys.plain("policy:telling"), channel
        self._told = ""

    async def look(self) -> None:
        """Take what the file says by now into force, and tell what has not been told yet. Never raises for Slack."""
        if self._rulebook.look_again():
            if self._rulebook.problem:
                log.error("policy_not_taken", why=self._rulebook.problem, then="the policy from before stays in force")
            else:
                log.info("policy_in_force", fingerprint=self._rulebook.policy.fingerprint)
        if self._told == self._rulebook.state:
            return
        try:
            async with self._leases.held(self._lease) as ours:
                if ours:
                    await self._tell(self._rulebook.state)
        except (SlackApiError, RedisError) as error:  # the next look tries again
            reason = why(error) if isinstance(error, SlackApiError) else type(error).__name__
            log.warning("policy_news_not_told", why=reason)

    async def in_force(self) -> bool:
        """Whether this process has the policy that came into force last, among all replicas."""
        return str(await self._redis.hget(self._book, "fingerprint")) == self._rulebook.policy.fingerprint

    async def _tell(self, state: str) -> None:
        told = {str(k): str(v) for k, v in (await self._redis.hgetall(self._book)).items()}
        policy = self._rulebook.policy
        if told and told["state"] != state:
            nth = int(told["nth"]) + 1
            broken = told["state"] != told["fingerprint"]
            message = _message(self._rulebook, _read(told["policy"]), was_broken=broken)
            await self._posts.once(self._book, f"told:{nth}", self._channel, message)
            await self._redis.hdel(self._book, f"told:{nth - 1}")
        else:
            nth = int(told.get("nth", 0))
        standing = {"state": state, "nth": nth, "fingerprint": policy.fingerprint, "policy": policy.model_dump_json()}
        await self._redis.hset(self._book, mapping=standing)
        self._told = state


def _read(policy: str) -> Policy | None:
    """The policy that was told of last; None when another version wrote it in another shape."""
    try:
        return Policy.model_validate_json(policy)
    except ValueError:
        return None


def _message(rulebook: Rulebook, before: Policy | None, *, was_broken: bool) -> Message:
    if rulebook.problem:
        text = (
            "The policy file was changed and cannot be used. The policy from before stays in force, but Tenfour will "
            "not start again with this file. Whoever keeps the file must mend it."
        )
        return kit.message(
            text, [kit.section(f":warning: {kit.prose(text)}"), kit.section(kit.remark(rulebook.problem))]
        )
    mended = "The policy file can be used again. " if was_broken else ""
    changed = differences(before, rulebook.policy) if before else ["What has changed cannot be told."]
    if not changed:
        return kit.message(
            f"{mended}The policy is the one from before.", [kit.section(f"{mended}The policy is the one from before.")]
        )
    text = f"{mended}A new policy is in force. Changes that wait for approval are judged by it."
    lines = [f"• {kit.remark(line)}" for line in changed]
    return kit.message(text, [kit.section(text), *kit.sections(lines)])
