"""People see to registrations and mute them while replicas look at them: neither undoes the other."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.tracking.kinds import Kind
from bot.tracking.registration import Mute
from bot.tracking.tracker import Tracker
from bot.twilio.gateway import Account
from tests.tracking.registry import ALERTS, BASE, Registry, nobody_waits

CHANNEL, ANN, BOB = "C0OTHER", "U0ANN", "U0BOB"


async def test_a_card_that_was_drawn_from_what_was_before_is_drawn_once_more(registry: Registry) -> None:
    campaign = await registry.submitted()
    store = registry.store
    acts: tuple[Callable[[], Awaitable[None]], ...] = (
        lambda: store.assign(campaign, ANN),
        lambda: store.mute(campaign, CHANNEL, Mute(by=ANN, at=1.0)),
        lambda: store.mute(campaign, CHANNEL, None),
    )
    for act in acts:
        drawn = (await registry.known(campaign)).version
        await registry.store.redraw(campaign)
        await act()
        await registry.store.all_told(campaign, drawn)
        assert await registry.store.untold(registry.clock()) == [campaign]
    assert (await registry.known(campaign)).muted == {}


async def test_a_look_during_which_somebody_took_it_over_is_made_again_at_once(registry: Registry) -> None:
    campaign = await registry.submitted()
    takers = [ANN, BOB]

    async def look(_account: Account, _key: str) -> tuple[str, dict[str, Any]]:
        if takers:
            await registry.store.assign(campaign, takers.pop())
        return "VERIFIED", {}

    kinds = {"campaign": Kind(look, announced=True)}
    tracker = Tracker(
        registry.store,
        lambda _: registry.account,
        registry.told,
        registry.clock,
        BASE,
        ALERTS,
        nobody_waits,
        kinds=kinds,
    )
    await tracker.sweep()
    seen = await registry.known(campaign)
    assert (seen.status, seen.owner) == ("VERIFIED", ANN)
    assert await registry.heard(campaign) == [(ALERTS, "VERIFIED")]


async def test_what_people_did_is_drawn_and_nobody_is_assigned_what_nobody_follows(registry: Registry) -> None:
    campaign = await registry.submitted()
    await registry.tracker().redraw(campaign)
    assert registry.told.registrations == [campaign]
    stranger = campaign.replace("MG", "MX")
    await registry.store.assign(stranger, ANN)
    await registry.store.mute(stranger, CHANNEL, Mute(by=ANN, at=1.0))
    assert await registry.store.load(stranger) is None


async def test_whoever_took_it_over_keeps_it_when_somebody_resubmits(registry: Registry) -> None:
    campaign = await registry.submitted()
    known = await registry.known(campaign)
    await registry.store.begin(known.model_copy(update={"change": 7, "owner": ANN}))
    assert (await registry.known(campaign)).owner == ANN
    await registry.store.assign(campaign, BOB)
    await registry.store.begin(known.model_copy(update={"change": 8, "owner": ANN}))
    again = await registry.known(campaign)
    assert (again.owner, again.change) == (BOB, 8)
