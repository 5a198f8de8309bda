"""What every handler works with, and the ways in which it answers a person."""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.audit.log import AuditProblem
from bot.audit.row import act_row
from bot.audit.trail import AuditTrail
from bot.catalog.choices import AllChoices
from bot.catalog.operation import Catalog
from bot.changes.account_choice import ChannelAccounts
from bot.changes.changes import Changes
from bot.changes.delegations import Delegations
from bot.changes.drafts import CopyError, DraftStore
from bot.changes.freezes import Freezes
from bot.changes.refusal import Refusal
from bot.ports import Known
from bot.redis.lease import Leases
from bot.runs.settle import Settlement
from bot.tempo import Tempo
from bot.tracking.discovery import Discovery
from bot.tracking.portfolio import Portfolio
from bot.tracking.tracker import Tracker
from bot.twilio.accounts import Accounts
from bot.twilio.faults import TwilioFault
from bot.vault import SealedWithOtherKeyError
from handlers.acts import Act, ActStore, WrittenDownError
from handlers.announcements import Announcements
from handlers.background import Background
from handlers.blocks.form import notice_modal
from handlers.blocks.help import refusal, window_gone
from handlers.blocks.kit import Message
from handlers.chosen import Chosen
from handlers.delivery import Delivery, Payload
from handlers.following.digests import Digests
from handlers.following.offers import Offers
from handlers.following.showing import Showing
from handlers.people import People
from handlers.posts import passing
from handlers.visitors import Visitors
from handlers.words import explained

log = structlog.get_logger()


Doer = Callable[["Desk", Act], Awaitable[None]]

SLACK_FAILURES = (SlackApiError, aiohttp.ClientError, TimeoutError)

CAUGHT_UP_AT_ONCE = 8
"""Acts that are carried out late at the same time: each takes a few calls to Slack."""
DRAFTED = frozenset({"form", "preview", "report", "working"})
"""Windows behind which a draft is kept of what was typed."""


@dataclass(frozen=True)
class Desk:
    """The engine, Slack, and the person in front of us."""

    client: AsyncWebClient
    catalog: Catalog
    changes: Changes
    drafts: DraftStore
    settlement: Settlement
    tracker: Tracker
    choices: AllChoices
    accounts: Accounts
    channel_accounts: ChannelAccounts
    people: People
    background: Background
    visitors: Visitors
    acts: ActStore
    doers: Mapping[str, Doer]
    leases: Leases
    approvals_channel: str
    clock: Callable[[], float]
    tempo: Tempo
    trail: AuditTrail
    freezes: Freezes
    delegations: Delegations
    announcements: Announcements
    showing: Showing
    portfolio: Portfolio
    chosen: Chosen
    digests: Digests
    discovery: Discovery
    offers: Offers
    known: Known

    @property
    def account_names(self) -> dict[str, str]:
        """What people call the accounts, by SID."""
        return {account.sid: account.name for account in self.accounts.all}

    async def do(self, delivery: Delivery, kind: str, **what: Any) -> None:
        """Write down what this person does, and do it after the ack; a refusal is told privately.

        Raises `CopyError` when it was written down for another copy of this delivery.
        """
        act = Act(
            id=_named(delivery),
            kind=kind,
            user=delivery.user,
            team=delivery.team,
            at=self.clock(),
            what=what,
            channel=delivery.channel,
        )
        if not await self.acts.begin(act, delivery.mark, self.leases.holder):
            raise CopyError
        self.later(delivery, self._carry_out(act, delivery, taken=True))

    async def catch_up(self) -> None:
        """Carry out what a crash left behind after its ack: in one process, a few at a time, oldest first.

        After an outage it may be hundreds, and each asks Slack about its person: all at once, in every process and at
        each sweep anew, they would keep each other from ever coming to an end.
        """
        async with self.leases.held(self.acts.catching_up) as ours:
            left = await self.acts.left(self.clock() - self.tempo.left_behind) if ours else []
            for start in range(0, len(left), CAUGHT_UP_AT_ONCE):
                await asyncio.gather(*map(self._carry_out_late, left[start : start + CAUGHT_UP_AT_ONCE]))

    async def _carry_out_late(self, act: Act) -> None:
        log.info("act_left_behind", kind=act.kind, user=act.user)
        try:
            await self._carry_out(act, Delivery("act", act.user, act.team, {}))
        except (WrittenDownError, RedisError) as error:  # its person has heard that it is written down
            log.warning("act_left_for_later", kind=act.kind, user=act.user, why=type(error.__cause__ or error).__name__)

    async def note(self, act: Act, kind: str, what: str, detail: str, account: str = "") -> None:
        """Write down in the audit what was done; it is done already, so that a failure is only logged."""
        row = act_row(kind, what, act.user, act.at, where=act.where, detail=detail)
        name = self.account_names.get(account, "")
        try:
            await self.trail.note(f"{kind}:{act.id}", row.model_copy(update={"account": name, "account_sid": account}))
        except AuditProblem as error:
            log.error("act_not_noted", kind=act.kind, user=act.user, why=str(error))

    def later(self, delivery: Delivery, work: Coroutine[Any, Any, object], *, members_only: bool = False) -> None:
        """Do slow work after the ack; if it fails, or is not for guests, the person is told why."""
        doing = self._or_words(delivery, work, members_only=members_only)
        self.background.start(doing, f"{delivery.kind} of {delivery.user}")

    async def _or_words(
        self, delivery: Delivery, work: Coroutine[Any, Any, object], *, members_only: bool = False
    ) -> None:
        try:
            if members_only and (bar := (await self.people.person(delivery.user)).bar):
                work.close()
                raise Refusal(f"{bar} Ask a full member of this workspace.")
            await work
        except Exception as error:  # the one place where a failure becomes words for a person
            await self.tell(delivery, explained(error, delivery.kind))

    async def tell(self, delivery: Delivery, text: str) -> bool:
        """Tell the person privately, where they are: beside the message, over the modal, or by direct message.

        False when Slack has given no clear answer, so that they may not have heard it.
        """
        try:
            if delivery.response_url:
                await self.answer(delivery, refusal(text))
                return True
            if delivery.kind == "block_actions":
                await self.open(delivery, notice_modal("Tenfour", text))
                return True
        except SLACK_FAILURES as error:
            # a trigger that is too old is the usual reason; a direct message reaches everybody but strangers
            log.info("told_by_direct_message", why=type(error).__name__)
        return await self._write_to(delivery.user, refusal(text))

    async def open(self, delivery: Delivery, view: Payload) -> str:
        """Open a modal for a click, over the one in which it was made. Returns its id."""
        over_modal = delivery.view.get("type") == "modal"
        call = self.client.views_push if over_modal else self.client.views_open
        opened = await call(trigger_id=delivery.trigger, view=view)
        return str(opened["view"]["id"])

    async def answer(self, delivery: Delivery, message: Message, *, public: bool = False) -> None:
        """Show a message under a command or click: to this person alone, or with `public` to everybody there."""
        kind = "in_channel" if public else "ephemeral"
        hook = AsyncWebhookClient(delivery.response_url, session=self.client.session)
        reply = await hook.send(
            text=message["text"], blocks=message["blocks"], response_type=kind, replace_original=False
        )
        if reply.status_code != 200:
            await self.client.chat_postEphemeral(channel=delivery.channel, user=delivery.user, **message)

    async def say(self, act: Act, channel: str, message: Message) -> None:
        """Answer an act privately in a channel; where that does not work, by direct message."""
        url = act.what.get("url", "")
        there = Delivery("act", act.user, act.team, {"response_url": url, "channel_id": channel})
        try:
            if url:
                await self.answer(there, message)
            else:
                await self.client.chat_postEphemeral(channel=channel, user=act.user, **message)
        except SLACK_FAILURES:
            await self.announcements.to(act.user, act, message)

    async def settle(self, view_id: str, view: Payload, user: str) -> None:
        """Replace the working view that an ack has shown; Slack must have drawn that one first."""
        await asyncio.sleep(self.tempo.settle)
        await self.show(view_id, view, user)

    async def show(self, view_id: str, view: Payload, user: str) -> None:
        """Replace an open modal; if that fails, as when it was closed, say in a direct message what it was about."""
        try:
            await self.client.views_update(view_id=view_id, view=view)
        except SLACK_FAILURES as error:
            log.info("window_not_updated", why=type(error).__name__)
            await self._write_to(user, window_gone(view["title"]["text"], kept=view["callback_id"] in DRAFTED))

    async def _write_to(self, user: str, message: Message) -> bool:
        try:
            await self.client.chat_postMessage(channel=user, **message)
        except SLACK_FAILURES as error:
            log.warning("not_told", user=user, why=type(error).__name__)
            return not passing(error)
        return True

    async def _carry_out(self, act: Act, delivery: Delivery, *, taken: bool = False) -> None:
        """Do what was acknowledged, or say why not; it stays written down until one of the two is done.

        `taken` says that this process has just written it down, and has its lease by that.
        """
        async with self.leases.held(self.acts.lease(act), taken=taken) as ours:
            # a kind that we do not know is a newer version's, which will carry it out
            if not ours or act.kind not in self.doers or not (taken or await self.acts.stands(act)):
                return
            try:
                await self.doers[act.kind](self, act)
            except Exception as error:
                if isinstance(error, RedisError) or passing(error):
                    raise WrittenDownError from error  # the sweep carries it out once they answer
                if isinstance(error, Refusal | TwilioFault):
                    await self.note_refused(act, error)
                if not await self.tell(delivery, explained(error, delivery.kind)):
                    return
            await self._forget(act)

    async def note_refused(self, act: Act, no: Exception) -> None:
        """Write down in the audit who was refused what; the act stays written down until that is done."""
        number, how = act.what.get("number"), next((act.what[k] for k in ("verb", "how", "draft") if k in act.what), "")
        try:
            change = await self.changes.store.load(number) if isinstance(number, int) else None
            what, where = f"{act.kind} {how}".strip(), act.where
            row = act_row("refused", what, act.user, act.at, change, where=where, detail=str(no))
            await self.trail.note(f"refused:{act.id}", row)
        except RedisError as error:
            raise WrittenDownError from error
        except (AuditProblem, SealedWithOtherKeyError, ValidationError) as error:  # the person must hear of it anyway
            log.error("refusal_not_noted", kind=act.kind, user=act.user, why=type(error).__name__)

    async def _forget(self, act: Act) -> None:
        try:
            await self.acts.done(act, self.leases.holder)
            self.leases.given_back(self.acts.lease(act))
        except RedisError as error:  # it is carried out once more, which is harmless
            log.warning("act_not_forgotten", kind=act.kind, why=type(error).__name__)


def _named(delivery: Delivery) -> str:
    """The id of what a delivery has done: the same for each of its copies."""
    return hashlib.sha256(delivery.mark.encode()).hexdigest()[:16] if delivery.mark else secrets.token_hex(8)
