"""Runs a Hypothesis state machine against the real Redis, each of its lives under keys of its own."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from redis.asyncio import Redis

from bot.redis.connection import open_redis
from bot.redis.keys import Keys

Machine = Callable[[asyncio.Runner, Redis, Keys], RuleBasedStateMachine]


def live(machine: Machine, redis_url: str, folder: Path, keys: Keys, *, lives: int, deeds: int) -> None:
    """Let a machine live so many lives of at most so many deeds; `folder` is for a server's state."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        handle = runner.run(stack.enter_async_context(open_redis(redis_url, folder)))
        born = 0

        def bear() -> RuleBasedStateMachine:
            nonlocal born
            born += 1
            return machine(runner, handle.client, Keys(f"{keys.prefix}-{born}"))

        limits = settings(
            max_examples=lives, stateful_step_count=deeds, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        )
        try:
            run_state_machine_as_test(bear, settings=limits)  # type: ignore[arg-type]  # any maker of machines will do
        finally:
            runner.run(stack.aclose())
