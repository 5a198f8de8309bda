"""The Web API methods that the local Slack knows: arguments, token, scope and rate tier of each."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Token = Literal["bot", "app", "none"]


@dataclass(frozen=True)
class Method:
    """One method of the Web API.

    `per_minute` is the tier's allowance (slack.md section 5), None where Slack has a special rule. `json` says
    whether a JSON body is read at all: Slack ignores one that is sent to a method without JSON support.
    """

    arguments: frozenset[str]
    required: frozenset[str] = frozenset()
    scope: str | None = None
    token: Token = "bot"  # noqa: S105 - a kind of token, not one
    per_minute: int | None = None
    json: bool = False


_TIER_2, _TIER_3, _TIER_4 = 20, 50, 100
_PAGE = "cursor limit"
_APPEARANCE = "icon_emoji icon_url username"
_CONTENT = "attachments blocks link_names markdown_text metadata parse text as_user"
_WINDOW = "include_all_metadata inclusive latest oldest"


def _method(
    arguments: str = "",
    *,
    required: str = "",
    scope: str | None = None,
    token: Token = "bot",  # noqa: S107 - a kind of token, not one
    per_minute: int | None = None,
    json: bool = False,
) -> Method:
    names = frozenset(required.split())
    return Method(names | frozenset(arguments.split()), names, scope, token, per_minute, json)


METHODS = MappingProxyType(
    {
        "apps.connections.open": _method(token="app", per_minute=_TIER_3, json=True),  # noqa: S106
        "auth.test": _method(json=True),
        "blocks.validate": _method("blocks message view", token="none", json=True),  # noqa: S106
        "bots.info": _method("bot team_id", scope="users:read", per_minute=_TIER_3),
        "chat.delete": _method("as_user", required="channel ts", scope="chat:write", per_minute=_TIER_3, json=True),
        "chat.getPermalink": _method(required="channel message_ts"),
        "chat.postEphemeral": _method(
            f"{_CONTENT} {_APPEARANCE} thread_ts",
            required="channel user",
            scope="chat:write",
            per_minute=_TIER_4,
            json=True,
        ),
        "chat.postMessage": _method(
            f"{_CONTENT} {_APPEARANCE} mrkdwn reply_broadcast thread_ts unfurl_links unfurl_media",
            required="channel",
            scope="chat:write",
            json=True,
        ),
        "chat.update": _method(
            f"{_CONTENT} unfurled_attachments reply_broadcast file_ids",
            required="channel ts",
            scope="chat:write",
            per_minute=_TIER_3,
            json=True,
        ),
        "conversations.history": _method(
            f"{_PAGE} {_WINDOW}", required="channel", scope="*:history", per_minute=_TIER_3, json=True
        ),
        "conversations.info": _method(
            "include_locale include_num_members", required="channel", scope="*:read", per_minute=_TIER_3
        ),
        "conversations.join": _method(required="channel", scope="channels:join", per_minute=_TIER_3, json=True),
        "conversations.list": _method(f"{_PAGE} exclude_archived team_id types", scope="*:read", per_minute=_TIER_2),
        "conversations.members": _method(_PAGE, required="channel", scope="*:read", per_minute=_TIER_4),
        "conversations.open": _method(
            "channel return_im users prevent_creation", scope="im:write", per_minute=_TIER_3, json=True
        ),
        "conversations.replies": _method(
            f"{_PAGE} {_WINDOW}", required="channel ts", scope="*:history", per_minute=_TIER_3
        ),
        "files.completeUploadExternal": _method(
            f"channel_id thread_ts channels initial_comment blocks {_APPEARANCE}",
            required="files",
            scope="files:write",
            per_minute=_TIER_4,
            json=True,
        ),
        "files.getUploadURLExternal": _method(
            "snippet_type alt_txt", required="length filename", scope="files:write", per_minute=_TIER_4
        ),
        "files.info": _method(f"count page {_PAGE}", required="file", scope="files:read", per_minute=_TIER_4),
        "team.info": _method("domain team", scope="team:read", per_minute=_TIER_3, json=True),
        "usergroups.list": _method(
            "include_count include_disabled include_users team_id", scope="usergroups:read", per_minute=_TIER_2
        ),
        "usergroups.users.list": _method(
            "include_disabled team_id", required="usergroup", scope="usergroups:read", per_minute=_TIER_2
        ),
        "users.conversations": _method(
            f"{_PAGE} exclude_archived exclude_muted team_id types user", scope="*:read", per_minute=_TIER_3
        ),
        "users.info": _method("include_locale", required="user", scope="users:read", per_minute=_TIER_4),
        "users.list": _method(f"{_PAGE} include_locale team_id", scope="users:read", per_minute=_TIER_2),
        "users.lookupByEmail": _method(required="email", scope="users:read.email", per_minute=_TIER_3),
        "views.open": _method("trigger_id interactivity_pointer", required="view", per_minute=_TIER_4, json=True),
        "views.publish": _method("hash interactivity_pointer", required="user_id view", per_minute=_TIER_4, json=True),
        "views.push": _method("trigger_id interactivity_pointer", required="view", per_minute=_TIER_4, json=True),
        "views.update": _method("view_id external_id hash", required="view", per_minute=_TIER_4, json=True),
    }
)
