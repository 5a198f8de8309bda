"""Somebody whom the local Twilio tells of things: checks signatures with Twilio's own validator, and remembers."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from twilio.request_validator import RequestValidator

from bot.sandbox.twilio import start_state

USER, PASSWORD = "tenfour", "s3cret~word"


class Receiver:
    """What came, oldest first. `answers` are the statuses of the next answers; 200 after those."""

    def __init__(self, token: str) -> None:
        self.validator = RequestValidator(token)
        self.url = ""
        self.answers: list[int] = []
        self.requests: list[list[dict[str, Any]]] = []
        self.forms: list[dict[str, str]] = []
        self.callers: set[str] = set()
        self.unsigned = 0

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event that was taken or refused, as often as it came."""
        return [event for request in self.requests for event in request]

    @property
    def types(self) -> list[str]:
        """Their types, without what all have in common."""
        return [event["type"].removeprefix("com.twilio.messaging.compliance.") for event in self.events]

    @property
    def destination(self) -> str:
        """The address as a sink's configuration has it."""
        return self.url.replace("://", f"://{USER}:{PASSWORD}@") + "/events"

    async def take(self, request: web.Request) -> web.Response:
        text, url = await request.text(), f"{self.url}{request.raw_path}"
        is_form = request.content_type == "application/x-www-form-urlencoded"
        form = dict(parse_qsl(text, keep_blank_values=True)) if is_form else {}
        has_hash = "bodySHA256=" in request.query_string
        signed = self.validator.validate(url, form if is_form else text, request.headers["X-Twilio-Signature"])
        self.unsigned += not (signed and (is_form or has_hash))
        self.callers.add(_caller(request.headers.get("Authorization", "")))
        if is_form:
            self.forms.append(form)
        else:
            self.requests.append(json.loads(text))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)


@asynccontextmanager
async def open_receiver(token: str = start_state.AUTH_TOKEN) -> AsyncIterator[Receiver]:
    """A receiver on this machine; afterwards nothing unsigned may have come."""
    receiver = Receiver(token)
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield receiver
        assert receiver.unsigned == 0
    finally:
        await runner.cleanup()


def _caller(header: str) -> str:
    return base64.b64decode(header.removeprefix("Basic ")).decode() if header else ""
