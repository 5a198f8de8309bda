"""The file that TENFOUR_ACCOUNTS names: Twilio accounts beside the main one, each with credentials of its own.

Product subdomains act on the account that authenticated, so a subaccount cannot be worked in with its parent's
credentials (twilio.md 11.9).
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_NAME = 40
ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")
_KEY_SID = re.compile(r"SK[0-9a-f]{32}")
_SECRET = re.compile(r"\S{8,}")
_KNOWN = ("sid", "api_key", "api_secret", "api_secret_env", "auth_token", "auth_token_env", "parent")


@dataclass(frozen=True)
class AccountSettings:
    """One Twilio account: an API key with its secret, or the auth token, which also signs the account's webhooks.

    `parent` is the name of the account that it is a subaccount of.
    """

    name: str
    sid: str
    api_key: str | None = None
    api_secret: SecretStr | None = None
    auth_token: SecretStr | None = None
    parent: str = ""

    @property
    def login(self) -> tuple[str, SecretStr]:
        """User name and password. Raises ValueError when there are none."""
        if self.api_key and self.api_secret:
            return self.api_key, self.api_secret
        if self.auth_token is None:
            raise ValueError(f"the account {self.name} has no credentials")
        return self.sid, self.auth_token


def read_accounts(
    path: Path, environ: Mapping[str, str], main_name: str, main_sid: str
) -> tuple[tuple[AccountSettings, ...], list[str]]:
    """The accounts in the file, and one line for each mistake, none of which repeats a secret."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        return (), [f"{path} cannot be read: {error.strerror}"]
    except UnicodeDecodeError:
        return (), [f"{path} is not UTF-8 text"]
    except tomllib.TOMLDecodeError as error:
        # the parser's words name line and column, never what stands there
        return (), [f"{path} is not TOML: {error}"]
    found, wrong = [], []
    for name, table in tables.items():
        mistakes = list(_mistakes(name, table, environ))
        wrong += [f"{path}: [{name}] {mistake}" for mistake in mistakes]
        if not mistakes:
            found.append(_account(name, table, environ))
    wrong += [f"{path}: {clash}" for clash in _clashes(tables, main_name, main_sid)]
    if not tables:
        wrong.append(f"{path} names no account: add a table such as [acme] with sid and auth_token")
    return (tuple(found), []) if not wrong else ((), wrong)


def bad_name(name: str) -> str:
    """What is wrong with a name, or ""."""
    if len(name) > LONGEST_NAME or not NAME.fullmatch(name):
        return f"a name has lower-case letters, digits and single dashes, {LONGEST_NAME} characters at most"
    return ""


def _mistakes(name: str, table: Any, environ: Mapping[str, str]) -> Iterator[str]:
    if not isinstance(table, dict):
        yield "is not a table: the file has one [name] for each account, and nothing before the first"
        return
    if bad := bad_name(name):
        yield bad
    for key, value in table.items():
        if key not in _KNOWN:
            yield f"{key} is not known; the keys are {', '.join(_KNOWN)}"
        elif not isinstance(value, str) or not value.strip():
            yield f"{key} must be a text that is not empty"
    texts = {key: value for key, value in table.items() if isinstance(value, str)}
    if "sid" not in table:
        yield "sid is missing"
    elif not ACCOUNT_SID.fullmatch(texts.get("sid", "")):
        yield "sid must be AC and 32 hexadecimal digits"
    if "api_key" in texts and not _KEY_SID.fullmatch(texts["api_key"]):
        yield "api_key must be SK and 32 hexadecimal digits"
    for kind in ("api_secret", "auth_token"):
        yield from _secret_mistakes(kind, texts, environ)
    yield from _lacking(set(table))


def _secret_mistakes(kind: str, texts: Mapping[str, str], environ: Mapping[str, str]) -> Iterator[str]:
    variable = texts.get(f"{kind}_env")
    if kind in texts and variable:
        yield f"{kind} and {kind}_env are both given: keep one"
    elif variable and not environ.get(variable):
        # a secret pasted into the wrong line must not be told
        yield f"{kind}_env names an environment variable that is not set"
    elif (secret := _secret_of(kind, texts, environ)) and not _SECRET.fullmatch(secret):
        yield f"{kind} is too short or has spaces"


def _lacking(keys: set[str]) -> Iterator[str]:
    secret, token = keys & {"api_secret", "api_secret_env"}, keys & {"auth_token", "auth_token_env"}
    if "api_key" in keys and not secret:
        yield "api_secret is missing beside api_key"
    if secret and "api_key" not in keys:
        yield "api_key is missing beside api_secret"
    if not secret and "api_key" not in keys and not token:
        yield "has no credentials: give api_key with api_secret, or auth_token"


def _clashes(tables: Mapping[str, Any], main_name: str, main_sid: str) -> Iterator[str]:
    """What is wrong between accounts."""
    accounts = {name: table for name, table in tables.items() if isinstance(table, dict)}
    taken = {main_sid: main_name}
    for name, table in accounts.items():
        sid, parent = table.get("sid"), table.get("parent")
        if name == main_name:
            yield f"[{name}] has the name of the main account (TWILIO_ACCOUNT_NAME): choose another"
        if isinstance(sid, str) and sid in taken:
            yield f"[{name}] has the same sid as {taken[sid]}"
        elif isinstance(sid, str):
            taken[sid] = name
        if not isinstance(parent, str):
            continue
        if parent == name or parent not in {main_name, *accounts}:
            others = ", ".join([main_name, *(other for other in accounts if other not in (name, main_name))])
            yield f"[{name}] parent must be the name of another account: {others}"
        elif parent != main_name and "parent" in accounts[parent]:
            yield f"[{name}] parent {parent} is a subaccount itself; a subaccount has none of its own at Twilio"


def _secret_of(kind: str, texts: Mapping[str, str], environ: Mapping[str, str]) -> str | None:
    variable = texts.get(f"{kind}_env")
    return environ.get(variable) if variable else texts.get(kind)


def _account(name: str, table: Mapping[str, str], environ: Mapping[str, str]) -> AccountSettings:
    secret, token = _secret_of("api_secret", table, environ), _secret_of("auth_token", table, environ)
    return AccountSettings(
        name=name,
        sid=table["sid"],
        api_key=table.get("api_key"),
        api_secret=SecretStr(secret) if secret else None,
        auth_token=SecretStr(token) if token else None,
        parent=table.get("parent", ""),
    )
