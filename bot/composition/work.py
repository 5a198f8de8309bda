"""Who does what: the work of the workers, once for all, and what each process does for itself by its role."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog
from redis.exceptions import RedisError

from bot.composition.ground import Ground
from bot.composition.records import Records
from bot.engine import Own, Shared, Tasks, Work
from bot.intake.uptake import Uptake
from bot.runs.runner import Runner
from bot.sweep import Sweep
from bot.tracking.tracker import Tracker

WARM_SECONDS = 45.0
LOOK_SECONDS = 1.0
"""How often each process looks at the files that it was started with."""
REGISTRATIONS = "sweep_registrations"

Deed = Callable[[], Coroutine[Any, Any, None]]
log = structlog.get_logger()


@dataclass(frozen=True)
class Slacks:
    """What Slack's side does now and then, each by itself: none keeps another waiting.

    `polling` is what its alarms call the sweep that looks at Twilio. `catch_up` carries out acts that were left behind,
    `alarms` tells what is silent, `policy` takes the policy file into force, `digests` and `offers` post what is due.
    """

    polling: str
    start: Callable[[Coroutine[Any, Any, Any], str], None]
    catch_up: Deed
    alarms: Deed
    policy: Work
    digests: Deed
    offers: Deed


def work_of(
    ground: Ground,
    records: Records,
    tracker: Tracker,
    runner: Runner,
    sweep: Sweep,
    slack: Slacks,
    uptake: Uptake,
) -> Tasks:
    """Everything there is to do, in the rhythm of the settings."""
    tempo, poll, pulse, works = ground.tempo, ground.settings.poll_seconds, ground.pulse, ground.role.works

    async def run_change(number: int) -> float | None:
        try:
            return await runner.run(number)
        finally:
            if (waiting := runner.next_waiting()) is not None:
                await ground.engine.start_run(waiting)
            if change := await records.store.load(number):
                ground.spoilt.spoil(change.plan.account)

    async def sweep_changes() -> None:
        await sweep.all_changes()
        slack.start(records.trail.trim_daily(), "trim the audit")
        slack.start(records.retention.forget_daily(), "forget old changes")

    async def housekeeping() -> None:
        """What is due once in a while; each part knows by itself when."""
        slack.start(ground.following.portfolio.keep_up(), "portfolio")
        slack.start(slack.digests(), "weekly digests")
        slack.start(slack.offers(), "offers")

    def watched(name: str, every: float, work: Work) -> Shared:
        return Shared(every, pulse.watched(name, every, work, vital=works))

    shared = {
        "sweep_changes": watched("sweep of changes", tempo.sweep, sweep_changes),
        REGISTRATIONS: watched(slack.polling, poll, sweep.all_registrations),
        "housekeeping": Shared(tempo.housekeeping, housekeeping, at_once=False),
    }
    return Tasks(run_change, shared, _own(ground, records, tracker, slack, uptake))


def _own(ground: Ground, records: Records, tracker: Tracker, slack: Slacks, uptake: Uptake) -> tuple[Own, ...]:
    """What must not rest because processes of another role are away."""
    tempo, told_alone = ground.tempo, ground.keys.plain("telling-left")

    async def warm() -> None:
        for sid, fault in (await ground.choices.warm()).items():
            log.warning("choices_not_warm", account=sid, why=str(fault))

    async def beat() -> None:
        await ground.pulse.beat()
        # beside it: a Slack that answers slowly must not hold up the sign of life
        slack.start(slack.alarms(), "alarms")

    async def catch_up() -> None:
        # beside it as well: it may be hundreds of acts
        slack.start(slack.catch_up(), "acts left behind")

    async def hear() -> None:
        try:
            await ground.spoilt.look()
        except RedisError as error:
            log.info("spoilt_lists_not_told", why=type(error).__name__)

    async def tell_left() -> None:
        async with records.leases.held(told_alone) as ours:
            if ours:
                await tracker.tell_left()

    async def take_up() -> None:
        uptake.ask()

    own = [Own(tempo.sweep, beat), Own(LOOK_SECONDS, slack.policy), Own(tempo.sweep, catch_up), Own(LOOK_SECONDS, hear)]
    if ground.role.answers:
        own.append(Own(WARM_SECONDS, warm))
    if ground.role.works and ground.settings.events_secret:
        own.append(Own(LOOK_SECONDS, take_up))
    if not ground.role.works:  # those that work do it after each sweep
        own.append(Own(ground.settings.poll_seconds, tell_left))
    return tuple(own)
