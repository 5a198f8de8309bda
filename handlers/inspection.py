"""Slack's part of `tenfour check`: tokens, scopes, and whether the bot is where it is to post."""

import time
from collections.abc import AsyncIterator

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.maintenance.inspection.policy import surroundings
from bot.maintenance.inspection.report import Line, fail, ok, warn
from bot.policy.file import PolicyProblem, load_policy
from bot.settings import Settings
from handlers.connection import CALL_SECONDS
from handlers.people import People
from handlers.posts import why
from handlers.scopes import SCOPES

_REINSTALL = "Add them in OAuth & Permissions (or paste manifest.yml again), and install the app to the workspace anew."
_COPY = "Copy the token again from the app's page at api.slack.com/apps."


async def slack_lines(settings: Settings) -> list[Line]:
    """What Slack says of the tokens and channels of the settings; no socket is opened."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS)) as session:
        client = AsyncWebClient(
            token=settings.slack_bot_token.get_secret_value(),
            base_url=settings.slack_api_url,
            session=session,
            retry_handlers=[],
        )
        try:
            return [line async for line in _lines(client, settings)]
        except (aiohttp.ClientError, TimeoutError) as error:
            what = f"{settings.slack_api_url} cannot be reached ({type(error).__name__})."
            mend = "See whether this machine may reach it (proxy, firewall), and slack-status.com."
            return [fail("Slack", what, mend)]


async def _lines(client: AsyncWebClient, settings: Settings) -> AsyncIterator[Line]:
    try:
        me = await client.auth_test()
    except SlackApiError as error:
        yield fail("Slack bot token", f"Slack says {why(error)}.", _COPY)
    else:
        yield ok("Slack bot token", f"{me.get('user')} in {me.get('team')}.")
        yield _scopes(str(me.headers.get("x-oauth-scopes") or me.headers.get("X-OAuth-Scopes") or ""))
        for setting, channel in (
            ("TENFOUR_APPROVALS_CHANNEL", settings.approvals_channel),
            ("TENFOUR_ALERTS_CHANNEL", settings.alerts_channel),
        ):
            yield await _channel(client, setting, channel)
        async for line in _doors(client, settings, str(me["team_id"]), str(me["user_id"])):
            yield line
    if settings.slack_app_token is None:
        yield ok("Slack requests", f"over HTTP on port {settings.port}, and their signatures are checked.")
        return
    try:
        await client.apps_connections_open(app_token=settings.slack_app_token.get_secret_value())
    except SlackApiError as error:
        mend = f"{_COPY} It is an app-level token, with the scope connections:write; Socket Mode must be on."
        yield fail("Slack app token", f"Slack says {why(error)}.", mend)
    else:
        yield ok("Slack app token", "Socket Mode can be used.")


def _scopes(told: str) -> Line:
    if not told:
        return ok("Slack scopes", "Slack does not tell them here.")
    missing = SCOPES - {scope.strip() for scope in told.split(",")}
    if missing:
        return fail("Slack scopes", f"missing: {', '.join(sorted(missing))}.", _REINSTALL)
    return ok("Slack scopes", f"all {len(SCOPES)} that manifest.yml asks for.")


async def _doors(client: AsyncWebClient, settings: Settings, team: str, bot_user: str) -> AsyncIterator[Line]:
    """Channels whose members approve, and which anybody can join."""
    try:
        policy = load_policy(settings.policy, surroundings(tuple(account.name for account in settings.accounts)))
        people = People(client, team, settings.approvals_channel, bot_user, time.time)
        for channel in await people.open_doors(policy):
            what = "the policy lets its members approve, and it is not private: every full member can join it."
            yield warn(f"Slack channel {channel}", what, "Make it private, or let a user group approve instead.")
    except (PolicyProblem, SlackApiError):
        return  # told where the policy and the channels are looked at


async def _channel(client: AsyncWebClient, setting: str, channel: str) -> Line:
    about = f"Slack channel {channel} ({setting})"
    try:
        told = (await client.conversations_info(channel=channel))["channel"]
    except SlackApiError as error:
        mend = "Copy the channel's id again, and invite the bot to it: without that a private channel cannot be seen."
        return fail(about, f"Slack says {why(error)}.", mend)
    if told.get("is_archived"):
        return fail(about, "it is archived.", "Unarchive it, or name another one.")
    if not told.get("is_member"):
        return fail(about, "the bot is no member of it, and can post nothing there.", "There: /invite @Tenfour")
    return ok(about, f"#{told.get('name')}, and the bot is a member.")
