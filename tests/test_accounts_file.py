"""Further Twilio accounts come from a file whose mistakes are all told at once, never with a secret in them."""

from pathlib import Path

import pytest

from bot.settings import SettingsProblem, load_settings
from tests.test_settings import GOOD

MAIN, ACME, WEST = GOOD["TWILIO_ACCOUNT_SID"], "AC" + "ac" * 16, "AC" + "7e" * 16
KEY = "SK" + "ac" * 16


def accounts_in(path: Path, text: str, **environ: str) -> dict[str, str]:
    """An environment whose accounts file says this."""
    file = path / "accounts.toml"
    file.write_text(text)
    return {**GOOD, "TENFOUR_ACCOUNTS": str(file), **environ}


def told(path: Path, text: str, **environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsProblem) as caught:
        load_settings(accounts_in(path, text, **environ))
    assert "hunter2" not in str(caught.value)
    return caught.value.lines


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "names no account"),
        ("sid = 'AC1'", "[sid] is not a table"),
        ("[acme", "is not TOML"),
        (f"['Acme Inc']\nsid = '{ACME}'\nauth_token = 'hunter2hunter2'", "lower-case letters, digits"),
        ("[acme]\nauth_token = 'hunter2hunter2'", "[acme] sid is missing"),
        ("[acme]\nsid = 'hunter2'\nauth_token = 'hunter2hunter2'", "[acme] sid must be AC and 32"),
        (f"[acme]\nsid = '{ACME}'", "[acme] has no credentials"),
        (f"[acme]\nsid = '{ACME}'\napi_key = '{KEY}'", "[acme] api_secret is missing beside api_key"),
        (f"[acme]\nsid = '{ACME}'\napi_secret = 'hunter2hunter2'", "[acme] api_key is missing beside api_secret"),
        (f"[acme]\nsid = '{ACME}'\nauth_token = 'hunter2 hunter2'", "[acme] auth_token is too short or has spaces"),
        (f"[acme]\nsid = '{ACME}'\nauth_token = 5", "[acme] auth_token must be a text"),
        (f"[acme]\nsid = '{ACME}'\nauth_token_env = 'hunter2'", "auth_token_env names an environment variable that is"),
        (
            f"[acme]\nsid = '{ACME}'\nauth_token = 'hunter2hunter2'\nauth_token_env = 'TOKEN'",
            "auth_token and auth_token_env are both given",
        ),
        (f"[acme]\nsid = '{ACME}'\nauth_token = 'hunter2hunter2'\nregion = 'ie1'", "[acme] region is not known"),
        (f"[main]\nsid = '{ACME}'\nauth_token = 'hunter2hunter2'", "has the name of the main account"),
        (f"[acme]\nsid = '{MAIN}'\nauth_token = 'hunter2hunter2'", "[acme] has the same sid as main"),
        (f"[acme]\nsid = '{ACME}'\nauth_token = 'hunter2hunter2'\nparent = 'maine'", "name of another account: main"),
        (f"[acme]\nsid = '{ACME}'\nauth_token = 'hunter2hunter2'\nparent = 'acme'", "name of another account: main"),
    ],
)
def test_a_mistake_is_told_with_the_account_and_what_is_right(tmp_path: Path, text: str, wrong: str) -> None:
    lines = told(tmp_path, text)
    assert any(line.startswith("TENFOUR_ACCOUNTS: ") and wrong in line for line in lines), lines


def test_all_mistakes_are_told_at_once_beside_those_of_other_settings(tmp_path: Path) -> None:
    text = f"[acme]\nsid = '{ACME}'\n[west]\nauth_token = 'hunter2'\nparent = 'acme'"
    lines = told(tmp_path, text, PORT="70000")
    assert [line.partition(":")[0] for line in lines] == ["PORT", *["TENFOUR_ACCOUNTS"] * 3]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsProblem, match="TENFOUR_ACCOUNTS: no file at"):
        load_settings({**GOOD, "TENFOUR_ACCOUNTS": str(tmp_path / "accounts.toml")})


def test_a_subaccount_of_a_subaccount_is_refused_since_twilio_has_none(tmp_path: Path) -> None:
    text = (
        f"[acme]\nsid = '{ACME}'\nauth_token = 'hunter2hunter2'\nparent = 'main'\n"
        f"[west]\nsid = '{WEST}'\nauth_token = 'hunter2hunter2'\nparent = 'acme'\n"
    )
    assert any("[west] parent acme is a subaccount itself" in line for line in told(tmp_path, text))


def test_accounts_have_credentials_of_their_own_from_the_file_or_the_environment(tmp_path: Path) -> None:
    text = (
        f"[acme]\nsid = '{ACME}'\napi_key = '{KEY}'\napi_secret_env = 'ACME_SECRET'\n"
        f"[west]\nsid = '{WEST}'\nauth_token = 'west-auth-token'\nparent = 'acme'\n"
    )
    environ = accounts_in(tmp_path, text, ACME_SECRET="acme-api-secret", TWILIO_ACCOUNT_NAME="head-office")
    settings = load_settings(environ)
    known = [(a.name, a.sid, a.parent, a.login[0], a.login[1].get_secret_value()) for a in settings.accounts]
    assert known == [
        ("head-office", MAIN, "", MAIN, "sandbox-auth-token"),
        ("acme", ACME, "", KEY, "acme-api-secret"),
        ("west", WEST, "acme", WEST, "west-auth-token"),
    ]
    assert "west-auth-token" not in repr(settings) + settings.model_dump_json()


def test_the_main_account_has_a_name_without_any_setting() -> None:
    assert [account.name for account in load_settings(GOOD).accounts] == ["main"]
