"""An endpoint is one declaration: product, method, path, parameters and the function that answers."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode

from bot.sandbox.twilio.ledger import Ledger, Record
from bot.sandbox.twilio.wire import NOT_FOUND, Integer, Param, Refusal, Text

DEFAULT_PAGE_SIZE = 50
LARGEST_PAGE = 1000
PAGE_TOO_LARGE = 20007

PAGING: tuple[Param, ...] = (
    Integer(name="PageSize", least=1, most=LARGEST_PAGE, most_code=PAGE_TOO_LARGE),
    Integer(name="Page", least=0),
    Text(name="PageToken", pattern="P[AB][0-9a-f]{32}"),
)

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Site:
    """Whose resources they are and under which address they are served."""

    account_sid: str
    root: str

    def url(self, product: str, path: str) -> str:
        """Absolute URL of a path of a product."""
        return f"{self.root}/{product}{path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: HTTP status and JSON body (None for 204)."""

    status: int
    body: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated and decoded request. `at` is the time by the server's clock, in seconds."""

    product: str
    path: str
    segments: Mapping[str, str]
    values: Mapping[str, Any]
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    site: Site
    ledger: Ledger
    auth_token: str
    at: float

    def missing(self) -> Refusal:
        """404 for the requested resource."""
        return Refusal(404, NOT_FOUND, f"The requested resource {self.path} was not found")

    def page(self, key: str, records: Iterable[R], body: Callable[[R], dict[str, Any]]) -> Reply:
        """One page of records, youngest first, in the envelope of the product; `key` names the list."""
        return Reply(200, _page(self, key, records, body))


Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`path` is the template of Twilio's OpenAPI file; `headers` are the request headers it reads."""

    product: str
    method: str
    path: str
    answer: Handler
    params: tuple[Param, ...] = ()
    headers: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where its parameters travel."""
        return "post body" if self.method == "POST" else "query string"


@dataclass(frozen=True, slots=True)
class _Route:
    pattern: re.Pattern[str]
    methods: dict[str, Endpoint] = field(default_factory=dict)


class Router:
    """Finds the endpoint of a request; a fixed path goes before one with placeholders."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self.endpoints = tuple(endpoints)
        self._routes: dict[str, list[_Route]] = {}
        templates: dict[tuple[str, str], _Route] = {}
        for endpoint in sorted(self.endpoints, key=lambda each: each.path.count("{")):
            place = (endpoint.product, endpoint.path)
            if place not in templates:
                templates[place] = _Route(_pattern(endpoint.path))
                self._routes.setdefault(endpoint.product, []).append(templates[place])
            if endpoint.method in templates[place].methods:
                raise ValueError(f"{endpoint.method} {endpoint.path} of {endpoint.product} is declared twice")
            templates[place].methods[endpoint.method] = endpoint

    def find(self, product: str, method: str, raw_path: str) -> tuple[Endpoint, dict[str, str]]:
        """The endpoint and the path's placeholders; raises `Refusal` 404 or 405."""
        for route in self._routes.get(product, []):
            match = route.pattern.fullmatch(raw_path)
            if match is None:
                continue
            if method not in route.methods:
                raise Refusal(405, 20004, f"Method {method} is not allowed on {unquote(raw_path)}")
            return route.methods[method], {name: unquote(text) for name, text in match.groupdict().items()}
        raise Refusal(404, NOT_FOUND, f"The requested resource {unquote(raw_path)} was not found")


@cache
def _pattern(template: str) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\}", template)
    return re.compile(
        "".join(f"(?P<{piece}>[^/]+?)" if place % 2 else re.escape(piece) for place, piece in enumerate(pieces))
    )


def _page(call: Call, key: str, records: Iterable[R], body: Callable[[R], dict[str, Any]]) -> dict[str, Any]:
    size = call.values.get("page_size", DEFAULT_PAGE_SIZE)
    number = call.values.get("page", 0)
    token = call.values.get("page_token")
    if number and not token:
        raise Refusal(400, 20006, "Page number out of range: follow next_page_url, which carries a PageToken")
    ordered = sorted(records, key=lambda record: record.ordinal, reverse=True)
    shown = _window(ordered, size, token)
    first = ordered[0].ordinal if ordered else None
    last = ordered[-1].ordinal if ordered else None
    following = f"PA{shown[-1].ordinal:032x}" if shown and shown[-1].ordinal != last else None
    previous = f"PB{shown[0].ordinal:032x}" if shown and shown[0].ordinal != first else None

    def link(page: int, page_token: str | None) -> str:
        kept = [(name, text) for name, text in call.query if name not in {"PageSize", "Page", "PageToken"}]
        paging = [("PageSize", str(size)), ("Page", str(page))]
        return f"{call.path}?" + urlencode(kept + paging + ([("PageToken", page_token)] if page_token else []))

    links = {
        "first_page": link(0, None),
        "previous_page": link(max(number - 1, 0), previous) if previous else None,
        "next_page": link(number + 1, following) if following else None,
        "self": link(number, token),
    }
    rows = [body(record) for record in shown]
    if call.product == "api":
        return _envelope_2010(key, rows, links, number, size)
    return {key: rows, "meta": _meta(call, key, links, number, size)}


def _window(ordered: list[R], size: int, token: str | None) -> list[R]:
    if token is None:
        return ordered[:size]
    direction, digits = token[:2], token[2:]
    edge = int(digits, 16)
    if direction == "PB":
        return [record for record in ordered if record.ordinal > edge][-size:]
    return [record for record in ordered if record.ordinal < edge][:size]


def _meta(call: Call, key: str, links: dict[str, str | None], number: int, size: int) -> dict[str, Any]:
    def absolute(path: str | None) -> str | None:
        return call.site.url(call.product, path) if path else None

    return {
        "page": number,
        "page_size": size,
        "first_page_url": absolute(links["first_page"]),
        "previous_page_url": absolute(links["previous_page"]),
        "url": absolute(links["self"]),
        "next_page_url": absolute(links["next_page"]),
        "key": key,
    }


def _envelope_2010(
    key: str, rows: list[dict[str, Any]], links: dict[str, str | None], number: int, size: int
) -> dict[str, Any]:
    start = number * size
    return {
        "first_page_uri": links["first_page"],
        "end": start + max(len(rows) - 1, 0),
        "previous_page_uri": links["previous_page"],
        key: rows,
        "uri": links["self"],
        "page_size": size,
        "start": start,
        "next_page_uri": links["next_page"],
        "page": number,
    }
