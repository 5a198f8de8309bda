"""What Trust Hub remembers: bundles, what is in them, and what was found about them (reference: section 4.2)."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from bot.sandbox.twilio.ledger import Ledger, Record

STATUSES = ("draft", "pending-review", "in-review", "twilio-rejected", "twilio-approved")
UNDER_REVIEW = frozenset({"pending-review", "in-review"})
APPROVED = "twilio-approved"


class Bundle(Record):
    """What both kinds of bundle have. Their SIDs look alike, but each kind is found under its own path only."""

    path: ClassVar[str]
    owner: ClassVar[str]
    """What a path to the things in the bundle calls its SID."""

    policy_sid: str
    friendly_name: str
    email: str
    status: str = "draft"
    status_callback: str | None = None
    valid_until: str | None = None
    errors: list[dict[str, Any]] | None = None


class CustomerProfile(Bundle):
    """Who a business is. The friendly name is the account's own word for it, not the legal name."""

    path: ClassVar[str] = "CustomerProfiles"
    owner: ClassVar[str] = "CustomerProfileSid"


class TrustProduct(Bundle):
    """What a customer profile applies for, here US A2P messaging."""

    path: ClassVar[str] = "TrustProducts"
    owner: ClassVar[str] = "TrustProductSid"


class EndUser(Record):
    """A person or a business; `type` says which attributes it has (reference: section 4.3)."""

    friendly_name: str
    type: str
    attributes: dict[str, Any] = Field(default_factory=dict)


class SupportingDocument(Record):
    """A document; the only kind here names addresses by their SIDs."""

    friendly_name: str
    type: str
    attributes: dict[str, Any] = Field(default_factory=dict)
    status: str = "DRAFT"
    mime_type: str | None = None


class EntityAssignment(Record):
    """A thing in a bundle: an end user, a document or another bundle; only the last has no `object_type`."""

    bundle_sid: str
    object_sid: str
    object_type: str | None = None


class Evaluation(Record):
    """What was found when a bundle was held against a policy."""

    bundle_sid: str
    policy_sid: str
    status: str
    results: list[dict[str, Any]]


def held(ledger: Ledger, bundle_sid: str) -> list[EntityAssignment]:
    """What is in a bundle."""
    return [row for row in ledger.table(EntityAssignment) if row.bundle_sid == bundle_sid]


def holders(ledger: Ledger, object_sid: str) -> Iterator[Bundle]:
    """The bundles that a thing is in."""
    for row in ledger.table(EntityAssignment):
        if row.object_sid == object_sid and (found := any_bundle(ledger, row.bundle_sid)) is not None:
            yield found


def profile(ledger: Ledger, sid: str) -> CustomerProfile | None:
    """A customer profile of the account or of its parent: what a subaccount registers hangs on the parent's primary."""
    found = ledger.table(CustomerProfile).get(sid)
    return found or (ledger.parent.table(CustomerProfile).get(sid) if ledger.parent else None)


def any_bundle(ledger: Ledger, sid: str) -> Bundle | None:
    """The bundle of this SID, of whichever kind it is."""
    return ledger.table(CustomerProfile).get(sid) or ledger.table(TrustProduct).get(sid)


def changed_since_submission(ledger: Ledger, bundle: Bundle) -> bool:
    """Whether something in an approved bundle is younger than its approval: nobody reviews that until it is submitted.

    What changes while a bundle is under review is reviewed with it.
    """
    if bundle.status != APPROVED:
        return False
    # Imported late: a postal address that a document names cannot be deleted.
    from bot.sandbox.twilio.addresses import Address

    sids = [row.object_sid for row in held(ledger, bundle.sid)]
    documents = [document for sid in sids if (document := ledger.table(SupportingDocument).get(sid))]
    named = ",".join(str(document.attributes.get("address_sids") or "") for document in documents)
    inside: list[Record | None] = [*documents, *(ledger.table(EndUser).get(sid) for sid in sids)]
    inside += [ledger.table(Address).get(sid.strip()) for sid in named.split(",")]
    return any(thing is not None and thing.date_updated > bundle.date_updated for thing in inside)


def review(ledger: Ledger, bundle_sid: str, at: float, status: str, errors: list[dict[str, Any]] | None = None) -> None:
    """Twilio's people have decided about a bundle; raises LookupError when there is none."""
    bundle = any_bundle(ledger, bundle_sid)
    if bundle is None:
        raise LookupError(f"there is no bundle {bundle_sid}")
    ledger.table(type(bundle)).change(bundle_sid, at, status=status, errors=errors)
