"""Evaluations: whether a bundle holds what its policy asks for (reference: section 4.2)."""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.twilio import policies
from bot.sandbox.twilio.addresses import Address
from bot.sandbox.twilio.bundles import (
    APPROVED,
    UNDER_REVIEW,
    Bundle,
    CustomerProfile,
    EndUser,
    SupportingDocument,
    held,
    profile,
)
from bot.sandbox.twilio.ledger import Ledger
from bot.sandbox.twilio.policies import PRIMARY_TYPE, VALUES, EndUserType, Policy

NO_USER, NO_FIELD, NO_DOCUMENT, NO_ADDRESS = 22214, 22215, 22216, 22219
NO_PROFILE = 22216
"""Which code a missing supporting profile has is not known; it is a missing thing like a document."""

Result = dict[str, Any]


def evaluate(ledger: Ledger, bundle: Bundle, policy: Policy) -> list[Result]:
    """One result for each requirement of the policy, whether it is met or not."""
    return [
        *_users(ledger, bundle, policy),
        *_documents(ledger, bundle, policy),
        *_profiles(ledger, bundle, policy),
    ]


def compliant(results: list[Result]) -> bool:
    """Whether every requirement is met."""
    return all(result["passed"] for result in results)


def _users(ledger: Ledger, bundle: Bundle, policy: Policy) -> Iterator[Result]:
    kinds = {kind.name: kind for kind in policies.END_USER_TYPES}
    users = [user for row in held(ledger, bundle.sid) if (user := ledger.table(EndUser).get(row.object_sid))]
    for kind in (kinds[name] for name in policy.end_users):
        user = next((user for user in users if user.type == kind.name), None)
        if user is None and kind.name in policies.OPTIONAL_USERS:
            continue
        given = user.attributes if user else {}
        wrong = {field: why for field in kind.fields if (why := _wrong(kind, field, given))}
        missing = f"A {kind.title} End-User is missing. Please add one to the bundle." if user is None else None
        yield _result(kind.name, kind.title, kind.fields, wrong, NO_FIELD, missing, NO_USER)


def _wrong(kind: EndUserType, field: str, given: dict[str, Any]) -> str | None:
    """What is wrong with one field of an end user, in the tone of Twilio's own words."""
    value, title = given.get(field), kind.fields[field]
    needed = field not in kind.optional
    if kind.needed_when is not None:
        other, wanted, fields = kind.needed_when
        needed = needed or (field in fields and given.get(other) == wanted)
    if value in (None, ""):
        return f"The {title} is missing. Please enter in a {title} on the {kind.title}." if needed else None
    if not isinstance(value, str) or (field in VALUES and value not in VALUES[field]):
        return f"The {title} is not valid. Please enter in a valid {title} on the {kind.title}."
    return None


def _documents(ledger: Ledger, bundle: Bundle, policy: Policy) -> Iterator[Result]:
    documents = [d for row in held(ledger, bundle.sid) if (d := ledger.table(SupportingDocument).get(row.object_sid))]
    for name in policy.documents:
        title = policies.DOCUMENT_TYPES[name]
        document = next((d for d in documents if d.type == name), None)
        named = str(document.attributes.get("address_sids") or "") if document else ""
        found = [sid for sid in named.split(",") if ledger.table(Address).get(sid.strip())]
        wrong = {} if found else {"address_sids": "The Address is missing. Please enter in the address shown."}
        missing = f"A {title} is missing. Please add one to the bundle." if document is None else None
        yield _result(name, title, {"address_sids": "Address Sids"}, wrong, NO_ADDRESS, missing, NO_DOCUMENT)


def _profiles(ledger: Ledger, bundle: Bundle, policy: Policy) -> Iterator[Result]:
    """Of profiles that one requirement lists, one is enough."""
    profiles = [found for row in held(ledger, bundle.sid) if (found := profile(ledger, row.object_sid))]
    for requirement in dict.fromkeys(name for _, _, name in policy.profiles):
        kinds = {kind: title for kind, title, name in policy.profiles if name == requirement}
        offered = {(policies.policy(p.policy_sid) or policy).offers: p for p in profiles}
        kind = next((kind for kind in kinds if kind in offered), next(iter(kinds)))
        missing, wrong = None, {}
        if kind not in offered:
            missing = f"The {kinds[kind]} is missing. Please add one to the bundle."
        elif not _far_enough(offered[kind], kind):
            wrong = {"bundle_sid": f"The status of the {kinds[kind]} is {offered[kind].status}."}
        fields = {"bundle_sid": "Supporting Bundle Status"}
        yield _result(kind, kinds[kind], fields, wrong, NO_PROFILE, missing, NO_PROFILE)


def _far_enough(found: CustomerProfile, kind: str) -> bool:
    """A primary profile must be approved; others need not be, once they are submitted (reference, 4.4 item 14)."""
    return found.status == APPROVED or (kind != PRIMARY_TYPE and found.status in UNDER_REVIEW)


def _result(
    name: str,
    title: str,
    fields: dict[str, str],
    wrong: dict[str, str],
    field_code: int,
    missing: str | None,
    missing_code: int,
) -> Result:
    def line(field: str) -> dict[str, Any]:
        why = wrong.get(field)
        found = {"friendly_name": fields[field], "object_field": field, "failure_reason": why}
        return found | {"error_code": field_code if why else None, "passed": why is None}

    return {
        "friendly_name": title,
        "object_type": name,
        "passed": not wrong and missing is None,
        "failure_reason": missing,
        "error_code": missing_code if missing else None,
        "valid": [line(field) for field in fields if field not in wrong],
        "invalid": [line(field) for field in wrong],
        "requirement_friendly_name": title,
        "requirement_name": name,
    }
