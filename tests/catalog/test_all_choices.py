"""Every account has choices of its own: none is shown on another's form, and none waits for another's."""

from collections.abc import AsyncIterator

import pytest_asyncio

from bot.catalog.choices import IN_USE, AllChoices
from bot.catalog.sources.lists import LISTS
from bot.sandbox.twilio import start_west
from bot.twilio.accounts import Accounts
from bot.twilio.gateway import Account
from tests.catalog.world import World

WEST = start_west.CREDENTIALS
SERVICES = "GET /messaging/v1/Services$"


@pytest_asyncio.fixture
async def west(world: World) -> AsyncIterator[Account]:
    """The subaccount."""
    opened = Account(WEST.account_sid, WEST.account_sid, WEST.auth_token, f"{world.twilio.url}/{{product}}")
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def choices(world: World, west: Account) -> AsyncIterator[AllChoices]:
    """Choices of both accounts that wait as long as it takes."""
    opened = AllChoices(Accounts([world.account, west]), world.clock, wait=10)
    yield opened
    await opened.close()


async def services(choices: AllChoices, account: Account) -> list[str]:
    return [option.label for option in await choices.find(account, "services", "", {})]


def asked(world: World, account: Account) -> int:
    return sum(1 for call in world.twilio.calls(SERVICES) if call.account_sid == account.sid)


async def test_no_accounts_things_are_offered_on_anothers_form(
    world: World, west: Account, choices: AllChoices
) -> None:
    assert await services(choices, world.account) == ["Acme support"]
    assert await services(choices, west) == ["Acme West alerts"]
    assert await services(choices, world.account) == ["Acme support"]


async def test_an_account_that_cannot_be_read_does_not_keep_the_others_lists_from_being_ready(
    world: World, west: Account, choices: AllChoices
) -> None:
    await services(choices, west)
    world.twilio.account(west.sid).suspend()
    world.clock.now += LISTS + 1
    (silent,) = (await choices.warm()).items()
    assert silent[0] == west.sid
    before = asked(world, world.account)
    assert await services(choices, world.account) == ["Acme support"]
    assert asked(world, world.account) == before


async def test_accounts_that_nobody_uses_are_not_kept_warm(world: World, west: Account, choices: AllChoices) -> None:
    await choices.warm()
    assert (asked(world, world.account) > 0, asked(world, west)) == (True, 0)
    await services(choices, west)
    world.clock.now += IN_USE - 1
    await choices.warm()
    assert asked(world, west) > 1
    used = asked(world, west)
    world.clock.now += 1
    await choices.warm()
    assert asked(world, west) == used


async def test_what_changes_in_one_account_has_only_its_own_lists_read_again(
    world: World, west: Account, choices: AllChoices
) -> None:
    await services(choices, world.account)
    await services(choices, west)
    choices.spoil(west.sid)
    choices.spoil("AC" + "0" * 32)
    await services(choices, world.account)
    await services(choices, west)
    assert (asked(world, world.account), asked(world, west)) == (1, 2)
