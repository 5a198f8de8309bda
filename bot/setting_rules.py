"""What a setting's value must look like: each rule gives the value as it is used, or says in words what is wrong.

The words never repeat a secret.
"""

import math
import re
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import AfterValidator, SecretStr

from bot.accounts_file import bad_name
from bot.logs import LEVELS

REDIS_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")


def shaped(pattern: str, wrong: str) -> AfterValidator:
    """A text of this pattern, whole."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(wrong)
        return value

    return AfterValidator(check)


def secret(pattern: str, wrong: str) -> AfterValidator:
    """A secret of this pattern, whole."""
    compiled = re.compile(pattern)

    def check(value: SecretStr) -> SecretStr:
        if not compiled.fullmatch(value.get_secret_value()):
            raise ValueError(wrong)
        return value

    return AfterValidator(check)


def safe_url(value: str) -> str:
    """Tokens travel to this address: plain http is for this machine alone."""
    parts = urlsplit(value)
    if parts.scheme == "https" and parts.hostname:
        return value
    if parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}:
        return value
    raise ValueError("must be an https:// address (http:// only on 127.0.0.1 or localhost)")


def slack_url(value: str) -> str:
    """The base address of Slack's Web API."""
    # slack_sdk appends the method's name to the base, so a base without its slash calls ".../apichat.postMessage".
    return safe_url(value).rstrip("/") + "/"


def twilio_url(value: str) -> str:
    """The base address of Twilio's APIs, with `{product}` in it."""
    if "{product}" not in value:
        raise ValueError("must contain {product}, which becomes messaging, api, pricing and so on")
    safe_url(value.replace("{product}", "messaging"))
    return value.rstrip("/")


def public_url(value: str) -> str:
    """Where others reach the bot."""
    if "@" in value:
        raise ValueError("must not hold credentials: those stand in TENFOUR_EVENTS_SECRET")
    return safe_url(value).rstrip("/")


def redis_url(value: SecretStr) -> SecretStr:
    """An address of Redis by a scheme that we know."""
    scheme = value.get_secret_value().partition("://")[0]
    if scheme not in REDIS_SCHEMES:
        raise ValueError(f"must start with one of {', '.join(f'{known}://' for known in REDIS_SCHEMES)}")
    return value


def fernet_keys(value: SecretStr) -> SecretStr:
    """Fernet keys, separated by commas."""
    for number, key in enumerate(value.get_secret_value().split(","), start=1):
        try:
            Fernet(key.strip())
        except ValueError:
            raise ValueError(f"key {number} is not a Fernet key (32 bytes in URL-safe base64)") from None
    return value


def account_name(value: str) -> str:
    """What people call an account."""
    if bad := bad_name(value):
        raise ValueError(bad)
    return value


def readable_file(value: Path) -> Path:
    """A file that is there."""
    if not value.is_file():
        raise ValueError(f"no file at {value}")
    return value


def poll_seconds(value: float) -> float:
    """Seconds, from 0.2 to 3600."""
    if not math.isfinite(value) or not 0.2 <= value <= 3600:
        raise ValueError("must be from 0.2 to 3600 seconds")
    return value


def days(value: float) -> float:
    """Days, from 1 on."""
    if not math.isfinite(value) or value < 1:
        raise ValueError("must be 1 day or more")
    return value


def port(value: int) -> int:
    """A port, from 1 to 65535."""
    if not 1 <= value <= 65535:
        raise ValueError("must be a port from 1 to 65535")
    return value


def twilio_concurrency(value: int) -> int:
    """Calls under way, from 1 to 100."""
    if not 1 <= value <= 100:
        raise ValueError("must be from 1 to 100")
    return value


def slack_connections(value: int) -> int:
    """Connections, from 1 to 10."""
    if not 1 <= value <= 10:
        raise ValueError("must be from 1 to 10, the most that Slack allows")
    return value


def path_prefix(value: str) -> str:
    """A path without a slash at its end."""
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+/?|/", value):
        raise ValueError("must be a path such as /tenfour")
    return value.rstrip("/")


def networks(value: str) -> str:
    """Networks, separated by commas."""
    for part in value.split(","):
        try:
            ip_network(part.strip())
        except ValueError:
            raise ValueError(f"{part.strip()[:50]!r} is no network such as 10.0.0.0/8, and no address") from None
    return value


def level(value: str) -> str:
    """The name of a log level."""
    if value.lower() not in LEVELS:
        raise ValueError(f"must be one of {', '.join(LEVELS)}")
    return value.lower()


def endpoint(value: str) -> str:
    """An address of a collector."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http:// or https:// address")
    return value
