"""Whether every transition was announced exactly once, and in its own words, read from what the local Slack shows."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.redis.keys import hash_tag
from bot.tracking.registration import Transition, registration_id

_TIMES = re.compile(r" \((\d+) times\)$")
_ROWS = re.compile(r"(?:(\d+)(?:\.[^:-]+)?-)?(\d+)(?:\.[^:]+)?:")
_SAYS: Mapping[str, str] = MappingProxyType({"VERIFIED": "verified", "SUSPENDED": "suspended"})
"""A word that stands in whatever tells of a state, and in nothing that tells of others."""
_WINDOW = 10.0
"""Seconds over which the posts into a channel are counted."""

Json = dict[str, Any]


class Announced:
    """What a channel was told of each registration, in summaries and in threads."""

    def __init__(self, messages: Sequence[Json]) -> None:
        self.posts = len(messages)
        self.pace = _busiest([float(str(message["ts"])) for message in messages])
        self._summed_up, self._told = Counter[str](), defaultdict[str, list[tuple[int, int]]](list)
        self._words = defaultdict[str, list[str]](list)
        for message in messages:
            self._take(message)

    def wrong(self, logs: Mapping[str, Sequence[Transition]]) -> list[str]:
        """The registrations of which something was told twice, or not at all; `logs` are what happened to each."""
        return [each for each, log in logs.items() if not self._is_right(each, log)]

    def _is_right(self, registration: str, log: Sequence[Transition]) -> bool:
        expected, summed_up = len(log), self._summed_up[registration]
        ids = sorted({t.id for t in log})
        replied = [n for first, last in self._told[registration] for n in ids if first <= n <= last]
        once = len(replied) == len(set(replied))
        # what somebody must act on stands in a summary and in its thread
        rows = sum(t.id in replied for t in log)
        said = " ".join(self._words[registration]).lower()
        in_words = all((word in said) == (state in {t.after for t in log}) for state, word in _SAYS.items())
        return in_words and once and summed_up <= expected and summed_up + rows >= expected

    def _take(self, message: Json) -> None:
        key = str(((message.get("metadata") or {}).get("event_payload") or {}).get("key") or "")
        book, _, slot = key.rpartition("/")
        if slot.startswith("summary:"):
            for block in message["blocks"]:
                if "accessory" in block:
                    self._summed_up[block["accessory"]["value"]] += _things(block["text"]["text"])
                    self._words[block["accessory"]["value"]].append(block["text"]["text"])
        elif (found := _ROWS.match(slot)) and hash_tag(book).startswith("registration:"):
            _, kind, account, name = hash_tag(book).split(":")
            rows = (int(found[1] or found[2]), int(found[2]))
            self._told[registration_id(kind, account, name)].append(rows)
            self._words[registration_id(kind, account, name)].append(message["text"])


def _things(line: str) -> int:
    """How many things a line of a summary names."""
    _, _, words = line.partition(": ")
    return sum(int(found[1]) if (found := _TIMES.search(word)) else 1 for word in words.split(", then "))


def _busiest(at: Sequence[float]) -> float:
    """Posts a second over the busiest ten seconds."""
    return max((sum(start <= when < start + _WINDOW for when in at) for start in at), default=0) / _WINDOW
