"""Cost tiers and monthly caps in words: what a change was judged by, and what the account has left."""

from decimal import Decimal

from bot.changes.budget import price_of
from bot.changes.change import Change
from bot.policy.policy import FREE
from handlers.blocks.kit import inline, money


def tier_name(change: Change) -> str:
    """The cost tier that a change was judged in, emphasised; "" where it is not known."""
    tier = change.requirement.tier
    return f"*{inline(tier, 40)}*" if tier else ""


def spent(change: Change) -> str:
    """How much of the cap of its month is asked for with this change; "" without a cap, or where it is free."""
    cap = change.requirement.cap_usd
    if cap is None or change.requirement.tier == FREE:
        return ""
    before = change.requirement.committed_usd
    whole = _with(change)
    over = f", {money(whole - cap)} above it" if whole > cap else ""
    return f"with this {money(whole)} of {money(cap)} a month{over} (asked for before: {money(before)})"


def raised(change: Change) -> str:
    """That the cap made it a more expensive change than its price does, as a sentence; "" where it did not."""
    cap = change.requirement.cap_usd
    if not change.requirement.raised or cap is None:
        return ""
    account = inline(change.plan.account_name, 40) or "its account"
    return (
        f"Judged as {tier_name(change)}, one cost tier higher than by its price alone: this month {account} has "
        f"{money(change.requirement.committed_usd)} asked for, with this {money(_with(change))} of {money(cap)}."
    )


def _with(change: Change) -> Decimal:
    return change.requirement.committed_usd + price_of(change.plan, change.gate)
