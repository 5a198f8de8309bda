"""Help, usage and refusals: short answers to slash commands."""

from collections.abc import Collection, Mapping, Sequence

from bot.catalog.describe import Description, Field, example, short
from bot.catalog.form import Mistake
from bot.catalog.operation import Catalog, Entry, Inquiry, Operation
from handlers.blocks import kit
from handlers.blocks.kit import Message, code, inline, remark

_OTHERS = (
    (
        "/a2p-approvals",
        "What waits for a decision or runs; `away` and `back` after it: who decides for you; `reviews`.",
    ),
    ("/a2p-freeze", "Stop what would be sent to Twilio, for an account or for all, and let it go on again."),
    ("/a2p-audit", "Who asked, decided and did what; `change=142` after it narrows, `file=csv` sends it."),
    ("/a2p-watch", "What this channel hears about registrations, and when; `on`, `off`, `show` or `digest` after it."),
    ("/a2p-account", "The Twilio accounts; `use NAME` after it chooses the one this channel works in."),
    ("/a2p", "This page."),
)

_START = (
    "*A2P 10DLC* is software that texts people in the US from ordinary ten-digit numbers. Carriers deliver that only "
    "under a registered *campaign* (what is sent, and how people agreed to it) of a registered *brand* (who sends). A "
    "campaign belongs to a *messaging service*, and the numbers in the service's *sender pool* send under it.",
    "From nothing to a text: `/a2p-brand register`, `/a2p-service create`, `/a2p-number buy`, "
    "`/a2p-campaign register`, `/a2p-message test`. For Flex all in one: `/a2p-flex onboard`.",
)

FIELDS_CHARACTERS = 7_000
"""Text of the questions of a help page; above it, their explanations are left out (Slack's limits on a message)."""


def help_message(catalog: Catalog, *, allowed: Mapping[str, str], member: bool = True) -> Message:
    """What can be asked for and looked at, by slash command.

    `allowed` holds, by operation name, "" when this person may ask for it, else the name of the rule or the sentence
    that says no. An operation that is not in it is shown as one that may not be asked for. `member`: may look.
    """
    typed = [o for o in catalog.operations if o.command]
    may = [o for o in typed if allowed.get(o.name) == ""]
    may_not = [o for o in typed if o not in may]
    text = "Tenfour sets up Twilio for A2P 10DLC: type a command, fill in the form, and a colleague approves."
    blocks = [kit.header("What you can ask for"), kit.section(text), kit.context(*_START)]
    for command in catalog.commands:
        lines = [_line(i, "looks only") for i in catalog.looks(command).values() if member]
        lines += [_line(o) for o in catalog.words(command).values() if o in may]
        blocks += kit.sections([f"*{command}*", *lines]) if lines else []
    if may:
        blocks.append(kit.context(*_how(may[0])))
    else:
        blocks.append(kit.section("You may not ask for changes here. Ask a full member of the team to request one."))
    if may_not:
        blocks.append(kit.context("*What you may not ask for*", *_denied(may_not, allowed)))
    blocks += [kit.divider(), *kit.sections(f"{code(command)}  {what}" for command, what in _OTHERS)]
    count = f"You can ask for {kit.plural(len(may), 'kind')} of change." if may else "You may not ask for changes."
    return kit.message(f"{text} {count} The commands are listed in this message.", blocks)


def _line(entry: Entry, mark: str = "") -> str:
    return f"{_command(entry)}  {inline(entry.title)}{f' · _{mark}_' if mark else ''}"


def _how(first: Operation) -> list[str]:
    return [
        f"Each opens a form. Values may follow: {code(example(first))} goes straight to the preview.",
        f"Everything about one: {code(f'{first.command} help {first.word}')}. Only its plan: add `--plan`. Another "
        "Twilio account: add `account=NAME`.",
    ]


def _command(entry: Entry) -> str:
    return code(f"{entry.command} {entry.word}")


def _denied(operations: Collection[Operation], allowed: Mapping[str, str]) -> list[str]:
    """Operations by the reason why not, each reason once."""
    reasons: dict[str, list[str]] = {}
    for operation in operations:
        reasons.setdefault(allowed.get(operation.name) or "no rule allows it", []).append(_command(operation))
    return [f"{', '.join(commands)}: {_reason(why)}" for why, commands in reasons.items()]


def _reason(why: str) -> str:
    """A sentence as it is, the name of a rule with what it is."""
    return remark(why) if why.endswith(".") else f"rule “{inline(why, 80)}”"


def usage(command: str, words: Collection[str], unknown: str, nearest: str | None) -> Message:
    """What can follow a command. `words` may map each word to its entry; `unknown` is what was typed, or ""."""
    typed = f"{code(command)} does not know {code(unknown)}." if unknown else f"{code(command)} needs a word after it."
    guess = f" Did you mean {code(f'{command} {nearest}')}?" if nearest else ""
    entries = words if isinstance(words, Mapping) else {}
    lines = [_usage(command, word, entries.get(word)) for word in words]
    text = f"{typed}{guess}"
    first = next(iter(entries), "")
    help_ = f"Everything about one: {code(f'{command} help {first}')} · " if first else ""
    return kit.message(text, [kit.section(text), *kit.sections(lines), kit.context(f"{help_}All commands: `/a2p`")])


def _usage(command: str, word: str, entry: object) -> str:
    title = f"  {inline(entry.title)}" if isinstance(entry, Operation | Inquiry) else ""
    return f"• {code(f'{command} {word}')}{title}"


def entry_help(entry: Description, step: int = 0) -> Message:
    """Everything about one operation or inquiry: what it asks for, what can be typed, what it costs.

    `step` is the page of its form that is explained alone; 0 for all of them.
    """
    text = f"{entry.title}: {entry.summary}"
    blocks = [
        kit.header(entry.command or entry.title),
        kit.section(f"*{inline(entry.title)}*\n{inline(entry.summary, 500)}"),
    ]
    if entry.example:
        blocks.append(kit.rich(kit.rich_line("For example"), *kit.preformatted(entry.example)))
    blocks += kit.sections(["*What it asks for*" if entry.fields else "It asks for nothing.", *_asked(entry, step)])
    for title, lines in (("What it costs", entry.costs), ("Good to know", entry.notes)):
        blocks += kit.sections([f"*{title}*", *(f"• {remark(line, 600)}" for line in lines)]) if lines else []
    flags = "`--plan` shows what would be done and asks for nothing. " if entry.changes else "It changes nothing. "
    name = f" A policy calls it {code(entry.name)}." if entry.changes else ""
    blocks.append(kit.context(f"{flags}`account=NAME` names the Twilio account.{name}"))
    return kit.message(text, blocks)


def _asked(entry: Description, step: int) -> list[str]:
    """The questions, with as much about each as a message holds."""
    fields = [field for field in entry.fields if step in (0, field.page)]
    for lines in ([_field(f) for f in fields], [_field(f, brief=True) for f in fields]):
        if sum(map(len, lines)) <= FIELDS_CHARACTERS:
            return lines
    lines = []
    for page in sorted({f.page for f in fields}):
        title = inline(entry.pages[page - 1]) if page <= len(entry.pages) else f"step {page}"
        help_ = code(entry.command.replace(" ", " help ") + f" {page}")
        names = ", ".join(code(f.name) for f in fields if f.page == page)
        lines.append(f"*{page}. {title}* (explained by {help_}): {names}")
    return lines


def _field(field: Field, *, brief: bool = False) -> str:
    """One question: what is typed, what it is called, what it takes. `brief` leaves the explanations out."""
    facts = [field.kind]
    facts += [f"may be left out{f', then {code(field.default)}' if field.default else ''}"] if not field.needed else []
    facts += [remark(field.condition)] if field.condition else []
    facts += ["shown masked"] if field.sensitive else []
    line = f"• {code(field.name)} {inline(field.label)}: {', '.join(facts)}."
    if field.choices:
        line += "\n      " + ", ".join(_choice(o.value, "" if brief else o.label) for o in field.choices)
    return line if brief or not field.hint else f"{line}\n      {remark(field.hint)}"


def _choice(value: str, label: str) -> str:
    return f"{code(value)} ({inline(label)})" if label and label != value else code(value)


def incomplete(entry: Entry, wrong: Sequence[Mistake]) -> Message:
    """To somebody whose typed command cannot be carried out as it is: what is wrong with each value."""
    asks = entry.form.asks()
    lines = [
        f"• {code(short(entry.form, m.field))} {inline(asks[m.field].label)}: {remark(m.text)}"
        if m.field in asks
        else f"• {remark(m.text)}"
        for m in wrong
    ]
    text = f"{code(f'{entry.command} {entry.word}')} cannot be carried out with what was typed."
    help_ = code(f"{entry.command} help {entry.word}")
    return kit.message(text, [kit.section(text), *kit.sections(lines), kit.context(f"Everything about it: {help_}")])


def card_not_shown(number: int, channel: str, why: str) -> Message:
    """To a requester: the approvals channel is closed to us."""
    return refusal(
        f"I cannot show #{number} in {kit.channel(channel)}: Slack says {why}. Nobody can approve it there until I am "
        "invited: type /invite @Tenfour in that channel."
    )


def channel_closed(channel: str, why: str) -> Message:
    """To the subscriber of a channel: it hears no verdicts any more."""
    return refusal(
        f"{kit.channel(channel)} does not hear about verdicts any more: Slack says {why}. Invite me there "
        "(/invite @Tenfour) and type /a2p-watch on in it again."
    )


def window_gone(title: str, *, kept: bool) -> Message:
    """To somebody who closed a window before its answer came. `kept`: what they typed is in a draft."""
    after = " Your draft is kept: open the form again to resume it." if kept else ""
    return refusal(f"“{title}”: this was ready after its window had been closed.{after}")


def refusal(text: str) -> Message:
    """Why something was not done and what to do next, in words that our own code chose."""
    return kit.message(text, kit.sections(kit.prose(part) for part in text.split("\n\n")) if text.strip() else [])
