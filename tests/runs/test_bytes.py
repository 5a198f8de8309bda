"""What was approved is what is sent, byte for byte, for every operation of the catalogue.

What is expected on the wire is written out here anew, from the very data that the digest of the approval is taken of.
"""

import asyncio
import hashlib
import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from bot.changes.change import Change, Event, StepRun
from bot.plans.plan import Plan
from bot.plans.step import CallStep, Watch
from bot.tracking.registration import Registration
from bot.twilio.gateway import Account
from tests.catalog.examples import EXAMPLES, Example
from tests.catalog.world import open_world
from tests.runs.rig import Followed, Rig
from tests.runs.sockets import Arrived, listening, response

SECRET = "a secret: with é and +"
Wire = dict[str, Any]


class Met(Followed):
    """Every registration is where the run waits for it to be."""

    async def await_(self, change: Change, watch: Watch) -> Registration:
        step = change.at
        assert step is not None
        assert step.kind == "wait"
        return Registration(
            kind=watch.kind,
            account="AC",
            key="K",
            title="T",
            started_at=change.created_at,
            since=change.created_at + 1e6,
            status=step.until[0],
        )

    async def release(self, change: Change, watch: Watch) -> None: ...

    async def end(self, change: Change, watch: Watch) -> None: ...


def answered(step: CallStep) -> Wire:
    """An answer with all that the plan needs of it; values that mean something else when they are not escaped."""
    answer: Wire = {name: f"{step.id}/{name}?é&+ =%41“x”" for name in step.keep}
    for path, wanted in step.expect.items():
        *outer, last = path.split(".")
        within = answer
        for name in outer:
            within = within.setdefault(name, {})
        within[last] = wanted if isinstance(wanted, str) else wanted[0]
    return answer


def covered(plan: Plan) -> list[Wire]:
    """The calls as they are stored and shown, once it is sure that the digest is taken of them."""
    dump = plan.model_dump(mode="json")
    steps = [
        step["call"] if step["kind"] == "call" else [step["kind"], step["id"], step.get("result")]
        for step in dump["steps"]
    ]
    text = json.dumps([dump["account"], steps], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == plan.digest
    return [step for step in steps if isinstance(step, dict)]


def value(approved: Any, results: dict[str, Wire]) -> str:
    """What one approved value is on the wire."""
    match approved:
        case str():
            return approved
        case {"step": step, "field": name}:
            return str(results[step][name])
        case {"value": hidden, "shown": _}:
            return str(hidden)
        case {"fields": fields}:
            plain = {n: inner if isinstance(inner, bool) else value(inner, results) for n, inner in fields.items()}
            return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    raise AssertionError(approved)


def expected(call: Wire, results: dict[str, Wire]) -> Arrived:
    """The request that an approved call must be."""
    path = call["path"]
    for step, fields in results.items():
        for name, result in fields.items():
            path = path.replace(f"{{{step}.{name}}}", quote(str(result), safe=""))
    pairs = [
        (name, value(item, results))
        for name, param in call["params"].items()
        for item in (param if isinstance(param, list) else [param])
    ]
    query = f"?{urlencode(pairs)}" if call["method"] == "GET" and pairs else ""
    body = b"" if call["method"] == "GET" else urlencode(pairs).encode()
    return Arrived(f"{call['method']} /{call['product']}{path}{query} HTTP/1.1", call["headers"], body)


async def run_to_its_end(rig: Rig, account: Account, change: Change) -> Change:
    """Run a change; whoever is waited for does their part at once."""
    worker = rig.worker(account=account)
    while (now := await rig.finish(change, worker)).state in ("waiting", "pending"):
        step = now.at
        assert step is not None
        if now.state == "waiting":
            done = StepRun(state="done", attempt=0, at=rig.clock())
            assert await rig.ledger("people").settle(
                now.number, step.id, "waiting", done, Event(at=rig.clock(), what="met")
            )
        else:
            await rig.store.move(now.number, ["pending"], "approved")
    return now


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.operation)
async def test_every_call_of_every_operation_is_on_the_wire_what_was_approved(rig: Rig, example: Example) -> None:
    async with open_world() as world:
        planned = await example.plan(world)
    rig.followed = Met()
    change = await rig.approved(*planned.steps)
    plan = change.plan.model_copy(update={"account": rig.account.sid})
    calls = [step for step in plan.steps if isinstance(step, CallStep)]

    async def answer(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(response("201 Created", answered(calls[number])))
        await writer.drain()

    async with listening(answer) as socket:
        account = Account(rig.account.sid, "SK1", SECRET, socket.url + "/{product}")
        now = await run_to_its_end(rig, account, change)
        await account.close()
    assert now.state == "succeeded", now.note
    approved = covered(now.plan)
    results = now.results
    assert len(socket.arrived) == len(approved) == len(calls)
    for request, call in zip(socket.arrived, approved, strict=True):
        wanted = expected(call, results)
        assert (request.line, request.body) == (wanted.line, wanted.body)
        assert {name: request.headers[name] for name in wanted.headers} == wanted.headers
        assert request.headers["Authorization"] == f"Basic {b64encode(f'SK1:{SECRET}'.encode()).decode()}"
        assert request.headers.get("Content-Type", "") in ("", "application/x-www-form-urlencoded")


async def test_the_examples_hold_every_kind_of_value_that_a_call_can_have() -> None:
    kinds = set()
    for example in (e for e in EXAMPLES if e.operation in ("brand.register", "campaign.register")):
        async with open_world() as world:
            for call in covered(await example.plan(world)):
                text = json.dumps(call)
                kinds |= {kind for kind in ('"shown"', '"field"', '"fields"', '["', "v1.2", ".sid}") if kind in text}
    assert len(kinds) == 6
