"""Registrations in Slack: the card at the head of their thread, verdicts, and who hears about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.checks.guide import Guide
from bot.tracking.registration import GONE, Registration, Transition
from handlers.blocks import kit
from handlers.blocks.kit import Block, Message, code, date, inline, link, person, plural, remark, span
from handlers.blocks.progress import console_url
from handlers.blocks.rejection import Rejection, rejections

HISTORY = 5


@dataclass(frozen=True)
class Standing:
    """What a status means: in words, who has to act, and what comes next."""

    words: str
    holder: str
    then: str


_YOU = "you"
_CAMPAIGN: Mapping[str, Standing] = MappingProxyType(
    {
        "": Standing("Not looked at yet", "Tenfour", "The first look at Twilio comes within a minute."),
        "PENDING": Standing(
            "Submitted",
            "Twilio",
            "Twilio checks the fields, then hands it to review: typically 10 to 15 business days.",
        ),
        "IN_PROGRESS": Standing(
            "Under review",
            "the carriers' vetting",
            "A verdict typically takes 10 to 15 business days, at times several weeks.",
        ),
        "VERIFIED": Standing(
            "Verified",
            "the carriers, for the numbers",
            "Each number in the sender pool is registered with carriers next: minutes to days. "
            "Wait before sending, else messages fail with 30034.",
        ),
        "FAILED": Standing(
            "Rejected", _YOU, "Twilio gave no reason that can be read here: look in Console or ask support."
        ),
        "SUSPENDED": Standing(
            "Suspended",
            "you, with Twilio support",
            "It cannot be changed or deleted meanwhile, and its monthly fee goes on. Read Twilio's mail or open a "
            "support ticket. Twilio removes a campaign that stays suspended for 30 days and releases its numbers.",
        ),
        GONE: Standing(
            "No longer at Twilio",
            _YOU,
            "Somebody deleted it, here or in Console. Its numbers cannot send. Register it again if it is needed.",
        ),
    }
)


def standing(registration: Registration) -> Standing:
    """What the status of a registration means; a word that we do not know is shown as Twilio gave it."""
    known = _CAMPAIGN.get(registration.status) if registration.kind == "campaign" else None
    return known or _unknown(registration.status)


def _unknown(status: str) -> Standing:
    return Standing(
        f"Twilio says “{status}”" if status else "Not looked at yet",
        "Twilio",
        "Tenfour does not know this word. Look at it in Console; Tenfour goes on looking and tells what changes.",
    )


# The card


def registration_card(registration: Registration, transitions: Sequence[Transition], guide: Guide) -> Message:
    """The root of a registration's thread."""
    now = standing(registration)
    found = rejections(registration.snapshot, guide)
    codes = f" ({_codes(found)})" if found else ""
    then = f"{_advice(registration, found)} The reasons stand in this thread." if found else now.then
    text = f"{remark(registration.title)}: {_lower(inline(now.words))}{codes}. {then}"
    blocks = [
        kit.header(registration.title),
        kit.section(f"*{inline(now.words)}*{codes}\n{then}"),
        kit.fields(_facts(registration, now)),
    ]
    if registration.out_of_sight:
        last = f"this is as of {date(registration.fetched_at)}" if registration.fetched_at else "nothing is known yet"
        why = remark(registration.trouble, 600)
        blocks.append(kit.section(f"*Tenfour has not been able to look at Twilio for some time*, so {last}: {why}"))
    blocks += _history(transitions)
    return kit.message(text, [*blocks, kit.actions(*_card_buttons(registration, found))])


def _codes(found: Sequence[Rejection]) -> str:
    return f"{'error' if len(found) == 1 else 'errors'} {', '.join(inline(r.code, 40) for r in found)}"


def _facts(registration: Registration, now: Standing) -> list[tuple[str, str]]:
    seen = registration.snapshot
    you = registration.owner and now.holder.startswith(_YOU)
    holder = person(registration.owner) + now.holder.removeprefix(_YOU) if you else now.holder
    facts = [
        ("Messaging service" if registration.kind == "campaign" else inline(registration.kind), _console(registration)),
        ("Use case", _seen(seen, "us_app_to_person_usecase")),
        ("Brand", _seen(seen, "brand_registration_sid")),
        ("Campaign at TCR", _seen(seen, "campaign_id")),
        ("It is up to", holder),
        ("Since", _since(registration)),
        ("Looked at", date(registration.fetched_at) if registration.fetched_at else ""),
        ("Change", f"#{registration.change}" if registration.change else ""),
    ]
    return [(label, value) for label, value in facts if value]


def _seen(snapshot: Mapping[str, Any], name: str) -> str:
    value = snapshot.get(name)
    return code(str(value)) if value else ""


def _console(registration: Registration) -> str:
    page = console_url(registration.key)
    return f"{code(registration.key)}{' · ' + link(page, 'open in Console') if page else ''}"


def _since(registration: Registration) -> str:
    """When the status began, and for how long it stood at the last look."""
    if not registration.since:
        return f"{date(registration.started_at)} (followed since then)"
    stood = f" ({span(registration.fetched_at - registration.since)} at the last look)"
    return date(registration.since) + (stood if registration.fetched_at > registration.since else "")


def _history(transitions: Sequence[Transition]) -> list[Block]:
    lines = [f"{date(t.at)} · {code(t.before or 'first look')} → {code(t.after)}" for t in transitions[-HISTORY:]]
    return [kit.context("\n".join(lines))] if lines else []


def _card_buttons(registration: Registration, found: Sequence[Rejection]) -> list[Block]:
    check = kit.button("Check now", "registration.check", registration.id, label=f"Check {registration.title} now")
    fix = [_resubmit(registration, found)] if registration.status == "FAILED" and _ours(registration) else []
    return [*fix, check]


def _ours(registration: Registration) -> bool:
    """Whether it can be edited and resubmitted at Twilio: a campaign shared from TCR is fixed there (twilio.md 6)."""
    return registration.kind == "campaign" and not registration.snapshot.get("is_externally_registered")


def _resubmit(registration: Registration, found: Sequence[Rejection]) -> Block:
    """*Fix and resubmit*: the main button, unless Twilio takes a resubmission for none of the errors."""
    if not _hopeless(found):
        return _resubmit_button(registration, style="primary")
    why = (
        "Twilio does not take a resubmission for these errors. It would most likely be rejected again, and cost again."
    )
    return _resubmit_button(registration, confirm=kit.confirm("Resubmit all the same?", why, "Resubmit", danger=True))


def _resubmit_button(registration: Registration, **more: Any) -> Block:
    label = f"Fix and resubmit {registration.title}"
    return kit.button("Fix and resubmit", "registration.resubmit", registration.id, label=label, **more)


def _hopeless(found: Sequence[Rejection]) -> bool:
    return bool(found) and all(r.resubmittable is False for r in found)


# Verdicts


def verdict(registration: Registration, transition: Transition, guide: Guide) -> Message:
    """What is said in the channel when a registration moved; `transition` may be older than the registration."""
    then = registration.model_copy(update={"status": transition.after, "snapshot": transition.snapshot})
    found = rejections(transition.snapshot, guide)
    if transition.after == "FAILED" or found:
        return _rejected(then, found)
    now = standing(then)
    title = inline(registration.title)
    text = f"{title}: {inline(now.words)}. {now.then}"
    if transition.after == "VERIFIED":
        text = f"{title} is verified. {now.then}"
    owner = f"{person(registration.owner)}, " if registration.owner else ""
    facts = (
        f"{owner}{_console(registration)} · was {code(transition.before or 'not seen before')}, {date(transition.at)}"
    )
    return kit.message(text, [*kit.sections([f"*{title}: {_lower(inline(now.words))}*", now.then]), kit.context(facts)])


def _rejected(then: Registration, found: Sequence[Rejection]) -> Message:
    title = inline(then.title)
    failed = then.status == "FAILED"
    # errors may come with any status: what is wrong is told at once, and the status as it is
    what = f"{title} was rejected" if failed else f"Twilio reports errors for {title} ({code(then.status)})"
    why = f": {_codes(found)}" if found else ", without giving a reason"
    blocks: list[Block] = [kit.section(f"*{what}{why}*\n{_asked(then)}{_console(then)}")]
    for rejection in found:
        blocks += [kit.divider(), *kit.sections(rejection.lines(then.snapshot))]
    blocks.append(kit.divider())
    blocks += _way_on(then, found)
    return kit.message(f"{what}{why}. {_advice(then, found)}", blocks)


def _asked(then: Registration) -> str:
    return f"{person(then.owner)} asked for it · " if then.owner else ""


def _way_on(then: Registration, found: Sequence[Rejection]) -> list[Block]:
    blocks = [kit.section(_advice(then, found))]
    if _ours(then) and then.status == "FAILED":
        blocks.append(kit.actions(_resubmit(then, found)))
    return blocks


def _advice(then: Registration, found: Sequence[Rejection]) -> str:
    if then.kind == "campaign" and not _ours(then):
        return "This campaign comes from TCR: fix it there and share it with Twilio again."
    if then.status != "FAILED" or not found:
        return standing(then).then
    if _hopeless(found):
        return (
            "Twilio takes no resubmission for any of these errors: this content or use cannot be registered as it is."
        )
    return f"Fix what is named, then resubmit. Each review may cost {Rejection.price()} again."


def _lower(words: str) -> str:
    return words if words.startswith("Twilio") else words[:1].lower() + words[1:]


# Who hears about it


def watch_panel(channel: str, hears: bool, registrations: Sequence[Registration]) -> Message:
    """Whether a channel hears about registrations, and which are followed."""
    does = "hears" if hears else "does not hear"
    followed = f"{plural(len(registrations), 'registration')} followed."
    text = f"{kit.channel(channel)} {does} about verdicts on campaigns. {followed}"
    switch = (
        kit.button("Stop alerts here", "watch.off", channel)
        if hears
        else kit.button("Send alerts here", "watch.on", channel, style="primary")
    )
    lines = [f"• {registration_line(r)}" for r in registrations[:30]]
    if len(registrations) > 30:
        lines.append(f"… and {len(registrations) - 30} more")
    return kit.message(text, [kit.section(text), *kit.sections(lines), kit.actions(switch)])


def registration_line(registration: Registration) -> str:
    """A registration within a list."""
    since = f", since {date(registration.since, 'day')}" if registration.since else ""
    words = _lower(inline(standing(registration).words))
    return f"*{inline(registration.title)}*: {words}{since} · {code(registration.key)}"
