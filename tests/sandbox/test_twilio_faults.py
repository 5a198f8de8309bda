"""Injected faults, the call log, the carrier desk over HTTP, and the state file."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.server import LocalTwilio
from tests.sandbox.twilio_account import SERVICES, Account, Clock, eventually, open_account

CREATE = "POST /v1/Services$"


@pytest.fixture(name="account")
async def _account() -> AsyncIterator[Account]:
    async with open_account() as account:
        yield account


async def _desk(account: Account, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    async with account.http.request(method, f"{account.twilio.url}/_desk{path}", json=body) as answer:
        return answer.status, await answer.json()


def _content(path: Path) -> Any:
    return json.loads(path.read_text()) if path.exists() else None


async def test_a_dropped_call_has_no_answer_and_no_effect(account: Account) -> None:
    account.twilio.faults.add(CREATE, drop=True)
    with pytest.raises(aiohttp.ClientError):
        await account.service()
    assert account.twilio.created("service") == []
    (call,) = account.twilio.log
    assert (call.status, call.effect, call.response) == (0, False, None)


async def test_a_call_dropped_after_its_effect_has_no_answer_but_the_effect(account: Account) -> None:
    account.twilio.faults.add(CREATE, drop_after_effect=True)
    with pytest.raises(aiohttp.ClientError):
        await account.service()
    assert len(account.twilio.created("service")) == 1
    (call,) = account.twilio.log
    assert (call.status, call.effect, call.response) == (0, True, None)


async def test_a_delayed_answer_comes_late_for_an_effect_that_is_there_at_once(account: Account) -> None:
    account.twilio.faults.add(CREATE, delay=5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(account.service(), 0.1)
    assert len(account.twilio.created("service")) == 1


@pytest.mark.parametrize("status", [None, 500, 503])
async def test_an_error_after_the_effect_leaves_the_effect(account: Account, status: int | None) -> None:
    account.twilio.faults.add(CREATE, status=status, after_effect=True)
    answer = await account.call("POST", SERVICES, {"FriendlyName": "x"})
    assert answer.status == (status or 500)
    assert len(account.twilio.created("service")) == 1
    assert account.twilio.log[-1].effect


async def test_a_late_effect_comes_after_the_caller_has_gone(account: Account) -> None:
    account.twilio.faults.add(CREATE, delay=0.1, late_effect=True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(account.service(), 0.05)
    assert account.twilio.created("service") == []
    await eventually(lambda: len(account.twilio.created("service")) == 1)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"status": 429, "retry_after": 2}, 429, 20429),
        ({"retry_after": 2}, 429, 20429),
        ({"status": 503}, 503, 20503),
        ({"status": 500, "code": 30001}, 500, 30001),
        ({"code": 21714}, 400, 21714),
        ({"code": 20404}, 404, 20404),
        ({"status": 502}, 502, None),
    ],
)
async def test_a_forced_error_is_answered_without_effect_as_often_as_asked(
    account: Account, fault: dict[str, Any], status: int, code: int | None
) -> None:
    account.twilio.faults.add(CREATE, times=2, **fault)
    for _ in range(2):
        answer = await account.call("POST", SERVICES, {"FriendlyName": "x"})
        assert (answer.status, answer.code) == (status, code)
        assert answer.headers.get("Retry-After") == ("2" if "retry_after" in fault else None)
    assert account.twilio.created("service") == []
    await account.service()


@pytest.mark.parametrize("match", ["GET /v1/Services", "GET /messaging/v1/Services$", "/Services", "GET "])
async def test_a_fault_is_found_by_any_part_of_method_and_path(account: Account, match: str) -> None:
    account.twilio.faults.add(match, status=503)
    assert (await account.call("GET", SERVICES)).status == 503
    assert (await account.call("GET", SERVICES)).status == 200


@pytest.mark.parametrize("match", ["POST /v1/Services", "GET /v1/Service$", "GET /api/v1/Services"])
async def test_a_fault_leaves_other_calls_alone(account: Account, match: str) -> None:
    account.twilio.faults.add(match, status=503)
    assert (await account.call("GET", SERVICES)).status == 200


async def test_the_log_tells_reads_refusals_and_effects_apart_and_keeps_no_credentials(account: Account) -> None:
    service = await account.service()
    await account.call("GET", f"{SERVICES}/{service}", headers={"X-Twilio-Api-Version": "v1.2"})
    await account.campaign(service, MessageSamples=["one sample", "another, with a comma"])
    log = account.twilio.log
    assert [(call.method, call.product, call.status, call.effect) for call in log] == [
        ("POST", "messaging", 201, True),
        ("GET", "messaging", 200, False),
        ("POST", "messaging", 400, False),
    ]
    assert log[0].path == "/v1/Services"
    assert log[1].headers["X-Twilio-Api-Version"] == "v1.2"
    assert log[2].params["MessageSamples"] == ["one sample", "another, with a comma"]
    assert log[2].response == {**(log[2].response or {}), "code": 21728}
    assert [call.number for call in account.twilio.calls("POST /v1/Services$")] == [1]
    assert start_state.AUTH_TOKEN not in json.dumps(account.twilio.journal.after(0))


async def test_the_desk_shows_the_account_and_decides_over_http(account: Account) -> None:
    service = await account.service()
    await account.campaign(service)
    verdict = {"service_sid": service, "verdict": "reject", "codes": [30896]}
    assert await _desk(account, "POST", "/campaign", verdict) == (200, {"ok": True})
    _, state = await _desk(account, "GET", "/state")
    (shown,) = (row for row in state["services"] if row["sid"] == service)
    (support,) = (row for row in state["services"] if row["sid"] == start_state.SUPPORT_SERVICE)
    assert shown["campaign"]["errors"][0]["error_code"] == 30896
    assert support["campaign"] is None
    assert support["numbers"][0]["sid"] == start_state.POOLED_NUMBER
    names = [brand["name"] for brand in state["brands"]]
    assert names == ["Acme Inc", "Acme Pending Inc", "Acme Local LLC", "Acme Failed Inc"]
    assert len(state["numbers"]) == 4
    for word, status in (("verify", "VERIFIED"), ("suspend", "SUSPENDED"), ("review", "IN_PROGRESS")):
        await _desk(account, "POST", "/campaign", {"service_sid": service, "verdict": word})
        assert account.twilio.campaigns[0]["campaign_status"] == status


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/campaign", {"service_sid": "MG1", "verdict": "verify"}, 404),
        ("/campaign", {"service_sid": start_state.SUPPORT_SERVICE, "verdict": "praise"}, 400),
        ("/campaign", ["not", "an", "object"], 400),
        ("/brand", {"brand_sid": "BN1", "verdict": "approve"}, 404),
        ("/fault", {"status": 503}, 400),
        ("/fault", {"match": "GET", "statuss": 503}, 400),
        ("/fault", {"match": "GET", "status": "soon"}, 400),
    ],
)
async def test_the_desk_says_what_is_wrong_with_an_order(account: Account, path: str, body: Any, status: int) -> None:
    answered, reply = await _desk(account, "POST", path, body)
    assert answered == status
    assert reply["ok"] is False
    assert reply["error"]


async def test_faults_are_arranged_and_cleared_over_http(account: Account) -> None:
    fault = {"match": "GET /v1/Services", "status": 503, "retry_after": None, "times": 5}
    _, reply = await _desk(account, "POST", "/fault", fault)
    assert [waiting["times"] for waiting in reply["faults"]] == [5]
    assert (await account.call("GET", SERVICES)).status == 503
    await _desk(account, "DELETE", "/fault")
    assert (await account.call("GET", SERVICES)).status == 200


async def test_the_log_is_read_in_pieces_over_http(account: Account) -> None:
    await account.call("GET", SERVICES)
    await account.service()
    _, reply = await _desk(account, "GET", "/log?after=1")
    assert [(call["number"], call["method"], call["effect"]) for call in reply["calls"]] == [(2, "POST", True)]


async def test_a_page_of_another_origin_may_use_the_desk(account: Account) -> None:
    url = f"{account.twilio.url}/_desk/campaign"
    asked = {"Origin": "http://127.0.0.1:8010", "Access-Control-Request-Method": "POST"}
    async with account.http.options(url, headers=asked) as preflight:
        assert preflight.status == 204
        assert preflight.headers["Access-Control-Allow-Origin"] == "*"
        assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    async with account.http.post(url, data="nonsense") as refused:
        assert refused.status == 400
        assert refused.headers["Access-Control-Allow-Origin"] == "*"


async def test_the_account_outlives_the_process(tmp_path: Path) -> None:
    state_file = tmp_path / "state" / "twilio.json"
    async with open_account(state_file) as account:
        service = await account.service()
        await account.campaign(service)
        account.twilio.desk.verify(service)
        before = [account.twilio.services, account.twilio.campaigns, account.twilio.brands, account.twilio.numbers]
        url = account.twilio.url
    async with open_account(state_file) as account:
        account.twilio.url, here = url, account.twilio.url
        after = [account.twilio.services, account.twilio.campaigns, account.twilio.brands, account.twilio.numbers]
        account.twilio.url = here
        assert after == before
        assert await account.service() != service
        assert len(account.twilio.created("service")) == 2


async def test_the_state_file_is_written_while_running_and_never_in_part(tmp_path: Path) -> None:
    state_file = tmp_path / "twilio.json"
    async with open_account(state_file) as account:
        service = await account.service()
        await eventually(lambda: service in json.dumps(_content(state_file)))
    assert os.listdir(tmp_path) == ["twilio.json"]


async def test_a_damaged_state_file_stops_the_start_and_is_left_as_it_is(tmp_path: Path) -> None:
    state_file = tmp_path / "twilio.json"
    state_file.write_text('{"ordinal": 1')
    with pytest.raises(ValueError, match="Expecting"):
        await LocalTwilio(state_file=state_file).start()
    assert state_file.read_text() == '{"ordinal": 1'


async def test_a_server_that_was_stopped_goes_on_at_the_same_address() -> None:
    twilio = LocalTwilio(clock=Clock())
    await twilio.start()
    port = int(twilio.url.rsplit(":", 1)[1])
    async with aiohttp.ClientSession() as http:
        account = Account(twilio, Clock(), http)
        service = await account.service()
        await twilio.stop()
        with pytest.raises(aiohttp.ClientError):
            await account.call("GET", SERVICES)
        await twilio.start(port=port)
        assert (await account.call("GET", f"{SERVICES}/{service}")).status == 200
    await twilio.stop()
