"""A2P use cases and which of them a brand may register (reference: section 5.7)."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.twilio.brands import Brand

BLOCKING_FEEDBACK = range(30795, 30800)
"""Codes of TCR feedback on an approved brand that keep it from registering campaigns."""

_POLITICAL_STATUSES = {"527", "501c4", "501c5", "501c6"}


@dataclass(frozen=True, slots=True)
class UseCase:
    """One use case; `post_approval_required` ones are reviewed again by the carriers."""

    code: str
    name: str
    description: str
    post_approval_required: bool = False

    def body(self) -> dict[str, Any]:
        """The use case as the API shows it."""
        return {
            "code": self.code,
            "name": self.name,
            "description": self.description,
            "post_approval_required": self.post_approval_required,
        }


ALL: tuple[UseCase, ...] = (
    UseCase("2FA", "Two-Factor authentication (2FA)", "One-time passcodes, sign-in confirmation, password reset"),
    UseCase("ACCOUNT_NOTIFICATION", "Account Notification", "Reminders, alerts and notices about an account"),
    UseCase("AGENTS_FRANCHISES", "Agents and Franchises", "One brand, many local agents or franchises", True),
    UseCase("CHARITY", "Charity", "501(c)(3) charities, religious organisations excluded"),
    UseCase("PROXY", "Proxy", "Messages between people who must not see each other's number", True),
    UseCase("CUSTOMER_CARE", "Customer Care", "Support and account management by people or bots"),
    UseCase("DELIVERY_NOTIFICATION", "Delivery Notification", "Progress of a delivery of goods or services"),
    UseCase("EMERGENCY", "Emergency", "Public safety and health in an emergency", True),
    UseCase("FRAUD_ALERT", "Fraud Alert Messaging", "Warnings of suspected fraud"),
    UseCase("HIGHER_EDUCATION", "Higher Education", "Colleges, universities and school districts"),
    UseCase("K12_EDUCATION", "K-12 Education", "Platforms for schools from kindergarten to grade 12", True),
    UseCase("LOW_VOLUME", "Low Volume Mixed", "Several use cases at low throughput"),
    UseCase("MARKETING", "Marketing", "Promotional content"),
    UseCase("MIXED", "Mixed", "Two to five standard use cases"),
    UseCase("POLITICAL", "Political", "Election campaigns and advocacy by verified organisations"),
    UseCase("POLLING_VOTING", "Polling and voting", "Surveys, polls and votes without political content"),
    UseCase("PUBLIC_SERVICE_ANNOUNCEMENT", "Public Service Announcement", "Raising awareness of a public matter"),
    UseCase("SECURITY_ALERT", "Security Alert", "A system, software or hardware has been compromised"),
    UseCase("SOCIAL", "Social", "Messages between members of an online community", True),
    UseCase("SWEEPSTAKE", "Sweepstake", "Sweepstakes and giveaways", True),
    UseCase("SOLE_PROPRIETOR", "Sole Proprietor", "Any use by a business without a tax id"),
)

_FITTING = {
    "notifications": {
        "ACCOUNT_NOTIFICATION",
        "DELIVERY_NOTIFICATION",
        "FRAUD_ALERT",
        "SECURITY_ALERT",
        "PUBLIC_SERVICE_ANNOUNCEMENT",
        "EMERGENCY",
        "HIGHER_EDUCATION",
        "K12_EDUCATION",
        "CHARITY",
    },
    "marketing": {"MARKETING", "CHARITY", "POLITICAL", "SWEEPSTAKE", "AGENTS_FRANCHISES"},
    "verification": {"2FA", "FRAUD_ALERT", "SECURITY_ALERT"},
    "discussion": {"CUSTOMER_CARE", "SOCIAL", "PROXY", "AGENTS_FRANCHISES"},
    "poll": {"POLLING_VOTING", "POLITICAL"},
}
_FIT_ANY_SERVICE = {"MIXED", "LOW_VOLUME", "SOLE_PROPRIETOR"}


def known(code: str) -> bool:
    """Whether there is such a use case at all."""
    return any(usecase.code == code for usecase in ALL)


def of_brand(brand: Brand) -> list[UseCase]:
    """What a brand may register; nothing unless it is approved and free of blocking feedback."""
    if brand.status != "APPROVED" or any(error["error_code"] in BLOCKING_FEEDBACK for error in brand.errors):
        return []
    return [usecase for usecase in ALL if _open_to(usecase.code, brand)]


def fits_service(code: str, service_usecase: str) -> bool:
    """Whether a campaign's use case agrees with the Messaging Service's own one (21719 when not).

    Which pairs Twilio refuses is not published; this is the plain reading of both names.
    """
    return service_usecase == "undeclared" or code in _FIT_ANY_SERVICE or code in _FITTING[service_usecase]


def _open_to(code: str, brand: Brand) -> bool:
    if brand.brand_type == "SOLE_PROPRIETOR" or code == "SOLE_PROPRIETOR":
        return brand.brand_type == code
    if code == "CHARITY":
        return brand.tax_exempt_status == "501c3"
    if code == "POLITICAL":
        return brand.tax_exempt_status in _POLITICAL_STATUSES
    # Low-volume standard is a STANDARD brand that skipped secondary vetting (reference, trap 6): it has the
    # low-volume mix in the place of the ordinary one.
    if code in {"LOW_VOLUME", "MIXED"}:
        return brand.skip_automatic_sec_vet == (code == "LOW_VOLUME")
    return True
