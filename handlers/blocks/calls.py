"""Messages that call people to a change that waits for them: when it is asked for, and when it has waited long."""

from collections.abc import Sequence

from bot.changes.change import Change
from bot.changes.roster import Pinged
from handlers.blocks import kit
from handlers.blocks.change_buttons import decide_buttons, details, priced, sign_off_button, why, withdraw_button
from handlers.blocks.change_words import gate_title
from handlers.blocks.glass import ran
from handlers.blocks.kit import Message, date, inline, person, remark, span, usergroup
from handlers.blocks.parts import part_name
from handlers.blocks.progress import approvals, needs


def call(change: Change, whom: Pinged) -> Message | None:
    """Calls those who may approve to the card above it; None where the card itself is the call."""
    if not _mentions(whom):
        return None
    price = f"Price: {priced(change)}."
    said = f"#{change.number} waits for your approval: {remark(change.plan.title)}. {price}"
    mentions = ", ".join(_mentions(whom))
    text = f"{' '.join(map(person, whom.users))} {said}".strip()
    return kit.message(text, [kit.section(f"{mentions}: {said}")])


def next_part(change: Change, whom: Pinged) -> Message:
    """To those who approve: a change that is under way has come to its next paid part."""
    name = part_name(gate_title(change))
    text = f"#{change.number} needs an approval again, for “{name}”. Price of this part: {priced(change)}."
    mentions = f"\n{', '.join(_mentions(whom))}: please decide." if _mentions(whom) else ""
    buttons = kit.actions(*decide_buttons(change), *why(change))
    return kit.message(text, [kit.section(f"*{text}*\n{needs(change)}{mentions}"), buttons])


def reminder(change: Change, whom: Pinged, now: float) -> Message:
    """How long a change has waited, for whom, and until when; mentions only those who are still needed."""
    waited = f"#{change.number} has waited {span(now - change.waits_since)} for approval"
    short = [need for need in change.requirement.groups if change.missing(need)]
    so_far = ", ".join(f"{n.need - change.missing(n)} of {n.need} of {inline(n.label, 80)}" for n in short)
    title = remark(change.plan.title)
    text = f"{waited}: {title}. So far {so_far}."
    expires = f"It expires {date(change.expires_at)}."
    lines = [f"*{waited}*: {title}.", f"So far {so_far}. {_who_can(whom, short)} {expires}"]
    return kit.message(text, kit.sections(lines))


def last_call(change: Change) -> Message:
    """To the requester: what they asked for ends soon, as nobody has decided."""
    text = f"Your change #{change.number} expires {date(change.expires_at)} unless it is approved before that"
    title = remark(change.plan.title)
    advice = "Ask one of those who may approve it (Why? names them), or withdraw it if it is not needed any more."
    blocks = kit.sections([f"*{text}*: {title}.", *approvals(change), advice])
    return kit.message(
        f"{text}: {title}. {advice}", [*blocks, kit.actions(*why(change), withdraw_button(change), details(change))]
    )


def review_reminder(change: Change, now: float) -> Message:
    """To the approvers: nobody has looked yet at what ran without their approvals."""
    broken = change.glass[-1]
    how = "ran" if ran(change) else "was let through"
    waited = f"#{change.number} {how} without its approvals {span(now - broken.at)} ago, and nobody has signed it off"
    who = f"{person(broken.user)} broke glass, {date(broken.at)}: “{inline(broken.reason, 600)}”."
    advice = "Somebody who may approve it and had no part in it looks at what was done, and signs it off."
    blocks = kit.sections([f"*{waited}*: {remark(change.plan.title)}.", who, advice])
    return kit.message(
        f"{waited}: {remark(change.plan.title)}.", [*blocks, kit.actions(sign_off_button(change), details(change))]
    )


def _mentions(whom: Pinged) -> list[str]:
    return [*map(usergroup, whom.usergroups), *map(person, whom.users)]


def _who_can(whom: Pinged, short: Sequence[object]) -> str:
    mentions = _mentions(whom)
    if not mentions:
        return f"Everybody of {'this group' if len(short) == 1 else 'these groups'} who has not decided yet can."
    named = f"{', '.join(mentions[:-1])} and {mentions[-1]}" if len(mentions) > 1 else mentions[0]
    return f"{named} can decide."
