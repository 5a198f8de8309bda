"""What somebody has typed or chosen is there again after the window was closed, whatever kind of field it went into."""

from typing import Any

import pytest

from tests.e2e.world import A2P, RITA, World, shown


async def reopened(world: World) -> dict[str, Any]:
    """Rita closes the window, types the command again and resumes; what she sees then."""
    await world.slack.close(RITA)
    await world.slack.command(RITA, A2P, "/a2p-service", "create")
    await world.sees(RITA, "Resume draft")
    await world.slack.click(RITA, "form.resume")
    await world.until(lambda: "Resume draft" not in shown(world.view(RITA)), "the draft")
    await world.page(RITA, 1)
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
    await world.slack.command(RITA, A2P, "/a2p-service", "create")
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
    assert "Acme alerts" in shown(await reopened(world))
    await world.slack.submit(RITA)
    await world.page(RITA, 2)
    assert "14400" in shown(world.view(RITA))
