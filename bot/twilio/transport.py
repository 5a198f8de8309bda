"""The one HTTP client under the twilio helper: our time-outs, our address, no hidden retries."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from yarl import URL

from bot.twilio.faults import TwilioFault

CONNECT_SECONDS = 5.0
TIMEOUT = aiohttp.ClientTimeout(total=20, connect=CONNECT_SECONDS)
_WRITTEN_OUT = re.compile(r"https?://(?:[\w.~:/?\[\]@!$&'()*+,;=-]++|%[0-9A-Fa-f]{2})++", re.ASCII)
"""An address in which nothing is left to escape."""
_TWILIOS = re.compile(r"https://([a-z-]+)\.twilio\.com(/[^#]*)")
"""An address as our calls and Twilio's page links have it: product, then path and query."""
_QUERIES_KEPT = 64


class AddressError(TwilioFault):
    """A URL (for example of a next page) points away from the configured Twilio address; nothing was sent there."""


class Transport(AsyncHttpClient):  # type: ignore[misc]  # the helper ships no types
    """Sends the helper's requests to `template` (`https://{product}.twilio.com`).

    Exists because the helper's own async client ignores its time-out and, with retries on, repeats POSTs on 5xx
    (twilio.md 12.4). Must be made inside a running loop. Raises aiohttp's and asyncio's own exceptions.
    """

    def __init__(
        self,
        template: str,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
        connections: int = 50,
        traces: Sequence[aiohttp.TraceConfig] = (),
    ) -> None:
        super().__init__(None, True, None)
        self._template = template
        # what a page link may look like: the template with any product in it
        self._ours = re.compile(re.escape(template).replace(re.escape("{product}"), r"[a-z-]+") + "[/?]")
        self._reads = _session(timeout, aiohttp.TCPConnector(limit=connections), traces)
        # On a kept-alive connection that the server has closed, a write ends without anybody knowing whether it was
        # read. It gets a connection of its own.
        self._writes = _session(timeout, aiohttp.TCPConnector(limit=connections, force_close=True), traces)
        # a sweep asks thousands of times with the same few
        self._query, self._basic = lru_cache(_QUERIES_KEPT)(_query), lru_cache(1)(aiohttp.encode_basic_auth)

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the helper's signature
        allow_redirects: bool = False,
    ) -> Response:
        """One request, one answer. Credentials only ever travel to the configured address."""
        session = self._reads if method == "GET" else self._writes
        async with session.request(
            method,
            self._address(url, params),
            data=list(_pairs(data)) if method != "GET" else None,
            headers={**(headers or {}), **({"Authorization": self._basic(*auth)} if auth else {})},
            timeout=aiohttp.ClientTimeout(total=timeout) if timeout else session.timeout,
            allow_redirects=False,
        ) as answer:
            # JSON is UTF-8 (RFC 8259, 8.1), whatever the answer's headers say
            return Response(answer.status, (await answer.read()).decode(errors="replace"), answer.headers)

    async def close(self) -> None:
        """Close the connections."""
        await self._reads.close()
        await self._writes.close()

    def _address(self, url: str, params: Mapping[str, Any] | None) -> URL:
        local = self._local(url)
        if not params:
            return _exactly(local)
        return _exactly(f"{local}{'&' if '?' in local else '?'}{self._query(tuple(_pairs(params)))}")

    def _local(self, url: str) -> str:
        if ours := _TWILIOS.fullmatch(url):
            return self._template.format(product=ours[1]) + ours[2]
        parts = urlsplit(url)
        product, _, domain = parts.netloc.partition(".")
        if domain == "twilio.com":
            query = "?" + parts.query if parts.query else ""
            return self._template.format(product=product) + parts.path + query
        if not self._ours.match(url):
            # a server hands out its own address in page links; any other would be sent our credentials
            raise AddressError(f"Twilio's answer points to {parts.netloc}, which is not the configured address")
        return url


def _exactly(url: str) -> URL:
    """The address as it is written: left to itself, yarl sends an approved `%2B` of a path as `+`."""
    return URL(url, encoded=bool(_WRITTEN_OUT.fullmatch(url)))


def _query(pairs: tuple[tuple[str, str], ...]) -> str:
    """Parameters as they stand in an address."""
    return URL.build(query=pairs).raw_query_string


def _session(
    timeout: aiohttp.ClientTimeout, connector: aiohttp.TCPConnector, traces: Sequence[aiohttp.TraceConfig]
) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        timeout=timeout, connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trace_configs=list(traces)
    )
    # on a lost connection, even a fresh one, aiohttp sends a DELETE again by itself, and has no public switch for that
    session._retry_connection = False
    return session


def _pairs(values: Mapping[str, Any] | None) -> Iterable[tuple[str, str]]:
    for name, value in (values or {}).items():
        for item in value if isinstance(value, (list, tuple)) else (value,):
            yield name, str(item)
