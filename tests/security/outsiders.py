"""People who may not decide, each for a reason of their own, and changes of somebody else in every state."""

import time
from dataclasses import dataclass, field

from redis.asyncio import Redis

from bot.changes.change import Change, Event, State
from bot.changes.store import ChangeStore
from bot.policy.file import load_policy
from bot.policy.verdict import GroupNeed, Requirement
from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.sandbox.twilio import start_state
from bot.sandbox.world import TEAM_ID, Person
from bot.settings import encryption_keys, load_settings
from bot.tracking.store import RegistrationStore
from bot.vault import Vault
from tests.e2e.world import A2P, APPROVALS, RITA, World
from tests.handlers.blocks import samples

ELSEWHERE = "T0ELSEWHERE"
REQUIREMENT = Requirement(
    rule="one approval for everything",
    groups=(GroupNeed(group="approvers", label="the approvers", need=1),),
    policy=load_policy(None).fingerprint,
)
"""What the built-in policy asks for: anything else would be judged anew."""


@dataclass(frozen=True)
class Outsider:
    """Somebody in the approvals channel, and the words that tell them why they take no part.

    `team` and `origin` are the teams that the envelope names for the workspace and for the person.
    """

    id: str
    why: str
    known: dict[str, object] = field(default_factory=dict)
    team: str = TEAM_ID
    origin: str = ""

    @property
    def of_the_envelope(self) -> bool:
        """Whether it is the envelope that says where they belong: that is looked at before anything else."""
        return self.team != TEAM_ID or bool(self.origin)

    @property
    def person(self) -> Person:
        """As Slack's directory knows them."""
        return Person(self.id, self.id.lower(), self.id, "", "808080", **self.known)  # type: ignore[arg-type]


OUTSIDERS = (
    Outsider("U0GUEST", "Guests take no part", {"is_restricted": True}),
    Outsider("U0SINGLE", "Guests take no part", {"is_restricted": True, "is_ultra_restricted": True}),
    Outsider("U0LEFT", "has been deactivated", {"deleted": True}),
    Outsider("U0STRANGER", "belong to another workspace", {"is_stranger": True}),
    Outsider("U0PARTNER", "belong to another workspace", {"team_id": ELSEWHERE}),
    Outsider("U0ENVELOPE", "belong to another workspace", origin=ELSEWHERE),
    Outsider("U0VISITOR", "belong to another workspace", team=ELSEWHERE),
    Outsider("U0ROBOT", "Bots take no part", {"is_bot": True}),
    Outsider("U0UNKNOWN", "not a member of this workspace"),
)
"""All but the last are in the directory. The two of the envelope are full members for all that it says of them."""
NED = Outsider("U0NED", "")
"""A full member of the workspace who is in no group."""


async def gather(world: World) -> None:
    """Everybody comes; all but Ned are members of the channel whose members approve."""
    for outsider in OUTSIDERS[:-1]:
        world.slack.meet(outsider.person, A2P, APPROVALS)
    world.slack.store.channels[APPROVALS].members.append(OUTSIDERS[-1].id)
    world.slack.meet(NED.person, A2P)


REGISTRATION = samples.registration("FAILED", title="Quiet campaign").model_copy(
    update={"account": start_state.ACCOUNT_SID, "key": start_state.SUPPORT_SERVICE}
)
STEPS = {"failed": "extra", "unknown": "create", "waiting": "hand"}


async def changes_of_rita(world: World) -> dict[State, Change]:
    """A change of Rita's in every state that has buttons, and a rejected campaign."""
    stores = load_settings(world.environment())
    async with open_redis(world.redis_url, world.state) as redis:
        keys, vault = Keys(), Vault(encryption_keys(stores))
        store = ChangeStore(redis.client, keys, vault)
        made = {}
        for state in ("pending", "stale", "failed", "unknown", "waiting", "succeeded"):
            number = await store.number_for(f"draft-{state}")
            change = _change(state, number)
            await store.create(change)
            for step, run in change.steps.items():
                raw = store.sealer.run(run).model_dump_json()
                await redis.client.hset(keys.change(number, "steps"), step, raw)
            made[change.state] = change
        await RegistrationStore(redis.client, keys).begin(REGISTRATION)
        return made


async def record(world: World, changes: dict[State, Change]) -> dict[str, object]:
    """All that is stored of these changes and their decisions, and who hears of what."""
    keys = Keys()
    async with open_redis(world.redis_url, world.state) as handle:
        redis: Redis = handle.client
        found: dict[str, object] = {}
        for change in changes.values():
            for part in ("doc", "decisions", "steps"):
                found[f"{change.number} {part}"] = await redis.hgetall(keys.change(change.number, part))
            found[f"{change.number} timeline"] = await redis.lrange(keys.change(change.number, "timeline"), 0, -1)
        found["changes"] = await redis.get(keys.plain("changes:last"))
        found["channels"] = await RegistrationStore(redis, keys).subscriptions()
        return found


def written(world: World) -> list[str]:
    """What Twilio was asked to change so far."""
    return [call.line for call in world.twilio.log if call.method != "GET"]


def _change(state: State, number: int) -> Change:
    plan = samples.chain()
    done = samples._run("succeeded", first=True, text="")
    step = STEPS.get(state, "")
    steps = {}
    for earlier in plan.steps:
        if earlier.id == step or not step:
            break
        steps[earlier.id] = done
    if step:
        steps[step] = samples._run(state, first=False, text="")
    if state == "succeeded":
        steps = {"create": done}
    made = samples.change(state, of=plan, steps=steps, requirement=REQUIREMENT, requester=RITA, number=number)
    moved = Event(at=time.time() - 60, what="moved", to=state)
    return made.model_copy(update={"timeline": (moved,), "expires_at": time.time() + 86400})
