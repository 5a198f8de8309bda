"""What a person is filling in is kept for them, and for nobody else."""

import asyncio
from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet
from redis.asyncio import Redis

from bot.changes.drafts import KEEP_SECONDS, CopyError, Draft, DraftStore
from bot.redis.keys import Keys
from bot.vault import Vault
from tests.changes.office import ANN, RITA, plan_for
from tests.conftest import Clock


@pytest.fixture
def drafts(redis: Redis, keys: Keys, vault: Vault, clock: Clock) -> DraftStore:
    return DraftStore(redis, keys, vault, clock)


async def test_a_draft_belongs_to_who_began_it(drafts: DraftStore) -> None:
    draft = drafts.begin(RITA, "service.create", {"friendly_name": "Acme"}, "C0A2P")
    await drafts.save(draft)
    assert await drafts.load(draft.id, ANN) is None
    assert await drafts.unfinished(ANN, "service.create") is None
    assert await drafts.load(draft.id, RITA) == draft


@pytest.mark.parametrize("forged", ["", "nothing", "../other", "a}b{c", "x:doc", "a b", "*"])
async def test_a_forged_id_finds_nothing(drafts: DraftStore, forged: str) -> None:
    assert await drafts.load(forged, RITA) is None


async def test_a_draft_is_offered_again_until_it_is_finished(drafts: DraftStore) -> None:
    draft = drafts.begin(RITA, "service.create", {"friendly_name": "Acme"})
    assert await drafts.unfinished(RITA, "service.create") is None
    await drafts.save(draft)
    assert await drafts.unfinished(RITA, "service.create") == draft
    assert await drafts.unfinished(RITA, "campaign.register") is None
    await drafts.finished(draft)
    assert await drafts.unfinished(RITA, "service.create") is None
    assert await drafts.load(draft.id, RITA) == draft


async def test_answers_that_are_kept_in_the_same_moment_are_all_kept(drafts: DraftStore) -> None:
    draft = drafts.begin(RITA, "service.create", {})
    await drafts.save(draft)

    def answer(name: str) -> Callable[[Draft], Draft]:
        return lambda d: d.model_copy(update={"values": d.values | {name: "given"}})

    names = [f"field_{n}" for n in range(20)]
    await asyncio.gather(*(drafts.amend(draft, answer(name)) for name in names))
    kept = await drafts.load(draft.id, RITA)
    assert kept is not None
    assert sorted(kept.values) == sorted(names)


def _answer(value: str) -> Callable[[Draft], Draft]:
    return lambda draft: draft.model_copy(update={"values": {"friendly_name": value}})


async def test_a_late_copy_of_an_answer_does_not_go_back_behind_the_next_one(drafts: DraftStore) -> None:
    draft = drafts.begin(RITA, "service.create", {})
    await drafts.save(draft)
    await drafts.amend(draft, _answer("A"), mark="block_actions:1")
    await drafts.amend(draft, _answer("AB"), mark="block_actions:2")
    with pytest.raises(CopyError):
        await drafts.amend(draft, _answer("A"), mark="block_actions:1")
    kept = await drafts.load(draft.id, RITA)
    assert kept is not None
    assert kept.values == {"friendly_name": "AB"}


async def test_a_late_copy_of_a_page_keeps_nothing(drafts: DraftStore, redis: Redis) -> None:
    draft = drafts.begin(RITA, "service.create", {"friendly_name": "first"})
    await redis.script_flush()  # as after a restart of the server
    await drafts.save(draft, mark="view_submission:1")
    newer = _answer("second")(draft)
    await drafts.save(newer, mark="view_submission:2")
    with pytest.raises(CopyError):
        await drafts.save(draft, mark="view_submission:1")
    assert await drafts.unfinished(RITA, "service.create") == newer


async def test_a_draft_that_is_gone_is_not_brought_back_by_an_answer(drafts: DraftStore) -> None:
    draft = drafts.begin(RITA, "service.create", {})
    await drafts.amend(draft, lambda d: d.model_copy(update={"turn": 1}))
    assert await drafts.load(draft.id, RITA) is None


async def test_finishing_an_older_draft_leaves_the_newer_one_on_offer(drafts: DraftStore) -> None:
    older = drafts.begin(RITA, "service.create", {"friendly_name": "Old"})
    newer = drafts.begin(RITA, "service.create", {"friendly_name": "New"})
    await drafts.save(older)
    await drafts.save(newer)
    await drafts.finished(older)
    assert await drafts.unfinished(RITA, "service.create") == newer


async def test_a_plan_is_kept_with_its_draft_and_its_digest_stays(drafts: DraftStore) -> None:
    plan = plan_for()
    draft = drafts.begin(RITA, "service.create", {}).model_copy(update={"plan": plan})
    await drafts.save(draft)
    kept = await drafts.load(draft.id, RITA)
    assert kept is not None
    assert kept.plan == plan
    assert kept.plan.digest == plan.digest


async def test_ids_and_tokens_are_never_given_twice(drafts: DraftStore) -> None:
    many = [drafts.begin(RITA, "service.create", {}) for _ in range(1000)]
    assert len({d.id for d in many}) == len({d.token for d in many}) == 1000


async def test_a_draft_is_forgotten_after_two_weeks(drafts: DraftStore, redis: Redis, keys: Keys) -> None:
    draft = drafts.begin(RITA, "service.create", {"friendly_name": "Acme"})
    await drafts.save(draft)
    assert 0 < await redis.ttl(keys.draft(draft.id)) <= KEEP_SECONDS
    assert 0 < await redis.ttl(keys.plain(f"drafts:{RITA}")) <= KEEP_SECONDS


async def test_a_draft_that_another_key_has_sealed_is_as_good_as_gone(
    drafts: DraftStore, redis: Redis, keys: Keys, clock: Clock
) -> None:
    lost = DraftStore(redis, keys, Vault([Fernet.generate_key().decode()]), clock)
    draft = lost.begin(RITA, "service.create", {"friendly_name": "Acme"})
    await lost.save(draft)
    assert await drafts.load(draft.id, RITA) is None
    assert await drafts.unfinished(RITA, "service.create") is None
    assert await redis.hget(keys.plain(f"drafts:{RITA}"), "service.create") is None


async def test_a_draft_that_is_no_draft_any_more_does_not_block_its_form(
    drafts: DraftStore, redis: Redis, keys: Keys, vault: Vault
) -> None:
    draft = drafts.begin(RITA, "service.create", {"friendly_name": "Acme"})
    await drafts.save(draft)
    await redis.set(keys.draft(draft.id), vault.seal({"id": draft.id, "shape": "of another version"}))
    assert await drafts.unfinished(RITA, "service.create") is None
    assert await redis.hget(keys.plain(f"drafts:{RITA}"), "service.create") is None


async def test_a_draft_with_fields_of_a_newer_version_is_still_offered(
    drafts: DraftStore, redis: Redis, keys: Keys, vault: Vault
) -> None:
    draft = drafts.begin(RITA, "service.create", {"friendly_name": "Acme"})
    await drafts.save(draft)
    await redis.set(keys.draft(draft.id), vault.seal(draft.model_dump(mode="json") | {"colour": "green"}))
    assert await drafts.unfinished(RITA, "service.create") == draft
