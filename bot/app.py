"""The composition root: settings in, a running bot out. The only place where the engine and Slack's side meet."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from slack_sdk.errors import SlackApiError

from bot.changes.account_choice import ChannelAccounts
from bot.changes.authority import Authority
from bot.changes.changes import Changes
from bot.changes.drafts import DraftStore
from bot.changes.people import Directory
from bot.changes.refusal import Refusal
from bot.checks.guide import Guide
from bot.closing import SOCKETS_SECONDS, Closing
from bot.composition.accounts import warn_of_silent
from bot.composition.ground import Ground, open_ground
from bot.composition.records import Records
from bot.composition.work import REGISTRATIONS, Slacks, work_of
from bot.engine import Tasks
from bot.intake.uptake import Uptake
from bot.policy.policy import Policy
from bot.roles import Role
from bot.runs.runner import Runner
from bot.runs.settle import Settlement
from bot.settings import Settings
from bot.sweep import Sweep
from bot.tempo import PRODUCTION, Tempo
from bot.tracking.discovery import Discovery
from bot.tracking.tracker import Tracker
from bot.watching.watch import watching
from handlers import ACTS, register
from handlers.acts import ActStore
from handlers.announcements import Announcements
from handlers.background import Background
from handlers.calls import Calls
from handlers.cards import Cards
from handlers.chosen import Chosen
from handlers.connection import Slack, SlackProblem, bolt_app, connect, deliveries
from handlers.desk import Desk
from handlers.following.alarms import POLLING, Alarms
from handlers.following.catch_up import CatchUps
from handlers.following.channels import Channels
from handlers.following.digests import Digests
from handlers.following.offers import Offers
from handlers.following.showing import Showing
from handlers.following.threads import Threads
from handlers.home import publish
from handlers.homes import Homes
from handlers.http import Listener
from handlers.inbox import Inbox
from handlers.news import News
from handlers.people import People
from handlers.policy_news import PolicyNews
from handlers.posts import Posts, why
from handlers.telling import Telling
from handlers.visitors import Visitors

_SLACK_API_URL = str(Settings.model_fields["slack_api_url"].default)

log = structlog.get_logger()


@asynccontextmanager
async def running(
    settings: Settings,
    clock: Callable[[], float] = time.time,
    tempo: Tempo = PRODUCTION,
    role: Role = Role.ALL,
    closing: Closing | None = None,
) -> AsyncIterator[None]:
    """A running bot, or the part of it that a role is, until the body ends.

    Then it stops taking work, finishes what is under way as far as `closing` leaves it time, and closes its sockets.
    Raises `PolicyProblem`, `RedisProblem`, `EmbeddedRedisProblem`, `SettingsProblem` or `SlackProblem`, each with words
    for the operator.
    """
    closing = closing or Closing()
    bot_token = settings.slack_bot_token.get_secret_value()
    app_token = settings.slack_app_token.get_secret_value() if settings.slack_app_token else None
    async with AsyncExitStack() as stack:
        stack.callback(closing.end)
        watch = await stack.enter_async_context(watching(settings, clock))
        ground = await stack.enter_async_context(open_ground(settings, role, clock, tempo, closing, watch))
        slack = await stack.enter_async_context(
            connect(settings.slack_api_url, bot_token, app_token if role.answers else None, watch)
        )
        desk, tasks, uptake = _assemble(ground, slack)
        # twice: what was begun by deliveries, and, once the last run has ended, its cards
        stack.push_async_callback(_finish, desk.background, closing)
        await stack.enter_async_context(ground.engine.work(tasks, closing, takes=role.works))
        stack.push_async_callback(_finish, desk.background, closing)
        if role.answers:
            await stack.enter_async_context(_answering(ground, slack, desk, uptake, app_token))
        else:
            log.info("ready", role=role.value)
        desk.background.start(_warn_of_open_doors(desk.people, ground.rulebook.policy), "open doors")
        desk.background.start(warn_of_silent(ground.quiet), "silent accounts")
        stack.callback(ground.engine.stop_taking)
        stack.callback(uptake.stop)
        stack.callback(closing.begin)
        watch.readiness.begin()
        stack.callback(watch.readiness.end)
        yield


@asynccontextmanager
async def _answering(
    ground: Ground, slack: Slack, desk: Desk, uptake: Uptake, app_token: str | None
) -> AsyncIterator[None]:
    """Receive from Slack, and from others than Slack, until the body ends; what has come in is answered first."""
    settings, engine = ground.settings, ground.engine
    secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None
    app = bolt_app(slack, None if app_token else secret)
    register(app, desk, Inbox(ground.redis.client, ground.keys), ground.watch)

    async def ask_workers() -> None:
        await engine.ask(REGISTRATIONS)

    look = desk.tracker.sweep if ground.role.works else ask_workers
    # workers look for themselves whether anything was written down
    written = uptake.ask if ground.role.works else _nobody
    others = ground.following.intake(settings, desk.tracker, ground.vault, look, desk.background.start, written)
    listener = Listener(settings.port, settings.prefix, settings.proxies, observer=ground.watch.observer)
    connections, pulse = settings.slack_connections, ground.pulse
    async with deliveries(app, app_token, connections, listener, pulse, others, slack.address):
        yield


def _nobody() -> None:
    """Whom nothing is told in this process."""


async def _finish(background: Background, closing: Closing) -> None:
    await closing.wait(background.finish(closing.left(SOCKETS_SECONDS)))
    await background.finish(0)


@asynccontextmanager
async def directory(environ: Mapping[str, str]) -> AsyncIterator[Directory]:
    """People and groups as Slack knows them, for a command that runs beside the bot.

    Needs SLACK_BOT_TOKEN, and TENFOUR_APPROVALS_CHANNEL where a group is the members of that channel. Raises `Refusal`.
    """
    api_url, approvals = environ.get("SLACK_API_URL"), environ.get("TENFOUR_APPROVALS_CHANNEL", "")
    try:
        async with connect(api_url or _SLACK_API_URL, environ["SLACK_BOT_TOKEN"].strip(), None) as slack:
            yield People(slack.client, slack.team, approvals.strip(), slack.bot_user, time.time)
    except SlackProblem as problem:
        raise Refusal(str(problem)) from problem
    except SlackApiError as error:
        raise Refusal(f"Slack refused what the policy asks of it: {why(error)}.") from error


@dataclass(frozen=True)
class _Voice:
    """What draws, posts and tells in Slack."""

    posts: Posts
    people: People
    background: Background
    authority: Authority
    visitors: Visitors
    showing: Showing
    heard: Telling


def _assemble(ground: Ground, slack: Slack) -> tuple[Desk, Tasks, Uptake]:
    """Every part, made once and handed to those that need it; nothing here talks to anybody yet."""
    records = Records.of(ground)
    voice = _voice(ground, records, slack, lambda user: publish(desk, user))
    redis, keys, clock, leases = ground.redis.client, ground.keys, ground.clock, records.leases
    approvals, alerts = ground.settings.approvals_channel, ground.settings.alerts_channel
    news = PolicyNews(voice.posts, redis, keys, leases, ground.rulebook, approvals)
    alarms = Alarms(voice.posts, redis, keys, leases, ground.pulse, alerts)
    changes = Changes(
        records.store, voice.authority, voice.heard, ground.engine, clock, news.in_force, ground.watch.observer
    )
    tracker = ground.following.tracker(ground.settings, ground.accounts, voice.heard, ground.engine)
    desk = _desk(ground, records, voice, slack, changes, tracker)
    runner = Runner(
        records.store,
        records.ledger,
        ground.accounts.__getitem__,
        ground.catalog,
        voice.authority,
        records.freezes,
        tracker,
        voice.heard,
        clock,
        patience=ground.tempo.patience,
        observer=ground.watch.observer,
    )
    sweep = Sweep(changes, tracker, ground.engine, voice.heard, clock, ground.tempo.sweep)

    async def take_policy() -> None:
        if await news.look():
            voice.background.start(_warn_of_open_doors(voice.people, ground.rulebook.policy), "open doors")

    async def offer() -> None:
        await desk.offers.look([account.sid for account in ground.quiet.all])

    slacks = Slacks(
        polling=POLLING,
        start=voice.background.start,
        catch_up=desk.catch_up,
        alarms=alarms.look,
        policy=take_policy,
        digests=desk.digests.post_due,
        offers=offer,
    )
    uptake = ground.following.uptake(
        ground.settings, tracker, ground.vault, leases, tracker.sweep, voice.background.start
    )
    return desk, work_of(ground, records, tracker, runner, sweep, slacks, uptake), uptake


def _voice(ground: Ground, records: Records, slack: Slack, home: Callable[[str], Awaitable[None]]) -> _Voice:
    async def deciding() -> set[str]:
        return await roster.approvers() | {d.to for d in await records.delegations.standing()}

    redis, keys, clock, leases = ground.redis.client, ground.keys, ground.clock, records.leases
    settings, following, redraw = ground.settings, ground.following, ground.tempo.redraw
    approvals, registrations = settings.approvals_channel, following.registrations
    background, visitors, posts = Background(), Visitors(redis, keys), Posts(slack.client, redis)
    people = People(slack.client, slack.team, approvals, slack.bot_user, clock)
    authority = Authority(ground.rulebook, people, records.delegations, records.budget)
    roster = authority.roster
    homes = Homes(visitors.among, deciding, home)
    showing = Showing(registrations, following.history, following.memory, Guide.load(), clock)
    cards = Cards(
        redis,
        keys,
        records.store,
        posts,
        Calls(posts, approvals, roster, clock),
        News(posts, redis, approvals, roster.concerned),
        background,
        leases,
        approvals,
        redraw,
        homes.redraw,
        records.trail.keep_up,
        records.freezes.of,
    )
    channels = Channels(
        keys,
        registrations,
        posts,
        CatchUps(redis, keys, posts),
        showing,
        background,
        leases,
        records.trail,
        settings.alerts_channel,
        clock,
        redraw,
    )
    threads = Threads(keys, registrations, posts, showing, channels, background, leases, homes.redraw_these, clock)
    heard = Telling(cards, threads, records.trail, background, ground.spoilt.spoil, redraw)
    return _Voice(posts, people, background, authority, visitors, showing, heard)


def _desk(ground: Ground, records: Records, voice: _Voice, slack: Slack, changes: Changes, tracker: Tracker) -> Desk:
    redis, keys, vault, clock, leases = ground.redis.client, ground.keys, ground.vault, ground.clock, records.leases
    settings, following, accounts, engine = ground.settings, ground.following, ground.accounts, ground.engine
    discovery = Discovery(redis, keys, tracker, ground.quiet, clock)
    settlement = Settlement(records.store, records.ledger, accounts.__getitem__, voice.heard, engine, clock, tracker)
    digests = Digests(
        voice.posts,
        redis,
        keys,
        leases,
        following.portfolio,
        following.registrations,
        records.budget,
        tracker.subscriptions,
        clock,
    )
    return Desk(
        client=slack.client,
        catalog=ground.catalog,
        changes=changes,
        drafts=DraftStore(redis, keys, vault, clock),
        settlement=settlement,
        tracker=tracker,
        choices=ground.choices,
        accounts=accounts,
        channel_accounts=ChannelAccounts(redis, keys, clock),
        people=voice.people,
        background=voice.background,
        visitors=voice.visitors,
        acts=ActStore(redis, keys, vault),
        doers=ACTS,
        leases=leases,
        approvals_channel=settings.approvals_channel,
        clock=clock,
        tempo=ground.tempo,
        trail=records.trail,
        freezes=records.freezes,
        delegations=records.delegations,
        showing=voice.showing,
        portfolio=following.portfolio,
        chosen=Chosen(redis, keys),
        digests=digests,
        discovery=discovery,
        offers=Offers(voice.posts, redis, keys, leases, discovery, settings.alerts_channel),
        known=following.known,
        announcements=Announcements(voice.posts, redis, keys, settings.approvals_channel),
    )


async def _warn_of_open_doors(people: People, policy: Policy) -> None:
    for channel in await people.open_doors(policy):
        log.warning(
            "anybody_can_become_an_approver",
            channel=channel,
            why="the policy lets its members approve, and it is not private: every full member can join it",
        )
