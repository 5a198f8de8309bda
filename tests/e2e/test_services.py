"""Messaging services through Slack: changed and changed back, handed to Console where no API helps, and taken down."""

from typing import Any

from bot.sandbox.twilio import start_state
from tests.e2e import behind
from tests.e2e.test_undo import undo
from tests.e2e.world import A2P, ANN, APPROVALS, RITA, World, shown

SUPPORT = start_state.SUPPORT_SERVICE


def service(world: World) -> dict[str, Any]:
    return next(s for s in world.twilio.services if s["sid"] == SUPPORT)


async def test_a_form_filled_from_twilio_that_changes_nothing_cannot_be_requested(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", 'update service="Acme support"')
    await world.page(RITA, 2)
    assert "Acme support" in shown(world.view(RITA))
    await world.slack.submit(RITA)
    await world.page(RITA, 3)
    await world.slack.submit(RITA)
    await world.sees(RITA, "Nothing is changed")
    assert "submit" not in world.view(RITA) or world.view(RITA)["submit"] is None


async def test_only_what_changed_is_written_once_though_the_answer_is_lost_and_undo_gives_the_old_settings_back(
    world: World,
) -> None:
    before = service(world)
    edit = 'update service="Acme support" sticky_sender=no validity_period=600 status_callback=https://acme.example/s'
    number = await world.request(RITA, "/a2p-service", edit)
    world.twilio.faults.add(match=f"POST /v1/Services/{SUPPORT}$", drop_after_effect=True)
    await world.approve(ANN, number)
    await world.done(number)
    assert len(world.twilio.calls(f"POST /v1/Services/{SUPPORT}$")) == 1
    after = service(world)
    changed = {name for name in before if before[name] != after[name]} - {"date_updated"}
    assert changed == {"sticky_sender", "validity_period", "status_callback"}
    undoing = await undo(world, number)
    await world.approve(ANN, undoing)
    await world.done(undoing)
    assert service(world) | {"date_updated": ""} == before | {"date_updated": ""}


async def test_autocreate_waits_for_a_person_who_did_it_in_console(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", 'create friendly_name="Acme desk" inbound=autocreate')
    await world.approve(ANN, number)
    card = await world.card(number, "Configure Conversations")
    await world.slack.click(RITA, "change.done", channel=APPROVALS, ts=card["ts"])
    await world.done(number)
    [made] = world.twilio.created("service")
    assert (made["friendly_name"], made["use_inbound_webhook_on_number"]) == ("Acme desk", True)


async def test_a_service_is_taken_down_in_the_safe_order_though_an_answer_is_lost(world: World) -> None:
    await behind.campaign(world, verified=True)
    number = await world.request(RITA, "/a2p-service", 'delete service="Acme support" delete_addresses=no wait=yes')
    world.twilio.faults.add(match=f"DELETE /v1/Services/{SUPPORT}$", drop_after_effect=True)
    await world.approve(ANN, number)
    card = await world.card(number, "change.done")
    await world.slack.click(RITA, "change.done", channel=APPROVALS, ts=card["ts"])
    await world.done(number)
    deletes = [c.path.removeprefix(f"/v1/Services/{SUPPORT}") for c in world.twilio.log if c.method == "DELETE"]
    assert [path.split("/")[1:2] for path in deletes] == [["Compliance"], ["PhoneNumbers"], []]
    assert SUPPORT not in {s["sid"] for s in world.twilio.services}
    assert start_state.POOLED_NUMBER in {n["sid"] for n in world.twilio.numbers}, "it is not released"


async def test_a_suspended_campaign_keeps_its_service(world: World) -> None:
    await behind.campaign(world)
    world.twilio.desk.suspend(SUPPORT)
    await world.slack.command(RITA, A2P, "/a2p-service", 'delete service="Acme support" delete_addresses=no wait=no')
    await world.sees(RITA, "SUSPENDED")
    assert "Request approval" not in shown(world.view(RITA))


async def test_a_service_is_shown_with_its_senders_and_what_is_odd(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", 'show service="Acme support"')
    told = shown(await world.hears(A2P, "Defers to each number", user=RITA))
    assert "+14155550110: no address, no webhook" in told
    assert "replies reach nobody" in told
    assert "Advanced Opt-Out" in told
