"""The composition root: settings in, a running bot out. The only place where the engine and Slack's side meet."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from slack_sdk.errors import SlackApiError

from bot.audit.log import AuditLog
from bot.audit.trail import AuditTrail
from bot.catalog import catalog
from bot.catalog.choices import AllChoices
from bot.catalog.operation import Catalog
from bot.changes.account_choice import ChannelAccounts
from bot.changes.authority import Authority
from bot.changes.budget import Budget
from bot.changes.changes import Changes
from bot.changes.delegations import Delegations
from bot.changes.drafts import DraftStore
from bot.changes.freezes import Freezes
from bot.changes.people import Directory
from bot.changes.refusal import Refusal
from bot.changes.store import ChangeStore
from bot.checks.guide import Guide
from bot.composition.accounts import opened
from bot.composition.following import Following
from bot.engine import Shared, TaskEngine, Tasks
from bot.health import Pulse
from bot.policy.file import Rulebook, Surroundings
from bot.policy.policy import Policy
from bot.redis.connection import RedisHandle, open_redis
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.runs.ledger import RunLedger
from bot.runs.runner import Runner
from bot.runs.settle import Settlement
from bot.settings import Settings, encryption_keys
from bot.sweep import Sweep
from bot.tempo import PRODUCTION, Tempo
from bot.tracking.discovery import Discovery
from bot.twilio import reads_account
from bot.twilio.accounts import Accounts
from bot.twilio.faults import TwilioFault
from bot.twilio.gateway import Account
from bot.twilio.pace import Pace
from bot.vault import Vault
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
from handlers.inbox import Inbox
from handlers.news import News
from handlers.people import People
from handlers.policy_news import PolicyNews
from handlers.posts import Posts, why
from handlers.telling import Telling
from handlers.visitors import Visitors

QUIET = 4
"""Calls at a time to Twilio that nobody waits for."""
FINISH_SECONDS = 20.0
"""How long answers that have begun may take after SIGTERM."""

_SLACK_API_URL = str(Settings.model_fields["slack_api_url"].default)

log = structlog.get_logger()


@asynccontextmanager
async def running(
    settings: Settings,
    clock: Callable[[], float] = time.time,
    tempo: Tempo = PRODUCTION,
) -> AsyncIterator[None]:
    """A running bot, until the body ends.

    Raises `PolicyProblem`, `RedisProblem`, `EmbeddedRedisProblem`, `SettingsProblem` or `SlackProblem`, each with words
    for the operator.
    """
    operations = catalog()
    names = tuple(account.name for account in settings.accounts)
    rulebook = Rulebook.of(settings.policy, Surroundings(tuple(o.name for o in operations.operations), names))
    vault = Vault(encryption_keys(settings))
    url = settings.redis_url.get_secret_value() if settings.redis_url else None
    app_token = settings.slack_app_token.get_secret_value() if settings.slack_app_token else None
    secret = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(open_redis(url, settings.state))
        _say_where_memory_is(redis)
        slack = await stack.enter_async_context(
            connect(settings.slack_api_url, settings.slack_bot_token.get_secret_value(), app_token)
        )
        keys = Keys()
        pace = Pace(redis.client, keys, tempo.spread, tempo.least_calm)
        accounts, quiet = opened(settings, tempo, pace), opened(settings, tempo, pace, QUIET)
        stack.push_async_callback(accounts.close)
        stack.push_async_callback(quiet.close)
        pulse = Pulse(settings.state, redis.client, keys, clock)
        following = Following.of(redis.client, keys, clock)
        engine = TaskEngine(redis.url, f"{keys.prefix}-tasks", clock, tempo)
        desk, tasks = _assemble(
            settings,
            operations,
            rulebook,
            vault,
            redis,
            keys,
            following,
            slack,
            accounts,
            quiet,
            engine,
            pulse,
            clock,
            tempo,
        )
        stack.push_async_callback(desk.choices.close)
        # twice: what was begun by deliveries, and, once the last run has ended, its cards
        stack.push_async_callback(desk.background.finish, FINISH_SECONDS)
        await stack.enter_async_context(engine.work(tasks))
        stack.push_async_callback(desk.background.finish, FINISH_SECONDS)
        app = bolt_app(slack, None if app_token else secret)
        register(app, desk, Inbox(redis.client, keys))
        others = following.intake(settings, desk.tracker, desk.background.start)
        await stack.enter_async_context(deliveries(app, app_token, settings.port, pulse, others))
        desk.background.start(_warn_of_open_doors(desk.people, rulebook.policy), "open doors")
        desk.background.start(_warn_of_silent_accounts(quiet), "silent accounts")
        yield


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


def _assemble(
    settings: Settings,
    operations: Catalog,
    rulebook: Rulebook,
    vault: Vault,
    redis: RedisHandle,
    keys: Keys,
    following: Following,
    slack: Slack,
    accounts: Accounts,
    quiet: Accounts,
    engine: TaskEngine,
    pulse: Pulse,
    clock: Callable[[], float],
    tempo: Tempo,
) -> tuple[Desk, Tasks]:
    """Every part, made once and handed to those that need it; nothing here talks to anybody yet."""

    async def deciding() -> set[str]:
        return await roster.approvers() | {d.to for d in await delegations.standing()}

    store, registrations = ChangeStore(redis.client, keys, vault), following.registrations
    showing = Showing(registrations, following.history, following.memory, Guide.load(), clock)
    ledger = RunLedger(redis.client, keys, f"{socket.gethostname()}:{os.getpid()}", tempo.lease)
    leases = Leases(redis.client, tempo.hold)
    background, visitors = Background(), Visitors(redis.client, keys)
    trail = AuditTrail(redis.client, keys, AuditLog(redis.client, keys, vault), store, clock, settings.audit_days)
    delegations = Delegations(redis.client, keys, vault, clock)
    freezes = Freezes(redis.client, keys, vault, clock)
    posts = Posts(slack.client, redis.client)
    people = People(slack.client, slack.team, settings.approvals_channel, slack.bot_user, clock)
    authority = Authority(rulebook, people, delegations, Budget(redis.client, keys, clock))
    roster, choices = authority.roster, AllChoices(accounts, clock, quiet=quiet)
    homes = Homes(visitors.among, deciding, lambda user: publish(desk, user))
    cards = Cards(
        redis.client,
        keys,
        store,
        posts,
        Calls(posts, settings.approvals_channel, roster, clock),
        News(posts, redis.client, settings.approvals_channel, roster.concerned),
        background,
        leases,
        settings.approvals_channel,
        tempo.redraw,
        homes.redraw,
        trail.keep_up,
        freezes.of,
    )
    channels = Channels(
        keys,
        registrations,
        posts,
        CatchUps(redis.client, keys, posts),
        showing,
        background,
        leases,
        trail,
        settings.alerts_channel,
        clock,
        tempo.redraw,
    )
    threads = Threads(keys, registrations, posts, showing, channels, background, leases, homes.redraw_these, clock)
    heard = Telling(cards, threads, trail, background, choices.spoil)
    news = PolicyNews(posts, redis.client, keys, leases, rulebook, settings.approvals_channel)
    alarms = Alarms(posts, redis.client, keys, leases, pulse, settings.alerts_channel)
    changes = Changes(store, authority, heard, engine, clock, news.in_force)

    async def warm() -> None:
        for sid, fault in (await choices.warm()).items():
            log.warning("choices_not_warm", account=sid, why=str(fault))

    tracker = following.tracker(settings, accounts, heard, engine)
    discovery = Discovery(redis.client, keys, tracker, quiet, clock)
    runner = Runner(
        store,
        ledger,
        accounts.__getitem__,
        operations,
        authority,
        freezes,
        tracker,
        heard,
        clock,
        patience=tempo.patience,
    )
    sweep = Sweep(changes, tracker, engine, heard, clock, tempo.sweep)
    desk = Desk(
        client=slack.client,
        catalog=operations,
        changes=changes,
        drafts=DraftStore(redis.client, keys, vault, clock),
        settlement=Settlement(store, ledger, accounts.__getitem__, heard, engine, clock, tracker),
        tracker=tracker,
        choices=choices,
        accounts=accounts,
        channel_accounts=ChannelAccounts(redis.client, keys, clock),
        people=people,
        background=background,
        visitors=visitors,
        acts=ActStore(redis.client, keys, vault),
        doers=ACTS,
        leases=leases,
        approvals_channel=settings.approvals_channel,
        clock=clock,
        tempo=tempo,
        trail=trail,
        freezes=freezes,
        delegations=delegations,
        showing=showing,
        portfolio=following.portfolio,
        chosen=Chosen(redis.client, keys),
        digests=Digests(
            posts,
            redis.client,
            keys,
            leases,
            following.portfolio,
            registrations,
            Budget(redis.client, keys, clock),
            tracker.subscriptions,
            clock,
        ),
        discovery=discovery,
        offers=Offers(posts, redis.client, keys, leases, discovery, settings.alerts_channel),
        known=following.known,
        announcements=Announcements(posts, redis.client, keys, settings.approvals_channel),
    )

    async def run_change(number: int) -> float | None:
        try:
            return await runner.run(number)
        finally:
            if change := await store.load(number):
                choices.spoil(change.plan.account)

    async def beat() -> None:
        await pulse.beat()
        # beside it: a Slack that answers slowly must not hold up the sign of life
        background.start(alarms.look(), "alarms")

    async def look() -> None:
        if await news.look():
            background.start(_warn_of_open_doors(people, rulebook.policy), "open doors")

    async def sweep_changes() -> None:
        await sweep.all_changes()
        desk.background.start(desk.catch_up(), "acts left behind")
        background.start(trail.trim_daily(), "trim the audit")

    async def housekeeping() -> None:
        """What is due once in a while; each part knows by itself when, and keeps no other waiting."""
        background.start(following.portfolio.keep_up(), "portfolio")
        background.start(desk.digests.post_due(), "weekly digests")
        background.start(desk.offers.look([account.sid for account in quiet.all]), "offers")

    return desk, Tasks(
        run_change,
        {
            "sweep_changes": Shared(tempo.sweep, pulse.watched("sweep of changes", tempo.sweep, sweep_changes)),
            "sweep_registrations": Shared(
                settings.poll_seconds,
                pulse.watched(POLLING, settings.poll_seconds, sweep.all_registrations),
            ),
            "housekeeping": Shared(tempo.housekeeping, housekeeping, at_once=False),
        },
        warm,
        beat,
        look,
    )


async def _warn_of_open_doors(people: People, policy: Policy) -> None:
    for channel in await people.open_doors(policy):
        log.warning(
            "anybody_can_become_an_approver",
            channel=channel,
            why="the policy lets its members approve, and it is not private: every full member can join it",
        )


async def _warn_of_silent_accounts(accounts: Accounts) -> None:
    async def look(account: Account) -> None:
        try:
            await reads_account.prove(account)
        except TwilioFault as fault:
            log.warning("account_does_not_answer", account=account.sid, name=account.name, why=str(fault))

    await asyncio.gather(*(look(account) for account in accounts.all))


def _say_where_memory_is(redis: RedisHandle) -> None:
    log.info("memory", redis="embedded, kept in the state folder" if redis.embedded else "at REDIS_URL")
    for warning in redis.warnings:
        log.warning("memory_at_risk", why=warning)
