"""What a brand's campaigns were refused for before, and the wording that was accepted last."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import Field
from redis.asyncio import Redis

from bot.plans.values import Record
from bot.redis.keys import Keys
from bot.tracking.registration import REFUSED, Registration, Transition

REFUSALS_KEPT = 20
"""Refusals of a brand that are remembered; of more, the oldest are forgotten."""
TEXTS: Final = (
    "description",
    "message_flow",
    "message_samples",
    "opt_in_message",
    "opt_out_message",
    "help_message",
    "privacy_policy_url",
    "terms_and_conditions_url",
)
"""What of an accepted campaign's own answer is worth remembering (twilio.md 5.3)."""
_OF_BRAND: Final = ("error_code", "fields", "url")
"""What is kept of a brand's error: its words may quote what identifies somebody."""
_REFUSED, _ACCEPTED = "refused", "accepted"


class Refused(Record):
    """One refusal: of which registration, when (epoch seconds), and the errors as Twilio gave them."""

    registration: str
    title: str
    at: float
    errors: tuple[dict[str, Any], ...] = ()


class Accepted(Record):
    """The last campaign of a brand that was accepted: when (epoch seconds), for which use case, and its texts.

    `texts` are named as in the campaign's own answer.
    """

    registration: str
    title: str
    at: float
    use_case: str = ""
    texts: dict[str, Any] = Field(default_factory=dict)


class Past(Record):
    """What is remembered of a brand: refusals, the latest first, and what was accepted last."""

    refused: tuple[Refused, ...] = ()
    accepted: Accepted | None = None


class Memory:
    """Keeps the past of each brand, one hash in a slot of its own.

    Each entry is named by its registration and transition, so doing it twice is harmless, and so is a crash in between.
    """

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis, self._keys = redis, keys

    async def past(self, account: str, brand_sid: str) -> Past:
        """What is remembered of a brand; nothing for a brand that is not known."""
        if not brand_sid:
            return Past()
        found = await self._redis.hgetall(self._past(account, brand_sid))
        rows = {str(field): str(row) for field, row in found.items()}
        accepted = _latest(rows, _ACCEPTED)
        return Past(
            refused=tuple(Refused.model_validate_json(row) for _, row in _latest(rows, _REFUSED)[:REFUSALS_KEPT]),
            accepted=Accepted.model_validate_json(accepted[0][1]) if accepted else None,
        )

    async def learn(self, registration: Registration, transitions: Sequence[Transition]) -> None:
        """Take up what became of a registration, from its whole log."""
        if registration.kind not in ("campaign", "brand"):
            return
        await self._remember(registration, list(_refusals(transitions)), _accepted(registration, transitions))

    async def _remember(
        self, registration: Registration, refusals: Sequence[Transition], accepted: tuple[str, Accepted] | None
    ) -> None:
        entries: dict[str, dict[str, Record]] = {}
        for moved in refusals:
            refused = Refused(
                registration=registration.id, title=registration.title, at=moved.at, errors=_errors(registration, moved)
            )
            brand = _brand_sid(registration, moved.snapshot)
            entries.setdefault(brand, {})[f"{_REFUSED}:{registration.id}|{moved.id}"] = refused
        if accepted:
            entries.setdefault(registration.brand_sid, {})[f"{_ACCEPTED}:{registration.id}|{accepted[0]}"] = accepted[1]
        for brand, rows in entries.items():
            if brand:
                await self._write(self._past(registration.account, brand), rows)

    async def _write(self, key: str, entries: Mapping[str, Record]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for field, entry in entries.items():
                pipe.hsetnx(key, field, entry.model_dump_json())
            new = await pipe.execute()
        if any(new):
            kept = {str(field): str(row) for field, row in (await self._redis.hgetall(key)).items()}
            surplus = [*_latest(kept, _REFUSED)[REFUSALS_KEPT:], *_latest(kept, _ACCEPTED)[1:]]
            if surplus:
                await self._redis.hdel(key, *(field for field, _ in surplus))

    def _past(self, account: str, brand_sid: str) -> str:
        return self._keys.brand(account, brand_sid, "past")


def _refusals(transitions: Sequence[Transition]) -> Iterator[Transition]:
    """The transitions that refuse something: with errors that are new, or into a refusing state without any."""
    state, known = "", None
    for moved in transitions:
        if moved.about != "state":
            continue
        errors = moved.snapshot.get("errors") or None
        # of a pending campaign with errors that is then rejected for them, only the first is a refusal
        same = errors == known and bool(moved.before) and moved.before == state
        entered = moved.after in REFUSED and moved.after != moved.before
        if (errors and not same) or (entered and not errors):
            yield moved
        state, known = moved.after, errors


def _accepted(registration: Registration, transitions: Sequence[Transition]) -> tuple[str, Accepted] | None:
    """The wording with which a campaign was verified last, and the transition that told so.

    A campaign that was verified before we followed it counts too. External ones show no texts, mock ones no verdict.
    """
    if registration.kind != "campaign" or registration.status != "VERIFIED" or not registration.brand_sid:
        return None
    if registration.external or registration.snapshot.get("mock"):
        return None
    told = [t for t in transitions if t.about == "state" and t.after == "VERIFIED"]
    seen = told[-1].snapshot if told else registration.snapshot
    accepted = Accepted(
        registration=registration.id,
        title=registration.title,
        at=told[-1].at if told else registration.since,
        use_case=str(seen.get("us_app_to_person_usecase") or ""),
        texts={name: seen[name] for name in TEXTS if seen.get(name)},
    )
    return (str(told[-1].id) if told else "0", accepted) if accepted.texts else None


def _errors(registration: Registration, moved: Transition) -> tuple[dict[str, Any], ...]:
    found = _listed(moved)
    if registration.kind == "campaign":
        return found
    return tuple({name: error[name] for name in _OF_BRAND if name in error} for error in found)


def _listed(moved: Transition) -> tuple[dict[str, Any], ...]:
    errors = moved.snapshot.get("errors")
    return tuple(e for e in errors if isinstance(e, dict)) if isinstance(errors, list | tuple) else ()


def _brand_sid(registration: Registration, snapshot: Mapping[str, Any]) -> str:
    """The brand at the time: a campaign may have been made anew under another one."""
    return registration.key if registration.kind == "brand" else str(snapshot.get("brand_registration_sid") or "")


def _latest(rows: Mapping[str, str], what: str) -> list[tuple[str, str]]:
    """Field and content of the entries of one sort, the latest first."""
    found = [(field, row) for field, row in rows.items() if field.startswith(f"{what}:")]
    return sorted(found, key=lambda each: (json.loads(each[1])["at"], each[0]), reverse=True)
