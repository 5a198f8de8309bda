"""Freezes in Slack: what a card says of one, the window behind `/a2p-freeze`, and what others are told."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.changes.change import Change, State
from bot.changes.freezes import ALL, LONGEST_SECONDS, Freeze
from handlers.blocks import kit
from handlers.blocks.kit import Block, Message, date, inline, person, plural
from handlers.blocks.progress import STATES

EVERY = "all"
"""How all accounts are typed."""
REASON = 500
"""Characters of a reason."""
LISTED, BRIEF = 5, 150
"""Freezes that stand above other lists, and characters of a reason in a list."""

_THEN: Mapping[State, str] = MappingProxyType(
    {
        "pending": "It can be decided, but will not run before that ends or is lifted.",
        "approved": "It runs when that ends or is lifted.",
        "running": "What was sent is followed up; the next call is sent when that ends or is lifted.",
    }
)

_HELD: Mapping[State, str] = MappingProxyType(
    {"approved": "Approved, held by a freeze", "running": "Running, held by a freeze"}
)


def account_words(account: str, name: str = "") -> str:
    """What is frozen, in plain words."""
    return "all accounts" if account == ALL else name or account


def held(change: Change, freeze: Freeze | None) -> str:
    """Why nothing of a change is sent now, who wanted that, until when, and what comes then; "" where none stands."""
    if freeze is None or change.settled:
        return ""
    then = _THEN.get(change.state, "Nothing more of it is sent before that ends or is lifted.")
    if not freeze.user:
        return f"Frozen: who stopped this, and until when, cannot be read. {then} `/a2p-freeze` lifts it."
    which = " (all accounts)" if freeze.account == ALL else ""
    return f"Frozen by {person(freeze.user)} until {date(freeze.until)}{which}: {_reason(freeze.reason)} {then}"


def freeze_of(change: Change, standing: Sequence[Freeze]) -> Freeze | None:
    """What holds a change back: of the freezes of its account and of all the one that ends last, or None."""
    touching = [f for f in standing if f.account in (ALL, change.plan.account)]
    return None if change.settled else max(touching, key=lambda f: f.until, default=None)


def stage(change: Change, freeze: Freeze | None = None) -> str:
    """The state of a change as people read it: approved or only let through, about to run or held by a freeze."""
    words = _HELD.get(change.state, STATES[change.state]) if freeze else STATES[change.state]
    let_through = change.state == "approved" and any(d.digest == change.digest for d in change.glass)
    return words.replace("Approved", "Let through") if let_through else words


def freeze_lines(standing: Sequence[Freeze], names: Mapping[str, str]) -> list[str]:
    """What is frozen, a line each; `names` are those of the accounts by SID."""
    return [_line(freeze, names.get(freeze.account, ""), BRIEF) for freeze in standing]


def freeze_notice(standing: Sequence[Freeze], names: Mapping[str, str]) -> list[Block]:
    """The freezes above a list of changes; nothing where none stands."""
    return kit.sections(["*Frozen now*", *_first(freeze_lines(standing, names))]) if standing else []


def freeze_list(standing: Sequence[Freeze], names: Mapping[str, str]) -> Message:
    """The answer to `/a2p-freeze list`."""
    lines = freeze_lines(standing, names)
    text = f"{kit.plural(len(lines), 'freeze')} now." if lines else "Nothing is frozen."
    return kit.message(text, [kit.section(f"*{text}*"), *kit.sections(lines), kit.context(_TYPED)])


def freeze_help() -> Message:
    """What can follow `/a2p-freeze`."""
    text = "`/a2p-freeze` stops what would be sent to Twilio, and lets it go on again."
    what = (
        "Approved changes wait, and running ones stop before their next call. Looking, asking and deciding go on. "
        "Its end, or whoever lifts it, lets everything go on from where it stood."
    )
    return kit.message(text, [kit.section(f"{text} {what}"), kit.context(_TYPED)])


def freeze_modal(
    standing: Sequence[Freeze],
    names: Mapping[str, str],
    *,
    until: float,
    lifting: Freeze | None = None,
    refused: str = "",
) -> dict[str, Any]:
    """What is frozen now, and the form to freeze more. `lifting` is being lifted; `refused` says why one may not."""
    blocks = [kit.header("Frozen now")]
    for freeze in standing:
        line = _line(freeze, names.get(freeze.account, ""))
        if lifting and lifting.picture == freeze.picture:
            blocks.append(kit.section(f"{line}\n_Is being lifted._"))
        else:
            blocks.append(kit.section(line, None if refused else _lift(freeze, names.get(freeze.account, ""))))
    if not standing:
        blocks.append(kit.section("Nothing is frozen: what is approved runs at once."))
    blocks.append(kit.divider())
    if refused:
        return kit.modal("Freeze", [*blocks, *kit.notice(refused, "warning")], callback_id="notice")
    accounts = [kit.option(sid, name) for sid, name in names.items()]
    every = kit.option(ALL, "All accounts")
    only = accounts[0]["value"] if len(accounts) == 1 else ""
    blocks += [
        kit.header("Freeze"),
        kit.section(
            "Approved changes wait, and running ones stop before their next call. Looking, asking and deciding go on."
        ),
        kit.input_block("account", "Account", kit.choice_input("account", [*accounts, every], initial=only)),
        kit.input_block(
            "until",
            "Until",
            kit.moment_input("until", initial=until),
            hint=f"It ends by itself then, at most {LONGEST_SECONDS / 86400:.0f} days from now.",
        ),
        kit.input_block(
            "reason",
            "Why?",
            kit.text_input("reason", most=REASON, multiline=True),
            hint="Shown on every card that waits, and in the approvals channel.",
        ),
    ]
    return kit.modal("Freeze", blocks, callback_id="freeze", submit="Freeze")


def begun(freeze: Freeze, name: str, instead: Freeze | None) -> Message:
    """To the approvals channel: somebody froze something."""
    what = inline(account_words(freeze.account, name), 60)
    text = f"{person(freeze.user)} has frozen {what} until {date(freeze.until)}: {_reason(freeze.reason)}"
    more = "What is approved waits until then, and running changes stop before their next call. `/a2p-freeze` lifts it."
    if instead:
        more = f"It takes the place of an earlier one, {_set(instead)}. {more}"
    return kit.message(text, [kit.section(text), kit.context(more)])


def lifted(user: str, account: str, name: str, was: Freeze | None, remains: Sequence[str]) -> Message:
    """To the approvals channel: somebody lifted a freeze. `remains` are the lines of those that stand."""
    what = inline(account_words(account, name), 60)
    whose = f", {_set(was)}" if was else ""
    then = "What waited goes on where nothing else freezes it." if remains else "What waited for it goes on."
    text = f"{person(user)} has lifted the freeze of {what}{whose}. {then}"
    still = ["*Still frozen*", *_first(remains)] if remains else []
    return kit.message(text, [kit.section(text), *kit.sections(still)])


def _first(lines: Sequence[str]) -> list[str]:
    more = len(lines) - LISTED
    return [*lines[:LISTED], *([f"… and {plural(more, 'more freeze')}: `/a2p-freeze list`"] if more > 0 else [])]


def _line(freeze: Freeze, name: str, most: int = REASON) -> str:
    what = inline(account_words(freeze.account, name), 60)
    if not freeze.user:
        return f"*{what}* · frozen; by whom, why and until when cannot be read. It holds until somebody lifts it."
    by = f"frozen by {person(freeze.user)}, {date(freeze.at)}"
    return f"*{what}* · {by}, until {date(freeze.until)}: {_reason(freeze.reason, most)}"


def _lift(freeze: Freeze, name: str) -> Block:
    what = account_words(freeze.account, name)
    ask = kit.confirm(
        f"Lift it for {what}?", "What is approved and waits for it runs at once. Everybody is told who did it.", "Lift"
    )
    return kit.button("Lift", "freeze.lift", f"{freeze.account}:{freeze.at!r}", confirm=ask, label=f"Lift for {what}")


def _set(freeze: Freeze) -> str:
    """Who set a freeze, until when and why, after a comma."""
    if not freeze.user:
        return "which could not be read"
    return f"set by {person(freeze.user)} until {date(freeze.until)} (“{inline(freeze.reason, 150)}”)"


def _reason(reason: str, most: int = REASON) -> str:
    return f"“{inline(reason, most)}”."


_TYPED = (
    '`/a2p-freeze on account=NAME hours=4 reason="Carrier outage"` · `/a2p-freeze off account=NAME` · '
    f"`account={EVERY}` for all of them · `/a2p-freeze` opens a window"
)
