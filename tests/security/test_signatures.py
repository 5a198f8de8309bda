"""Only what Slack surely sent, just now, is taken, and what comes over the path that TCR was told."""

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import aiohttp
from redis.asyncio import Redis

from bot.redis.keys import Keys
from bot.sandbox.slack.events import encode
from bot.sandbox.world import SIGNING_SECRET
from tests.e2e.answers import SERVICE
from tests.e2e.world import ANN, APPROVALS, RITA, World, everything_in
from tests.security.conftest import TCR_SECRET
from tests.security.outsiders import written
from tests.security.payloads import click_on_card, command

MINUTES = 60
Headers = dict[str, str | None]
STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


def signed(body: bytes, stamp: str, secret: str = SIGNING_SECRET, version: str = "v0") -> Headers:
    """The two headers, as whoever knows the secret would write them."""
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {STAMP: stamp, SIGNATURE: f"{version}={digest}"}


async def stored(world: World, number: int) -> list[object]:
    """All that is stored of a change, and of what was delivered and done."""
    keys = Keys()
    async with Redis.from_url(world.redis_url) as redis:
        parts = [await redis.hgetall(keys.change(number, part)) for part in ("doc", "decisions", "steps")]
        timeline = await redis.lrange(keys.change(number, "timeline"), 0, -1)
        delivered = sorted(await redis.keys(keys.plain("seen:block_actions:*")))
        return [*parts, timeline, delivered, await redis.hgetall(keys.plain("acts"))]


def ago(seconds: int) -> str:
    return str(int(time.time()) - seconds)


FORGERIES: dict[str, Callable[[bytes], Headers]] = {
    "without a signature": lambda body: {SIGNATURE: None},
    "without a time": lambda body: {STAMP: None},
    "with neither": lambda body: {SIGNATURE: None, STAMP: None},
    "with an empty signature": lambda body: {SIGNATURE: ""},
    "with a made-up signature": lambda body: {SIGNATURE: "v0=" + "0" * 64},
    "with a signature of letters that are not ASCII": lambda body: {SIGNATURE: "v0=é" + "0" * 63},
    "with the signature of another body": lambda body: signed(body + b"&x=1", ago(0)),
    "with the signature of another time": lambda body: signed(body, ago(0)) | {STAMP: ago(7)},
    "signed with another secret": lambda body: signed(body, ago(0), "another-signing-secret"),
    "signed with an empty secret": lambda body: signed(body, ago(0), ""),
    "signed with what Socket Mode has for a secret": lambda body: signed(body, ago(0), "unused-in-socket-mode"),
    "signed in another version": lambda body: signed(body, ago(0), version="v1"),
    "replayed after five minutes": lambda body: signed(body, ago(5 * MINUTES + 2)),
    "dated into the future": lambda body: signed(body, ago(-6 * MINUTES)),
    "dated with rubbish": lambda body: signed(body, "yesterday"),
    "dated with an empty time": lambda body: signed(body, ""),
    "dated with a fraction": lambda body: signed(body, f"{time.time():.3f}"),
    "dated with more digits than a number may have": lambda body: signed(body, "9" * 5000),
    "dated with a time and a word": lambda body: signed(body, f"{ago(0)} or so"),
}


async def test_an_approval_that_is_not_surely_slacks_is_refused_and_changes_nothing(http_world: World) -> None:
    world = http_world
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    payload = click_on_card(world, ANN, "change.approve", f"{number}:{await world.digest(number)}")
    _, body = encode("interactive", payload)
    before, asked = await stored(world, number), written(world)
    refused = {
        forgery: (await world.slack.deliver(payload, headers=headers(body))).status
        for forgery, headers in FORGERIES.items()
    }
    assert refused == dict.fromkeys(FORGERIES, "http_401")
    changed = body.replace(b"change.approve", b"change.cancel")
    tampered = await world.slack.deliver(payload, headers=signed(body, ago(0)), body=changed)
    assert tampered.status == "http_401"
    broken = b"payload=%FF\xff\xfe"
    assert (await world.slack.deliver(payload, headers=signed(broken, ago(0)), body=broken)).status != "acked"
    assert await stored(world, number) == before
    assert written(world) == asked
    assert world.slack.ephemerals(ANN) == []


async def test_a_command_that_is_not_surely_slacks_opens_nothing(http_world: World) -> None:
    payload = command(http_world, RITA, "/a2p-service", "create")
    _, body = encode("slash_commands", payload)
    for headers in FORGERIES.values():
        await http_world.slack.deliver(payload, headers=headers(body))
    assert http_world.slack.views(RITA) == []


async def test_a_right_request_replayed_within_five_minutes_counts_once(http_world: World) -> None:
    world = http_world
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    payload = click_on_card(world, ANN, "change.approve", f"{number}:{await world.digest(number)}")
    _, body = encode("interactive", payload)
    headers = signed(body, ago(4 * MINUTES))
    assert (await world.slack.deliver(payload, headers=headers)).status == "acked"
    await world.done(number)
    said = len(world.slack.ephemerals(ANN, APPROVALS))
    for _ in range(3):
        assert (await world.slack.deliver(payload, headers=headers)).status == "acked"
    assert len([c for c in world.twilio.log if (c.method, c.path) == ("POST", "/v1/Services")]) == 1
    assert len(world.slack.ephemerals(ANN, APPROVALS)) == said, "a replay is not even answered"


async def test_tcr_is_heard_over_the_path_it_was_told_and_no_other(http_world: World) -> None:
    world = http_world
    event: dict[str, Any] = {"eventType": "CAMPAIGN_SHARE_ACCEPT", "campaignId": "CACME10"}

    async def post(path: str) -> tuple[int, str]:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://127.0.0.1:{world.http_port}{path}", json=event) as answer,
        ):
            return answer.status, await answer.text()

    before = await everything_in(world.redis_url)
    for path in ("/tcr", "/tcr/", "/tcr/guessed", f"/tcr/{TCR_SECRET[:-1]}", f"/tcr/{TCR_SECRET}/x", f"/{TCR_SECRET}"):
        status, said = await post(path)
        assert status == 404, path
        assert TCR_SECRET not in said
    assert "CACME10" not in before + await everything_in(world.redis_url)
    assert await post(f"/tcr/{TCR_SECRET}") == (204, "")
    after = await everything_in(world.redis_url)
    assert "CACME10" in after
    assert TCR_SECRET not in after
