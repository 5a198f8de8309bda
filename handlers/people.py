"""Reads people and groups from Slack: the `Directory` of the engine."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.changes.people import Person
from bot.changes.refusal import Refusal
from bot.policy.policy import APPROVALS_CHANNEL, Group, Policy
from handlers.posts import CHANNEL_CLOSED, why
from handlers.shared_reads import SharedReads

REMEMBER_SECONDS = 120.0
MOST_REMEMBERED = 5000

_NO_USERGROUP: Mapping[str, str] = MappingProxyType(
    {
        "plan_upgrade_required": "user groups need a paid Slack plan: whoever keeps the policy must list people in it.",
        "no_such_subteam": "Slack knows none of that id: whoever keeps the policy must correct it.",
        "missing_scope": "Tenfour may not read it: whoever runs it must grant usergroups:read (docs/slack-app.md).",
    }
)
"""What Slack says of a user group that cannot be read, in words."""

T = TypeVar("T")


class People:
    """People and groups, remembered for two minutes; a decision asks for a fresh answer.

    Decisions of the same moment share one, which Slack gave after the last of them was asked for.
    """

    def __init__(
        self, client: AsyncWebClient, team: str, approvals_channel: str, bot_user: str, clock: Callable[[], float]
    ) -> None:
        self._client, self._team, self._approvals, self._bot = client, team, approvals_channel, bot_user
        self._clock = clock
        self._seen: dict[str, tuple[float, Any]] = {}
        self._reads = SharedReads()

    def admit(self, teams: Iterable[str]) -> None:
        """Raise `Refusal` for people whom the envelope says to be of another workspace (slack.md 7.1)."""
        if set(teams) - {self._team}:
            raise Refusal("You belong to another workspace. Ask a full member of this one.")

    async def person(self, user: str, *, fresh: bool = False) -> Person:
        """One person, with the reason why they may not take part, if there is one."""
        return await self._remembered(f"person:{user}", lambda: self._person(user), fresh)

    async def members(self, group: Group, *, fresh: bool = False) -> frozenset[str]:
        """The user ids in a group: listed, of a Slack user group, and of a channel."""
        found = set(group.listed)
        for key, read in self._parts(group):
            found |= await self._remembered(key, read, fresh)
        return frozenset(found - {self._bot})

    async def open_doors(self, policy: Policy) -> list[str]:
        """Channels that make their members approvers and that are not private: whoever joins one can approve."""
        groups = {policy.groups[name] for name in policy.approving}
        channels = {self._named(g.channel) for g in groups if g.channel}
        found = {c: (await self._client.conversations_info(channel=c))["channel"] for c in sorted(channels)}
        return [channel for channel, info in found.items() if not info.get("is_private")]

    def knows(self, user: str, groups: Iterable[Group]) -> bool:
        """Whether this person, and who is in these groups, can be told without asking Slack."""
        needed = [f"person:{user}", *(key for group in groups for key, _ in self._parts(group))]
        seen = [self._seen.get(key) for key in needed]
        return all(entry and self._clock() - entry[0] < REMEMBER_SECONDS for entry in seen)

    def bars(self, user: str) -> bool:
        """Whether this person is known to be one who takes no part."""
        entry = self._seen.get(f"person:{user}")
        return entry is not None and bool(entry[1].bar)

    def forget(self) -> None:
        """Forget everything: Slack said that groups have changed."""
        self._seen.clear()

    def _parts(self, group: Group) -> Iterator[tuple[str, Callable[[], Awaitable[set[str]]]]]:
        """What of a group Slack has to tell: how it is remembered, and how it is read."""
        if group.usergroup:
            yield f"usergroup:{group.usergroup}", partial(self._usergroup, group.usergroup)
        if group.channel:
            channel = self._named(group.channel)
            yield f"channel:{channel}", partial(self._channel, channel)

    def _named(self, channel: str) -> str:
        return self._approvals if channel == APPROVALS_CHANNEL else channel

    async def _remembered(self, key: str, read: Callable[[], Awaitable[T]], fresh: bool) -> T:
        entry = self._seen.get(key)
        if entry and not fresh and self._clock() - entry[0] < REMEMBER_SECONDS:
            value: T = entry[1]
            return value
        value = await self._reads.fresh(key, read)
        if len(self._seen) >= MOST_REMEMBERED:
            self._seen.clear()
        self._seen[key] = (self._clock(), value)
        return value

    async def _person(self, user: str) -> Person:
        try:
            info = (await self._client.users_info(user=user))["user"]
        except SlackApiError as error:
            if why(error) in ("user_not_found", "user_not_visible"):
                return Person(id=user, name=user, bar="You are not a member of this workspace.")
            raise
        name = info.get("profile", {}).get("display_name") or info.get("real_name") or info.get("name") or user
        return Person(id=user, name=name, bar=self._bar(info))

    def _bar(self, info: dict[str, Any]) -> str:
        if info.get("deleted"):
            return "This account has been deactivated."
        if info.get("is_bot"):
            return "Bots take no part in this."
        if info.get("is_stranger") or (info.get("team_id") or self._team) != self._team:
            return "You belong to another workspace."
        if info.get("is_restricted") or info.get("is_ultra_restricted"):
            return "Guests take no part in this."
        return ""

    async def _usergroup(self, usergroup: str) -> set[str]:
        try:
            answer = await self._client.usergroups_users_list(usergroup=usergroup)
        except SlackApiError as error:
            if said := _NO_USERGROUP.get(why(error)):
                raise Refusal(f"The policy names the user group {usergroup}, but {said}") from error
            raise
        return set(answer["users"])

    async def _channel(self, channel: str) -> set[str]:
        found: set[str] = set()
        cursor = ""
        while True:
            try:
                page = await self._client.conversations_members(channel=channel, limit=200, cursor=cursor or None)
            except SlackApiError as error:
                if why(error) in CHANNEL_CLOSED:
                    raise Refusal(
                        f"Tenfour cannot see who is in <#{channel}>, whose members decide (Slack says {why(error)}). "
                        "Somebody in that channel must type `/invite @Tenfour`; then try again."
                    ) from error
                raise
            found |= set(page["members"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
        return found
