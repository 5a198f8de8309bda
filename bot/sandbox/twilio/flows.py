"""Studio flows, read only (reference: section 3)."""

from typing import Any

from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Record
from bot.sandbox.twilio.wire import iso_8601


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [
        Endpoint("studio", "GET", "/v2/Flows", list_all, PAGING),
        Endpoint("studio", "GET", "/v2/Flows/{Sid}", fetch),
    ]


class Flow(Record):
    """A Studio flow; `status` is draft or published."""

    friendly_name: str
    status: str = "published"
    revision: int = 1


def body(site: Site, flow: Flow, *, whole: bool) -> dict[str, Any]:
    """The flow as the API shows it; definition and validation only when fetched alone."""
    url = site.url("studio", f"/v2/Flows/{flow.sid}")
    return {
        "sid": flow.sid,
        "account_sid": site.account_sid,
        "author_sid": None,
        "friendly_name": flow.friendly_name,
        "definition": {"initial_state": "Trigger", "states": []} if whole else None,
        "status": flow.status,
        "revision": flow.revision,
        "commit_message": None,
        "valid": True if whole else None,
        "errors": [] if whole else None,
        "warnings": [] if whole else None,
        "webhook_url": f"https://webhooks.twilio.com/v1/Accounts/{site.account_sid}/Flows/{flow.sid}",
        "date_created": iso_8601(flow.date_created),
        "date_updated": iso_8601(flow.date_updated),
        "url": url,
        "links": {name.lower(): f"{url}/{name}" for name in ("Revisions", "Executions")}
        | {"test_users": f"{url}/TestUsers"},
    }


def list_all(call: Call) -> Reply:
    return call.page("flows", call.ledger.table(Flow), lambda flow: body(call.site, flow, whole=False))


def fetch(call: Call) -> Reply:
    flow = call.ledger.table(Flow).get(call.segments["Sid"])
    if flow is None:
        raise call.missing()
    return Reply(200, body(call.site, flow, whole=True))
