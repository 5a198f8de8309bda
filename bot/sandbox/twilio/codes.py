"""Rejection codes as the carrier desk hands them out."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_CAMPAIGN_FIELDS = {
    "Description": "USE_CASE_DESCRIPTION",
    "MessageSamples": "SAMPLE_MESSAGE_1",
    "MessageFlow": "MESSAGE_FLOW",
    "PrivacyPolicyUrl": "PRIVACY_POLICY_URL",
    "TermsAndConditionsUrl": "TERMS_AND_CONDITIONS_URL",
}
_REVIEW_KINDS = {"campaign_vetting", "campaign_state", "external_campaign"}


@dataclass(frozen=True, slots=True)
class RejectionCode:
    """One row of the table: `fields` are wire parameters such as MessageFlow."""

    code: int
    title: str
    fields: tuple[str, ...] = ()
    kind: str = ""


class RejectionCodes:
    """The table of codes; a code that is not in it is handed out all the same."""

    def __init__(self, rows: Iterable[RejectionCode]) -> None:
        self._rows = {row.code: row for row in rows}

    @classmethod
    def of_file(cls, path: Path) -> "RejectionCodes":
        """The table in a JSON file, empty when there is no such file."""
        if not path.exists():
            return cls([])
        return cls(_rows(path.read_text("utf-8")))

    def of_reviews(self) -> list[RejectionCode]:
        """The codes that a review of a campaign may end with."""
        return [row for row in self._rows.values() if row.kind in _REVIEW_KINDS]

    def error(self, code: int, fields: list[str] | None = None) -> dict[str, Any]:
        """An entry of a campaign's `errors`, with Twilio's own field names."""
        row = self._rows.get(code, RejectionCode(code, f"error {code}"))
        named = fields if fields is not None else [twilio_field(name) for name in row.fields if name[:1].isupper()]
        rejected = f"The campaign submission has been reviewed and it was rejected due to {row.title}."
        return {
            "error_code": code,
            "fields": list(dict.fromkeys(named)),
            "url": f"https://www.twilio.com/docs/api/errors/{code}",
            "description": f"{row.title}." if row.kind == "campaign_state" else rejected,
        }

    def brand_error(self, code: int) -> dict[str, Any]:
        """An entry of a brand's `errors`: fields there are attributes, in lower case (reference, 4.6)."""
        row = self._rows.get(code, RejectionCode(code, f"error {code}"))
        return {
            "error_code": code,
            "description": f"{row.title}.",
            "fields": [name for name in row.fields if name.islower()],
            "url": f"https://www.twilio.com/docs/api/errors/{code}",
        }


def twilio_field(parameter: str) -> str:
    """The name that `errors[].fields` uses for a parameter of the campaign (reference, 5.5)."""
    return _CAMPAIGN_FIELDS.get(parameter, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parameter).upper())


@cache
def _rows(table: str) -> tuple[RejectionCode, ...]:
    found = json.loads(table)
    return tuple(RejectionCode(row["code"], row["title"], tuple(row["fields"]), row.get("kind", "")) for row in found)
