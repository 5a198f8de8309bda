"""What the menus for senders offer: all of the account's, or all of the pool that was chosen."""

from bot.catalog.sources.lists import named
from bot.sandbox.twilio import start_senders, start_state
from tests.catalog.world import World

SERVICE = start_state.SUPPORT_SERVICE


async def offered(world: World, source: str, **given: str) -> dict[str, str]:
    """Values with what is shown beside them."""
    return {o.value: f"{o.label} | {o.description}" for o in await named(source).load(world.account, given)}


async def test_a_pool_is_offered_with_every_kind_of_sender_once_a_service_is_chosen(world: World) -> None:
    await world.carry_out(
        await world.plan("sender.add", service_sid=SERVICE, kind="alpha", alpha_sender="ACME", iso_country_code="DE")
    )
    found = await offered(world, "pool_senders", service_sid=SERVICE)
    assert any(shown.startswith("+14155550110 | number") for shown in found.values())
    assert any(shown.startswith("ACME | sender id for DE") for shown in found.values())
    assert await offered(world, "pool_senders") == {}
    assert await offered(world, "pool_senders", service_sid="Acme support") == {}
    assert list(await offered(world, "pool_numbers", service_sid=SERVICE)) == [start_state.POOLED_NUMBER]


async def test_short_codes_are_offered_with_the_service_that_holds_them(world: World) -> None:
    assert "in no service" in (await offered(world, "short_codes"))[start_senders.SHORT_CODE]
    await world.carry_out(
        await world.plan("sender.add", service_sid=SERVICE, kind="short_code", short_codes=[start_senders.SHORT_CODE])
    )
    assert "in “Acme support”" in (await offered(world, "short_codes"))[start_senders.SHORT_CODE]


async def test_senders_of_the_chosen_channel_are_offered_and_those_that_can_send_come_first(world: World) -> None:
    assert list(await offered(world, "channel_senders", kind="whatsapp")) == [start_senders.WHATSAPP_SENDER]
    rcs = await offered(world, "channel_senders", kind="rcs")
    assert list(rcs) == [start_senders.RCS_SENDER, start_senders.RCS_DRAFT]
    assert "DRAFT" in rcs[start_senders.RCS_DRAFT]
