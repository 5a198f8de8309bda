"""Keys of one thing lie in one hash slot."""

import pytest
from redis.crc import key_slot

from bot.redis.keys import Keys, hash_tag

keys = Keys()


@pytest.mark.parametrize("part", ["{", "}", "a}b"])
def test_a_brace_inside_an_id_is_refused_because_it_would_move_the_key(part: str) -> None:
    with pytest.raises(ValueError, match="braces"):
        keys.draft(part)


def test_keys_are_named_as_documented() -> None:
    assert keys.change(142, "doc") == "tenfour:{change:142}:doc"
    assert keys.draft("d1") == "tenfour:{draft:d1}:doc"
    assert keys.registration("brand", "main", "BN1", "doc") == "tenfour:{registration:brand:main:BN1}:doc"
    assert keys.plain("changes:open") == "tenfour:changes:open"


def test_all_parts_of_a_change_share_one_slot() -> None:
    slots = {key_slot(keys.change(142, part).encode()) for part in ("doc", "timeline", "decisions", "lease")}
    assert len(slots) == 1


def test_two_installations_on_one_redis_do_not_meet() -> None:
    assert Keys("staging").change(1, "doc") != Keys("production").change(1, "doc")


@pytest.mark.parametrize("key", ["plain", "a:{b}:c", "{}x", "a{b", "a}b{c}d", "{a}{b}", "{}{b}", "x{}{b}"])
def test_the_hash_tag_is_the_one_redis_uses(key: str) -> None:
    assert key_slot(hash_tag(key).encode()) == key_slot(key.encode())
