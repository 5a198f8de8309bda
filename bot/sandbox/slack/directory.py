"""People, user groups, the team and the bot: users.*, usergroups.*, team.info, bots.info, auth.test."""

from bot.sandbox.slack.conversations import paged
from bot.sandbox.slack.errors import Json, SlackError
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.store import Store
from bot.sandbox.world import (
    APP_ID,
    BOT_ID,
    BOT_NAME,
    BOT_USER_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    TEAM_NAME,
    Person,
    UserGroup,
)

# What Slack does not say of somebody who was deactivated.
_OF_THE_LIVING = frozenset(
    [
        "color",
        "real_name",
        "tz",
        "tz_label",
        "tz_offset",
        "is_admin",
        "is_owner",
        "is_primary_owner",
        "is_restricted",
        "is_ultra_restricted",
        "locale",
    ]
)


class Directory:
    """Who is in the workspace."""

    def __init__(self, store: Store, manifest: Manifest) -> None:
        self._store = store
        self._manifest = manifest

    def auth_test(self, _args: Json) -> Json:
        return {
            "url": f"https://{TEAM_DOMAIN}.slack.com/",
            "team": TEAM_NAME,
            "user": BOT_NAME.lower(),
            "team_id": TEAM_ID,
            "user_id": BOT_USER_ID,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def team_info(self, _args: Json) -> Json:
        return {
            "team": {
                "id": TEAM_ID,
                "name": TEAM_NAME,
                "domain": TEAM_DOMAIN,
                "email_domain": "",
                "icon": {"image_default": True},
            }
        }

    def bots_info(self, args: Json) -> Json:
        if args.get("bot") != BOT_ID:
            raise SlackError("bot_not_found")
        bot = {"id": BOT_ID, "deleted": False, "name": BOT_NAME, "app_id": APP_ID, "user_id": BOT_USER_ID, "icons": {}}
        return {"bot": bot}

    def users_info(self, args: Json) -> Json:
        person = self._store.people.get(args["user"])
        if person is None:
            raise SlackError("user_not_found")
        return {"user": self._describe(person, locale=bool(args.get("include_locale")))}

    def users_list(self, args: Json) -> Json:
        page, cursor = paged(list(self._store.people.values()), args, default=1000)
        locale = bool(args.get("include_locale"))
        members = [self._describe(person, locale=locale) for person in page]
        return {"members": members, "cache_ts": int(self._store.clock()), **cursor}

    def lookup_by_email(self, args: Json) -> Json:
        for person in self._store.people.values():
            if person.email and person.email == str(args["email"]).lower():
                return {"user": self._describe(person, locale=False)}
        raise SlackError("users_not_found")

    def usergroups_list(self, args: Json) -> Json:
        groups = []
        for group in self._store.groups.values():
            described = _group(group)
            if args.get("include_count"):
                described["user_count"] = len(group.members)
            if args.get("include_users"):
                described["users"] = list(group.members)
            groups.append(described)
        return {"usergroups": groups}

    def usergroup_users(self, args: Json) -> Json:
        group = self._store.groups.get(args["usergroup"])
        if group is None:
            raise SlackError("no_such_subteam")
        return {"users": list(group.members)}

    def _describe(self, person: Person, *, locale: bool) -> Json:
        described: Json = {
            "id": person.id,
            "team_id": person.team_id,
            "name": person.name,
            "deleted": person.deleted,
            "color": person.color,
            "real_name": person.real_name,
            "tz": "America/New_York",
            "tz_label": "Eastern Standard Time",
            "tz_offset": -18000,
            "profile": {
                "title": person.title,
                "real_name": person.real_name,
                "real_name_normalized": person.real_name,
                "display_name": person.name,
                "display_name_normalized": person.name,
                "team": person.team_id,
            },
            "is_admin": False,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": person.is_restricted,
            "is_ultra_restricted": person.is_ultra_restricted,
            "is_bot": person.is_bot,
            "is_app_user": False,
            "updated": 1_760_000_000,
        }
        if person.email and self._manifest.grants("users:read.email"):
            described["profile"]["email"] = person.email
        if person.is_bot:
            described["profile"] |= {"api_app_id": APP_ID, "bot_id": BOT_ID}
        if person.is_stranger:
            described["is_stranger"] = True
        if locale:
            described["locale"] = "en-US"
        if person.deleted:
            return {name: value for name, value in described.items() if name not in _OF_THE_LIVING}
        return described


def _group(group: UserGroup) -> Json:
    return {
        "id": group.id,
        "team_id": TEAM_ID,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": 1_760_000_000,
        "date_update": 1_760_000_000,
        "date_delete": 0,
        "auto_type": None,
        "prefs": {"channels": [], "groups": []},
    }
