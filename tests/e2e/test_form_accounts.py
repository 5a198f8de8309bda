"""A form says which Twilio account it acts on, and takes nothing along that belongs to another."""

from collections.abc import AsyncIterator

import pytest_asyncio

from bot.sandbox.twilio import start_state, start_west
from tests.e2e.world import A2P, RITA, World, shown

WEST = start_west.CREDENTIALS


@pytest_asyncio.fixture
async def world(empty_world: World) -> AsyncIterator[World]:
    """A world whose bot knows the subaccount too."""
    file = empty_world.state.with_name("accounts.toml")
    file.write_text(f'[west]\nsid = "{WEST.account_sid}"\nauth_token = "{WEST.auth_token}"\nparent = "main"\n')
    async with empty_world.bot(TENFOUR_ACCOUNTS=str(file)):
        yield empty_world


async def test_another_account_asks_again_for_what_was_chosen_in_the_first(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-sender", "add")
    await world.sees(RITA, "Acts on main")
    await world.slack.suggest(RITA, "lookup:services", "")
    await world.slack.click(RITA, "lookup:services", value=start_state.SUPPORT_SERVICE)
    await world.slack.click(RITA, "field:kind", value="alpha")
    await world.sees(RITA, "alpha_sender")
    await world.slack.click(RITA, "field:alpha_sender", value="ACME")
    await world.slack.click(RITA, "form.account", value=WEST.account_sid)
    view = await world.sees(RITA, "Acts on west")
    assert start_state.SUPPORT_SERVICE not in shown(view)
    assert "ACME" in shown(view), "what was typed holds in any account"
    offered = await world.slack.suggest(RITA, "lookup:services", "")
    assert start_state.SUPPORT_SERVICE not in str(offered)


async def test_a_typed_account_is_looked_at_and_planned_for(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-number", "list account=West")
    await world.hears(A2P, f"west (`{WEST.account_sid}`)", user=RITA)
    await world.slack.command(RITA, A2P, "/a2p-service", "create name=Acme account=west")
    await world.previewed(RITA)
    assert f"west (`{WEST.account_sid}`)" in shown(world.view(RITA))
