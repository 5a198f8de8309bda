"""Help, usage and refusals: short answers to slash commands."""

from collections.abc import Collection, Mapping

from bot.catalog.operation import Catalog, Operation
from handlers.blocks import kit
from handlers.blocks.kit import Message, code, inline, remark

_OTHERS = (
    ("/a2p-approvals", "Changes that wait for a decision."),
    ("/a2p-watch", "Whether this channel hears about verdicts; `on` or `off` after it changes that."),
    ("/a2p", "This page."),
)


def help_message(catalog: Catalog, *, allowed: Mapping[str, str]) -> Message:
    """What can be asked for.

    `allowed` holds, by operation name, "" when this person may ask for it, else the name of the rule or the sentence
    that says no. An operation that is not in it is shown as one that may not be asked for.
    """
    may = [o for o in catalog.operations if allowed.get(o.name) == ""]
    may_not = [o for o in catalog.operations if o not in may]
    first = may[0] if may else None
    text = "Tenfour sets up Twilio for A2P 10DLC: type a command, fill in the form, and a colleague approves."
    blocks = [kit.header("What you can ask for"), kit.section(text)]
    blocks += kit.sections((f"{_command(o)}  *{inline(o.title)}*\n{inline(o.summary)}" for o in may), between="\n\n")
    if first:
        blocks.append(kit.context(f"Values may follow a command, then the form opens filled in: {_example(first)}"))
    else:
        blocks.append(kit.section("You may not ask for changes here. Ask a full member of the team to request one."))
    if may_not:
        blocks.append(kit.context("*What you may not ask for*", *_denied(may_not, allowed)))
    blocks += [kit.divider(), *kit.sections(f"{code(command)}  {what}" for command, what in _OTHERS)]
    count = f"You can ask for {kit.plural(len(may), 'kind')} of change." if may else "You may not ask for changes."
    return kit.message(f"{text} {count} The commands are listed in this message.", blocks)


def _command(operation: Operation) -> str:
    return code(f"{operation.command} {operation.word}")


def _example(operation: Operation) -> str:
    """A command with the first value of its form."""
    name, ask = next(iter(operation.form.asks().items()))
    value = ask.options[0].value if ask.options else "…"
    return code(f'{operation.command} {operation.word} {name}="{value}"')


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
    """What can follow a command. `words` may map each word to its operation; `unknown` is what was typed, or ""."""
    typed = f"{code(command)} does not know {code(unknown)}." if unknown else f"{code(command)} needs a word after it."
    guess = f" Did you mean {code(f'{command} {nearest}')}?" if nearest else ""
    operations = words if isinstance(words, Mapping) else {}
    lines = [_usage(command, word, operations.get(word)) for word in words]
    text = f"{typed}{guess}"
    return kit.message(text, [kit.section(text), *kit.sections(lines), kit.context("All commands: `/a2p`")])


def _usage(command: str, word: str, operation: object) -> str:
    title = f"  {inline(operation.title)}" if isinstance(operation, Operation) else ""
    return f"• {code(f'{command} {word}')}{title}"


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
