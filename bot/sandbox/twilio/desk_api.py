"""The control API under `/_desk`, used by the carrier page. It needs no credentials and allows every origin."""

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.twilio.faults import Fault

if TYPE_CHECKING:
    from bot.sandbox.twilio.server import LocalTwilio

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "600",
}

Answer = Callable[[web.Request], Awaitable[web.Response]]


def add_routes(app: web.Application, twilio: "LocalTwilio") -> None:
    """Add the control API of a server to its app."""
    api = DeskApi(twilio)
    for method, path, answer in (
        ("GET", "/_desk/state", api.state),
        ("POST", "/_desk/campaign", api.campaign),
        ("POST", "/_desk/brand", api.brand),
        ("POST", "/_desk/fault", api.add_fault),
        ("DELETE", "/_desk/fault", api.clear_faults),
        ("GET", "/_desk/log", api.log),
    ):
        app.router.add_route(method, path, _open(answer))
    app.router.add_route("OPTIONS", "/_desk/{any:.*}", _open(_preflight))


class DeskApi:
    """One method for each route."""

    def __init__(self, twilio: "LocalTwilio") -> None:
        self._twilio = twilio

    async def state(self, request: web.Request) -> web.Response:
        """Everything that the page shows."""
        twilio = self._twilio
        pools, campaigns = twilio.pools, {row["messaging_service_sid"]: row for row in twilio.campaigns}
        services = [
            {**service, "numbers": pools.get(service["sid"], []), "campaign": campaigns.get(service["sid"])}
            for service in twilio.services
        ]
        codes = [{"code": row.code, "title": row.title} for row in twilio.desk.codes.of_reviews()]
        return web.json_response(
            {
                "account_sid": twilio.account_sid,
                "brands": twilio.brands,
                "services": services,
                "numbers": twilio.numbers,
                "codes": codes,
                "faults": twilio.faults.waiting(),
            }
        )

    async def campaign(self, request: web.Request) -> web.Response:
        """A verdict on a campaign: {service_sid, verdict, codes?, fields?, status?}."""
        given = await _json(request)
        desk, service_sid, verdict = self._twilio.desk, str(given.get("service_sid")), given.get("verdict")
        if verdict == "verify":
            desk.verify(service_sid)
        elif verdict == "reject":
            desk.reject(service_sid, [int(code) for code in given.get("codes") or []], given.get("fields"))
        elif verdict == "suspend":
            desk.suspend(service_sid)
        elif verdict == "review":
            desk.review(service_sid)
        elif verdict == "status":
            desk.status(service_sid, str(given["status"]))
        else:
            raise ValueError(f"verdict {verdict!r} is not one of verify, reject, suspend, review, status")
        return web.json_response({"ok": True})

    async def brand(self, request: web.Request) -> web.Response:
        """A verdict on a brand: {brand_sid, verdict: "approve" | "reject" | "status", identity_status?, errors?}."""
        given = await _json(request)
        desk, brand_sid, verdict = self._twilio.desk, str(given.get("brand_sid")), given.get("verdict")
        if verdict == "approve":
            desk.approve_brand(brand_sid, str(given.get("identity_status", "VERIFIED")))
        elif verdict == "reject":
            desk.reject_brand(brand_sid, list(given.get("errors") or []))
        elif verdict == "status":
            desk.brand_status(brand_sid, str(given["status"]))
        else:
            raise ValueError(f"verdict {verdict!r} is not one of approve, reject, status")
        return web.json_response({"ok": True})

    async def add_fault(self, request: web.Request) -> web.Response:
        """Arrange a fault; the body has the fields of `Fault`, all but `match` may be left out."""
        given = await _json(request)
        fault = Fault.model_validate({name: value for name, value in given.items() if value is not None})
        self._twilio.faults.arrange(fault)
        return web.json_response({"ok": True, "faults": self._twilio.faults.waiting()})

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Forget all faults."""
        self._twilio.faults.clear()
        return web.json_response({"ok": True, "faults": []})

    async def log(self, request: web.Request) -> web.Response:
        """Calls with a number above `after`."""
        return web.json_response({"calls": self._twilio.journal.after(int(request.query.get("after", "0")))})


def _open(answer: Answer) -> Answer:
    async def with_cors(request: web.Request) -> web.Response:
        try:
            response = await answer(request)
        except LookupError as error:
            response = web.json_response({"ok": False, "error": str(error)}, status=404)
        except ValueError as error:
            response = web.json_response({"ok": False, "error": str(error)}, status=400)
        response.headers.update(_CORS)
        return response

    return with_cors


async def _preflight(request: web.Request) -> web.Response:
    return web.Response(status=204)


async def _json(request: web.Request) -> dict[str, Any]:
    given = json.loads(await request.text())
    if not isinstance(given, dict):
        raise ValueError("the body must be a JSON object")
    return given
