"""What people do now and then: break glass, sign that off, freeze everything for a moment."""

import asyncio

from tests.chaos.people import Person, ticket
from tests.e2e.world import A2P, APPROVALS, shown

FREEZE = 'on account=all hours=2 reason="Chaos reigns"'
LIFT = "off account=all"
FROZEN_SECONDS = 1.5
"""How long a freeze lasts at most until it is lifted."""
TRIES = 5


async def break_glass(person: Person) -> None:
    """Let something run without its approvals."""
    card = person.card("change.approve")
    number, digest = ticket(card, "change.approve")
    slack = person.chaos.world.slack
    await slack.click(person.user, "change.details", channel=APPROVALS, ts=card["ts"])
    await person.sees(lambda view: "change.break_glass" in shown(view))
    await slack.click(person.user, "change.break_glass")
    await person.sees(lambda view: view["callback_id"] == "break_glass")
    await person.says("break_glass", number, digest, reason=f"It burns, says {person.user}")


async def sign_off(person: Person) -> None:
    """Look at what ran without its approvals, and say so."""
    card = person.card("change.sign_off")
    number, digest = ticket(card, "change.sign_off")
    await person.chaos.world.slack.click(person.user, "change.sign_off", channel=APPROVALS, ts=card["ts"])
    await person.sees(lambda view: view["callback_id"] == "sign_off")
    await person.says("sign_off", number, digest, note="Seen")


async def freeze_for_a_moment(person: Person) -> None:
    """Freeze all accounts, and lift that again a moment later."""
    pause = person.random.uniform(0, FROZEN_SECONDS)
    try:
        await _freeze(person, FREEZE)
        await asyncio.sleep(pause)
    finally:
        for _ in range(TRIES):
            if await _freeze(person, LIFT):
                break
            await asyncio.sleep(0.2)


async def _freeze(person: Person, text: str) -> bool:
    person.promises.froze += 1
    delivery = await person.chaos.world.slack.command(person.user, A2P, "/a2p-freeze", text)
    person.promises.note(delivery, lambda: None)
    person.once_more(delivery)
    return delivery.acked
