"""A planted secret goes where it belongs: no Slack payload, log line, error or Redis value holds it."""

import asyncio
import os
import sys
import traceback
from pathlib import Path
from typing import Any, get_args

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from redis.asyncio import Redis

from bot.accounts_file import AccountSettings
from bot.app import running
from bot.catalog import catalog
from bot.catalog.form import parse
from bot.changes.store import ChangeStore
from bot.redis.connection import RedisProblem
from bot.redis.keys import Keys
from bot.sandbox import world as cast
from bot.sandbox.twilio import start_state
from bot.settings import Settings, SettingsProblem, environment_names, load_settings
from bot.vault import Vault
from handlers.blocks.form import form_modal
from handlers.connection import SlackProblem
from tests.catalog.examples import EXAMPLES, Example
from tests.catalog.world import open_world
from tests.e2e.answers import SERVICE
from tests.e2e.world import A2P, ANN, APPROVALS, PRODUCTION, RITA, ROOT, World, everything_in, shown
from tests.handlers.blocks import samples
from tests.redis.servers import free_port
from tests.security.test_injection import pictures

PASSWORD = "planted-redis-password"
PLANTED = {
    "SLACK_BOT_TOKEN": cast.BOT_TOKEN,
    "SLACK_APP_TOKEN": cast.APP_TOKEN,
    "SLACK_SIGNING_SECRET": "planted-signing-secret",
    "TWILIO_AUTH_TOKEN": start_state.AUTH_TOKEN,
    "TWILIO_API_SECRET": cast.TWILIO_API_KEY_SECRET,
    "TENFOUR_ENCRYPTION_KEY": Fernet.generate_key().decode(),
    "TENFOUR_TCR_SECRET": "planted-tcr-secret-0123456789",
    "TENFOUR_EVENTS_SECRET": "planted-events-secret-0123456789",
    "REDIS_URL": PASSWORD,
}
"""Every secret setting; of an address, the part that is secret."""
WITH_SECRETS = [e for e in EXAMPLES if any(a.sensitive for a in catalog()[e.operation].form.asks().values())]
PHONE = "+15035550177"


def held(text: str, secrets: dict[str, str] = PLANTED) -> list[str]:
    """Which of the secrets stand in a text; their names, so that a failed test does not tell them either."""
    return [name for name, secret in secrets.items() if secret in text]


def test_every_secret_setting_is_planted() -> None:
    names = {name: env for env, name in environment_names().items()}
    fields = Settings.model_fields.items()
    assert {names[name] for name, field in fields if _secret(field.annotation)} == PLANTED.keys()


def test_no_settings_tell_their_secrets(tmp_path: Path) -> None:
    environment = {
        **PLANTED,
        "REDIS_URL": f"redis://:{PASSWORD}@127.0.0.1/0",
        "TWILIO_ACCOUNT_SID": start_state.ACCOUNT_SID,
        "TWILIO_API_KEY": cast.TWILIO_API_KEY_SID,
        "TENFOUR_APPROVALS_CHANNEL": APPROVALS,
    }
    settings = load_settings(environment)
    assert all(isinstance(account, AccountSettings) for account in settings.accounts)
    told = [repr(settings), str(settings), settings.model_dump_json(), repr(settings.accounts), f"{settings.accounts}"]
    assert held(" ".join(told)) == []


async def test_a_bot_that_cannot_start_does_not_tell_why_in_secrets(empty_world: World) -> None:
    """On the terminal, and, by people who look closer, in the whole chain of errors behind it."""
    wrong = {
        "a Redis that is no address": {"REDIS_URL": f"redis://:{PASSWORD}@127.0.0.1:port/0"},
        "a password that Redis refuses": {"REDIS_URL": empty_world.redis_url.replace("//", f"//nobody:{PASSWORD}@")},
        "a token that Slack refuses": {"SLACK_BOT_TOKEN": f"xoxb-{PASSWORD}"},
    }
    for what, settings in wrong.items():
        with pytest.raises((RedisProblem, SlackProblem, SettingsProblem)) as caught:
            async with running(load_settings(empty_world.environment(**settings))):
                pass
        assert held("".join(traceback.format_exception(caught.value))) == [], what
    nowhere = f"redis://:{PASSWORD}@127.0.0.1:{free_port()}/0"
    code, said = await _ended(empty_world.environment(REDIS_URL=nowhere))
    assert code != 0
    assert "REDIS_URL" in said
    assert held(said) == []


@pytest.mark.long
async def test_no_secret_leaves_a_bot_that_works_and_fails(
    empty_world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    world = empty_world
    await _with_a_password(world)
    bot = await world.process(
        *PRODUCTION,
        **{name: secret for name, secret in PLANTED.items() if name != "REDIS_URL"},
        TWILIO_API_KEY=cast.TWILIO_API_KEY_SID,
        REDIS_URL=world.redis_url.replace("//", f"//planted:{PASSWORD}@"),
        PORT=str(free_port()),
    )
    rejected = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    card = await world.card(rejected)
    await world.slack.click(ANN, "change.reject", channel=APPROVALS, ts=card["ts"])
    await world.sees(ANN, "Why not?")
    await world.slack.submit(ANN, {"reason": f"The number {PHONE} is hers"})
    await world.told(RITA, "is hers")
    for fault in ({"status": 401, "code": 20003}, {"status": 400, "code": 21211}):
        await _message(world, fault)
    await world.slack.deliver({"type": "block_actions", "user": {"id": ANN}, "actions": [{"value": PHONE}]})
    world.freeze_redis()
    await world.slack.command(RITA, A2P, "/a2p-message", f"test to={PHONE}")
    world.thaw_redis()
    kept = await everything_in(world.redis_url)
    bot.terminate()
    await bot.wait()
    out, err = capfd.readouterr()
    logs = "".join(log.read_text() for log in world.state.parent.glob("bot-*.log"))
    slack = _told_to_slack(world)
    for what, text in {"Slack": slack, "Redis": kept, "the log": logs, "the terminal": out + err}.items():
        assert held(text) == [], what
        reason = text.count("is hers")  # of the rejection, which quotes the number on purpose, in Slack alone
        assert PHONE[2:] not in text or (what == "Slack" and reason), what
    assert PHONE in str([call.params for call in world.twilio.log]), "it has gone where it belongs"


@pytest.mark.parametrize("example", WITH_SECRETS, ids=lambda e: e.operation)
async def test_no_sensitive_answer_is_drawn_or_kept_in_clear(example: Example, redis: Redis, keys: Keys) -> None:
    entry = catalog()[example.operation]
    async with open_world() as world:
        values = {**example.values, **await example.before(world)}
        plan = await world.plan(example.operation, **values)
    asks = entry.form.asks()
    secrets = {n: str(v) for n, v in values.items() if n in asks and asks[n].sensitive and len(str(v)) > 3}
    drawn = [picture for _, picture in pictures(plan, example.operation, values, "")]
    drawn += [form_modal(entry, samples.draft(values, operation=entry.name), n + 1) for n in range(entry.form.pages())]
    assert held(str(drawn), secrets) == []
    inputs = parse(entry.form, values).model_dump(mode="json", warnings=False)
    change = samples.change(of=plan, number=1).model_copy(update={"inputs": inputs})
    store = ChangeStore(redis, keys, Vault([PLANTED["TENFOUR_ENCRYPTION_KEY"]]))
    await store.create(change)
    assert held(str(await redis.hgetall(keys.change(1, "doc"))), secrets) == []
    assert await store.load(1)


async def _message(world: World, fault: dict[str, Any]) -> None:
    """A test message to the planted number, which Twilio does not take."""
    world.twilio.faults.add(match=f"POST /2010-04-01/Accounts/{start_state.ACCOUNT_SID}/Messages", **fault)
    await world.slack.command(RITA, A2P, "/a2p-message", f'test service="Acme support" to={PHONE}')
    await world.previewed(RITA)
    await world.slack.submit(RITA)
    number = int((await world.sees(RITA, "Requested #"))["title"]["text"].partition("#")[2])
    await world.slack.close(RITA, all_views=True)
    await world.approve(ANN, number)
    await world.until(lambda: _stopped(world, number), f"#{number} has stopped or is done")


def _stopped(world: World, number: int) -> bool:
    cards = [shown(m) for m in world.slack.messages(APPROVALS) if m["text"].startswith(f"#{number} ")]
    return any(word in card for card in cards for word in ("change.retry", "change.did_not", "*Done*"))


def _told_to_slack(world: World) -> str:
    """Everything that the bot has sent to Slack: calls, acks, and answers to response URLs."""
    calls = [(call.method, call.args) for call in world.slack.calls()]
    acks = [delivery.ack for delivery in world.slack.deliveries.log]
    return str([calls, acks, world.slack.store.ephemerals, world.slack.store.messages])


async def _with_a_password(world: World) -> None:
    """Redis knows somebody with the planted password."""
    async with Redis.from_url(world.redis_url) as admin:
        await admin.acl_setuser(
            "planted", enabled=True, passwords=[f"+{PASSWORD}"], keys=["*"], channels=["*"], commands=["+@all"]
        )


async def _ended(environment: dict[str, str]) -> tuple[int, str]:
    """How a bot ends that cannot start, and all that it said."""
    bot = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(60):
            said, _ = await bot.communicate()
    finally:
        if bot.returncode is None:
            bot.kill()
            await bot.wait()
    return bot.returncode or 0, said.decode()


def _secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_secret(part) for part in get_args(annotation))
