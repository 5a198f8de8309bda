"""Why a registration was rejected: each error as Twilio gave it, with what our guide knows of it (twilio.md 5.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.catalog.brands.parts import ASKS, field_of
from bot.catalog.campaigns.forms import CampaignRegister
from bot.catalog.fees import Fees
from bot.checks.guide import Guidance, Guide, form_field

PRICE: Final = f"${Fees.load()['campaign_resubmission'].high:,.2f}"
"""What another review may cost."""
UNEXPLAINED: Final = "This code is not in our guide yet: go by Twilio's words and its page."
_RESUBMISSION: Final[Mapping[bool | None, str]] = {
    True: f"possible after the fix. It may cost {PRICE} again.",
    False: f"Twilio does not take one for this error. Trying all the same may cost {PRICE} again.",
    None: f"depends on the case. It may cost {PRICE} again.",
}
_RENAMED: Final = {
    "use_case": "us_app_to_person_usecase",
    "brand_sid": "brand_registration_sid",
    "service_sid": "messaging_service_sid",
}
"""Form fields that the campaign's own answer calls something else (twilio.md 5.3)."""


@dataclass(frozen=True)
class Fault:
    """A field at fault: as Twilio named it, the question behind it ("" where nobody knows), and what it held.

    `submitted` is None where that is not for showing, or where Twilio does not show it.
    """

    field: str
    label: str = ""
    submitted: str | None = None


@dataclass(frozen=True)
class Rejection:
    """One error of a registration. `code` is Twilio's, as text; `fields` are named as Twilio named them."""

    code: str
    description: str
    url: str
    fields: tuple[str, ...]
    guidance: Guidance | None

    @property
    def resubmittable(self) -> bool | None:
        """Whether Twilio takes a resubmission; None where it depends or is not known."""
        return self.guidance.resubmittable if self.guidance else None

    @property
    def resubmission(self) -> str:
        """Whether another try makes sense, and what it costs, in words."""
        if self.guidance and self.guidance.kind.startswith("brand"):
            return "three updates of a failed brand are free; a fourth is refused (21724) and takes an appeal ($10)."
        return _RESUBMISSION[self.resubmittable]

    def faults(self, snapshot: Mapping[str, Any]) -> list[Fault]:
        """The fields at fault, each with what was submitted; Twilio's own, else those the guide names."""
        named = self.fields or (self.guidance.fields if self.guidance else ())
        return [_fault(field, snapshot) for field in dict.fromkeys(named)]


def rejections(snapshot: Mapping[str, Any], guide: Guide) -> list[Rejection]:
    """The errors of a registration's snapshot, in Twilio's order; those that we do not know as they are."""
    errors = snapshot.get("errors")
    entries = [e for e in errors if isinstance(e, Mapping)] if isinstance(errors, Sequence) else []
    return [_rejection(entry, guide) for entry in entries]


def hopeless(found: Sequence[Rejection]) -> bool:
    """Whether Twilio takes a resubmission for none of the errors."""
    return bool(found) and all(r.resubmittable is False for r in found)


def way_on(found: Sequence[Rejection]) -> str:
    """What a rejected campaign asks for."""
    if hopeless(found):
        return (
            "Twilio takes no resubmission for any of these errors: this content or use cannot be registered as it is."
        )
    return f"Fix what is named, then resubmit. Each review may cost {PRICE} again."


def submitted(field: str, snapshot: Mapping[str, Any]) -> str:
    """What a campaign was sent with in a form field, as text; "" when nothing was."""
    value: Any = snapshot.get(_RENAMED.get(field, field))
    if field.startswith("sample_"):
        samples = snapshot.get("message_samples") or []
        at = int(field.removeprefix("sample_")) - 1
        value = samples[at] if at < len(samples) else None
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _rejection(entry: Mapping[str, Any], guide: Guide) -> Rejection:
    given = entry.get("error_code")
    code = "" if given is None else str(given).strip()
    fields = entry.get("fields")
    return Rejection(
        code=code or "without a code",
        description=str(entry.get("description") or ""),
        url=str(entry.get("url") or ""),
        fields=tuple(map(str, fields)) if isinstance(fields, Sequence) and not isinstance(fields, str) else (),
        guidance=guide.explain(given if isinstance(given, int | str) else None),
    )


def _fault(field: str, snapshot: Mapping[str, Any]) -> Fault:
    ours = form_field(field)
    ask = CampaignRegister.asks().get(ours) if ours else None
    if ours is None or ask is None:
        return Fault(field, _of_brand(field))
    if snapshot.get("is_externally_registered"):  # its texts stand in TCR, and Twilio shows nothing of them
        return Fault(field, ask.label)
    return Fault(field, ask.label, submitted(ours, snapshot))


def _of_brand(attribute: str) -> str:
    """The question behind an attribute of a brand. What was answered identifies somebody: it is not shown."""
    field = field_of("standard", attribute.lower()) or field_of("sole_proprietor", attribute.lower())
    return ASKS[field].label if field else ""
