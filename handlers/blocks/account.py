"""Twilio accounts in Slack: how one is written, and the list behind `/a2p-account`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.changes.account_choice import Choice
from bot.plans.plan import Plan
from bot.twilio.gateway import Account
from handlers.blocks import kit
from handlers.blocks.kit import Message, code, inline, remark


class Named(Protocol):
    """What there is to say of an account: its SID, and what people call it."""

    @property
    def sid(self) -> str: ...

    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class Row:
    """An account, and why it cannot be worked in now ("" when it can)."""

    account: Account
    trouble: str = ""


def account_label(sid: str, name: str = "") -> str:
    """`acme` (`AC…`) in Slack's markup; the SID alone where the name is not known."""
    return f"{inline(name, 40)} ({code(sid)})" if name and name != sid else code(sid)


def account_of(plan: Plan) -> str:
    """The account that a plan's calls act on, in Slack's markup."""
    return account_label(plan.account, plan.account_name)


def account_list(channel: str, rows: Sequence[Row], choice: Choice | None, default: Account) -> Message:
    """Every account with its parent and whether it answers, and which one this channel works in."""
    known = {row.account.sid: row.account for row in rows}
    used = known.get(choice.account) if choice else default
    blocks = [kit.header("Twilio accounts"), *kit.sections(_row(row, row.account is used) for row in rows)]
    blocks.append(kit.section(_where(channel, choice, used)))
    if len(rows) > 1:
        hint = "`/a2p-account use NAME` chooses for this channel. One form: add `account=NAME` to any command."
    else:
        hint = "More accounts: whoever runs Tenfour lists them in the file that TENFOUR_ACCOUNTS names."
    blocks.append(kit.context(hint))
    silent = sum(1 for row in rows if row.trouble)
    trouble = f" {silent} of them cannot be worked in now." if silent else ""
    return kit.message(f"There {'are' if len(rows) > 1 else 'is'} {kit.plural(len(rows), 'account')}.{trouble}", blocks)


def now_used(channel: str, account: Account, user: str) -> Message:
    """What a channel's choice means from now on, to everybody in it."""
    text = (
        f"{kit.channel(channel)} works in {account_label(account.sid, account.name)} from now on, as "
        f"{kit.person(user)} has chosen. Forms opened here are for it; changes and forms that were begun before stay "
        "where they were. `account=NAME` in a command still names another."
    )
    return kit.message(text, [kit.section(text)])


def _where(channel: str, choice: Choice | None, used: Account | None) -> str:
    if used is None:
        sid = code(choice.account) if choice else "an account"
        why = "for which Tenfour has no credentials any more: choose another."
        return f"{kit.channel(channel)} is set to work in {sid}, {why}"
    by = f"chosen by {kit.person(choice.user)}, {kit.date(choice.at)}" if choice else "nobody has chosen another"
    return f"{kit.channel(channel)} works in {_name(used)}: {by}."


def _row(row: Row, used: bool) -> str:
    account = row.account
    of = f" · subaccount of {_name(account.parent)}" if account.parent else ""
    state = f"does not answer: {remark(row.trouble, 300)}" if row.trouble else "answers"
    return f"• {account_label(account.sid, account.name)}{of}{' · used here' if used else ''} · {state}"


def _name(account: Account) -> str:
    return f"*{inline(account.name, 40)}*"
