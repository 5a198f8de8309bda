"""A card shows the truth, also after a picture of it of which nobody knows that it was drawn."""

from tests.e2e.answers import SERVICE
from tests.e2e.world import A2P, ANN, APPROVALS, RITA, World, shown


async def test_a_card_that_was_drawn_without_its_being_known_is_drawn_anew_as_it_was_before(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    lost = world.slack.faults.add(method="chat.update", drop_response=True)
    await world.slack.command(ANN, A2P, "/a2p-freeze", 'on account=main hours=4 reason="Carrier outage"')
    await world.card(number, "Carrier outage")
    assert lost.times == 0
    await world.slack.command(ANN, A2P, "/a2p-freeze", "off account=main")
    await world.hears(APPROVALS, "has lifted the freeze of main")
    await world.until(
        lambda: not any("Carrier outage" in shown(m) for m in world.slack.messages(APPROVALS) if _is_card(m, number)),
        "the card is as before the freeze",
    )


def _is_card(message: dict[str, object], number: int) -> bool:
    return str(message["text"]).startswith(f"#{number} ")
