"""Slack's side of Tenfour. This page is the map: every command, action, view, option and event with its function."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp

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
from handlers.blocks.form import notice_modal
from handlers.blocks.help import refusal
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk, Doer
from handlers.following import discovered, registration_acts, registrations, watch
from handlers.inbox import Inbox
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

ANSWER_SECONDS = 2.4
"""Slack gives up after three seconds, counted from its side."""

OUTDATED = "This belongs to an older or a newer Tenfour, and nothing was done. Type `/a2p` for what there is."

log = structlog.get_logger()


def register(app: AsyncApp, desk: Desk, inbox: Inbox) -> None:
    """Connect the map to Bolt: one listener per kind of payload, as Bolt tries its listeners one by one."""
    anything = re.compile(r".*", re.DOTALL)

    def listener(route: Callable[[Delivery], Handler | None]) -> Callable[..., Awaitable[None]]:
        async def listen(ack: Callable[..., Awaitable[Any]], body: Payload) -> None:
            delivery = Delivery.of(body)
            await ack(**await answer(desk, inbox, delivery, route(delivery)))

        return listen

    app.command(anything)(listener(lambda d: COMMANDS.get(d.body["command"])))
    app.action(anything)(listener(lambda d: ACTIONS.get(d.action_id.partition(":")[0], changes.outdated_button)))
    app.view_submission(anything)(listener(lambda d: SUBMISSIONS.get(d.view["callback_id"])))
    app.view_closed(anything)(listener(lambda d: CLOSED.get(d.view["callback_id"])))
    app.options(anything)(listener(lambda d: OPTIONS.get(d.action_id.partition(":")[0])))
    app.event(anything)(listener(lambda d: EVENTS.get(d.body["event"]["type"])))


async def answer(desk: Desk, inbox: Inbox, delivery: Delivery, handler: Handler | None) -> Payload:
    """The ack of a delivery: a handler's answer, or words about why there is none. Never raises."""
    if handler is None:
        return _sorry(desk, delivery, OUTDATED) if delivery.kind in ("command", "view_submission") else {}
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            if not await inbox.first(delivery):
                log.info("delivered_again", kind=delivery.kind, user=delivery.user)
                return {}
            desk.people.admit(delivery.teams)
            reply = await handler(desk, delivery) or {}
    except Exception as error:  # the person must hear of it, whatever it is
        # the type, not the words: a refusal may quote what was typed
        log.warning("not_done", kind=delivery.kind, user=delivery.user, error=type(error).__name__)
        # beside the ack, which must not wait for a Redis that may be away
        desk.background.start(inbox.refused(delivery), "remember a delivery")
        return _sorry(desk, delivery, in_words(error))
    await inbox.done(delivery)
    return reply


def _sorry(desk: Desk, delivery: Delivery, text: str) -> Payload:
    match delivery.kind:
        case "command":
            return {"response_type": "ephemeral", **refusal(text)}
        case "view_submission":
            return {"response_action": "update", "view": notice_modal("Tenfour", text, level="error")}
        case "block_suggestion":
            return {"options": []}
        case "block_actions":
            desk.later(delivery, desk.tell(delivery, text))
    return {}
