"""The form with which a rejected brand is corrected: the questions of a new one, each of which may stay empty."""

from dataclasses import replace
from typing import Annotated, Any, Final

from pydantic import create_model

from bot.catalog.brands.forms import BrandInputs, Kind, misshapen
from bot.catalog.brands.options import KINDS
from bot.catalog.form import Ask, Form, Values
from bot.catalog.rules import BrandSid

KEEP: Final = "Empty keeps what Twilio has"
FIXED: Final = ("brand_label", "notice_email", "primary_profile_sid", "mock_brand")
"""Answers that no correction takes."""


class RejectedBrand(Form):
    """Which brand is corrected."""

    page_titles = ("Rejected brand", "The business", "Who answers for it", "Registered address")

    brand_sid: Annotated[
        BrandSid,
        Ask("Rejected brand", "Only a FAILED one can be corrected.", "lookup", source="failed_brands"),
    ]
    brand_kind: Annotated[
        Kind,
        Ask("Kind of brand", "As it was registered; it cannot be changed.", "choice", 2, options=KINDS),
    ]

    @classmethod
    def together(cls, values: Values) -> dict[str, str]:
        return {**super().together(values), **misshapen(values)}


def _kept(form: type[Form]) -> dict[str, Any]:
    """The questions of a form, none of which needs an answer: an empty one keeps what stands."""
    found: dict[str, Any] = {}
    for name, info in form.model_fields.items():
        if name not in FIXED:
            rules = [_edited(rule) if isinstance(rule, Ask) else rule for rule in info.metadata]
            found[name] = (Annotated[(info.annotation, *rules)], None)
    return found


def _edited(ask: Ask) -> Ask:
    # what is identifying is not shown, so that nobody reads here what they did not write
    return replace(ask, placeholder=KEEP if ask.control in ("text", "url") else ask.placeholder)


BrandResubmit: Final[type[RejectedBrand]] = create_model(
    "BrandResubmit", __base__=RejectedBrand, __module__=__name__, **_kept(BrandInputs)
)
"""What can be corrected about a brand. What identifies a person or the business is not filled in, only overwritten."""

EDITABLE: Final = tuple(name for name in BrandInputs.asks() if name not in FIXED)
