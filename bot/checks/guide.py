"""The guide to Twilio's A2P error codes: what a code means, which field it is about, and what fixes it."""

import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Self

from bot.plans.values import Value

_SAMPLE = re.compile(r"SAMPLE_MESSAGE_([1-5])")

_FORM_FIELDS = MappingProxyType(
    {
        # names in the errors[] of a campaign (twilio.md 5.5)
        "MESSAGE_FLOW": "message_flow",
        "USE_CASE_DESCRIPTION": "description",
        "PRIVACY_POLICY_URL": "privacy_policy_url",
        "TERMS_AND_CONDITIONS_URL": "terms_and_conditions_url",
        # names of parameters, which the guide itself uses
        "Description": "description",
        "MessageFlow": "message_flow",
        "MessageSamples": "sample_1",
        "PrivacyPolicyUrl": "privacy_policy_url",
        "TermsAndConditionsUrl": "terms_and_conditions_url",
        "HasEmbeddedLinks": "has_embedded_links",
        "HasEmbeddedPhone": "has_embedded_phone",
        "AgeGated": "age_gated",
        "DirectLending": "direct_lending",
        "SubscriberOptIn": "subscriber_opt_in",
        "OptInMessage": "opt_in_message",
        "OptInKeywords": "opt_in_keywords",
        "OptOutMessage": "opt_out_message",
        "OptOutKeywords": "opt_out_keywords",
        "HelpMessage": "help_message",
        "HelpKeywords": "help_keywords",
        "UsAppToPersonUsecase": "use_case",
        "BrandRegistrationSid": "brand_sid",
        "MessagingServiceSid": "service_sid",
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
    """The form field that Twilio means by `twilio_field` (`MESSAGE_FLOW`, `SAMPLE_MESSAGE_2`); None when unknown."""
    name = twilio_field.strip()
    sample = _SAMPLE.fullmatch(name.upper())
    if sample:
        return f"sample_{sample[1]}"
    return _FORM_FIELDS.get(name) or _FORM_FIELDS.get(name.upper())
