"""Trust Hub's end users and supporting documents (reference: sections 4.2 and 4.3)."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.twilio import policies
from bot.sandbox.twilio.bundles import EndUser, SupportingDocument, holders
from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.wire import CONFLICT, INVALID, Json, Param, Refusal, Text, iso_8601

NOT_JSON = 22207


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    user_types = frozenset(kind.name for kind in policies.END_USER_TYPES)
    return [
        *_Api(EndUser, "EndUsers", "IT", user_types).endpoints(),
        *_Api(SupportingDocument, "SupportingDocuments", "RD", frozenset(policies.DOCUMENT_TYPES)).endpoints(),
    ]


@dataclass(frozen=True, slots=True)
class _Api:
    """The endpoints of one kind of thing that bundles hold; both work alike."""

    kind: type[EndUser] | type[SupportingDocument]
    path: str
    prefix: str
    types: frozenset[str]

    def endpoints(self) -> list[Endpoint]:
        every, one = f"/v1/{self.path}", f"/v1/{self.path}/{{Sid}}"
        return [
            Endpoint("trusthub", "POST", every, self.create, _CREATE),
            Endpoint("trusthub", "GET", every, self.list_all, PAGING),
            Endpoint("trusthub", "GET", one, self.fetch),
            Endpoint("trusthub", "POST", one, self.update, _UPDATE),
            Endpoint("trusthub", "DELETE", one, self.delete),
        ]

    def create(self, call: Call) -> Reply:
        if call.values["type"] not in self.types:
            raise Refusal(400, INVALID, f"{call.values['type']!r} is not a type of {self.path}")
        sid = call.ledger.mint(self.prefix)
        thing = self.kind(sid=sid, date_created=call.at, date_updated=call.at, **call.values)
        return Reply(201, self.body(call.site, call.ledger.table(self.kind).add(thing)))

    def list_all(self, call: Call) -> Reply:
        return call.page("results", call.ledger.table(self.kind), lambda thing: self.body(call.site, thing))

    def fetch(self, call: Call) -> Reply:
        return Reply(200, self.body(call.site, self._thing(call)))

    def update(self, call: Call) -> Reply:
        thing = self._thing(call)
        # Attributes are written whole: what is not sent again is gone.
        changed = call.ledger.table(self.kind).change(thing.sid, call.at, **call.values)
        return Reply(200, self.body(call.site, changed))

    def delete(self, call: Call) -> Reply:
        thing = self._thing(call)
        holder = next(holders(call.ledger, thing.sid), None)
        if holder is not None:
            raise Refusal(409, CONFLICT, f"{thing.sid} is assigned to bundle {holder.sid}, which is {holder.status}")
        call.ledger.table(self.kind).remove(thing.sid)
        return Reply(204)

    def body(self, site: Site, thing: EndUser | SupportingDocument) -> dict[str, Any]:
        """The thing as the API shows it."""
        return {
            **thing.model_dump(exclude={"ordinal", "in_start_state", "date_created", "date_updated"}),
            "account_sid": site.account_sid,
            "date_created": iso_8601(thing.date_created),
            "date_updated": iso_8601(thing.date_updated),
            "url": site.url("trusthub", f"/v1/{self.path}/{thing.sid}"),
        }

    def _thing(self, call: Call) -> EndUser | SupportingDocument:
        thing = call.ledger.table(self.kind).get(call.segments["Sid"])
        if thing is None:
            raise call.missing()
        return thing


_ATTRIBUTES = Json(name="Attributes", invalid_code=NOT_JSON)
_CREATE: tuple[Param, ...] = (Text(name="FriendlyName", required=True), Text(name="Type", required=True), _ATTRIBUTES)
_UPDATE: tuple[Param, ...] = (Text(name="FriendlyName", shortest=1), _ATTRIBUTES)
