"""POST /api/{method}: reads arguments, checks token, scope and pace, and answers as Slack does."""

import asyncio
import copy
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from aiohttp import web

from bot.sandbox.slack.blocks import check_blocks, validate_message, validate_view
from bot.sandbox.slack.chat import Chat
from bot.sandbox.slack.conversations import Conversations, require_scope
from bot.sandbox.slack.directory import Directory
from bot.sandbox.slack.errors import Json, SlackError
from bot.sandbox.slack.faults import Fault, Faults
from bot.sandbox.slack.files import Files
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.methods import METHODS, Method
from bot.sandbox.slack.pacing import Pacing
from bot.sandbox.slack.schema import Report, Surface
from bot.sandbox.slack.views import Views
from bot.sandbox.world import APP_TOKEN, BOT_TOKEN

_LOGGED = 5000
_VALIDATED = 100_000
# These arrive as JSON text inside forms, and may do so inside JSON bodies too.
_NESTED = frozenset({"blocks", "view", "metadata", "attachments", "files", "unfurled_attachments", "message"})
_LISTS = frozenset({"users", "channels", "file_ids"})
_BOOLEANS = frozenset(
    [
        "include_all_metadata",
        "inclusive",
        "include_locale",
        "include_num_members",
        "exclude_archived",
        "return_im",
        "reply_broadcast",
        "include_count",
        "include_disabled",
        "include_users",
        "mrkdwn",
        "unfurl_links",
        "unfurl_media",
        "link_names",
        "as_user",
        "prevent_creation",
    ]
)


@dataclass(frozen=True)
class ApiCall:
    """One call as it arrived and was answered. `response` is None when the answer was dropped on purpose."""

    method: str
    args: Json
    response: Json | None
    status: int
    at: float


class WebApi:
    """The method table of the local Slack, and its log."""

    def __init__(
        self,
        *,
        chat: Chat,
        views: Views,
        conversations: Conversations,
        directory: Directory,
        files: Files,
        connections_open: Callable[[Json], Json],
        manifest: Manifest,
        pacing: Pacing,
        faults: Faults,
        clock: Callable[[], float],
    ) -> None:
        self.log: deque[ApiCall] = deque(maxlen=_LOGGED)
        self._manifest = manifest
        self._pacing = pacing
        self._faults = faults
        self._clock = clock
        self._methods: dict[str, Callable[[Json], Json]] = {
            "apps.connections.open": connections_open,
            "auth.test": directory.auth_test,
            "blocks.validate": _blocks_validate,
            "bots.info": directory.bots_info,
            "chat.delete": chat.delete,
            "chat.getPermalink": chat.permalink,
            "chat.postEphemeral": chat.post_ephemeral,
            "chat.postMessage": chat.post_message,
            "chat.update": chat.update,
            "conversations.history": conversations.history,
            "conversations.info": conversations.info,
            "conversations.join": conversations.join,
            "conversations.list": conversations.channels,
            "conversations.members": conversations.members,
            "conversations.open": conversations.open,
            "conversations.replies": conversations.replies,
            "files.completeUploadExternal": files.complete,
            "files.getUploadURLExternal": files.upload_url,
            "files.info": files.info,
            "team.info": directory.team_info,
            "usergroups.list": directory.usergroups_list,
            "usergroups.users.list": directory.usergroup_users,
            "users.conversations": conversations.of_user,
            "users.info": directory.users_info,
            "users.list": directory.users_list,
            "users.lookupByEmail": directory.lookup_by_email,
            "views.open": views.open,
            "views.publish": views.publish,
            "views.push": views.push,
            "views.update": views.update,
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """GET or POST /api/{method}."""
        name = request.match_info["method"]
        fault = self._faults.take(name)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        args: Json = {}
        headers: dict[str, str] = {}
        try:
            method = METHODS.get(name)
            if method is None:
                raise SlackError("unknown_method", extra={"req_method": name})
            token, args = await _read(request, method)
            if fault is not None and fault.refuses:
                return self._refuse(name, args, fault)
            body = self._call(name, method, token, args)
            status = 200
        except SlackError as refusal:
            body, status = refusal.answer(), 200
            if refusal.retry_after is not None:
                status, headers["Retry-After"] = 429, str(refusal.retry_after)
        if self._manifest.scopes is not None:
            headers["X-OAuth-Scopes"] = ",".join(self._manifest.scopes)
        dropped = fault is not None and fault.drop_response
        self.log.append(ApiCall(name, args, None if dropped else copy.deepcopy(body), status, self._clock()))
        if dropped and request.transport is not None:
            request.transport.abort()
        return web.json_response(body, status=status, headers=headers)

    def _call(self, name: str, method: Method, token: str | None, args: Json) -> Json:
        _check_token(method, token)
        if method.scope is not None and not method.scope.startswith("*"):
            require_scope(self._manifest, method.scope)
        self._pacing.call(name, method.per_minute)
        # Bolt's clients send team_id with every call, and Slack takes it everywhere.
        unknown = sorted(set(args) - method.arguments - {"team_id"})
        missing = sorted(entry for entry in method.required if args.get(entry) is None)
        problems = [f"[ERROR] unknown argument: {entry}" for entry in unknown]
        problems += [
            f"[ERROR] must be a string [json-pointer:/{entry}]"
            for entry, value in args.items()
            if isinstance(value, dict | list) and entry not in _NESTED
        ]
        problems += [f"[ERROR] missing required field: {entry}" for entry in missing]
        if problems:
            raise SlackError("invalid_arguments", problems)
        return {"ok": True, **self._methods[name](args)}

    def _refuse(self, name: str, args: Json, fault: Fault) -> web.Response:
        status = fault.status or 200
        body = {"ok": False, "error": fault.error or "internal_error"}
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        self.log.append(ApiCall(name, args, body, status, self._clock()))
        if status >= 500:
            return web.Response(status=status, text="Internal Server Error")
        return web.json_response(body, status=status, headers=headers)


def _check_token(method: Method, token: str | None) -> None:
    if method.token == "none":  # noqa: S105 - a kind of token, not one
        return
    if not token:
        raise SlackError("not_authed")
    if token not in {BOT_TOKEN, APP_TOKEN}:
        raise SlackError("invalid_auth")
    if token != (BOT_TOKEN if method.token == "bot" else APP_TOKEN):  # noqa: S105
        raise SlackError("not_allowed_token_type")


async def _read(request: web.Request, method: Method) -> tuple[str | None, Json]:
    """Token and arguments, from query, form or JSON body."""
    args: Json = dict(request.query)
    if request.method == "POST":
        if request.content_type == "application/json":
            try:
                body = await request.json()
            except ValueError:
                raise SlackError("invalid_json") from None
            if not isinstance(body, dict):
                raise SlackError("json_not_object")
            # Slack does not look into a JSON body of a method that takes only forms.
            args |= body if method.json else {}
        else:
            args |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    token = args.pop("token", None)
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer "):
        token = header.removeprefix("Bearer ").strip()
    return token, {name: _value(name, value) for name, value in args.items()}


def _value(name: str, value: Any) -> Any:
    if name in _NESTED and isinstance(value, str) and value:
        try:
            return json.loads(value)
        except ValueError:
            if name == "blocks":
                raise SlackError("invalid_blocks_format") from None
            if name == "metadata":
                raise SlackError("invalid_metadata_format") from None
            raise SlackError("invalid_arguments", [f"[ERROR] must be valid JSON [json-pointer:/{name}]"]) from None
    if name in _LISTS and isinstance(value, list):
        return ",".join(map(str, value))
    if name in _BOOLEANS and isinstance(value, str):
        return value.lower() in {"1", "true"}
    if isinstance(value, int | float) and not isinstance(value, bool) and name not in _NESTED:
        return str(value)
    return value


def _blocks_validate(args: Json) -> Json:
    given = [name for name in ("blocks", "message", "view") if args.get(name) is not None]
    if len(given) != 1:
        raise SlackError("invalid_arguments", ["must provide exactly one of `blocks`, `view`, or `message`"])
    name = given[0]
    value = args[name]
    if len(json.dumps(value)) > _VALIDATED:
        raise SlackError("invalid_arguments", [f"must be less than {_VALIDATED + 1} characters"])
    if name == "view":
        surface = value.get("type") if isinstance(value, dict) else None
        report = validate_view(value, "home" if surface == "home" else "modal", "")
    elif name == "message":
        report = validate_message(value if isinstance(value, dict) else {"blocks": value})
    else:
        report = _anywhere(value)
    if report.problems:
        raise SlackError(f"invalid_{name}", extra={"errors": [problem.as_json() for problem in report.problems]})
    return {}


def _anywhere(blocks: Any) -> Report:
    """Blocks alone name no surface: they are sound when one surface takes them."""
    reports = []
    for surface in get_args(Surface):
        report = Report(surface)
        check_blocks(blocks, "", report)
        reports.append(report)
    return min(reports, key=lambda report: len(report.problems))
