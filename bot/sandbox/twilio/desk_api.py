"""The control API under `/_desk`, used by the carrier page. It needs no credentials and allows every origin."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.twilio import desk_events
from bot.sandbox.twilio.desk_numbers import FAILED
from bot.sandbox.twilio.faults import Fault

if TYPE_CHECKING:
    from bot.sandbox.twilio.account_view import AccountView
    from bot.sandbox.twilio.server import LocalTwilio

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "600",
}

MESSAGES = 50
"""Messages that the page shows; older ones are still there."""

Answer = Callable[[web.Request], Awaitable[web.Response]]


def add_routes(app: web.Application, twilio: "LocalTwilio") -> None:
    """Add the control API of a server to its app. `?account_sid=` chooses another account than the main one."""
    apis = {account.account_sid: DeskApi(twilio, account) for account in twilio.accounts}

    def of_account(answer: Callable[["DeskApi", web.Request], Awaitable[web.Response]]) -> Answer:
        async def chosen(request: web.Request) -> web.Response:
            sid = request.query.get("account_sid") or twilio.account_sid
            if sid not in apis:
                raise LookupError(f"there is no account {sid[:40]}")
            return await answer(apis[sid], request)

        return chosen

    for method, path, answer in (
        ("GET", "/_desk/state", DeskApi.state),
        ("POST", "/_desk/campaign", DeskApi.campaign),
        ("POST", "/_desk/brand", DeskApi.brand),
        ("POST", "/_desk/bundle", DeskApi.bundle),
        ("POST", "/_desk/vetting", DeskApi.vetting),
        ("POST", "/_desk/share", DeskApi.share),
        ("POST", "/_desk/number", DeskApi.number),
        ("POST", "/_desk/console", DeskApi.console),
        ("POST", "/_desk/phone", DeskApi.phone),
        ("POST", "/_desk/event", DeskApi.event),
        ("POST", "/_desk/events", DeskApi.events),
        ("POST", "/_desk/sink", DeskApi.sink),
        ("POST", "/_desk/traffic", DeskApi.traffic),
        ("POST", "/_desk/fault", DeskApi.add_fault),
        ("DELETE", "/_desk/fault", DeskApi.clear_faults),
        ("GET", "/_desk/log", DeskApi.log),
    ):
        app.router.add_route(method, path, _open(of_account(answer)))
    app.router.add_route("OPTIONS", "/_desk/{any:.*}", _open(_preflight))


class DeskApi:
    """One method for each route, all about one account; faults and the log are the server's."""

    def __init__(self, twilio: "LocalTwilio", account: "AccountView") -> None:
        self._twilio, self._account = twilio, account

    async def state(self, request: web.Request) -> web.Response:
        """Everything that the page shows."""
        twilio, account = self._twilio, self._account
        pools, campaigns = account.pools, {row["messaging_service_sid"]: row for row in account.campaigns}
        standings = account.carriers.standings()
        services = [
            {
                **service,
                "numbers": [{**row, "standing": standings.get(row["sid"])} for row in pools.get(service["sid"], [])],
                "campaign": campaigns.get(service["sid"]),
                "is_default": service["sid"] == account.console.default_service,
            }
            for service in account.services
        ]
        codes = [{"code": row.code, "title": row.title} for row in account.desk.codes.of_reviews()]
        return web.json_response(
            {
                "account_sid": account.account_sid,
                "accounts": [{"sid": each.account_sid, "name": each.friendly_name} for each in twilio.accounts],
                "brands": account.brands,
                "bundles": account.bundles,
                "vettings": account.vettings,
                "services": services,
                "numbers": account.numbers,
                "leaving": _leaving(account, standings, {row["sid"] for rows in pools.values() for row in rows}),
                "tcr_campaigns": account.shares.campaigns(),
                "messages": account.messages[:MESSAGES],
                "phones": account.carriers.phones(),
                "codes": codes,
                "faults": twilio.faults.waiting(),
                "events": desk_events.shown(account, account.now),
            }
        )

    async def campaign(self, request: web.Request) -> web.Response:
        """A verdict on a campaign: {service_sid, verdict, codes?, fields?, status?}."""
        given = await _json(request)
        desk, service_sid, verdict = self._account.desk, str(given.get("service_sid")), given.get("verdict")
        codes = [int(code) for code in given.get("codes") or []]
        deeds = {
            "verify": lambda: desk.verify(service_sid),
            "reject": lambda: desk.reject(service_sid, codes, given.get("fields")),
            "suspend": lambda: desk.suspend(service_sid),
            "end": lambda: desk.end_suspended(service_sid),
            "review": lambda: desk.review(service_sid),
            "status": lambda: desk.status(service_sid, str(given["status"])),
        }
        _do("verdict", verdict, deeds)
        if verdict == "reject":
            await self._told_by_tcr(service_sid)
        return web.json_response({"ok": True})

    async def brand(self, request: web.Request) -> web.Response:
        """A verdict on a brand: {brand_sid, verdict, identity_status?, codes?, errors?, status?}."""
        given = await _json(request)
        desk, brand_sid, verdict = self._account.desk.brands, str(given.get("brand_sid")), given.get("verdict")
        codes = [int(code) for code in given.get("codes") or []]
        errors = list(given.get("errors") or [])
        deeds = {
            "approve": lambda: desk.approve(brand_sid, str(given.get("identity_status", "VERIFIED")), codes),
            "reject": lambda: desk.fail(brand_sid, codes) if codes else desk.fail_with(brand_sid, errors),
            "review": lambda: desk.review(brand_sid),
            "suspend": lambda: desk.suspend(brand_sid),
            "passcode": lambda: desk.confirm_passcode(brand_sid),
            "status": lambda: desk.status(brand_sid, str(given["status"])),
        }
        _do("verdict", verdict, deeds)
        return web.json_response({"ok": True})

    async def bundle(self, request: web.Request) -> web.Response:
        """A verdict on a Trust Hub bundle: {bundle_sid, status, codes?}."""
        given = await _json(request)
        codes = [int(code) for code in given.get("codes") or []]
        self._account.desk.brands.bundle(str(given.get("bundle_sid")), str(given["status"]), codes)
        return web.json_response({"ok": True})

    async def vetting(self, request: web.Request) -> web.Response:
        """The end of a secondary vetting: {vetting_sid, status, score?}."""
        given = await _json(request)
        score = int(given["score"]) if given.get("score") is not None else None
        self._account.desk.brands.vetting(str(given.get("vetting_sid")), str(given["status"]), score)
        return web.json_response({"ok": True})

    async def share(self, request: web.Request) -> web.Response:
        """What becomes of a share: {campaign_id, verdict, feedback?}; TCR tells its owner."""
        given = await _json(request)
        desk, campaign_id, verdict = self._account.shares, str(given.get("campaign_id")), given.get("verdict")
        feedback = str(given.get("feedback") or "")
        deeds = {
            "share": lambda: desk.share(campaign_id),
            "accept": lambda: desk.accept(campaign_id),
            "decline": lambda: desk.decline(campaign_id, feedback),
            "complete": lambda: desk.complete(campaign_id),
            "suspend": lambda: desk.suspend(campaign_id),
            "unsuspend": lambda: desk.unsuspend(campaign_id),
            "expire": lambda: desk.expire(campaign_id),
        }
        _do("verdict", verdict, deeds)
        await self._twilio.tcr.tell(campaign_id, str(verdict), feedback)
        return web.json_response({"ok": True})

    async def _told_by_tcr(self, service_sid: str) -> None:
        """A secondary DCA that rejects takes back the share, of which TCR tells the campaign's owner."""
        homes = {row["messaging_service_sid"]: row for row in self._account.shares.campaigns()}
        if (home := homes.get(service_sid)) is not None:
            await self._twilio.tcr.tell(home["campaign_id"], "decline", home["feedback"])

    async def number(self, request: web.Request) -> web.Response:
        """The carriers' word on a number: {number_sid, verdict, code?}."""
        given = await _json(request)
        desk, number_sid, verdict = self._account.carriers, str(given.get("number_sid")), given.get("verdict")
        deeds = {
            "register": lambda: desk.register(number_sid),
            "fail": lambda: desk.fail(number_sid, int(given.get("code") or FAILED)),
            "unregister": lambda: desk.unregister(number_sid),
            "stick": lambda: desk.fail_to_forget(number_sid, int(given.get("code") or FAILED)),
            "pending": lambda: desk.pending(number_sid),
        }
        _do("verdict", verdict, deeds)
        return web.json_response({"ok": True})

    async def console(self, request: web.Request) -> web.Response:
        """What somebody sets in Console: {service_sid, setting: "autocreate" | "defer" | "default"}."""
        given = await _json(request)
        desk, service_sid, setting = self._account.console, str(given.get("service_sid")), given.get("setting")
        deeds = {
            "autocreate": lambda: desk.autocreate(service_sid),
            "defer": lambda: desk.defer(service_sid),
            "default": lambda: desk.make_default(service_sid),
        }
        _do("setting", setting, deeds)
        return web.json_response({"ok": True})

    async def phone(self, request: web.Request) -> web.Response:
        """What becomes of messages to a phone: {phone_number, code?, receipt?}."""
        given = await _json(request)
        code = int(given["code"]) if given.get("code") else None
        self._account.carriers.phone(str(given.get("phone_number")), code, receipt=given.get("receipt") is not False)
        return web.json_response({"ok": True})

    async def event(self, request: web.Request) -> web.Response:
        """An event: {brand_sid, event} of the mail to a brand's contact, or {type, data} of whatever kind."""
        desk_events.tell(self._account.events, await _json(request))
        return web.json_response({"ok": True})

    async def events(self, request: web.Request) -> web.Response:
        """What goes wrong on the way of events: {paused?, duplicate?, shuffle?, drop?}."""
        desk_events.switch(self._account.events, await _json(request))
        return web.json_response({"ok": True})

    async def sink(self, request: web.Request) -> web.Response:
        """What becomes of a sink: {sink_sid, status}."""
        given = await _json(request)
        self._account.events.set_sink(str(given.get("sink_sid")), str(given.get("status")))
        return web.json_response({"ok": True})

    async def traffic(self, request: web.Request) -> web.Response:
        """Messages that nobody has sent: {service_sid or number, count?, code?, status?}, answered once told."""
        taken = await desk_events.traffic(self._account.callbacks, await _json(request))
        return web.json_response({"ok": True, "taken": taken})

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


def _leaving(account: "AccountView", standings: Mapping[str, Any], pooled: set[str]) -> list[dict[str, Any]]:
    """Numbers that are in no pool, of which the carriers have not heard yet or would not."""
    gone = ((row, standings.get(row["sid"], {})) for row in account.numbers if row["sid"] not in pooled)
    return [
        {"sid": row["sid"], "phone_number": row["phone_number"], "standing": stands}
        for row, stands in gone
        if stands.get("stuck") or stands.get("state") == "PENDING_DEREGISTRATION"
    ]


def _do(name: str, said: Any, deeds: Mapping[str, Callable[[], None]]) -> None:
    """The one of these deeds that was said. Raises `ValueError` with what there is to choose from."""
    if said not in list(deeds):  # whatever the page sent, not only what can be a key
        raise ValueError(f"{name} {said!r} is not one of {', '.join(deeds)}")
    deeds[said]()


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
