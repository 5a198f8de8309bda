"""Which Twilio account somebody works in, and `/a2p-account`."""

import asyncio
import difflib

from bot.changes.drafts import Draft
from bot.changes.refusal import Refusal
from bot.twilio import reads_account
from bot.twilio.faults import TwilioFault
from bot.twilio.gateway import Account
from handlers.blocks.account import Row, account_list, now_used
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk


async def account_for(desk: Desk, channel: str, typed_name: str = "") -> Account:
    """The account of a form: the one that was typed as `account=NAME`, else the channel's, else the main one.

    Asks Redis at most, never Twilio. Raises `Refusal` with the known names for a name that no account has.
    """
    if typed_name.strip():
        return _named(desk, typed_name)
    choice = await desk.channel_accounts.of(channel)
    if choice is None:
        return desk.accounts.default
    if choice.account not in desk.accounts:
        # the main account instead would be another than the one that people of this channel expect
        raise Refusal(
            f"This channel works in the Twilio account {choice.account}, for which Tenfour has no credentials any "
            f"more. Choose another with `/a2p-account use NAME`, or type account=NAME. {_known(desk)}"
        )
    return desk.accounts[choice.account]


def account_of(desk: Desk, draft: Draft) -> Account:
    """The account that a form is for. Raises `Refusal` when it is gone."""
    if not draft.account:
        return desk.accounts.default
    if draft.account not in desk.accounts:
        raise Refusal(
            f"This form is for the Twilio account {draft.account}, for which Tenfour has no credentials any more. "
            "Close it and start again in another account, or ask whoever runs Tenfour to bring that one back."
        )
    return desk.accounts[draft.account]


async def accounts(desk: Desk, delivery: Delivery) -> Payload | None:
    """`/a2p-account [use NAME]`: the accounts there are, and which one this channel works in."""
    words = (delivery.body.get("text") or "").split()
    if not words or words[0].lower() in ("list", "help"):
        desk.later(delivery, _list(desk, delivery), members_only=True)
        return None
    if words[0].lower() != "use" or len(words) != 2:
        typed = " ".join(words)[:80]
        wrong = (
            "`use` needs the name of one account after it" if words[0].lower() == "use" else f"“{typed}” is not known"
        )
        raise Refusal(
            f"{wrong}. Type `/a2p-account` to see the accounts, or "
            f"`/a2p-account use NAME` to choose this channel's. {_known(desk)}"
        )
    desk.later(delivery, _use(desk, delivery, _named(desk, words[1])), members_only=True)
    return None


async def _use(desk: Desk, delivery: Delivery, account: Account) -> None:
    if account is desk.accounts.default:
        await desk.channel_accounts.forget(delivery.channel)
    else:
        await desk.channel_accounts.use(delivery.channel, account.sid, delivery.user)
    # it changes what everybody's commands in this channel act on
    await desk.answer(delivery, now_used(delivery.channel, account, delivery.user), public=True)


async def _list(desk: Desk, delivery: Delivery) -> None:
    choice = await desk.channel_accounts.of(delivery.channel)
    rows = await asyncio.gather(*(_row(account) for account in desk.accounts.all))
    await desk.answer(delivery, account_list(delivery.channel, rows, choice, desk.accounts.default))


async def _row(account: Account) -> Row:
    try:
        await reads_account.prove(account)
    except TwilioFault as fault:
        return Row(account, str(fault))
    return Row(account, "")


def _named(desk: Desk, name: str) -> Account:
    account = desk.accounts.named(name)
    if account is None:
        near = difflib.get_close_matches(name.lower(), [a.name for a in desk.accounts.all], n=1, cutoff=0.6)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise Refusal(f"There is no Twilio account called “{name[:40]}”.{hint} {_known(desk)}")
    return account


def _known(desk: Desk) -> str:
    return f"The accounts are: {', '.join(a.name for a in desk.accounts.all)}."
