"""Accounts are found by name and by SID, and a key that belongs to another account is noticed."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.sandbox.twilio import start_state, start_west
from bot.sandbox.twilio.server import LocalTwilio
from bot.twilio import reads, reads_account
from bot.twilio.accounts import Accounts
from bot.twilio.faults import Refused, UnknownAccount
from bot.twilio.gateway import Account


@pytest_asyncio.fixture
async def both(twilio: LocalTwilio) -> AsyncIterator[Accounts]:
    """The local Twilio's two accounts."""
    url = f"{twilio.url}/{{product}}"
    main = Account(twilio.account_sid, twilio.account_sid, twilio.auth_token, url, name="main")
    west = start_west.CREDENTIALS
    sub = Account(west.account_sid, west.account_sid, west.auth_token, url, name="west", parent=main)
    accounts = Accounts([main, sub])
    yield accounts
    await accounts.close()


async def test_an_account_without_credentials_is_told_by_its_sid(both: Accounts) -> None:
    with pytest.raises(UnknownAccount, match="AC0000"):
        both["AC" + "0" * 32]
    assert both.named("east") is None


async def test_two_accounts_of_one_name_are_refused(both: Accounts) -> None:
    with pytest.raises(ValueError, match="a name and a SID of its own"):
        Accounts([both.default, both.default])


async def test_an_account_is_found_by_name_in_any_case_and_by_sid(both: Accounts) -> None:
    west = both[start_west.ACCOUNT_SID]
    assert both.named(" West ") is west
    assert west.parent is both.default
    assert both.default.sid == start_state.ACCOUNT_SID


async def test_each_account_sees_its_own_things_alone(both: Accounts) -> None:
    seen = {a.name: [s.friendly_name for s in await reads.services(a)] for a in both.all}
    assert seen == {"main": ["Acme support"], "west": ["Acme West alerts"]}


async def test_a_key_of_another_account_is_noticed_before_anything_is_done_with_it(twilio: LocalTwilio) -> None:
    main_key = (start_state.API_KEY_SID, start_state.API_KEY_SECRET)
    mistaken = Account(start_west.ACCOUNT_SID, *main_key, f"{twilio.url}/{{product}}", name="west")
    assert await reads.services(mistaken)  # the product subdomain does not mind, and shows another account's things
    with pytest.raises(Refused) as refused:
        await reads_account.prove(mistaken)
    assert refused.value.credentials
    await mistaken.close()
