"""Slack's side of Tenfour. This page is the map: every command, action, view, option and event with its function."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.changes.drafts import CopyError
from bot.changes.refusal import Refusal
from bot.watching.watch import UNWATCHED, Watch
from handlers import (
    absence,
    accounts,
    audit,
    changes,
    commands,
    forms,
    freeze,
    glass,
    home,
    portfolio,
    previews,
    reopening,
    why,
)
from handlers.blocks import kit
from handlers.blocks.form import notice_modal
from handlers.blocks.help import refusal
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk, Doer
from handlers.door import BUSY, CAME, BusyError, Door
from handlers.following import discovered, registration_acts, registrations, watch
from handlers.inbox import Inbox, InHand
from handlers.words import in_words

Handler = Callable[[Desk, Delivery], Awaitable[Payload | None]]
"""Answers within Slack's three seconds, with the ack's payload; slower work goes to `desk.later`."""

COMMANDS: Mapping[str, Handler] = {
    "/a2p": commands.show_help,
    "/a2p-service": commands.operate,
    "/a2p-sender": commands.operate,
    "/a2p-number": commands.operate,
    "/a2p-address": commands.operate,
    "/a2p-brand": commands.operate,
    "/a2p-campaign": commands.operate,
    "/a2p-external": commands.operate,
    "/a2p-message": commands.operate,
    "/a2p-flex": commands.operate,
    "/a2p-events": commands.operate,
    "/a2p-account": accounts.accounts,
    "/a2p-approvals": commands.show_approvals,
    "/a2p-audit": audit.audit,
    "/a2p-freeze": freeze.freeze,
    "/a2p-watch": watch.watch,
}

# What follows a colon in an action id says which field or source it is about.
ACTIONS: Mapping[str, Handler] = {
    "field": forms.keep_answer,
    "lookup": forms.keep_answer,
    "form.back": forms.go_back,
    "form.resume": forms.resume,
    "form.account": forms.switch_account,
    "change.approve": changes.approve,
    "change.reject": changes.open_reject,
    "change.details": changes.open_details,
    "change.why": why.explain,
    "change.cancel": changes.cancel,
    "change.ask_again": changes.ask_again,
    "change.retry": changes.retry,
    "change.abandon": changes.abandon,
    "change.happened": changes.open_happened,
    "change.did_not": changes.did_not_happen,
    "change.skip": changes.skip,
    "change.done": changes.done,
    "change.undo": changes.undo,
    "change.form": reopening.reopen,
    "change.amend": reopening.amend,
    "change.break_glass": glass.open_break_glass,
    "change.sign_off": glass.open_sign_off,
    "registration.check": registrations.check_now,
    "registration.resubmit": registrations.fix_and_resubmit,
    "registration.open": registrations.open_window,
    "registration.ticket": registrations.draft_ticket,
    "registration.assign": registration_acts.assign,
    "registration.mute": registration_acts.mute,
    "registration.unmute": registration_acts.unmute,
    "watch.open": watch.open_window,
    "watch.on": watch.switch_on,
    "watch.off": watch.switch_off,
    "watch.unmute": watch.unmute,
    "home.start": home.start,
    "portfolio.filter": portfolio.filter_,
    "portfolio.page": portfolio.turn,
    "discovered.follow": discovered.follow,
    "discovered.choose": discovered.open_choice,
    "discovered.decline": discovered.decline,
    "freeze.lift": freeze.lift,
    "away.open": absence.away,
    "away.back": absence.back,
}

SUBMISSIONS: Mapping[str, Handler] = {
    "form": forms.submit_page,
    "preview": previews.request_approval,
    "reject": changes.reject,
    "happened": changes.happened,
    "break_glass": glass.break_glass,
    "sign_off": glass.sign_off,
    "freeze": freeze.submit,
    "away": absence.leave,
    "watch": watch.submit,
    "discovered": discovered.choose,
}

CLOSED: Mapping[str, Handler] = {"form": forms.closed, "report": forms.closed}

OPTIONS: Mapping[str, Handler] = {
    "lookup": forms.choices,
    "portfolio.filter": portfolio.brands,
    "discovered": discovered.offered,
}

EVENTS: Mapping[str, Handler] = {
    "app_home_opened": home.opened,
    "subteam_members_changed": home.groups_changed,
}

# What was acknowledged and is carried out after it, also after a crash.
ACTS: Mapping[str, Doer] = {
    "decide": changes.decide,
    "request": previews.request,
    "withdraw": changes.withdraw,
    "ask_again": changes.request_again,
    "settle": changes.settle,
    "undo": changes.request_undo,
    "sign_off": glass.signed_off,
    "freeze": freeze.carry_out,
    "absence": absence.carry_out,
    "watch": watch.carry_out,
    "registration": registration_acts.carry_out,
    "discovered": discovered.carry_out,
}

# Which of these maps answers a kind of delivery.
ROUTES: Mapping[str, Callable[[Delivery], Handler | None]] = {
    "command": lambda d: COMMANDS.get(d.body["command"]),
    "block_actions": lambda d: ACTIONS.get(d.action_id.partition(":")[0], changes.outdated_button),
    "view_submission": lambda d: SUBMISSIONS.get(d.view["callback_id"]),
    "view_closed": lambda d: CLOSED.get(d.view["callback_id"]),
    "block_suggestion": lambda d: OPTIONS.get(d.action_id.partition(":")[0]),
    "event": lambda d: EVENTS.get(d.body["event"]["type"]),
}


def _always(delivery: Delivery) -> bool:
    return True


# What needs no mark before it is answered, as a copy that another process answers does no harm: help is shown twice,
# and the others write once, together with the mark of their delivery (`Desk.do`, `drafting.keep`, `drafting.amend`),
# before anything else that they do. Whatever is not named here is marked first.
UNMARKED: Mapping[Handler, Callable[[Delivery], bool]] = {
    commands.show_help: _always,
    commands.operate: commands.asks_for_help,
    forms.keep_answer: _always,
    forms.submit_page: _always,
    previews.request_approval: _always,
    changes.approve: _always,
    changes.reject: _always,
    changes.cancel: _always,
    changes.ask_again: _always,
    changes.retry: _always,
    changes.abandon: _always,
    changes.did_not_happen: _always,
    changes.skip: _always,
    changes.done: _always,
    changes.undo: _always,
    changes.happened: _always,
    glass.break_glass: _always,
    glass.sign_off: _always,
}

ANSWER_SECONDS = 2.4
"""Slack gives up after three seconds, counted from its side."""

UNHURRIED = frozenset({"event", "view_closed"})
"""Deliveries for whose answer nobody waits, and that nobody would repeat."""

OUTDATED = "This belongs to an older or a newer Tenfour, and nothing was done. Type `/a2p` for what there is."

log = structlog.get_logger()


class Front(AsyncMiddleware):
    """Answers every kind of delivery on the map, with one look each into a dict.

    Bolt would try its listeners one by one, and collect for each what it might want to know: a middleware that answers
    comes before all that, and after Bolt has made sure that it is Slack who asks.
    """

    def __init__(self, desk: Desk, inbox: Inbox, watched: Watch) -> None:
        self._desk, self._inbox, self._door, self._watch = desk, inbox, Door(), watched
        self._in_hand = InHand()

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002  # Bolt calls it so
    ) -> BoltResponse:
        """The ack of a delivery; what is of no kind on the map goes on to Bolt, which says that it is not handled."""
        delivery = Delivery.of(req.body)
        route = ROUTES.get(delivery.kind)
        if route is None:
            return await next()
        began: float = req.context.get(CAME) or asyncio.get_running_loop().time()
        with self._watch.tracing.span("slack", delivery.kind):
            reply, outcome = await self._answered(delivery, route(delivery), began)
            ack: BoltResponse = await req.context.ack(**reply)
        self._watch.observer.acknowledged(delivery.kind, outcome, asyncio.get_running_loop().time() - began)
        return ack

    async def _answered(self, delivery: Delivery, handler: Handler | None, came: float) -> tuple[Payload, str]:
        if delivery.kind in UNHURRIED:
            return await self._answer(delivery, handler, ANSWER_SECONDS)
        try:
            async with self._door.place(came) as waited:
                return await self._answer(delivery, handler, ANSWER_SECONDS - waited)
        except BusyError:
            return _sorry(self._desk, delivery, BUSY), "busy"

    async def _answer(self, delivery: Delivery, handler: Handler | None, seconds: float) -> tuple[Payload, str]:
        """The ack of a delivery: a handler's answer, or words about why there is none. Never raises.

        The second tells those who watch what it was: `done`, `again`, `refused` or `outdated`.
        """
        if handler is None:
            told = delivery.kind in ("command", "view_submission")
            return _sorry(self._desk, delivery, OUTDATED) if told else {}, "outdated"
        unmarked = UNMARKED.get(handler)
        here = self._in_hand if unmarked and unmarked(delivery) else None
        try:
            async with asyncio.timeout(seconds):
                if not await (here or self._inbox).first(delivery):
                    return self._again(delivery)
                self._desk.people.admit(delivery.teams)
                reply = await handler(self._desk, delivery) or {}
        except CopyError:
            if here:
                here.done(delivery)
            return self._again(delivery)
        except Exception as error:  # the person must hear of it, whatever it is
            # the type, not the words: a refusal may quote what was typed
            log.warning("not_done", kind=delivery.kind, user=delivery.user, error=type(error).__name__)
            if here:
                here.refused(delivery)
            else:  # beside the ack, which must not wait for a Redis that may be away
                self._desk.background.start(self._inbox.refused(delivery), "remember a delivery")
            return _sorry(self._desk, delivery, in_words(error), refused=isinstance(error, Refusal)), "refused"
        if here:
            here.done(delivery)
        else:  # beside the ack: until it is noted, copies wait for it, and no ack says of one what is not done
            self._desk.background.start(self._inbox.done(delivery), "remember a delivery")
        return reply, "done"

    def _again(self, delivery: Delivery) -> tuple[Payload, str]:
        log.info("delivered_again", kind=delivery.kind, user=delivery.user)
        return {}, "again"


def register(app: AsyncApp, desk: Desk, inbox: Inbox, watched: Watch = UNWATCHED) -> None:
    """Connect the map to Bolt."""
    app.use(Front(desk, inbox, watched))


def _sorry(desk: Desk, delivery: Delivery, text: str, *, refused: bool = False) -> Payload:
    match delivery.kind:
        case "command":
            return {"response_type": "ephemeral", **refusal(text)}
        case "view_submission":
            return {"response_action": "update", "view": notice_modal("Tenfour", text, level="error")}
        case "block_suggestion":
            # an empty list would say that there is nothing; whoever is refused hears no more than that
            told = delivery.action_id.startswith("lookup") and not refused
            return {"options": [kit.option("!", text)] if told else []}
        case "block_actions":
            desk.later(delivery, desk.tell(delivery, text))
    return {}
