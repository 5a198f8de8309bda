"""The composition root: settings in, a running bot out. The only place where the engine and Slack's side meet."""

import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from bot.catalog import catalog
from bot.catalog.choices import Choices
from bot.changes.changes import Changes
from bot.changes.drafts import DraftStore
from bot.changes.policy import Policy, load_policy
from bot.changes.store import ChangeStore
from bot.checks.guide import Guide
from bot.engine import CHANGES_SECONDS, TaskEngine, Tasks
from bot.health import Pulse
from bot.ports import Notifier
from bot.redis.connection import RedisHandle, open_redis
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.runs.ledger import RunLedger
from bot.runs.patience import PATIENCE, Patience
from bot.runs.runner import Runner
from bot.runs.settle import Settlement
from bot.settings import Settings, encryption_keys
from bot.sweep import Sweep
from bot.tracking.store import RegistrationStore
from bot.tracking.tracker import Tracker
from bot.twilio.faults import TwilioFault, UnknownAccount
from bot.twilio.gateway import Account
from bot.vault import Vault
from handlers import ACTS, register
from handlers.acts import ActStore
from handlers.background import Background
from handlers.cards import Cards
from handlers.connection import Slack, bolt_app, connect, deliveries
from handlers.desk import Desk
from handlers.home import publish
from handlers.inbox import Inbox
from handlers.people import People
from handlers.posts import Posts
from handlers.visitors import Visitors

QUIET = 4
"""Calls at a time to Twilio that nobody waits for."""
FINISH_SECONDS = 20.0
"""How long answers that have begun may take after SIGTERM."""

log = structlog.get_logger()


@asynccontextmanager
async def running(
    settings: Settings, clock: Callable[[], float] = time.time, patience: Patience = PATIENCE
) -> AsyncIterator[None]:
    """A running bot, until the body ends. `patience` is with calls to Twilio that got no answer.

    Raises `PolicyProblem`, `RedisProblem`, `EmbeddedRedisProblem`, `SettingsProblem` or `SlackProblem`, each with words
    for the operator.
    """
    policy = load_policy(settings.policy)
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
        account, quiet = _account(settings), _account(settings, QUIET)
        stack.push_async_callback(account.close)
        stack.push_async_callback(quiet.close)
        keys = Keys()
        pulse = Pulse(settings.state, redis.client, keys, clock)
        engine = TaskEngine(redis.url, f"{keys.prefix}-tasks", clock)
        desk, tasks = _assemble(
            settings, policy, vault, redis, keys, slack, account, quiet, engine, pulse, clock, patience
        )
        stack.push_async_callback(desk.choices.close)
        # twice: what was begun by deliveries, and, once the last run has ended, its cards
        stack.push_async_callback(desk.background.finish, FINISH_SECONDS)
        await stack.enter_async_context(engine.work(tasks, settings.poll_seconds))
        stack.push_async_callback(desk.background.finish, FINISH_SECONDS)
        app = bolt_app(slack, None if app_token else secret)
        register(app, desk, Inbox(redis.client, keys))
        await stack.enter_async_context(deliveries(app, app_token, settings.port, pulse))
        desk.background.start(_warn_of_open_doors(desk.people, policy), "open doors")
        yield


def _assemble(
    settings: Settings,
    policy: Policy,
    vault: Vault,
    redis: RedisHandle,
    keys: Keys,
    slack: Slack,
    account: Account,
    quiet: Account,
    engine: TaskEngine,
    pulse: Pulse,
    clock: Callable[[], float],
    patience: Patience,
) -> tuple[Desk, Tasks]:
    """Every part, made once and handed to those that need it; nothing here talks to anybody yet."""

    async def redraw_homes(users: set[str]) -> None:
        try:
            users = users | await changes.approvers()
        except Exception as error:  # who asked is drawn all the same
            log.warning("approvers_not_known", why=type(error).__name__)
        for user in await visitors.among(users):
            try:
                await publish(desk, user)
            except Exception as error:  # one page must not keep the others from being drawn
                log.warning("home_not_drawn", user=user, why=type(error).__name__)

    def account_of(sid: str) -> Account:
        if sid != account.sid:
            raise UnknownAccount(sid)
        return account

    store, registrations = ChangeStore(redis.client, keys, vault), RegistrationStore(redis.client, keys)
    ledger = RunLedger(redis.client, keys, worker=f"{socket.gethostname()}:{os.getpid()}")
    background, guide, visitors = Background(), Guide.load(), Visitors(redis.client, keys)
    cards = Cards(
        redis.client,
        keys,
        store,
        registrations,
        Posts(slack.client, redis.client),
        guide,
        background,
        settings.approvals_channel,
        settings.alerts_channel,
        redraw_homes,
    )
    people = People(slack.client, slack.team, settings.approvals_channel, slack.bot_user, clock)
    changes = Changes(store, policy, people, cards, engine, clock)
    operations, choices = catalog(), Choices(account, clock, quiet=quiet)

    async def warm() -> None:
        try:
            await choices.warm()
        except TwilioFault as fault:
            log.warning("choices_not_warm", why=str(fault))

    tracker = Tracker(
        registrations,
        account_of,
        _Refreshing(cards, choices.spoil),
        clock,
        settings.poll_seconds,
        settings.alerts_channel,
    )
    runner = Runner(store, ledger, account_of, operations, tracker, cards, clock, patience=patience)
    sweep = Sweep(changes, tracker, engine, cards)
    desk = Desk(
        client=slack.client,
        catalog=operations,
        changes=changes,
        drafts=DraftStore(redis.client, keys, vault, clock),
        settlement=Settlement(store, ledger, account_of, cards, engine, clock),
        tracker=tracker,
        choices=choices,
        account=account,
        people=people,
        background=background,
        visitors=visitors,
        acts=ActStore(redis.client, keys, vault),
        doers=ACTS,
        leases=Leases(redis.client),
        approvals_channel=settings.approvals_channel,
        clock=clock,
    )

    async def run_change(number: int) -> float | None:
        try:
            return await runner.run(number)
        finally:
            choices.spoil()

    async def sweep_changes() -> None:
        await sweep.all_changes()
        await desk.catch_up()

    return desk, Tasks(
        run_change,
        pulse.watched("sweep of changes", CHANGES_SECONDS, sweep_changes),
        pulse.watched("sweep of registrations", settings.poll_seconds, sweep.all_registrations),
        warm,
        pulse.beat,
    )


@dataclass(frozen=True)
class _Refreshing:
    """A `Notifier` that also has lists read again that the news makes stale."""

    notifier: Notifier
    refresh: Callable[[], None]

    async def change_moved(self, number: int) -> None:
        await self.notifier.change_moved(number)

    async def registration_moved(self, registration: str) -> None:
        self.refresh()
        await self.notifier.registration_moved(registration)


async def _warn_of_open_doors(people: People, policy: Policy) -> None:
    for channel in await people.open_doors(policy):
        log.warning(
            "anybody_can_become_an_approver",
            channel=channel,
            why="the policy lets its members approve, and it is not private: every full member can join it",
        )


def _account(settings: Settings, concurrency: int = 20) -> Account:
    if settings.twilio_api_key and settings.twilio_api_secret:
        username, password = settings.twilio_api_key, settings.twilio_api_secret
    else:
        assert settings.twilio_auth_token  # noqa: S101  # the settings' own check has made sure of it
        username, password = settings.twilio_account_sid, settings.twilio_auth_token
    secret = password.get_secret_value()
    return Account(settings.twilio_account_sid, username, secret, settings.twilio_api_url, concurrency)


def _say_where_memory_is(redis: RedisHandle) -> None:
    log.info("memory", redis="embedded, kept in the state folder" if redis.embedded else "at REDIS_URL")
    for warning in redis.warnings:
        log.warning("memory_at_risk", why=warning)
