"""What the vault promises about data at rest."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from bot.vault import SealedWithOtherKeyError, Vault

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
json_data = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


@given(json_data)
def test_what_was_sealed_comes_out_as_it_went_in(data: Any) -> None:
    vault = Vault([NEW])
    assert vault.open(vault.seal(data)) == data


@pytest.mark.parametrize("text", ["12-3456789", "Zoë Quokka", "+15035550123"])
def test_a_token_shows_nothing_of_what_it_holds(text: str) -> None:
    assert text not in Vault([NEW]).seal({"tax_id": text})


def test_the_same_data_gives_another_token_each_time() -> None:
    vault = Vault([NEW])
    assert vault.seal("yes") != vault.seal("yes")


def test_the_newest_key_seals_and_the_older_ones_still_open() -> None:
    before = Vault([OLD]).seal("kept")
    rotated = Vault([NEW, OLD])
    assert rotated.open(before) == "kept"
    assert Vault([NEW]).open(rotated.seal("new")) == "new"


@pytest.mark.parametrize("token", ["", "nonsense", "gAAAAA==", "ü"])
def test_a_token_that_is_none_is_refused_in_words_for_the_operator(token: str) -> None:
    with pytest.raises(SealedWithOtherKeyError, match="TENFOUR_ENCRYPTION_KEY lacks the key"):
        Vault([NEW]).open(token)


def test_a_token_of_another_key_is_refused() -> None:
    with pytest.raises(SealedWithOtherKeyError):
        Vault([NEW]).open(Vault([OLD]).seal("x"))


def test_a_token_that_was_changed_is_refused() -> None:
    token = Vault([NEW]).seal({"approved": False})
    with pytest.raises(SealedWithOtherKeyError):
        Vault([NEW]).open(token[:30] + ("A" if token[30] != "A" else "B") + token[31:])


def test_a_refusal_does_not_repeat_what_it_could_not_open() -> None:
    token = Vault([OLD]).seal("x")
    with pytest.raises(SealedWithOtherKeyError) as caught:
        Vault([NEW]).open(token)
    assert token not in str(caught.value)


@pytest.mark.parametrize("keys", [[], ["short"], [NEW, "short"]])
def test_a_vault_without_good_keys_is_not_made(keys: list[str]) -> None:
    with pytest.raises(ValueError, match=r"Fernet|key"):
        Vault(keys)
