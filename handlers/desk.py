"""What every handler works with, and the ways in which it answers a person."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.catalog.choices import Choices
from bot.catalog.operation import Catalog
from bot.changes.changes import Changes, Refusal
from bot.changes.drafts import DraftStore
from bot.checks.guide import Guide
from bot.runs.settle import Settlement
from bot.tracking.tracker import Tracker
from bot.twilio.gateway import Account
from handlers.background import Background
from handlers.blocks.form import notice_modal
from handlers.blocks.help import refusal
from handlers.blocks.kit import Message
from handlers.delivery import Delivery, Payload
from handlers.people import People
from handlers.visitors import Visitors
from handlers.words import in_words

log = structlog.get_logger()


@dataclass(frozen=True)
class Desk:
    """The engine, Slack, and the person in front of us."""

    client: AsyncWebClient
    catalog: Catalog
    changes: Changes
    drafts: DraftStore
    settlement: Settlement
    tracker: Tracker
    choices: Choices
    account: Account
    people: People
    guide: Guide
    background: Background
    visitors: Visitors
    approvals_channel: str
    clock: Callable[[], float]

    def later(self, delivery: Delivery, work: Coroutine[Any, Any, None]) -> None:
        """Do slow work after the ack; if it fails, the person is told why."""

        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # the one place where a failure becomes words for a person
                if not isinstance(error, Refusal):
                    log.error("handler_failed", kind=delivery.kind, error=repr(error), exc_info=error)
                await self.tell(delivery, in_words(error))

        self.background.start(guarded(), f"{delivery.kind} of {delivery.user}")

    async def tell(self, delivery: Delivery, text: str) -> None:
        """Tell the person privately, where they are: beside the message, over the modal, or by direct message."""
        try:
            if delivery.response_url:
                await self.answer(delivery, refusal(text))
            elif delivery.view.get("type") == "modal" and delivery.kind == "block_actions":
                await self.client.views_push(trigger_id=delivery.trigger, view=notice_modal("Tenfour", text))
            elif delivery.kind == "block_actions":
                await self.client.views_open(trigger_id=delivery.trigger, view=notice_modal("Tenfour", text))
            else:
                await self.client.chat_postMessage(channel=delivery.user, **refusal(text))
        except SlackApiError as error:
            # a trigger that is too old is the usual reason; a direct message reaches everybody but strangers
            log.warning("told_by_direct_message", why=error.response.get("error"))
            try:
                await self.client.chat_postMessage(channel=delivery.user, **refusal(text))
            except SlackApiError as again:
                log.warning("not_told", user=delivery.user, why=again.response.get("error"), text=text)

    async def answer(self, delivery: Delivery, message: Message) -> None:
        """Show a message to this person alone, under their command or click."""
        hook = AsyncWebhookClient(delivery.response_url, session=self.client.session)
        reply = await hook.send(
            text=message["text"], blocks=message["blocks"], response_type="ephemeral", replace_original=False
        )
        if reply.status_code != 200:
            await self.client.chat_postEphemeral(channel=delivery.channel, user=delivery.user, **message)

    async def show(self, view_id: str, view: Payload, user: str) -> None:
        """Replace an open modal; if the person has closed it meanwhile, say in a direct message what it was about."""
        try:
            await self.client.views_update(view_id=view_id, view=view)
        except SlackApiError as error:
            if error.response.get("error") != "not_found":
                raise
            title = view["title"]["text"]
            text = f"“{title}” is ready, but its window was closed. Your draft is kept: open the form again to resume."
            await self.client.chat_postMessage(channel=user, **refusal(text))
