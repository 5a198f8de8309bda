"""Why a registration was rejected: each error as Twilio gave it, beside what was submitted and what our guide knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.catalog.brands.parts import ASKS, field_of
from bot.catalog.campaigns.forms import CampaignRegister
from bot.catalog.fees import Fees
from bot.checks.guide import Guidance, Guide, form_field
from handlers.blocks.kit import code, error_page, inline, link, money, remark

_FEES: Final = Fees.load()
_SHOWN = 300
_RENAMED: Final = {
    "use_case": "us_app_to_person_usecase",
    "brand_sid": "brand_registration_sid",
    "service_sid": "messaging_service_sid",
}
"""Form fields that the campaign's own answer calls something else (twilio.md 5.3)."""


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

    @staticmethod
    def price() -> str:
        """What another review may cost."""
        return money(_FEES["campaign_resubmission"].high)

    def lines(self, snapshot: Mapping[str, Any]) -> list[str]:
        """The error in full, lines of mrkdwn."""
        title = f" {inline(self.guidance.title)}" if self.guidance else ""
        page = link(self.url, self.code) if self.url else error_page(self.code)
        said = inline(self.description, 1000) or "(Twilio gave no words)"
        lines = [f"*{page}*{title}", f"> {said}", *self._faults(snapshot)]
        if self.guidance is None:
            return [*lines, "This code is not in our guide yet: go by Twilio's words and its page."]
        lines.append(f"*Meaning*: {remark(self.guidance.meaning)}")
        lines.append(f"*Fix*: {remark(self.guidance.remedy)}")
        return [*lines, f"*Resubmission*: {self._resubmission()}"]

    def _resubmission(self) -> str:
        if self.guidance and self.guidance.kind.startswith("brand"):
            return "three updates of a failed brand are free; a fourth is refused (21724) and takes an appeal ($10)."
        return _RESUBMISSION[self.resubmittable]

    def _faults(self, snapshot: Mapping[str, Any]) -> list[str]:
        """The fields at fault, each with what was submitted; Twilio's own, else those the guide names."""
        named = self.fields or (self.guidance.fields if self.guidance else ())
        return [line for field in dict.fromkeys(named) for line in _fault(field, snapshot)]


_RESUBMISSION: Final[Mapping[bool | None, str]] = {
    True: f"possible after the fix. It may cost {Rejection.price()} again.",
    False: f"Twilio does not take one for this error. Trying all the same may cost {Rejection.price()} again.",
    None: f"depends on the case. It may cost {Rejection.price()} again.",
}


def rejections(snapshot: Mapping[str, Any], guide: Guide) -> list[Rejection]:
    """The errors of a registration's snapshot, in Twilio's order; those that we do not know as they are."""
    errors = snapshot.get("errors")
    entries = [e for e in errors if isinstance(e, Mapping)] if isinstance(errors, Sequence) else []
    return [_rejection(entry, guide) for entry in entries]


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


def _fault(field: str, snapshot: Mapping[str, Any]) -> list[str]:
    ours = form_field(field)
    ask = CampaignRegister.asks().get(ours) if ours else None
    if ours is None or ask is None:
        return [f"*Field*: {_of_brand(field)}"]
    if snapshot.get("is_externally_registered"):  # its texts stand in TCR, and Twilio shows nothing of them
        return [f"*Field*: {inline(ask.label)} ({code(field)})"]
    value = _submitted(ours, snapshot)
    shown = f"“{inline(value, _SHOWN)}”" if value else "nothing"
    return [f"*Field*: {inline(ask.label)} ({code(field)})", f"*Submitted*: {shown}"]


def _of_brand(attribute: str) -> str:
    """An attribute of a brand with the question behind it. What was answered identifies somebody: it is not shown."""
    field = field_of("standard", attribute.lower()) or field_of("sole_proprietor", attribute.lower())
    return f"{inline(ASKS[field].label)} ({code(attribute)})" if field else code(attribute)


def _submitted(field: str, snapshot: Mapping[str, Any]) -> str:
    """What was sent in a form field, as text; "" when nothing was."""
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
