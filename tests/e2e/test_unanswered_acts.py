"""What a person asked for and Twilio did not let be done is told, and in the audit."""

from tests.e2e.answers import SERVICE
from tests.e2e.world import A2P, ANN, APPROVALS, RITA, World


async def test_an_act_that_came_to_nothing_at_twilio_is_told_and_in_the_audit(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    world.twilio.faults.add(match="POST /v1/Services$", status=503, times=3)
    await world.approve(ANN, number)
    card = await world.card(number, "change.did_not")
    world.twilio.faults.add(match="GET /", status=403, code=20003, times=50)
    await world.slack.click(ANN, "change.did_not", channel=APPROVALS, ts=card["ts"])
    await world.hears(APPROVALS, "20003", user=ANN)
    world.twilio.faults.clear()
    await world.slack.command(ANN, A2P, "/a2p-audit", f"change={number}")
    await world.hears(A2P, "settle did_not", user=ANN)
