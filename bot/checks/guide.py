"""The guide to Twilio's A2P error codes: what a code means, which field it is about, and what fixes it."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Self

from bot.plans.values import Value

_SAMPLE = re.compile(r"sample_message_([1-5])")
_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")

_SAME_NAME = frozenset({
    "description", "message_flow", "privacy_policy_url", "terms_and_conditions_url", "has_embedded_links",
    "has_embedded_phone", "age_gated", "direct_lending", "subscriber_opt_in", "opt_in_message", "opt_in_keywords",
    "opt_out_message", "opt_out_keywords", "help_message", "help_keywords",
})  # fmt: skip
_OTHER_NAME = MappingProxyType(
    {
        "use_case_description": "description",
        "message_samples": "sample_1",
        "us_app_to_person_usecase": "use_case",
        "brand_registration_sid": "brand_sid",
        "messaging_service_sid": "service_sid",
    }
)


class Guidance(Value):
    """What is known about one code. `resubmittable` is None where it depends on the case.

    `fields` are named as in the source: parameters (`MessageFlow`) or attributes of a brand (`business_name`).
    """

    code: int
    title: str
    meaning: str
    fields: tuple[str, ...]
    remedy: str
    source_url: str
    kind: str
    resubmittable: bool | None


class Guide:
    """Every known code. An unknown one has no guidance: show Twilio's own words and link then."""

    def __init__(self, guidance: Mapping[int, Guidance]) -> None:
        self._guidance = MappingProxyType(dict(guidance))

    @classmethod
    @cache
    def load(cls) -> Self:
        """The guide that comes with this version (`rejection_codes.json`)."""
        entries = json.loads((files("bot.checks") / "rejection_codes.json").read_text("utf-8"))
        return cls({entry["code"]: Guidance.model_validate(entry) for entry in entries})

    def explain(self, code: int | str | None) -> Guidance | None:
        """What is known about `code`, which Twilio gives as a number or as text."""
        try:
            return self._guidance.get(int(code)) if code is not None else None
        except ValueError:
            return None

    def __iter__(self) -> Iterator[Guidance]:
        return iter(self._guidance.values())

    def __len__(self) -> int:
        return len(self._guidance)


def form_field(twilio_field: str) -> str | None:
    """The form field that Twilio means by `MESSAGE_FLOW`, `SAMPLE_MESSAGE_2` or `MessageFlow` (twilio.md 5.5).

    None for a name that is not known: it is shown as it came, and nothing is guessed.
    """
    name = _WORD_START.sub("_", twilio_field.strip()).lower()
    if sample := _SAMPLE.fullmatch(name):
        return f"sample_{sample[1]}"
    return name if name in _SAME_NAME else _OTHER_NAME.get(name)
