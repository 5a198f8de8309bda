"""What somebody has typed or chosen is there again after the window was closed, whatever kind of field it went into."""

from typing import Any

import pytest

from tests.e2e.answers import SERVICE
from tests.e2e.world import A2P, RITA, World, shown


async def reopened(world: World, page: int = 1) -> dict[str, Any]:
    """Rita closes the window, types the command again and resumes; what she sees then, on the page where she was."""
    await world.slack.close(RITA)
    await world.slack.command(RITA, A2P, "/a2p-service", "create")
    await world.sees(RITA, "Resume draft")
    await world.slack.click(RITA, "form.resume")
    await world.until(lambda: "Resume draft" not in shown(world.view(RITA)), "the draft")
    await world.page(RITA, page)
    return world.view(RITA)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("friendly_name", "Acme alerts"),
        ("usecase", "marketing"),
        ("inbound", "webhook"),
        ("inbound_request_url", "https://acme.example/in"),
    ],
    ids=["text", "menu", "radio", "url"],
)
async def test_an_answer_of_any_kind_survives_closing_the_window(world: World, field: str, given: str) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", "create inbound=webhook")
    await world.page(RITA, 1)
    done = await world.slack.click(RITA, f"field:{field}", value=given)
    assert done.status == "acked"
    view = await reopened(world)
    element = next(b["element"] for b in view["blocks"] if b.get("block_id") == field)
    assert given in (element.get("initial_value"), element.get("initial_option", {}).get("value"))


async def test_an_answer_of_a_later_page_survives_with_those_before_it(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", "create")
    await world.page(RITA, 1)
    await world.slack.submit(RITA, {"friendly_name": "Acme alerts"})
    await world.page(RITA, 2)
    await world.slack.click(RITA, "field:validity_period", value="14400")
    assert "14400" in shown(await reopened(world, page=2))
    await world.slack.click(RITA, "form.back")
    await world.page(RITA, 1)
    assert "Acme alerts" in shown(world.view(RITA))


async def test_letters_that_arrive_after_the_page_was_submitted_do_not_go_back_behind_it(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", "create")
    await world.page(RITA, 1)
    typed = {"type": "plain_text_input", "value": "Acm"}
    late = {
        "type": "block_actions",
        "user": {"id": RITA, "team_id": "T0TENFOUR"},
        "team": {"id": "T0TENFOUR"},
        "trigger_id": "t.late",
        "view": {**world.view(RITA), "state": {"values": {"friendly_name": {"field:friendly_name": typed}}}},
        "actions": [{**typed, "block_id": "friendly_name", "action_id": "field:friendly_name", "action_ts": "1.1"}],
    }
    await world.slack.submit(RITA, SERVICE[0])
    await world.page(RITA, 2)
    assert (await world.slack.deliver(late)).status == "acked"
    await world.slack.submit(RITA, SERVICE[1])
    await world.previewed(RITA)
    assert "“Acme alerts”" in shown(world.view(RITA))
