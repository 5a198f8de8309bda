"""The event types that one can subscribe to (reference: sections 8 and 8.1)."""

from typing import Any

from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Record
from bot.sandbox.twilio.wire import Text, iso_8601

PREFIX = "com.twilio.messaging.compliance."
BRAND = f"{PREFIX}brand-registration."
CAMPAIGN = f"{PREFIX}campaign-registration."
REGISTRATION = f"{PREFIX}number-registration."
DEREGISTRATION = f"{PREFIX}number-deregistration."
MAIL_EVENTS = (
    "email-2fa-sent",
    "email-2fa-opened",
    "email-2fa-clicked",
    "email-2fa-completed",
    "email-2fa-timeout",
    "invalid-contact-email",
)
"""What Twilio tells of the mail with which somebody at the brand confirms it."""

_KNOWN_SINCE = 1_690_000_000.0

# Names of schemas are confirmed for some of each group only; nobody but a reader of `dataschema` would notice.
_SCHEMAS = {
    f"{BRAND}brand-registered": ("BrandRegistrationRegistered", 2),
    f"{BRAND}brand-unverified": ("BrandRegistrationUnverified", 2),
    f"{BRAND}brand-verified": ("BrandRegistrationVerified", 2),
    f"{BRAND}brand-vetted-verified": ("BrandRegistrationVettedVerified", 2),
    f"{BRAND}brand-failure": ("BrandRegistrationFailure", 3),
    f"{BRAND}brand-secondary-vetting-failure": ("BrandRegistrationSecondaryVettingFailure", 2),
    f"{BRAND}sharing-created": ("BrandRegistrationSharingCreated", 2),
    f"{BRAND}sharing-deleted": ("BrandRegistrationSharingDeleted", 2),
    f"{BRAND}email-2fa-sent": ("BrandRegistrationEmail2FASent", 2),
    f"{BRAND}email-2fa-opened": ("BrandRegistrationEmail2FAOpened", 2),
    f"{BRAND}email-2fa-clicked": ("BrandRegistrationEmail2FAClicked", 2),
    f"{BRAND}email-2fa-completed": ("BrandRegistrationEmail2FACompleted", 2),
    f"{BRAND}email-2fa-timeout": ("BrandRegistrationEmail2FATimeout", 2),
    f"{BRAND}invalid-contact-email": ("BrandRegistrationInvalidContactEmail", 2),
    f"{CAMPAIGN}campaign-submitted": ("CampaignRegistrationSubmitted", 2),
    f"{CAMPAIGN}campaign-approved": ("CampaignRegistrationApproved", 2),
    f"{CAMPAIGN}campaign-failure": ("CampaignRegistrationFailure", 2),
    f"{CAMPAIGN}campaign-deleted": ("CampaignRegistrationDeleted", 2),
    f"{CAMPAIGN}suspended-campaign-delete-submitted": ("SuspendedCampaignRegistrationDeleteSubmitted", 1),
    f"{REGISTRATION}pending": ("NumberRegistrationPending", 2),
    f"{REGISTRATION}successful": ("NumberRegistrationSuccessful", 2),
    f"{REGISTRATION}failed": ("NumberRegistrationFailed", 2),
    f"{DEREGISTRATION}pending": ("NumberDeregistrationPending", 2),
    f"{DEREGISTRATION}successful": ("NumberDeregistrationSuccessful", 2),
    f"{DEREGISTRATION}failed": ("NumberDeregistrationFailed", 2),
}


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [
        Endpoint("events", "GET", "/v1/Types", list_all, (Text(name="SchemaId"), *PAGING)),
        Endpoint("events", "GET", "/v1/Types/{Type}", fetch),
        Endpoint("events", "GET", "/v1/Schemas/{Id}", fetch_schema),
        Endpoint("events", "GET", "/v1/Schemas/{Id}/Versions", list_versions, PAGING),
        Endpoint("events", "GET", "/v1/Schemas/{Id}/Versions/{SchemaVersion}", fetch_version),
    ]


class EventType(Record):
    """A type of event, which is its `sid` here; `latest` is the newest version of its schema."""

    schema_id: str
    latest: int


def known_types() -> list[EventType]:
    """Every type of 10DLC registrations. Brands are not shared here: of that, nothing is told by itself."""
    return [
        EventType(
            sid=name,
            date_created=_KNOWN_SINCE,
            date_updated=_KNOWN_SINCE,
            ordinal=len(_SCHEMAS) - place,
            schema_id=f"A2P.{schema}",
            latest=latest,
        )
        for place, (name, (schema, latest)) in enumerate(_SCHEMAS.items())
    ]


def latest_version(name: str) -> int | None:
    """The newest version of a type's schema; None for a type that Twilio does not know."""
    schema = _SCHEMAS.get(name)
    return schema[1] if schema else None


def schema_address(name: str, version: int) -> str:
    """What an event's `dataschema` says; something of the right form for a type that is not in the catalogue."""
    schema, _ = _SCHEMAS.get(name, ("Unknown", 0))
    return f"https://events-schemas.twilio.com/A2P.{schema}/{version}"


def list_all(call: Call) -> Reply:
    wanted = call.values.get("schema_id")
    rows = [row for row in known_types() if wanted in {None, row.schema_id}]
    return call.page("types", rows, lambda row: _body(call.site, row))


def fetch(call: Call) -> Reply:
    found = next((row for row in known_types() if row.sid == call.segments["Type"]), None)
    if found is None:
        raise call.missing()
    return Reply(200, _body(call.site, found))


class SchemaVersion(Record):
    """One version of a schema; `sid` is the schema's id."""

    version: int


def fetch_schema(call: Call) -> Reply:
    versions = _versions(call)
    url = call.site.url("events", f"/v1/Schemas/{versions[0].sid}")
    return Reply(
        200,
        {
            "id": versions[0].sid,
            "url": url,
            "links": {"versions": f"{url}/Versions"},
            "latest_version_date_created": iso_8601(_KNOWN_SINCE),
            "latest_version": len(versions),
        },
    )


def list_versions(call: Call) -> Reply:
    return call.page("schema_versions", _versions(call), lambda row: _version_body(call.site, row))


def fetch_version(call: Call) -> Reply:
    rows = [row for row in _versions(call) if str(row.version) == call.segments["SchemaVersion"]]
    if not rows:
        raise call.missing()
    return Reply(200, _version_body(call.site, rows[0]))


def _versions(call: Call) -> list[SchemaVersion]:
    """Every version of the schema that a path names, the oldest first; raises 404."""
    found = next((row for row in known_types() if row.schema_id == call.segments["Id"]), None)
    if found is None:
        raise call.missing()
    dates = {"date_created": _KNOWN_SINCE, "date_updated": _KNOWN_SINCE}
    numbers = range(1, found.latest + 1)
    return [SchemaVersion(sid=found.schema_id, ordinal=number, version=number, **dates) for number in numbers]


def _version_body(site: Site, row: SchemaVersion) -> dict[str, Any]:
    return {
        "id": row.sid,
        "schema_version": row.version,
        "date_created": iso_8601(row.date_created),
        "url": site.url("events", f"/v1/Schemas/{row.sid}/Versions/{row.version}"),
        "raw": f"https://events-schemas.twilio.com/{row.sid}/{row.version}",
    }


def _body(site: Site, row: EventType) -> dict[str, Any]:
    words = row.sid.removeprefix(PREFIX).replace("-", " ").replace(".", ": ")
    return {
        "type": row.sid,
        "schema_id": row.schema_id,
        "date_created": iso_8601(row.date_created),
        "date_updated": iso_8601(row.date_updated),
        "description": f"A2P {words}",
        "status": "available",
        "documentation_url": None,
        "url": site.url("events", f"/v1/Types/{row.sid}"),
        "links": {"schema": site.url("events", f"/v1/Schemas/{row.schema_id}/Versions")},
    }
