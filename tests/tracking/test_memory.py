"""What a brand was refused for, and what was accepted, is remembered."""

from typing import Any

import pytest
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.tracking.memory import REFUSALS_KEPT, Memory
from bot.tracking.registration import Registration, Transition
from tests.tracking.registry import registration_of

ACCOUNT, BRAND = "AC" + "5a" * 16, "BN1"
UNCLEAR = {"error_code": 30896, "description": "Opt-in unclear", "fields": ["MESSAGE_FLOW"], "url": "https://x.example"}
TEXTS = {
    "description": "We text order updates.",
    "message_flow": "People ask for them at checkout.",
    "message_samples": ["Acme: on its way.", "Acme: arrived."],
    "help_message": "Acme: call us.",
    "privacy_policy_url": "https://acme.example/privacy",
}
SEEN = {
    **TEXTS,
    "brand_registration_sid": BRAND,
    "us_app_to_person_usecase": "MIXED",
    "opt_in_message": None,
    "mock": 0,
}


@pytest.fixture
def memory(redis: Redis, keys: Keys) -> Memory:
    return Memory(redis, keys)


def move(number: int, before: str, after: str, at: float, *errors: dict[str, Any], **snapshot: object) -> Transition:
    """A transition of the log of a campaign of the brand."""
    seen = {**SEEN, **snapshot, "errors": list(errors)}
    return Transition(id=number, before=before, after=after, at=at, severity="info", snapshot=seen)


def campaign(*log: Transition, key: str = "MG1", **more: object) -> tuple[Registration, list[Transition]]:
    """A campaign as it stands after its log."""
    last = {"status": log[-1].after, "since": log[-1].at, "snapshot": log[-1].snapshot}
    return registration_of(key).model_copy(update={**last, **more}), list(log)


async def test_a_refusal_is_remembered_once_with_its_errors_as_given(memory: Memory) -> None:
    failed = campaign(move(4, "IN_PROGRESS", "FAILED", 50.0, UNCLEAR))
    for _ in range(3):
        await memory.learn(*failed)
    (refused,) = (await memory.past(ACCOUNT, BRAND)).refused
    assert (refused.registration, refused.title, refused.at) == (failed[0].id, "Campaign MG1", 50.0)
    assert refused.errors == (UNCLEAR,)


async def test_nothing_is_remembered_of_brands_that_are_not_known(memory: Memory) -> None:
    await memory.learn(*campaign(move(1, "", "FAILED", 5.0, UNCLEAR, brand_registration_sid=None)))
    for brand in ("BN404", "", BRAND):
        assert (await memory.past(ACCOUNT, brand)).refused == ()


async def test_the_latest_refusal_comes_first_and_the_oldest_are_forgotten(memory: Memory) -> None:
    for n in range(REFUSALS_KEPT + 5):
        await memory.learn(*campaign(move(1, "", "FAILED", float(n), UNCLEAR), key=f"MG{n}"))
    await memory.learn(*campaign(move(1, "", "FAILED", 0.0, UNCLEAR), key="MG0"))
    past = await memory.past(ACCOUNT, BRAND)
    assert [r.at for r in past.refused] == [float(n) for n in range(REFUSALS_KEPT + 4, 4, -1)]


async def test_of_a_brand_itself_codes_and_fields_are_kept_but_no_words_that_may_quote_it(memory: Memory) -> None:
    error = {"error_code": 30795, "description": "EIN 12-3456789", "fields": ["ein"], "url": "u", "value": "12-3456789"}
    failed = Registration(
        kind="brand", account=ACCOUNT, key=BRAND, title="Acme", started_at=0.0, status="FAILED", snapshot={}
    )
    log = [Transition(id=1, before="", after="FAILED", at=5.0, severity="bad", snapshot={"errors": [error]})]
    await memory.learn(failed, log)
    (refused,) = (await memory.past(ACCOUNT, BRAND)).refused
    assert refused.errors == ({"error_code": 30795, "fields": ["ein"], "url": "u"},)


async def test_errors_that_come_before_the_verdict_are_one_refusal(memory: Memory) -> None:
    log = (move(1, "PENDING", "PENDING", 10.0, UNCLEAR), move(2, "PENDING", "FAILED", 20.0, UNCLEAR))
    await memory.learn(*campaign(*log))
    assert [r.at for r in (await memory.past(ACCOUNT, BRAND)).refused] == [10.0]


async def test_the_same_errors_after_another_try_are_another_refusal(memory: Memory) -> None:
    at_once = (move(1, "PENDING", "FAILED", 10.0, UNCLEAR), move(3, "", "FAILED", 30.0, UNCLEAR))
    reviewed = (*at_once, move(5, "IN_PROGRESS", "FAILED", 50.0, UNCLEAR))
    await memory.learn(*campaign(*reviewed))
    assert [r.at for r in (await memory.past(ACCOUNT, BRAND)).refused] == [50.0, 30.0, 10.0]


async def test_a_suspension_without_a_reason_is_remembered_and_reminders_are_not(memory: Memory) -> None:
    suspended = move(1, "VERIFIED", "SUSPENDED", 10.0)
    reminded = suspended.model_copy(update={"id": 2, "about": "deadline", "before": "SUSPENDED"})
    await memory.learn(*campaign(suspended, reminded))
    assert [(r.at, r.errors) for r in (await memory.past(ACCOUNT, BRAND)).refused] == [(10.0, ())]


async def test_the_wording_that_was_accepted_last_is_remembered_whatever_the_order_of_learning(memory: Memory) -> None:
    newer = campaign(move(1, "IN_PROGRESS", "VERIFIED", 90.0, message_flow="Newer."), key="MG2")
    older = campaign(move(1, "IN_PROGRESS", "VERIFIED", 40.0), key="MG1")
    for verified in (newer, older, newer, older):
        await memory.learn(*verified)
    accepted = (await memory.past(ACCOUNT, BRAND)).accepted
    assert accepted is not None
    assert (accepted.registration, accepted.at, accepted.use_case) == (newer[0].id, 90.0, "MIXED")
    assert accepted.texts == TEXTS | {"message_flow": "Newer."}


async def test_what_is_remembered_of_a_brand_is_bounded(memory: Memory, redis: Redis, keys: Keys) -> None:
    for n in range(REFUSALS_KEPT + 5):
        log = (move(1, "PENDING", "FAILED", n, UNCLEAR), move(2, "FAILED", "VERIFIED", n + 0.5))
        await memory.learn(*campaign(*log, key=f"MG{n}"))
    assert await redis.hlen(keys.brand(ACCOUNT, BRAND, "past")) == REFUSALS_KEPT + 1


async def test_what_was_accepted_stays_known_when_the_campaign_is_suspended_or_gone(memory: Memory) -> None:
    verified = move(1, "IN_PROGRESS", "VERIFIED", 40.0)
    await memory.learn(*campaign(verified))
    await memory.learn(*campaign(verified, move(2, "VERIFIED", "SUSPENDED", 60.0)))
    past = await memory.past(ACCOUNT, BRAND)
    assert (past.accepted is not None, len(past.refused)) == (True, 1)


async def test_a_campaign_that_was_verified_before_it_was_followed_counts(memory: Memory) -> None:
    found, _ = campaign(move(1, "", "VERIFIED", 40.0))
    await memory.learn(found, [])
    accepted = (await memory.past(ACCOUNT, BRAND)).accepted
    assert accepted is not None
    assert (accepted.at, accepted.texts) == (40.0, TEXTS)


@pytest.mark.parametrize("snapshot", [{"is_externally_registered": True}, {"mock": True}, dict.fromkeys(TEXTS)])
async def test_what_shows_no_texts_or_was_never_reviewed_is_no_example(
    memory: Memory, snapshot: dict[str, object]
) -> None:
    await memory.learn(*campaign(move(1, "IN_PROGRESS", "VERIFIED", 40.0, **snapshot)))
    assert (await memory.past(ACCOUNT, BRAND)).accepted is None


async def test_a_snapshot_with_errors_of_another_shape_breaks_nothing(memory: Memory) -> None:
    for number, errors in enumerate(("oops", {"error_code": 1}, ["oops", None, 3])):
        log = move(1, "", "FAILED", 1.0).model_copy(update={"snapshot": {**SEEN, "errors": errors}})
        await memory.learn(*campaign(log, key=f"MG{number}"))
    assert [r.errors for r in (await memory.past(ACCOUNT, BRAND)).refused] == [(), (), ()]
