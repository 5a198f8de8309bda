"""Twilio's events: recorded before they are acknowledged, told once, and the same in whatever order they come."""

import asyncio
import copy
import json
import random
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from bot.intake.gathering import Busy
from bot.intake.journal import Delivery, Journal
from bot.intake.recording import recorded
from bot.intake.soon import Soon
from bot.redis.keys import Keys
from bot.tracking.registration import Registration
from bot.vault import Vault
from handlers.http import LARGEST_BODY
from tests.conftest import START, Clock, Told
from tests.intake.receiver import BRAND, CAMPAIGN, KEY_ONLY, NUMBER, SERVICE, SIGNED, STRANGER, VAULT, Receiver, payload

NUMBER_EVENTS = payload("number_registration") + payload("number_deregistration")


async def log_of(receiver: Receiver, kind: str, key: str) -> list[tuple[str, str, float]]:
    return [(f.name, f.value, f.at) for f in await receiver.store.events(f"{kind}|{SIGNED.sid}|{key}")]


def from_account(event: dict[str, Any], account: str) -> dict[str, Any]:
    return {**event, "data": {**event["data"], "accountsid": account}}


async def test_a_delivery_that_cannot_be_recorded_is_not_acknowledged(
    redis: Redis, keys: Keys, clock: Clock, told: Told
) -> None:
    dead = Redis.from_url("redis://127.0.0.1:1", decode_responses=True)
    receiver = Receiver(dead, keys, clock, told, registry=dead)
    async with TestServer(receiver.application()) as server:
        receiver.url = str(server.make_url("")).rstrip("/")
        assert await receiver.send_events(NUMBER_EVENTS) == 503
        assert await receiver.send_callback(payload("callbacks")[0]) == 503
    assert receiver.begun == []
    assert await redis.get(keys.plain(f"events:last:{SIGNED.sid}")) is None


async def test_what_was_acknowledged_waits_until_registrations_can_be_written_again(
    redis: Redis, keys: Keys, clock: Clock, told: Told, receiver: Receiver
) -> None:
    away = Receiver(redis, keys, clock, told, registry=Redis.from_url("redis://127.0.0.1:1", decode_responses=True))
    assert await receiver.send_events(NUMBER_EVENTS, waiting=True) == 204
    with pytest.raises(RedisError):
        await away.uptake.take_up()
    assert await receiver.find("number", NUMBER) is None
    await receiver.uptake.take_up()
    assert (await receiver.known("number", NUMBER)).status == "FAILURE"
    assert await receiver.journal.length() == 0


async def test_who_stops_leaves_what_waits_to_others(receiver: Receiver) -> None:
    receiver.uptake.stop()
    assert await receiver.send_events(NUMBER_EVENTS) == 204
    assert await receiver.find("number", NUMBER) is None
    assert await receiver.journal.length() == 1


async def test_while_too_much_waits_whoever_tells_is_to_come_again(receiver: Receiver) -> None:
    full = Journal(receiver.redis, receiver.keys, VAULT, most=1)
    await full.write([Delivery(SIGNED.sid, "{}")])
    with pytest.raises(Busy):
        await full.write([Delivery(SIGNED.sid, "{}")])
    await receiver.uptake.take_up()
    await full.write([Delivery(SIGNED.sid, "{}")])


async def test_what_waits_is_sealed_and_what_no_key_opens_stays_and_holds_up_nothing(receiver: Receiver) -> None:
    strange = Journal(receiver.redis, receiver.keys, Vault([Fernet.generate_key().decode()]))
    await strange.write([Delivery(SIGNED.sid, json.dumps(payload("message")))])
    assert "+1503" not in repr(await receiver.everything())
    with capture_logs() as logs:
        assert await receiver.send_events(payload("brand")) == 204
        await receiver.uptake.take_up()
    assert await receiver.find("brand", BRAND) is not None
    assert await receiver.journal.length() == 1
    assert [e["event"] for e in logs if e["log_level"] == "error"] == ["events_not_opened"]


async def test_what_takes_too_long_to_record_is_not_acknowledged() -> None:
    assert not await recorded(asyncio.sleep(60), "events", SIGNED.sid, seconds=0.01)


async def test_an_event_tells_the_state_of_a_number_and_has_its_campaign_looked_at(receiver: Receiver) -> None:
    assert await receiver.send_events(payload("number_registration")[1]) == 204
    number = await receiver.known("number", NUMBER)
    assert (number.status, number.title, number.account_name) == ("REGISTERED", "+15035550101", "main")
    assert number.since == 1789990002.0
    assert (number.snapshot["service_sid"], number.snapshot["error_code"]) == (SERVICE, None)
    assert f"campaign {SERVICE}" in await receiver.due()
    assert (await receiver.known("campaign", SERVICE)).title == f"Campaign of {SERVICE}"
    assert receiver.begun == ["take up events", "look at what was heard of"]
    assert await receiver.redis.get(receiver.keys.plain(f"events:last:{SIGNED.sid}")) == str(START)


async def test_a_delivery_that_comes_twice_is_told_once(receiver: Receiver) -> None:
    for _ in range(2):
        assert await receiver.send_events(NUMBER_EVENTS + NUMBER_EVENTS) == 204
    assert len(await log_of(receiver, "number", NUMBER)) == len(NUMBER_EVENTS)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(NUMBER_EVENTS * 2), cut=st.integers(0, 12))
async def test_events_of_a_number_come_to_the_same_in_any_order_and_any_number_of_times(
    redis: Redis, clock: Clock, told: Told, order: list[dict[str, Any]], cut: int
) -> None:
    receiver = Receiver(redis, Keys(f"test-{random.randbytes(8).hex()}"), clock, told)
    for delivery in (order[:cut], order[cut:]):
        await receiver.reading.take(SIGNED, delivery)
    number = await receiver.known("number", NUMBER)
    states = [value for _, value, _ in await log_of(receiver, "number", NUMBER)]
    assert states == [
        "PENDING_REGISTRATION",
        "REGISTERED",
        "FAILURE",
        "PENDING_DEREGISTRATION",
        "UNREGISTERED",
        "FAILURE",
    ]
    assert (number.status, number.since) == ("FAILURE", 1789990006.0)
    assert number.snapshot["failure_reason"] == "Deregistration failed: see 30126"


async def test_events_of_another_account_are_dropped_and_that_is_logged(receiver: Receiver) -> None:
    foreign = [from_account(event, STRANGER) for event in NUMBER_EVENTS]
    with capture_logs() as logs:
        assert await receiver.send_events([*foreign, payload("brand")[0]]) == 204
    assert await receiver.find("number", NUMBER) is None
    assert await receiver.find("brand", BRAND) is not None
    assert [e["times"] for e in logs if e["event"] == "foreign_events_dropped"] == [len(foreign)]


async def test_an_account_without_an_auth_token_is_heard_by_its_credentials_alone(receiver: Receiver) -> None:
    event = from_account(payload("number_registration")[0], KEY_ONLY.sid)
    assert await receiver.send_events(event, account=KEY_ONLY.sid) == 204
    assert await receiver.find("number", NUMBER, KEY_ONLY.sid) is not None


async def test_unknown_types_are_acknowledged_and_logged_with_nothing_of_what_they_hold(receiver: Receiver) -> None:
    with capture_logs() as logs:
        assert await receiver.send_events(payload("other") + payload("message")[-1:]) == 204
    types = [e["type"] for e in logs if e["event"] == "event_not_read"]
    assert types == [event["type"] for event in payload("other") + payload("message")[-1:]]
    assert "STOP" not in repr(logs)
    assert "0199" not in repr(logs)
    assert [e["unread"] for e in logs if e["event"] == "events_taken"] == [5]


async def test_items_that_are_no_events_are_skipped_and_the_rest_is_taken(receiver: Receiver) -> None:
    assert await receiver.send_events([7, None, [], "x", {}, {"type": 7, "data": 7}, payload("brand")[0]]) == 204
    assert await receiver.find("brand", BRAND) is not None


async def test_an_event_as_odd_as_json_allows_does_not_keep_the_others_from_being_taken(receiver: Receiver) -> None:
    odd = copy.deepcopy(payload("number_registration")[2])
    odd["data"] |= {"failureReason": "\ud800\u0000" + "x" * 2000, "phonenumber": "\udfff{}|", "timestamp": 1e308}
    assert await receiver.send_events([{**odd, "id": "\ud800"}, payload("brand")[0]]) == 204
    assert (await receiver.known("number", NUMBER)).status == "FAILURE"
    assert await receiver.find("brand", BRAND) is not None


async def test_bodies_that_are_not_events_in_json_are_refused(receiver: Receiver) -> None:
    for body in (b"", b"{", b"7", b'"text"', b"null", b"\xff\xfe", b"[" * 100_000, b"[" + b"{}," * 5000 + b"{}]"):
        assert await receiver.send_events(body) == 400, body[:20]
    assert await receiver.find("number", NUMBER) is None


async def test_a_body_up_to_a_megabyte_is_taken_and_a_longer_one_refused(receiver: Receiver) -> None:
    event = payload("number_registration")[1]
    event["data"]["padding"] = "x" * (LARGEST_BODY - 2000)
    assert await receiver.send_events([event]) == 204
    event["data"]["padding"] += "x" * 4000
    assert await receiver.send_events([event]) == 413
    assert (await receiver.known("number", NUMBER)).status == "REGISTERED"


async def test_the_mail_of_a_brands_2fa_stands_in_its_log_and_the_brand_is_looked_at(receiver: Receiver) -> None:
    assert await receiver.send_events(payload("brand_mail")) == 204
    brand = await receiver.known("brand", BRAND)
    assert (brand.status, brand.title, brand.heard["mail_2fa"].value) == ("", f"Brand {BRAND}", "timeout")
    assert f"brand {BRAND}" in await receiver.due()


async def test_a_vetting_is_looked_at_only_where_somebody_follows_it(receiver: Receiver, clock: Clock) -> None:
    await receiver.send_events(payload("brand"))
    assert await receiver.find("vetting", BRAND) is None
    followed = Registration(kind="vetting", account=SIGNED.sid, key=BRAND, title="Vetting", started_at=clock())
    await receiver.tracker.hint([followed])
    await receiver.store.look_at(followed.id, clock() + 900)
    await receiver.send_events(payload("brand"))
    assert f"vetting {BRAND}" in await receiver.due()


async def test_nobody_begins_to_follow_a_campaign_because_it_ended(receiver: Receiver) -> None:
    assert await receiver.send_events(payload("campaign")[3:] + payload("number_deregistration")[1:2]) == 204
    assert await receiver.find("campaign", SERVICE) is None
    await receiver.send_events(payload("campaign")[:1])
    await receiver.send_events(payload("campaign"))
    assert len(await log_of(receiver, "campaign", SERVICE)) == 5


@pytest.mark.parametrize(("account", "found"), [(SIGNED.sid, True), (KEY_ONLY.sid, False)])
async def test_an_event_without_its_service_finds_the_campaign_of_its_account_by_its_id_in_tcr(
    receiver: Receiver, account: str, found: bool
) -> None:
    followed = Registration(
        kind="campaign",
        account=account,
        key=SERVICE,
        title="Orders",
        started_at=START,
        status="IN_PROGRESS",
        snapshot={"campaign_id": CAMPAIGN},
    )
    await receiver.tracker.adopt(followed)
    await receiver.store.look_at(followed.id, START + 900)
    event = copy.deepcopy(payload("campaign")[1])
    del event["data"]["messagingservicesid"]
    await receiver.send_events(event)
    assert (f"campaign {SERVICE}" in await receiver.due()) == found
    assert [f.value for f in await receiver.store.events(followed.id)] == ([event["type"]] if found else [])
    event["data"]["externalcampaignid"] = "CNOBODY"
    assert await receiver.send_events(event) == 204


async def test_what_is_asked_for_again_and_again_is_done_once_and_never_twice_at_a_time() -> None:
    at_once, done, running = 0, 0, []

    async def look() -> None:
        nonlocal at_once, done
        at_once += 1
        assert at_once == 1
        await asyncio.sleep(0)
        if not done:
            soon.ask()  # meanwhile
        at_once, done = at_once - 1, done + 1

    soon = Soon(look, lambda work, name: running.append(asyncio.ensure_future(work)), pause=0.0)
    for _ in range(50):
        soon.ask()
    await asyncio.gather(*running)
    assert (len(running), done) == (1, 2)
