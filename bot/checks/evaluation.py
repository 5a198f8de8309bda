"""Trust Hub evaluations: what Twilio found in words, and what it would find (twilio.md 4.2)."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from bot.plans.finding import Finding, warn

NO_USER, NO_FIELD, NO_DOCUMENT = 22214, 22215, 22216

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "business_name": "Legal business name",
        "business_type": "Business type",
        "business_industry": "Industry",
        "business_registration_identifier": "Kind of registration number",
        "business_registration_number": "Registration number",
        "business_identity": "Role of the business",
        "business_regions_of_operation": "Region of operation",
        "website_url": "Website",
        "social_media_profile_urls": "Social media pages",
        "company_type": "Company type",
        "stock_exchange": "Stock exchange",
        "stock_ticker": "Stock ticker",
        "brand_contact_email": "Brand contact e-mail",
        "brand_name": "Name of the sole proprietor's brand",
        "mobile_phone_number": "Mobile for the passcode",
        "vertical": "Trade",
        "first_name": "First name",
        "last_name": "Last name",
        "email": "E-mail",
        "phone_number": "Phone",
        "business_title": "Title",
        "job_position": "Position",
        "address_sids": "Registered address",
        "bundle_sid": "Status of the profile it hangs on",
    }
)
"""What the form calls the attributes of end users."""

OPTIONAL_USERS = frozenset({"authorized_representative_2"})
OPTIONAL_FIELDS = frozenset({"social_media_profile_urls", "stock_exchange", "stock_ticker", "brand_contact_email"})
"""What policies name although it is not always needed (twilio.md 4.4)."""


def in_words(answer: Mapping[str, Any]) -> list[str]:
    """A sentence for each thing that is not as it must be; none for an answer that is no evaluation.

    Twilio's reasons name fields, not what they hold.
    """
    results = answer.get("results")
    return [
        line
        for result in (results if isinstance(results, list) else [])
        if isinstance(result, Mapping)
        for line in _said(result)
    ]


def lacking(
    requirements: Mapping[str, Any] | None,
    users: Mapping[str, Mapping[str, Any]],
    documents: Collection[str],
    profiles: int,
) -> list[Finding]:
    """What Twilio would find noncompliant, by a policy's requirements: free to say before anything is made.

    `users` are the attributes of the end users by type, `documents` types, `profiles` how many the bundle hangs on.
    All are warnings: policies do not say what is optional, so Twilio's own evaluation has the last word.
    """
    wanted = requirements or {}
    return [*_users(wanted, users), *_documents(wanted, documents), *_profiles(wanted, profiles)]


def _said(result: Mapping[str, Any]) -> Iterator[str]:
    invalid = [wrong for wrong in result.get("invalid") or [] if isinstance(wrong, Mapping)]
    if result.get("passed") is True and not invalid:
        return
    requirement = result.get("requirement_friendly_name") or result.get("friendly_name") or result.get("object_type")
    name = str(requirement or "A requirement")
    # where the whole thing is missing, its fields are missing too: that need not be said once for each
    if not invalid or result.get("failure_reason"):
        yield f"{name}: {_reason(result)}"
        return
    for wrong in invalid:
        field = str(wrong.get("object_field") or "")
        label = WORDS.get(field) or str(wrong.get("friendly_name") or field or "a field")
        yield f"{name}, “{label}”: {_reason(wrong)}"


def _reason(of: Mapping[str, Any]) -> str:
    reason = str(of.get("failure_reason") or "not accepted, Twilio gives no reason").rstrip(". ")
    code = of.get("error_code")
    return f"{reason} ({code})" if code else reason


def _users(wanted: Mapping[str, Any], users: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    for requirement in wanted.get("end_user") or []:
        kind, name = str(requirement.get("type")), str(requirement.get("name") or requirement.get("type"))
        if kind not in users:
            if kind not in OPTIONAL_USERS:
                yield _would_find(f"{name} is missing.", NO_USER)
            continue
        fields = [str(f) for f in requirement.get("fields") or [] if f not in OPTIONAL_FIELDS]
        for field in (f for f in fields if users[kind].get(f) in (None, "")):
            yield _would_find(f"{name}: “{WORDS.get(field, field)}” is missing.", NO_FIELD)


def _documents(wanted: Mapping[str, Any], documents: Collection[str]) -> Iterator[Finding]:
    for requirement in (each for group in wanted.get("supporting_document") or [] for each in group):
        accepted = {str(document.get("type")) for document in requirement.get("accepted_documents") or []}
        if accepted and not accepted & set(documents):
            yield _would_find(f"{requirement.get('name') or 'A document'} is missing.", NO_DOCUMENT)


def _profiles(wanted: Mapping[str, Any], profiles: int) -> Iterator[Finding]:
    names = {str(profile.get("requirement_name")) for profile in wanted.get("supporting_customer_profiles") or []}
    if len(names) > profiles:
        yield _would_find("It hangs on no profile as its policy asks.", NO_DOCUMENT)


def _would_find(text: str, code: int) -> Finding:
    fix = "Add it. If this form has no field for it, Twilio's policy has changed: Twilio's evaluation will tell."
    return warn("noncompliant", f"Twilio would find this noncompliant. {text}", fix, "", (code,))
