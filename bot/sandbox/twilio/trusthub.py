"""Trust Hub, read only: customer profiles, trust products and the end users in them (reference: section 4.2)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Record
from bot.sandbox.twilio.wire import Choice, Param, Sid, Text, iso_8601, snake_case

STATUSES = ("draft", "pending-review", "in-review", "twilio-rejected", "twilio-approved")


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [
        *_BundleApi(CustomerProfile).endpoints(),
        *_BundleApi(TrustProduct).endpoints(),
        Endpoint("trusthub", "GET", "/v1/EndUsers", list_end_users, PAGING),
        Endpoint("trusthub", "GET", "/v1/EndUsers/{Sid}", fetch_end_user),
    ]


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


class EntityAssignment(Record):
    """A thing in a bundle: an end user, a document or another bundle; only the last has no `object_type`."""

    bundle_sid: str
    object_sid: str
    object_type: str | None = None


@dataclass(frozen=True, slots=True)
class _BundleApi:
    """The endpoints of one kind of bundle."""

    kind: type[Bundle]

    def endpoints(self) -> list[Endpoint]:
        bundles = f"/v1/{self.kind.path}"
        assigned = f"{bundles}/{{{self.kind.owner}}}/EntityAssignments"
        return [
            Endpoint("trusthub", "GET", bundles, self.list_all, (*_BUNDLE_FILTERS, *PAGING)),
            Endpoint("trusthub", "GET", f"{bundles}/{{Sid}}", self.fetch),
            Endpoint("trusthub", "GET", assigned, self.list_assigned, (Text(name="ObjectType"), *PAGING)),
            Endpoint("trusthub", "GET", f"{assigned}/{{Sid}}", self.fetch_assigned),
        ]

    def list_all(self, call: Call) -> Reply:
        wanted = _wanted(call, "status", "friendly_name", "policy_sid")
        rows = (bundle for bundle in call.ledger.table(self.kind) if wanted(bundle))
        return call.page("results", rows, lambda bundle: self.body(call.site, bundle))

    def fetch(self, call: Call) -> Reply:
        return Reply(200, self.body(call.site, self._bundle(call, "Sid")))

    def list_assigned(self, call: Call) -> Reply:
        bundle, wanted = self._bundle(call, self.kind.owner), _wanted(call, "object_type")
        rows = (row for row in call.ledger.table(EntityAssignment) if row.bundle_sid == bundle.sid and wanted(row))
        return call.page("results", rows, lambda row: self.assignment_body(call.site, row))

    def fetch_assigned(self, call: Call) -> Reply:
        bundle, row = self._bundle(call, self.kind.owner), call.ledger.table(EntityAssignment).get(call.segments["Sid"])
        if row is None or row.bundle_sid != bundle.sid:
            raise call.missing()
        return Reply(200, self.assignment_body(call.site, row))

    def body(self, site: Site, bundle: Bundle) -> dict[str, Any]:
        """The bundle as the API shows it."""
        url = site.url("trusthub", f"/v1/{self.kind.path}/{bundle.sid}")
        own = snake_case(self.kind.path)
        return {
            **bundle.model_dump(exclude=_HIDDEN),
            "account_sid": site.account_sid,
            "date_created": iso_8601(bundle.date_created),
            "date_updated": iso_8601(bundle.date_updated),
            "url": url,
            "links": {
                f"{own}_entity_assignments": f"{url}/EntityAssignments",
                f"{own}_evaluations": f"{url}/Evaluations",
                f"{own}_channel_endpoint_assignment": f"{url}/ChannelEndpointAssignments",
            },
        }

    def assignment_body(self, site: Site, row: EntityAssignment) -> dict[str, Any]:
        """The assignment as the API shows it: what kind of thing it is does not show."""
        return {
            "sid": row.sid,
            snake_case(self.kind.owner): row.bundle_sid,
            "account_sid": site.account_sid,
            "object_sid": row.object_sid,
            "date_created": iso_8601(row.date_created),
            "url": site.url("trusthub", f"/v1/{self.kind.path}/{row.bundle_sid}/EntityAssignments/{row.sid}"),
        }

    def _bundle(self, call: Call, segment: str) -> Bundle:
        bundle = call.ledger.table(self.kind).get(call.segments[segment])
        if bundle is None:
            raise call.missing()
        return bundle


def list_end_users(call: Call) -> Reply:
    return call.page("results", call.ledger.table(EndUser), lambda user: _end_user(call.site, user))


def fetch_end_user(call: Call) -> Reply:
    user = call.ledger.table(EndUser).get(call.segments["Sid"])
    if user is None:
        raise call.missing()
    return Reply(200, _end_user(call.site, user))


def _end_user(site: Site, user: EndUser) -> dict[str, Any]:
    return {
        **user.model_dump(exclude=_HIDDEN),
        "account_sid": site.account_sid,
        "date_created": iso_8601(user.date_created),
        "date_updated": iso_8601(user.date_updated),
        "url": site.url("trusthub", f"/v1/EndUsers/{user.sid}"),
    }


def _wanted(call: Call, *fields: str) -> Callable[[Record], bool]:
    """Whether a record has exactly the values that the call filters these fields by."""
    asked = {field: call.values[field] for field in fields if field in call.values}
    return lambda record: all(getattr(record, field) == value for field, value in asked.items())


_HIDDEN = {"ordinal", "in_start_state", "date_created", "date_updated"}
_BUNDLE_FILTERS: tuple[Param, ...] = (
    Choice(name="Status", choices=STATUSES),
    Text(name="FriendlyName"),
    Sid(name="PolicySid", prefix="RN"),
)
