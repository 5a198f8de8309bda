"""Deliveries over HTTP, signed as Slack signs them (slack.md sections 4.1 and 4.8)."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.slack.errors import Json


@dataclass(frozen=True)
class HttpResult:
    """How one POST ended. `reason` is the value of x-slack-retry-reason that a retry would carry."""

    status: str
    ack: Json | None = None
    reason: str = ""
    may_retry: bool = False


class HttpEvents:
    """Posts payloads to the app's request URL."""

    def __init__(self, target: str | None, signing_secret: str, clock: Callable[[], float]) -> None:
        self.target = target
        self._secret = signing_secret
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def sign(self, body: bytes, timestamp: int | None = None) -> dict[str, str]:
        """The two headers that prove a request; `timestamp` (Unix seconds) defaults to now."""
        stamp = str(int(self._clock()) if timestamp is None else timestamp)
        digest = hmac.new(self._secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    async def post(
        self,
        kind: str,
        payload: Json,
        timeout: float,  # noqa: ASYNC109 - the deadline is part of what is simulated
        headers: Mapping[str, str | None] | None,
        forged_body: bytes | None,
        retry: Mapping[str, str],
    ) -> HttpResult:
        if self.target is None or self._session is None:
            return HttpResult("not_connected", reason="connection_failed")
        content_type, body = encode(kind, payload)
        body = body if forged_body is None else forged_body
        sent: dict[str, str | None] = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **self.sign(body),
            **retry,
            **(headers or {}),
        }
        try:
            async with self._session.post(
                self.target,
                data=body,
                headers={name: value for name, value in sent.items() if value is not None},
                timeout=aiohttp.ClientTimeout(total=timeout),
                max_redirects=2,
            ) as response:
                text = await response.text()
                if 200 <= response.status < 300:
                    return HttpResult("acked", decode_ack(text, response.content_type))
                no_retry = response.headers.get("x-slack-no-retry") == "1"
                return HttpResult(f"http_{response.status}", None, "http_error", not no_retry)
        except TimeoutError:
            return HttpResult("timeout", reason="http_timeout", may_retry=True)
        except aiohttp.ClientError:
            return HttpResult("not_connected", reason="connection_failed", may_retry=True)


def encode(kind: str, payload: Json) -> tuple[str, bytes]:
    """Content type and body: a form for commands, `payload=` for interactions, JSON for events."""
    if kind == "events_api":
        return "application/json", json.dumps(payload).encode()
    form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return "application/x-www-form-urlencoded", urlencode(form).encode()


def decode_ack(text: str, content_type: str) -> Json | None:
    """The reply as a dict; plain text is a `text` reply, an empty body None."""
    if not text.strip():
        return None
    if content_type == "application/json" or text.lstrip().startswith("{"):
        try:
            decoded = json.loads(text)
        except ValueError:
            return {"text": text}
        return decoded if isinstance(decoded, dict) else None
    return {"text": text}
