"""What is wrong with an address that Twilio is to call, whichever operation asks for it (twilio.md 11.2 and 11.4)."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Final, get_args
from urllib.parse import urlsplit

from pydantic.fields import FieldInfo

from bot.catalog.form import Form
from bot.catalog.rules import CalledByTwilio
from bot.plans.finding import Finding, warn

NOT_REACHED: Final = 11200
"""What Twilio's Debugger says of a webhook that does not answer."""
_INSIDE: Final = (".localhost", ".local", ".localdomain", ".internal", ".intranet", ".lan", ".home.arpa", ".test")
"""Ends of names that no public directory of names has."""


def of_webhooks(form: Form) -> list[Finding]:
    """What is wrong with the webhooks that were asked for."""
    asks = form.asks()
    given = {name: getattr(form, name) for name, info in type(form).model_fields.items() if _called(info)}
    return [f for name, url in given.items() if url for f in of_webhook(url, f"“{asks[name].label}”", name)]


def of_standing(called: Mapping[str, str | None]) -> list[Finding]:
    """What is wrong with the webhooks that stand at Twilio, by what each is called."""
    return [f for name, url in called.items() if url for f in of_webhook(url, name)]


def of_webhook(url: str, called: str, at: str = "") -> Iterator[Finding]:
    """What is wrong with one address: whether others can read along, and whether Twilio can reach it at all."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http":
        text = (
            f"{called} calls {host} over http://, unencrypted: whoever stands between can read and change messages and "
            "phone numbers, and sees Twilio's signature."
        )
        yield warn("webhook-in-clear", text, "Use an address that starts with https://.", at)
    if _out_of_reach(host):
        text = f"{called} calls {host}, an address of a private network, which Twilio cannot reach."
        fix = "Give an address that anybody on the internet can reach, or the address of a tunnel to yours."
        yield warn("webhook-unreachable", text, fix, at, (NOT_REACHED,))


def _called(info: FieldInfo) -> bool:
    """Whether a field holds a webhook: `Webhook | None` keeps its mark inside."""
    inside = (mark for t in get_args(info.annotation) for mark in getattr(t, "__metadata__", ()))
    return any(isinstance(mark, CalledByTwilio) for mark in (*info.metadata, *inside))


def _out_of_reach(host: str) -> bool:
    name = host.rstrip(".")
    try:
        return not ip_address(name).is_global
    except ValueError:
        return "." not in name or name.endswith(_INSIDE)
