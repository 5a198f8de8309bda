"""The weekly digest of a channel: one short summary, charts, and the same numbers in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from bot.checks.guide import Guide
from bot.tracking.row import STATES
from bot.tracking.statistics import Share, Statistics, Typically, Unsent, Weekly
from handlers.blocks import kit
from handlers.blocks.following.charts import bars, line, pie
from handlers.blocks.following.durations import DAY, duration
from handlers.blocks.following.portfolio import GROUPS
from handlers.blocks.kit import Block, Message, code, date, error_page, inline, money, plural

NAMED, NAME = 5, 60
"""Names of one sort that are listed, and how long each may be."""
CODES = 10
"""Codes that are shown."""
ENOUGH_WEEKS = 3
"""Weeks with verdicts that make a line worth drawing."""
CHARTS = 2
"""Slack takes no more in one message."""


@dataclass(frozen=True)
class Digest:
    """What a channel hears of its week. `spent` is what was asked for in the month, by the account's name.

    `so_far`: the week is not over. `narrowed`: the channel hears of some registrations only.
    """

    statistics: Statistics
    spent: Mapping[str, Decimal] = field(default_factory=dict)
    so_far: bool = False
    narrowed: bool = False


def digest_message(digest: Digest, *, charts: bool = True) -> Message:
    """The message; without `charts` it says the same in words alone, for a Slack that takes none."""
    seen = digest.statistics
    head = kit.header("Your week so far" if digest.so_far else "The week in registrations")
    when = f"{date(seen.span[0], 'day')} to {date(seen.span[1] - 1, 'day')}"
    whose = " · what this channel follows" if digest.narrowed else ""
    small = kit.context(f"{when}{whose} · what is heard here: `/a2p-watch`")
    summary = _summary(digest)
    if not seen.followed and not digest.spent:
        return kit.message(summary, [head, kit.section(summary), small])
    drawn = _charts(seen) if charts else []
    return kit.message(summary, [head, kit.section(summary), *drawn, *kit.sections(_lines(digest)), small])


def _summary(digest: Digest) -> str:
    seen = digest.statistics
    week = "This week so far" if digest.so_far else "Last week"
    if not seen.followed:
        return f"{week}: nothing to report, as no registration is followed{' here' if digest.narrowed else ''}."
    stand = f"{plural(seen.followed, 'registration')} followed ({_states(seen.states)})"
    if not seen.eventful:
        return f"{week}: nothing to report. No verdict came, and nothing needs anybody. {stand}."
    told = [
        f"{len(seen.verified)} approved or verified" if seen.verified else "",
        f"{len(seen.refused)} rejected" if seen.refused else "",
        f"{seen.to_ready.now.count} became ready to send" if seen.to_ready.now else "",
    ]
    came = ", ".join(filter(None, told)) or "no verdict came"
    needs = f" {seen.needs} {'needs' if seen.needs == 1 else 'need'} somebody." if seen.needs else ""
    return f"{week}: {came}. {stand}.{needs}"


def _states(states: Mapping[str, int]) -> str:
    return ", ".join(f"{states[state]} {GROUPS[state]}" for state in STATES if states.get(state))


def _charts(seen: Statistics) -> list[Block]:
    """What moves is worth more than what stands, where there is room for two only."""
    drawn = []
    if seen.codes:
        top = dict(list(seen.codes.items())[:CODES])
        drawn.append(bars("Why Twilio refused", "Times", top, "Error code", "Times"))
    if len(seen.weeks) >= ENOUGH_WEEKS:
        days = {f"{datetime.fromtimestamp(at, UTC):%d %b}": round(t.p50 / DAY, 2) for at, t in seen.weeks}
        drawn.append(line("Days from submission to verdict", "Median", days, "Week of", "Days"))
    if seen.states:
        drawn.append(pie("Where they stand", {_short(state): n for state, n in seen.states.items()}))
    return drawn[:CHARTS]


def _short(state: str) -> str:
    return {
        "refused": "refused",
        "review": "under review",
        "numbers": "verified",
        "other": "other",
        "gone": "gone",
    }.get(state, "in order")


def _lines(digest: Digest) -> list[str]:
    seen = digest.statistics
    lines = [
        f"*Where they stand*: {_states(seen.states)}" if seen.states else "",
        _names("Approved or verified", seen.verified),
        _names("Rejected", seen.refused),
        _codes(seen.codes),
        _weekly("From submission to verdict", seen.to_verdict),
        _weekly("From verdict to ready to send", seen.to_ready),
        _first_pass(seen.first_pass, seen.first_pass_before),
        *_unsent(seen.unsent),
        _names("Messages fail for want of registration", seen.failing),
        *_spent(digest),
    ]
    return [line for line in lines if line]


def _names(what: str, titles: Sequence[str]) -> str:
    if not titles:
        return ""
    more = f" and {len(titles) - NAMED} more" if len(titles) > NAMED else ""
    return f"*{what}*: {', '.join(inline(title, NAME) for title in titles[:NAMED])}{more}"


def _codes(codes: Mapping[str, int]) -> str:
    if not codes:
        return ""
    shown = [f"{error_page(name[:30])} ({count}{_unknown(name)})" for name, count in list(codes.items())[:CODES]]
    more = f" and {len(codes) - CODES} more" if len(codes) > CODES else ""
    return f"*Why Twilio refused*: {', '.join(shown)}{more}"


def _unknown(name: str) -> str:
    return "" if Guide.load().explain(name) else ", not in our guide"


def _weekly(what: str, figure: Weekly) -> str:
    if not figure.now:
        return ""
    before = f"; the week before {_half(figure.before)}" if figure.before else "; the week before there was none"
    return f"*{what}*: {_half(figure.now)}{before}"


def _half(figure: Typically) -> str:
    if figure.count == 1:
        return f"{duration(figure.p50)} in one case"
    return f"half of {figure.count} within {duration(figure.p50)}"


def _first_pass(now: Share, before: Share) -> str:
    if not now.whole:
        return ""
    then = f"; the week before {before.part} of {before.whole}" if before.whole else ""
    percent = round(100 * now.part / now.whole)
    return f"*Verified at the first try*: {now.part} of {plural(now.whole, 'campaign')} ({percent} %){then}"


def _unsent(unsent: Sequence[Unsent]) -> list[str]:
    """The numbers that cannot send, those that failed first."""
    lines = []
    for one in sorted(unsent, key=lambda u: (-len(u.failed), u.title))[:NAMED]:
        more = f" and {len(one.failed) - NAMED} more" if len(one.failed) > NAMED else ""
        failed = f"carriers did not take {', '.join(map(code, one.failed[:NAMED]))}{more}" if one.failed else ""
        waits = f"{plural(one.waiting, 'number')} still {'waits' if one.waiting == 1 else 'wait'} for the carriers"
        said = "; ".join(filter(None, [failed, waits if one.waiting else ""]))
        lines.append(f"*Cannot send yet*, {inline(one.title, NAME)}: {said}")
    if len(unsent) > NAMED:
        lines.append(f"… and {plural(len(unsent) - NAMED, 'more campaign')} with numbers that cannot send yet")
    return lines


def _spent(digest: Digest) -> list[str]:
    month = datetime.fromtimestamp(digest.statistics.span[1] - 1, UTC)
    spent = sorted(((usd, name) for name, usd in digest.spent.items() if usd), reverse=True)
    each = [f"{money(usd)} in {inline(name, 40)}" for usd, name in spent[:NAMED]]
    each += [f"{money(sum((usd for usd, _ in spent[NAMED:]), Decimal(0)))} in others"] if spent[NAMED:] else []
    return [f"*Asked for in {month:%B %Y}*: {', '.join(each) or money(Decimal(0))}"] if digest.spent else []
