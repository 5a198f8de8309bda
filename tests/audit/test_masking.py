"""What identifies somebody is masked in every row, whatever plan it is of and wherever the words repeat it."""

import pytest

from bot.audit.row import rows_of
from bot.changes.change import Change, Event
from tests.audit.conftest import Archive
from tests.catalog.brand_answers import IDENTIFYING
from tests.catalog.examples import EXAMPLES, PHONE, Example
from tests.catalog.world import open_world

SENSITIVE = [example for example in EXAMPLES if example.operation.startswith(("brand.register", "message.", "flex."))]


@pytest.mark.parametrize("example", SENSITIVE, ids=lambda e: e.operation)
async def test_no_row_holds_what_identifies_somebody(archive: Archive, example: Example) -> None:
    async with open_world() as world:
        plan = await example.plan(world)
    asked: Change = await archive.office.asked()
    events = tuple(
        Event(at=1.0, what="refused by Twilio", detail=f"it says {secret.value}", step=step.id)
        for step in plan.steps
        if step.kind == "call"
        for secret in step.call.secrets
    )
    everyone = tuple(Event(at=1.0, what="sent", step=step.id) for step in plan.steps)
    change = asked.model_copy(update={"plan": plan, "inputs": example.values, "timeline": events + everyone})
    rows = rows_of(change, 0, 10_000)
    assert [row for row in rows if row.call]
    assert [piece for piece in (*IDENTIFYING, PHONE[2:]) if piece in str(rows)] == []
