"""What goes wrong at Twilio and Slack while people work."""

import asyncio
from collections import Counter
from random import Random
from typing import Any, Final

from bot.sandbox.slack.faults import Fault
from tests.chaos.world import ChaosWorld
from tests.chaos.zygote import FAST

CALL: Final = FAST.call
AT_TWILIO: Final[dict[str, dict[str, Any]]] = {
    "done, answer lost": {"match": "POST /", "drop_after_effect": True},
    "done, answer lost late": {"match": "POST /", "drop_after_effect": True, "delay": 0.3},
    "500 after the effect": {"match": "POST /", "after_effect": True, "status": 500},
    "503 without effect": {"match": "POST /", "status": 503},
    "connection cut before it arrived": {"match": "POST /", "drop": True},
    "429 storm": {"match": "POST /", "status": 429, "retry_after": 0.2, "times": 6},
    "429 storm on reads": {"match": "GET /", "status": 429, "retry_after": 0.1, "times": 8},
    "done, answer beyond all patience": {"match": "POST /", "delay": 1.5 * CALL},
    "effect later than the time-out": {"match": "POST /", "late_effect": True, "delay": 1.3 * CALL},
    "slow": {"match": "POST /", "delay": 0.25, "times": 3},
    "reads fail": {"match": "GET /", "status": 500, "times": 4},
}
AT_SLACK: Final[dict[str, dict[str, Any]]] = {
    "posted, answer lost": {"method": "chat.postMessage", "drop_response": True},
    "drawn, answer lost": {"method": "chat.update", "drop_response": True},
    "post refused": {"method": "chat.postMessage", "error": "internal_error"},
    "too many posts": {"method": "chat.postMessage", "retry_after": 1, "times": 2},
    "too many updates": {"method": "chat.update", "retry_after": 1, "times": 3},
    "window not updated": {"method": "views.update", "error": "internal_error"},
    "who it is not told": {"method": "users.info", "error": "internal_error", "times": 2},
    "who it is not answered": {"method": "users.info", "drop_response": True, "times": 2},
    "who may not told": {"method": "conversations.members", "status": 503, "times": 2},
}
MOST_WAITING = 4
"""Faults that wait for a call at a time: with more, nothing would ever go well."""


async def storms(chaos: ChaosWorld, random: Random, seen: Counter[str]) -> None:
    """Bring faults, and doubled deliveries now and then, until cancelled."""
    at_slack: list[Fault] = []
    while True:
        twilio, slack = random.choice(sorted(AT_TWILIO)), random.choice(sorted(AT_SLACK))
        doubled, often = random.random() < 0.35, random.random()
        if len(chaos.world.twilio.faults.waiting()) < MOST_WAITING:
            chaos.world.twilio.faults.add(**AT_TWILIO[twilio])
            seen[f"Twilio: {twilio}"] += 1
        at_slack = [fault for fault in at_slack if fault.times]
        if often < 0.4 and len(at_slack) < MOST_WAITING:
            at_slack.append(chaos.world.slack.faults.add(**AT_SLACK[slack]))
            seen[f"Slack: {slack}"] += 1
        chaos.world.slack.deliveries.duplicate = doubled
        await asyncio.sleep(random.uniform(0.1, 0.6))


def calm(chaos: ChaosWorld) -> None:
    """Nothing goes wrong any more."""
    chaos.world.twilio.faults.clear()
    chaos.world.slack.faults.clear()
    chaos.world.slack.deliveries.duplicate = False
