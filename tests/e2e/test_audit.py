"""Who asked, decided, looked and did what can be read by those whom it is for, and by nobody else."""

import asyncio
import csv
import io
import json
from dataclasses import replace
from typing import Any

from structlog.testing import capture_logs

from bot.app import running
from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.sandbox.twilio import start_state
from bot.settings import load_settings
from tests.e2e.answers import SERVICE
from tests.e2e.test_sensitive_forms import DIGITS, PHONE
from tests.e2e.world import A2P, ANN, APPROVALS, GUS, HURRY, RITA, World, everything_in, shown

REASON = "The name is taken by marketing"


async def read(world: World, text: str, until: str) -> str:
    """Type `/a2p-audit` again and again until the answer shows this: rows are copied beside what people see."""
    said: list[dict[str, Any]] = []

    async def once() -> bool:
        await world.slack.command(ANN, A2P, "/a2p-audit", text)
        before = len(said)
        await world.until(lambda: len(world.slack.ephemerals(ANN, A2P)) > before, "an answer")
        said[:] = world.slack.ephemerals(ANN, A2P)
        return until in shown(said[-1])

    while not await once():
        pass
    return shown(said[-1])


async def file_of(world: World, text: str) -> str:
    """The file that `/a2p-audit` sends."""
    before = len(world.slack.store.file_bytes)
    await world.slack.command(ANN, A2P, "/a2p-audit", text)
    await world.until(lambda: len(world.slack.store.file_bytes) > before, "a file")
    [name] = list(world.slack.store.file_bytes)[before:]
    await world.until(lambda: name in str(world.slack.messages("D0ANN")), "it is shared with her")
    return world.slack.store.file_bytes[name].decode()


async def test_what_was_asked_decided_refused_looked_at_and_sent_is_read_in_slack_and_as_a_file(world: World) -> None:
    rejected = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await world.slack.click(RITA, "change.approve", channel=APPROVALS, ts=(await world.card(rejected, "Approve"))["ts"])
    await world.hears(APPROVALS, "somebody else must decide", user=RITA)
    card = await world.card(rejected, "change.details")
    await world.slack.click(ANN, "change.details", channel=APPROVALS, ts=card["ts"])
    await world.sees(ANN, "/v1/Services")
    await world.slack.close(ANN, all_views=True)
    await world.slack.click(ANN, "change.reject", channel=APPROVALS, ts=card["ts"])
    await world.sees(ANN, "Reject")
    await world.slack.submit(ANN, {"reason": REASON})
    rows = await read(world, f"change={rejected}", REASON)
    for told in ("*asked*", "*decide approve*", "somebody else must decide", "looked at the details", "*rejected*"):
        assert told in rows, told
    done = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await world.approve(ANN, done)
    await world.done(done)
    rows = await read(world, f"change=#{done} operation=service.* who=@rita", "*asked*")
    assert "*approved*" not in rows
    assert "*asked*" in await read(world, f"change={done} who=<@{RITA}|rita>", "*asked*")
    rows = await read(world, f"change={done}", "*finished*")
    for told in ("*approved*", "POST /v1/Services FriendlyName=Acme alerts", "in main", "*done*"):
        assert told in rows, told
    table = list(csv.DictReader(io.StringIO(await file_of(world, "account=main since=2020-01-01 file=csv"))))
    assert {row["change"] for row in table} == {str(rejected), str(done)}
    assert [(row["who"], row["name"]) for row in table if row["what"] == "rejected"] == [(ANN, "ann")]
    assert {row["name"] for row in table if not row["who"]} == {""}
    taken = [json.loads(line) for line in (await file_of(world, "file=jsonl")).splitlines()]
    assert [(row["kind"], row["who"]) for row in taken[-2:]] == [("exported", ANN), ("exported", ANN)]


async def test_the_audit_is_for_those_whom_the_policy_names_and_holds_nothing_sensitive(world: World) -> None:
    for user, text, told in (
        (GUS, "", "Guests"),
        (ANN, "chang=1", "Did you mean change?"),
        (ANN, "operation=servise.create", "Did you mean service.create?"),
        (ANN, "account=mian", "Did you mean main?"),
        (ANN, "file=cvs", "Did you mean csv?"),
        (ANN, "who=rita", "nobody whom Slack knows"),
        (ANN, "since=yesterday", "2026-11-01"),
    ):
        delivery = await world.slack.command(user, A2P, "/a2p-audit", text)
        if told not in shown(delivery.ack or {}):
            await world.hears(A2P, told, user=user)
    await world.slack.command(RITA, A2P, "/a2p-message", f"test service={start_state.SUPPORT_SERVICE} to={PHONE}")
    await world.previewed(RITA)
    await world.slack.submit(RITA)
    number = int((await world.sees(RITA, "Requested #"))["title"]["text"].partition("#")[2])
    await world.approve(ANN, number)
    rows = await read(world, f"change={number}", "POST /2010-04-01")
    assert "To=•••99" in rows
    assert DIGITS not in rows + await file_of(world, f"change={number} file=jsonl") + await everything_in(
        world.redis_url
    )


async def test_a_settled_change_stays_open_until_its_timeline_is_in_the_audit(empty_world: World) -> None:
    world, keys = empty_world, Keys()
    fast = running(load_settings(world.environment()), tempo=replace(HURRY, sweep=0.5))
    async with fast, open_redis(world.redis_url, world.state) as redis:
        with capture_logs() as logs:
            await redis.client.set(keys.audit("head"), "sealed with another key")
            number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
            card = await world.card(number, "change.cancel")
            await world.slack.click(RITA, "change.cancel", channel=APPROVALS, ts=card["ts"])
            await world.card(number, "Withdrawn")
            logs.clear()
            await world.until(lambda: str(logs).count("audit_not_copied") > 2, "it cannot be copied")
        assert await redis.client.smembers(keys.plain("changes:open")) == {str(number)}
        await redis.client.delete(keys.audit("head"))
        await read(world, f"change={number}", "*withdrew it*")
        async with asyncio.timeout(world.patience):
            while await redis.client.exists(keys.plain("changes:open")):  # noqa: ASYNC110  # nobody tells of it
                await asyncio.sleep(0.05)
