"""Trust Hub's bundles: customer profiles and trust products, what is in them, and evaluations (reference: 4.2)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.twilio import policies
from bot.sandbox.twilio.bundles import (
    STATUSES,
    UNDER_REVIEW,
    Bundle,
    CustomerProfile,
    EndUser,
    EntityAssignment,
    Evaluation,
    SupportingDocument,
    TrustProduct,
    held,
    holders,
    profile,
)
from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.evaluations import compliant, evaluate
from bot.sandbox.twilio.ledger import Record
from bot.sandbox.twilio.policies import Policy
from bot.sandbox.twilio.wire import CONFLICT, INVALID, Choice, Param, Refusal, Sid, Text, Url, iso_8601, snake_case

NO_SUCH_STATUS = 22203
STATUS_AND_PROPERTIES = 22204
NO_SUCH_OBJECT = 22205
WRONG_OBJECT = 22206


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [*_BundleApi(CustomerProfile).endpoints(), *_BundleApi(TrustProduct).endpoints()]


@dataclass(frozen=True, slots=True)
class _BundleApi:
    """The endpoints of one kind of bundle."""

    kind: type[Bundle]

    def endpoints(self) -> list[Endpoint]:
        bundles = f"/v1/{self.kind.path}"
        inside = f"{bundles}/{{{self.kind.owner}}}"
        assigned, evaluated = f"{inside}/EntityAssignments", f"{inside}/Evaluations"
        return [
            Endpoint("trusthub", "POST", bundles, self.create, _CREATE),
            Endpoint("trusthub", "GET", bundles, self.list_all, (*_BUNDLE_FILTERS, *PAGING)),
            Endpoint("trusthub", "GET", f"{bundles}/{{Sid}}", self.fetch),
            Endpoint("trusthub", "POST", f"{bundles}/{{Sid}}", self.update, _UPDATE),
            Endpoint("trusthub", "DELETE", f"{bundles}/{{Sid}}", self.delete),
            Endpoint("trusthub", "POST", assigned, self.assign, (_OBJECT,)),
            Endpoint("trusthub", "GET", assigned, self.list_assigned, (Text(name="ObjectType"), *PAGING)),
            Endpoint("trusthub", "GET", f"{assigned}/{{Sid}}", self.fetch_assigned),
            Endpoint("trusthub", "DELETE", f"{assigned}/{{Sid}}", self.unassign),
            Endpoint("trusthub", "POST", evaluated, self.evaluate, (_POLICY,)),
            Endpoint("trusthub", "GET", evaluated, self.list_evaluations, PAGING),
            Endpoint("trusthub", "GET", f"{evaluated}/{{Sid}}", self.fetch_evaluation),
        ]

    def create(self, call: Call) -> Reply:
        self._policy(call, call.values["policy_sid"])
        bundle = self.kind(sid=call.ledger.mint("BU"), date_created=call.at, date_updated=call.at, **_cleared(call))
        return Reply(201, self.body(call.site, call.ledger.table(self.kind).add(bundle)))

    def list_all(self, call: Call) -> Reply:
        wanted = _wanted(call, "status", "friendly_name", "policy_sid")
        rows = (bundle for bundle in call.ledger.table(self.kind) if wanted(bundle))
        return call.page("results", rows, lambda bundle: self.body(call.site, bundle))

    def fetch(self, call: Call) -> Reply:
        return Reply(200, self.body(call.site, self._bundle(call, "Sid")))

    def update(self, call: Call) -> Reply:
        bundle, status = self._bundle(call, "Sid"), call.values.get("status")
        if status is not None and len(call.values) > 1:
            raise Refusal(400, STATUS_AND_PROPERTIES, "Bundle status and properties cannot be updated in one request")
        if status is None and bundle.status in UNDER_REVIEW:
            raise Refusal(409, CONFLICT, f"Bundle {bundle.sid} is {bundle.status}: its properties cannot be changed")
        if status is not None:
            self._check_status(call, bundle, status)
        changed = call.ledger.table(self.kind).change(bundle.sid, call.at, **_cleared(call))
        return Reply(200, self.body(call.site, changed))

    def delete(self, call: Call) -> Reply:
        bundle = self._bundle(call, "Sid")
        if bundle.status != "draft":
            raise Refusal(409, CONFLICT, f"Bundle {bundle.sid} is {bundle.status}: only a draft can be deleted")
        if next(holders(call.ledger, bundle.sid), None) is not None:
            raise Refusal(409, CONFLICT, f"Bundle {bundle.sid} is assigned to another bundle")
        for row in held(call.ledger, bundle.sid):
            call.ledger.table(EntityAssignment).remove(row.sid)
        call.ledger.table(self.kind).remove(bundle.sid)
        return Reply(204)

    def assign(self, call: Call) -> Reply:
        bundle, object_sid = self._bundle(call, self.kind.owner), call.values["object_sid"]
        self._check_open(bundle)
        row = EntityAssignment(
            sid=call.ledger.mint("BV"),
            date_created=call.at,
            date_updated=call.at,
            bundle_sid=bundle.sid,
            object_sid=object_sid,
            object_type=self._type_of(call, object_sid),
        )
        for other in held(call.ledger, bundle.sid):
            # Whether a repetition is refused or doubled is not known (reference, 11.7): refused is the stricter.
            if other.object_sid == object_sid:
                raise Refusal(409, CONFLICT, f"{object_sid} is assigned to {bundle.sid} already")
            if row.object_type and other.object_type == row.object_type:
                raise Refusal(400, WRONG_OBJECT, f"{bundle.sid} has an object of type {row.object_type} already")
        return Reply(201, self.assignment_body(call.site, call.ledger.table(EntityAssignment).add(row)))

    def list_assigned(self, call: Call) -> Reply:
        bundle, wanted = self._bundle(call, self.kind.owner), _wanted(call, "object_type")
        rows = (row for row in held(call.ledger, bundle.sid) if wanted(row))
        return call.page("results", rows, lambda row: self.assignment_body(call.site, row))

    def fetch_assigned(self, call: Call) -> Reply:
        return Reply(200, self.assignment_body(call.site, self._assigned(call)))

    def unassign(self, call: Call) -> Reply:
        row = self._assigned(call)
        self._check_open(self._bundle(call, self.kind.owner))
        call.ledger.table(EntityAssignment).remove(row.sid)
        return Reply(204)

    def evaluate(self, call: Call) -> Reply:
        bundle = self._bundle(call, self.kind.owner)
        results = evaluate(call.ledger, bundle, self._policy(call, call.values["policy_sid"]))
        evaluation = Evaluation(
            sid=call.ledger.mint("EL"),
            date_created=call.at,
            date_updated=call.at,
            bundle_sid=bundle.sid,
            policy_sid=call.values["policy_sid"],
            status="compliant" if compliant(results) else "noncompliant",
            results=results,
        )
        return Reply(201, self.evaluation_body(call.site, call.ledger.table(Evaluation).add(evaluation)))

    def list_evaluations(self, call: Call) -> Reply:
        bundle = self._bundle(call, self.kind.owner)
        rows = (row for row in call.ledger.table(Evaluation) if row.bundle_sid == bundle.sid)
        return call.page("results", rows, lambda row: self.evaluation_body(call.site, row))

    def fetch_evaluation(self, call: Call) -> Reply:
        bundle, row = self._bundle(call, self.kind.owner), call.ledger.table(Evaluation).get(call.segments["Sid"])
        if row is None or row.bundle_sid != bundle.sid:
            raise call.missing()
        return Reply(200, self.evaluation_body(call.site, row))

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
        shown = {"object_sid": row.object_sid}
        return shown | self._inside(site, row, row.bundle_sid, "EntityAssignments")

    def evaluation_body(self, site: Site, row: Evaluation) -> dict[str, Any]:
        """The evaluation as the API shows it."""
        shown = row.model_dump(include={"policy_sid", "status", "results"})
        return shown | self._inside(site, row, row.bundle_sid, "Evaluations")

    def _inside(self, site: Site, row: Record, bundle_sid: str, collection: str) -> dict[str, Any]:
        """What everything in a bundle shows."""
        return {
            "sid": row.sid,
            snake_case(self.kind.owner): bundle_sid,
            "account_sid": site.account_sid,
            "date_created": iso_8601(row.date_created),
            "url": site.url("trusthub", f"/v1/{self.kind.path}/{bundle_sid}/{collection}/{row.sid}"),
        }

    def _bundle(self, call: Call, segment: str) -> Bundle:
        bundle = call.ledger.table(self.kind).get(call.segments[segment])
        if bundle is None:
            raise call.missing()
        return bundle

    def _assigned(self, call: Call) -> EntityAssignment:
        bundle, row = self._bundle(call, self.kind.owner), call.ledger.table(EntityAssignment).get(call.segments["Sid"])
        if row is None or row.bundle_sid != bundle.sid:
            raise call.missing()
        return row

    def _policy(self, call: Call, sid: str) -> Policy:
        policy = next((each for each in policies.offered(call.ledger) if each.sid == sid), None)
        if policy is None or policy.of_profiles != (self.kind is CustomerProfile):
            raise Refusal(400, INVALID, f"{sid} is no policy for {self.kind.path}")
        return policy

    def _check_status(self, call: Call, bundle: Bundle, status: str) -> None:
        """An account may submit a bundle, once it holds what its policy asks for; all else is Twilio's to decide."""
        if status != "pending-review":
            raise Refusal(400, INVALID, f"An account cannot set the status {status}")
        results = evaluate(call.ledger, bundle, self._policy(call, bundle.policy_sid))
        for result in results:
            if not result["passed"]:
                code = result["error_code"] or result["invalid"][0]["error_code"]
                raise Refusal(400, code, f"Bundle {bundle.sid} is noncompliant: {result['requirement_friendly_name']}")

    def _check_open(self, bundle: Bundle) -> None:
        if bundle.status in UNDER_REVIEW:
            raise Refusal(409, CONFLICT, f"Bundle {bundle.sid} is {bundle.status}: what it holds cannot be changed")

    def _type_of(self, call: Call, object_sid: str) -> str | None:
        """The type of what is to be assigned; another bundle has none. Raises `Refusal`."""
        if user := call.ledger.table(EndUser).get(object_sid):
            return user.type
        if document := call.ledger.table(SupportingDocument).get(object_sid):
            return document.type
        if call.ledger.table(TrustProduct).get(object_sid):
            raise Refusal(400, WRONG_OBJECT, f"{object_sid} is a trust product, which no bundle can hold")
        if profile(call.ledger, object_sid):
            return None
        raise Refusal(400, NO_SUCH_OBJECT, f"{object_sid} is no end user, document or profile of this account")


def _wanted(call: Call, *fields: str) -> Callable[[Record], bool]:
    """Whether a record has exactly the values that the call filters these fields by."""
    asked = {field: call.values[field] for field in fields if field in call.values}
    return lambda record: all(getattr(record, field) == value for field, value in asked.items())


def _cleared(call: Call) -> dict[str, Any]:
    return {field: None if value == "" else value for field, value in call.values.items()}


_HIDDEN = {"ordinal", "in_start_state", "date_created", "date_updated"}
_EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_POLICY = Sid(name="PolicySid", prefix="RN", required=True)
_OBJECT = Text(name="ObjectSid", required=True, pattern=r"(IT|RD|BU)[0-9a-fA-F]{32}", invalid_code=NO_SUCH_OBJECT)
_BUNDLE_FILTERS: tuple[Param, ...] = (
    Choice(name="Status", choices=STATUSES),
    Text(name="FriendlyName"),
    Sid(name="PolicySid", prefix="RN"),
)
_CREATE: tuple[Param, ...] = (
    Text(name="FriendlyName", required=True),
    Text(name="Email", required=True, pattern=_EMAIL),
    _POLICY,
    Url(name="StatusCallback"),
)
_UPDATE: tuple[Param, ...] = (
    Choice(name="Status", choices=STATUSES, invalid_code=NO_SUCH_STATUS),
    Url(name="StatusCallback"),
    Text(name="FriendlyName", shortest=1),
    Text(name="Email", pattern=_EMAIL),
)
