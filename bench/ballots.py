"""Changes that wait for a decision, written into Redis as the bot writes them, and the clicks that decide them."""

import itertools
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from redis.asyncio import Redis

from bench.load import signed
from bot.changes.change import Change, Decision, Event, State
from bot.changes.store import ChangeStore
from bot.plans.call import Call
from bot.plans.plan import Plan
from bot.plans.step import CallStep
from bot.policy.policy import Policy
from bot.policy.verdict import GroupNeed, Requirement
from bot.redis.keys import Keys
from bot.sandbox.world import SIGNING_SECRET, TEAM_ID, TWILIO_ACCOUNT_SID
from bot.vault import Vault
from handlers.http import PATH
from tests.e2e.world import A2P, APPROVALS, RITA

FORM = "application/x-www-form-urlencoded"
POLICY = """
[group.approvers]
label = "the approvers"
channel = "$approvals"

[[rule]]
name = "one approval"
operations = ["service.create"]
effect = "require"
approvals = { approvers = 1 }

[[rule]]
name = "two approvals"
operations = ["*"]
effect = "require"
approvals = { approvers = 2 }
"""
"""Each decision asks Slack for its person and for the members of a channel, as by the policy that comes along."""
RULES = {1: "one approval", 2: "two approvals"}
TWO_APPROVALS = "service.update"
"""An operation of which one approval is recorded and lets nothing run yet."""


@dataclass(frozen=True)
class Ballots:
    """Writes changes into the memory of bots, and takes them away again."""

    redis: Redis
    keys: Keys
    vault: Vault
    policy: Policy
    card: str
    """The ts of a message in the approvals channel that stands for the card of each."""
    numbers: Callable[[], int]

    @classmethod
    def of(cls, redis: Redis, vault: Vault, policy: Policy, card: str) -> "Ballots":
        """With numbers that no bot has given."""
        return cls(redis, Keys(), vault, policy, card, itertools.count(1_000_000).__next__)

    async def wait(self, count: int) -> list[Change]:
        """So many changes that wait for two approvals; their cards stand and show them as they are."""
        return [await self._waiting(self.numbers()) for _ in range(count)]

    async def _waiting(self, number: int) -> Change:
        name = f"Bench {number}"
        call = Call(product="messaging", method="POST", path="/v1/Services", params={"FriendlyName": name})
        step = CallStep(id="service", title=f"Create “{name}”", call=call)
        plan = Plan(operation=TWO_APPROVALS, account=TWILIO_ACCOUNT_SID, title=f"Create “{name}”", steps=(step,))
        return await self.ask(number, TWO_APPROVALS, plan, {"friendly_name": name}, f"tf-{number:010d}")

    async def ask(
        self, number: int, operation: str, plan: Plan, inputs: dict[str, Any], token: str, state: State = "pending"
    ) -> Change:
        """A change that somebody asked for; its card stands and shows it as it is."""
        need = 2 if operation == TWO_APPROVALS else 1
        now = time.time()
        change = Change(
            number=number,
            state=state,
            version=1,
            requester=RITA,
            team=TEAM_ID,
            channel=A2P,
            operation=operation,
            token=token,
            inputs=inputs,
            plan=plan,
            requirement=Requirement(
                rule=RULES[need],
                groups=(GroupNeed(group="approvers", label="the approvers", need=need),),
                policy=self.policy.fingerprint,
            ),
            created_at=now,
            expires_at=now + 86400,
            timeline=(Event(at=now, who=RITA, what="asked"),),
        )
        book, row = self.keys.change(number, "posts"), json.dumps({"channel": APPROVALS, "ts": self.card})
        await self.redis.hset(book, mapping={"card": row, "drawn": change.picture})
        await ChangeStore(self.redis, self.keys, self.vault).create(change)
        return change

    async def undrawn(self, changes: Sequence[Change]) -> int:
        """How many of these have cards that do not show yet what was decided."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for change in changes:
                pipe.hget(self.keys.change(change.number, "posts"), "drawn")
            return sum(drawn != "2" for drawn in await pipe.execute())

    async def decided(self, changes: Sequence[Change]) -> list[int]:
        """How many decisions stand on each."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for change in changes:
                pipe.hlen(self.keys.change(change.number, "decisions"))
            return [int(count) for count in await pipe.execute()]

    async def remove(self, changes: Sequence[Change]) -> None:
        """Take them off the list of open ones: the bots look at each of these every five seconds."""
        await self.redis.srem(self.keys.plain("changes:open"), *(change.number for change in changes))

    def script_call(self, change: Change, user: str) -> bytes:
        """What `decide.lua` is given for one approval, as JSON: its keys and its arguments."""
        store, now = ChangeStore(self.redis, self.keys, self.vault), time.time()
        decision = Decision(user=user, verb="approve", digest=change.digest, at=now, groups=("approvers",))
        event = Event(at=now, who=user, what="approved", digest=change.digest, rule="two approvals")
        entry = store.sealer.event(event).model_dump_json()
        keys = [self.keys.change(change.number, part) for part in ("doc", "decisions", "timeline")]
        word = store.sealer.decision(decision).model_dump_json()
        return json.dumps([keys, [user, "approve", change.digest, now, word, '["approvers"]', entry, entry]]).encode()


def click(number: int, digest: str, user: str, trigger: str) -> bytes:
    """A signed click on *Approve* of a card, as Slack sends it."""
    payload = {
        "type": "block_actions",
        "user": {"id": user, "username": user.lower(), "team_id": TEAM_ID},
        "team": {"id": TEAM_ID, "domain": "acme"},
        "api_app_id": "A0TENFOUR",
        "trigger_id": trigger,
        "channel": {"id": APPROVALS, "name": "a2p-approvals"},
        "container": {"type": "message", "message_ts": "1.0", "channel_id": APPROVALS, "is_ephemeral": False},
        "actions": [
            {
                "type": "button",
                "action_id": "change.approve",
                "block_id": "decide",
                "value": f"{number}:{digest}:",
                "action_ts": trigger,
            }
        ],
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    return signed(PATH, body, FORM, SIGNING_SECRET, time.time())
