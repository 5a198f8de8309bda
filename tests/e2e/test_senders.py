"""Senders through Slack: every kind joins and leaves, a number changes its service, and each of it can be undone."""

from bot.plans.call import Call, Param
from bot.sandbox.twilio import start_senders, start_state
from bot.sandbox.twilio.alpha_senders import AlphaSender
from bot.sandbox.twilio.channel_senders import PoolChannelSender
from bot.sandbox.twilio.short_codes import PoolShortCode
from tests.e2e import behind
from tests.e2e.test_undo import undo
from tests.e2e.world import A2P, ANN, APPROVALS, FIRST, RITA, World, shown

SUPPORT, POOLED = start_state.SUPPORT_SERVICE, start_state.POOLED_NUMBER
KINDS = (PoolShortCode, AlphaSender, PoolChannelSender)


def held(world: World) -> set[str]:
    """What is in the pool besides numbers."""
    return {row.sid for kind in KINDS for row in world.twilio._ledger.table(kind)}


def numbers(world: World, service: str) -> set[str]:
    return {n["sid"] for n in world.twilio.pools[service]}


async def run(world: World, command: str, text: str) -> int:
    """Request, approve, and wait until it is done; gives the change's number."""
    number = await world.request(RITA, command, text)
    await world.approve(ANN, number)
    await world.done(number)
    return number


async def parcels_service(world: World) -> str:
    """Somebody has made a service “Acme parcels” in Console; gives its SID."""
    params: dict[str, Param] = {"FriendlyName": "Acme parcels", "UseInboundWebhookOnNumber": "true"}
    made = await behind.send(world, Call(product="messaging", method="POST", path="/v1/Services", params=params))
    return str(made["sid"])


async def test_a_short_code_a_sender_id_and_a_whatsapp_sender_join_leave_together_and_come_back(world: World) -> None:
    to = 'add service="Acme support"'
    await run(world, "/a2p-sender", f"{to} kind=short_code short_codes=20555")
    await run(world, "/a2p-sender", f"{to} kind=alpha alpha_sender=ACME iso_country_code=DE")
    await run(world, "/a2p-sender", f'{to} kind=whatsapp channel_senders="whatsapp:+15125550120 · Acme"')
    joined = held(world)
    assert joined >= {start_senders.SHORT_CODE, start_senders.WHATSAPP_SENDER}
    assert len(joined) == 3
    removal = await run(world, "/a2p-sender", f'remove service="Acme support" senders="{",".join(joined)}"')
    assert held(world) == set()
    undoing = await undo(world, removal)
    await world.approve(ANN, undoing)
    await world.done(undoing)
    assert held(world) >= {start_senders.SHORT_CODE, start_senders.WHATSAPP_SENDER}
    assert len(held(world)) == 3


async def test_the_senders_of_the_chosen_service_are_offered_for_removal(world: World) -> None:
    await world.fill(RITA, "/a2p-sender", 'remove service="Acme support"', {"senders": FIRST})
    assert "+14155550110" in shown(world.view(RITA))
    assert "sticky sender mappings" in shown(world.view(RITA))


async def test_a_sender_is_added_and_removed_once_though_the_answers_are_lost_and_an_addition_is_undone(
    world: World,
) -> None:
    to, pool = 'add service="Acme support" kind', f"/v1/Services/{SUPPORT}"
    world.twilio.faults.add(match=f"POST {pool}/AlphaSenders", drop_after_effect=True)
    world.twilio.faults.add(match=f"DELETE {pool}/AlphaSenders", drop_after_effect=True)
    await run(world, "/a2p-sender", f"{to}=alpha alpha_sender=ACME")
    [alpha] = held(world)
    await run(world, "/a2p-sender", f'remove service="Acme support" senders={alpha}')
    assert held(world) == set()
    assert [len(world.twilio.calls(f"{method} {pool}/AlphaSenders")) for method in ("POST", "DELETE")] == [1, 1]
    number = await run(world, "/a2p-sender", f"{to}=number numbers=+15125550120")
    undoing = await undo(world, number)
    await world.approve(ANN, undoing)
    await world.done(undoing)
    assert numbers(world, SUPPORT) == {POOLED}


async def test_a_number_moves_with_its_answer_lost_and_undo_brings_it_back(world: World) -> None:
    parcels = await parcels_service(world)
    number = await world.request(
        RITA, "/a2p-sender", f'move service="Acme support" to_service={parcels} numbers=+14155550110 wait=no'
    )
    world.twilio.faults.add(match=f"DELETE /v1/Services/{SUPPORT}/PhoneNumbers", drop_after_effect=True)
    world.twilio.faults.add(match=f"POST /v1/Services/{parcels}/PhoneNumbers", drop_after_effect=True)
    await world.approve(ANN, number)
    await world.done(number)
    assert (numbers(world, SUPPORT), numbers(world, parcels)) == (set(), {POOLED})
    undoing = await undo(world, number)
    await world.approve(ANN, undoing)
    await world.done(undoing)
    assert (numbers(world, SUPPORT), numbers(world, parcels)) == ({POOLED}, set())


async def test_a_number_of_another_service_is_not_added_but_explained(world: World) -> None:
    parcels = await parcels_service(world)
    await world.slack.command(RITA, A2P, "/a2p-sender", f"add service={parcels} kind=number numbers=+14155550110")
    view = await world.sees(RITA, "is in another service")
    assert "/a2p-sender move" in shown(view)
    assert "Request approval" not in shown(view)


async def test_a_number_that_another_took_meanwhile_is_skipped_and_said_to_be_missing(world: World) -> None:
    parcels = await parcels_service(world)
    both = f"add service={parcels} kind=number numbers=+15125550120,+19165550140"
    number = await world.request(RITA, "/a2p-sender", both)
    world.twilio.faults.add(match=f"POST /v1/Services/{parcels}/PhoneNumbers", status=409, code=21712)
    await world.approve(ANN, number)
    card = await world.card(number, "change.skip")
    assert "21712" in shown(card)
    await world.slack.click(RITA, "change.skip", channel=APPROVALS, ts=card["ts"])
    assert "“Acme parcels” lacks +15125550120" in shown(await world.done(number))
    assert numbers(world, parcels) == {start_state.FLEX_NUMBER}
