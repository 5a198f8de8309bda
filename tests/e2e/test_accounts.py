"""Several Twilio accounts: what is asked for is done in the account that was named, and shown with its name."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.sandbox.twilio import start_state, start_west
from tests.e2e.answers import SERVICE
from tests.e2e.world import A2P, ALERTS, ANN, APPROVALS, GUS, RITA, World, shown

WEST = start_west.CREDENTIALS
IN_WEST = f"west (`{WEST.account_sid}`)"


@pytest_asyncio.fixture
async def world(empty_world: World) -> AsyncIterator[World]:
    """A world whose bot knows the subaccount too."""
    file = empty_world.state.with_name("accounts.toml")
    file.write_text(f'[west]\nsid = "{WEST.account_sid}"\nauth_token = "{WEST.auth_token}"\nparent = "main"\n')
    async with empty_world.bot(TENFOUR_ACCOUNTS=str(file)):
        yield empty_world


async def use_west(world: World, channel: str = A2P) -> None:
    """The channel works in the subaccount from now on."""
    await world.slack.command(RITA, channel, "/a2p-account", "use west")
    await world.hears(channel, "from now on", user=RITA)


async def test_an_unknown_account_is_refused_with_the_known_ones(world: World) -> None:
    use = await world.slack.command(RITA, A2P, "/a2p-account", "use wst")
    assert "Did you mean west?" in str(use.ack)
    assert "The accounts are: main, west." in str(use.ack)
    odd = await world.slack.command(RITA, A2P, "/a2p-account", "switch")
    assert "/a2p-account use NAME" in str(odd.ack)
    nameless = await world.slack.command(RITA, A2P, "/a2p-account", "use")
    assert "`use` needs the name of one account after it" in str(nameless.ack)


async def test_everybody_in_the_channel_hears_that_its_account_has_changed(world: World) -> None:
    await use_west(world)
    assert "as <@U0RITA> has chosen" in shown(world.slack.messages(A2P)[-1])


async def test_a_guest_cannot_choose_a_channels_account(world: World) -> None:
    await world.slack.command(GUS, A2P, "/a2p-account", "use west")
    await world.hears(A2P, "Guests take no part", user=GUS)
    await world.slack.command(RITA, A2P, "/a2p-account")
    await world.hears(A2P, "nobody has chosen another", user=RITA)


async def test_the_list_tells_parents_the_channels_account_and_who_does_not_answer(world: World) -> None:
    await use_west(world)
    world.twilio.account(WEST.account_sid).suspend()
    await world.slack.command(RITA, A2P, "/a2p-account")
    listed = shown(await world.hears(A2P, "Twilio accounts", user=RITA))
    assert f"main (`{start_state.ACCOUNT_SID}`) · answers" in listed
    assert f"{IN_WEST} · subaccount of *main* · used here · does not answer" in listed
    assert "chosen by <@U0RITA>" in listed
    assert "1 of them cannot be worked in now" in listed


async def test_a_service_is_made_in_the_account_that_the_channel_has_chosen(world: World) -> None:
    await use_west(world)
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    assert IN_WEST in shown(await world.card(number, "Approve"))
    await world.approve(ANN, number)
    await world.done(number)
    west = world.twilio.account(WEST.account_sid)
    assert [service["friendly_name"] for service in west.created("service")] == ["Acme alerts"]
    assert world.twilio.created("service") == []


async def test_other_channels_and_later_choices_of_the_main_account_are_not_touched(world: World) -> None:
    await use_west(world, ALERTS)
    await world.fill(RITA, "/a2p-service", "create", *SERVICE)
    assert f"main (`{start_state.ACCOUNT_SID}`)" in shown(world.view(RITA))
    await world.slack.close(RITA, all_views=True)
    await world.slack.command(RITA, ALERTS, "/a2p-account", "use main")
    await world.hears(ALERTS, "works in main", user=RITA)


@pytest.mark.parametrize(("account", "name"), [("main", "Acme support"), ("west", "Acme West alerts")])
async def test_the_account_that_is_typed_decides_whose_things_are_offered(
    world: World, account: str, name: str
) -> None:
    await use_west(world)
    await world.slack.command(RITA, A2P, "/a2p-sender", f"add account={account}")
    await world.page(RITA, 1)
    view = world.view(RITA)
    menu = next(block for block in view["blocks"] if block.get("block_id") == "service_sid")
    options = await world.slack.suggest(RITA, menu["element"]["action_id"], "", block_id="service_sid")
    assert [option["text"]["text"] for option in options] == [name]


async def test_an_unknown_account_that_is_typed_opens_no_form(world: World) -> None:
    typed = await world.slack.command(RITA, A2P, "/a2p-service", "create account=east")
    assert "There is no Twilio account called “east”" in str(typed.ack)
    assert world.slack.views(RITA) == []


async def test_a_channel_whose_account_is_gone_does_not_fall_back_to_another(empty_world: World) -> None:
    file = empty_world.state.with_name("accounts.toml")
    file.write_text(f'[west]\nsid = "{WEST.account_sid}"\nauth_token = "{WEST.auth_token}"\n')
    async with empty_world.bot(TENFOUR_ACCOUNTS=str(file)):
        await use_west(empty_world)
    async with empty_world.bot():
        refused = await empty_world.slack.command(RITA, A2P, "/a2p-service", "create")
        assert "for which Tenfour has no credentials any more" in str(refused.ack)
        assert "The accounts are: main." in str(refused.ack)


async def test_a_bot_with_one_account_shows_its_name_and_asks_nothing_more(empty_world: World) -> None:
    async with empty_world.bot():
        number = await empty_world.request(RITA, "/a2p-service", "create", *SERVICE)
        assert f"main (`{start_state.ACCOUNT_SID}`)" in shown(await empty_world.card(number, "Approve"))
        assert empty_world.slack.messages(APPROVALS)
