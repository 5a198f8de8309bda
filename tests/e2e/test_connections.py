"""Connections to Slack come and go while people work: each thing that they do is done once."""

from tests.e2e.answers import SERVICE
from tests.e2e.world import ANN, RITA, World


async def test_a_change_goes_its_way_once_while_connections_are_cut_and_refreshed(world: World) -> None:
    await world.until(lambda: world.slack.socket.open == 2, "two connections")
    world.slack.deliveries.duplicate = True
    await world.fill(RITA, "/a2p-service", "create", *SERVICE)
    world.slack.socket.drop(1)
    await world.slack.submit(RITA)
    await world.sees(RITA, "Requested #1")
    await world.card(1, "Approve")
    await world.slack.socket.disconnect(most=1)
    await world.approve(ANN, 1)
    await world.done(1)
    assert len(world.twilio.calls("POST /v1/Services$")) == 1
    await world.until(lambda: world.slack.socket.open == 2, "two connections again")
