"""What the local Twilio sends by itself, signed as Twilio does, and to this machine only (reference: 11.4, 11.5)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import aiohttp
import yarl
from twilio.request_validator import RequestValidator

from bot.sandbox.twilio.sinks import is_loopback

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
SIGNATURE = "X-Twilio-Signature"
NOT_HERE = "not on this machine: the sandbox sends nothing into the world"


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of one request: the HTTP status of the answer, or 0 with why there was none."""

    status: int
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether somebody took it."""
        return 200 <= self.status < 300


class Poster:
    """Connections to whoever is told of things."""

    def __init__(self) -> None:
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def events(self, url: str, token: str, events: list[dict[str, Any]], patience: float) -> Posted:
        """Send a JSON array. The signature covers the URL, which has the hash of the body in it."""
        body = json.dumps(events, separators=(",", ":"))
        bare, caller = without_credentials(url)
        digest = hashlib.sha256(body.encode()).hexdigest()
        target = f"{bare}{'&' if urlsplit(bare).query else '?'}bodySHA256={digest}"
        signature = RequestValidator(token).compute_signature(target, {})
        return await self._post(target, body, {"Content-Type": JSON, SIGNATURE: signature, **caller}, patience)

    async def form(
        self, url: str, token: str, fields: Mapping[str, str], patience: float, token_of_retries: str = ""
    ) -> Posted:
        """Send a form. The signature covers the URL and every field, blank ones too."""
        bare, caller = without_credentials(url)
        signature = RequestValidator(token).compute_signature(bare, dict(fields))
        headers = {"Content-Type": FORM, SIGNATURE: signature, "I-Twilio-Idempotency-Token": token_of_retries}
        return await self._post(bare, urlencode(fields), {**headers, **caller}, patience)

    async def _post(self, url: str, body: str, headers: dict[str, str], patience: float) -> Posted:
        if not is_loopback(urlsplit(url).hostname):
            return Posted(0, NOT_HERE)
        if self._http is None:
            self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        timeout = aiohttp.ClientTimeout(total=patience)
        try:
            # As it stands: the receiver hashes the URL that it was called by, character for character.
            target = yarl.URL(url, encoded=True)
            async with self._http.post(
                target, data=body.encode(), headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                return Posted(answer.status)
        except TimeoutError:
            return Posted(0, f"no answer within {patience:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Posted(0, type(error).__name__)


def without_credentials(url: str) -> tuple[str, dict[str, str]]:
    """The URL as it is called, and the header that says who calls."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url, {}
    names, _, host = parts.netloc.rpartition("@")
    user, _, password = names.partition(":")
    header = aiohttp.encode_basic_auth(unquote(user), unquote(password))
    return parts._replace(netloc=host).geturl(), {"Authorization": header}
