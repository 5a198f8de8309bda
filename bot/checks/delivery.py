"""What became of a message, in words: its error code explained, with cause and next step (twilio.md 9)."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from bot.plans.values import Value

LINK = "https://www.twilio.com/docs/api/errors/"


class Outcome(Value):
    """What a code means for the people who sent the message; `known` is false for one that is shown as it came."""

    code: str
    meaning: str
    cause: str = ""
    next_step: str = ""
    link: str = ""
    known: bool = True


def explain(code: int | str | None) -> Outcome:
    """The outcome behind an error code, which Twilio gives as a number or as text."""
    text = "" if code is None else str(code).strip()
    if not text:
        return Outcome(code="", meaning="Twilio gives no error code.", next_step="Look at the message in Console.")
    return CODES.get(text) or Outcome(
        code=text,
        meaning=f"Twilio gives the code {text}, which Tenfour does not know.",
        next_step="See Twilio's page about it.",
        link=f"{LINK}{text}" if text.isdecimal() else "",
        known=False,
    )


def in_words(code: int | str | None) -> str:
    """The outcome behind an error code in a few sentences."""
    outcome = explain(code)
    cause = f"Likely cause: {outcome.cause}" if outcome.cause else ""
    link = "" if outcome.known else outcome.link
    return " ".join(filter(None, (outcome.meaning, cause, outcome.next_step, link)))


def _load() -> Mapping[str, Outcome]:
    table = tomllib.loads((files("bot.checks") / "delivery_codes.toml").read_text("utf-8"))
    return MappingProxyType(
        {
            code: Outcome(
                code=code, meaning=row["meaning"], cause=row["cause"], next_step=row["next"], link=f"{LINK}{code}"
            )
            for code, row in table.items()
        }
    )


CODES: Final = _load()
