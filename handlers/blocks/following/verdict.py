"""What is said of a registration when something happened to it, or when too little did."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from bot.catalog.rejections import Rejection, rejections, way_on
from bot.checks.standing import YOU
from bot.tracking.ready import known_verdict
from bot.tracking.registration import Registration, Transition
from bot.tracking.stuck import READY, UNSURE
from bot.tracking.typical import Typical
from handlers.blocks import kit
from handlers.blocks.following.deadline_words import deadline_words, time_left
from handlers.blocks.following.durations import duration
from handlers.blocks.following.readiness import counted, failed_lines, readiness_lines, reason_lines
from handlers.blocks.following.registration_buttons import news_buttons
from handlers.blocks.following.registration_facts import shown_value, traffic_lines
from handlers.blocks.following.rejection import feedback_line, refused_before, rejection_blocks
from handlers.blocks.following.severities import ONE
from handlers.blocks.following.shown import Shown
from handlers.blocks.following.standing_words import external, holder_of, in_console, lower, standing
from handlers.blocks.following.typical_words import by_whom, stage_words
from handlers.blocks.kit import Block, Message, code, date, inline, person, plural, remark

REJECTED = frozenset({"FAILED", "twilio-rejected"})
"""States in which somebody has said no to what was submitted, with reasons or without."""


def verdict(shown: Shown, transition: Transition) -> Message:
    """What is said in the channel; `transition` may be older than the registration."""
    then = shown.registration.model_copy(update={"status": transition.after, "snapshot": transition.snapshot})
    told = _ABOUT.get(transition.about, _state)
    return told(shown, then, transition)


def codes_of(found: Sequence[Rejection]) -> str:
    """The codes of errors, for a headline."""
    return f"{'error' if len(found) == 1 else 'errors'} {', '.join(inline(r.code, 40) for r in found)}"


def advice(then: Registration, found: Sequence[Rejection]) -> str:
    """What comes next, whatever it was refused for."""
    if then.status != "FAILED" or not found or external(then) or then.kind != "campaign":
        return standing(then).then
    return way_on(found)


def rejected_blocks(shown: Shown, then: Registration, at: float) -> list[Block]:
    """Every error in full, and what the brand was refused for before `at` (epoch seconds)."""
    found = rejections(then.snapshot, shown.guide)
    before = refused_before(shown.past, [r.code for r in found], at)
    blocks: list[Block] = []
    for rejection in found:
        failed = then.status == "FAILED"
        blocks += [kit.divider(), *rejection_blocks(rejection, then.snapshot, shown.past, failed=failed)]
    return [*blocks, *([kit.divider(), *kit.sections(before)] if before else [])]


# Another state


def _state(shown: Shown, then: Registration, transition: Transition) -> Message:
    found = rejections(transition.snapshot, shown.guide)
    if found and transition.after == "APPROVED":
        return _approved_with_feedback(then, transition, found)
    if found or transition.after in REJECTED:
        return _rejected(shown, then, transition, found)
    return _moved(then, transition)


def _moved(then: Registration, transition: Transition) -> Message:
    now, title = standing(then), inline(then.title)
    text = f"{title}: {lower(inline(now.words))}. {now.then}"
    if transition.after == "VERIFIED":
        text = f"{title} is verified. {now.then}"
        if transition.before and known_verdict(then) in (READY, UNSURE):
            # whether it can send is told next, in words of its own
            text = f"{title} is verified"
            return kit.message(text, [kit.section(f"*{text}*"), _small_print(then, transition)])
    lines = [f"*{title}: {lower(inline(now.words))}*", *traffic_lines(then), now.then, *readiness_lines(then.snapshot)]
    return kit.message(text, [*kit.sections(lines), _small_print(then, transition)])


def _rejected(shown: Shown, then: Registration, transition: Transition, found: Sequence[Rejection]) -> Message:
    title = inline(then.title)
    # errors may come with any status: what is wrong is told at once, and the status as it is
    refused = then.status in REJECTED
    what = f"{title} was rejected" if refused else f"Twilio reports errors for {title} ({code(then.status)})"
    what = f"{title} is suspended" if then.status == "SUSPENDED" else what
    why = f": {codes_of(found)}" if found else ", without giving a reason"
    asked = f"{person(then.owner)} sees to it · " if then.owner else ""
    # before the errors: of many errors the last ones may not fit
    blocks: list[Block] = [
        kit.section(f"*{what}{why}*\n{asked}{in_console(then)}"),
        kit.section(advice(then, found)),
        kit.context(_said_at(transition)),
        *rejected_blocks(shown, then, transition.at),
    ]
    blocks.append(kit.actions(*news_buttons(then, found, shown.channel)))
    return kit.message(f"{what}{why}. {advice(then, found)}", blocks)


def _approved_with_feedback(then: Registration, transition: Transition, found: Sequence[Rejection]) -> Message:
    what = f"{inline(then.title)} is approved, with feedback: {codes_of(found)}"
    lines = [f"*{what}*", standing(then).then, *map(feedback_line, found)]
    return kit.message(f"{what}. Look at what it stops.", [*kit.sections(lines), _small_print(then, transition)])


# What is told besides the state


def _ready(_shown: Shown, then: Registration, transition: Transition) -> Message:
    title, readiness = inline(then.title), then.snapshot.get("readiness")
    word = transition.facts.get("ready")
    if word == "ready":
        what, next_step = f"{title} is ready to send", "Campaign, numbers, pool and routing are in order."
        lines = readiness_lines(then.snapshot)
    elif word == "unsure":
        what = f"{title} is most likely ready to send"
        next_step = "Nothing stands in its way that can be seen here. Send a test first: `/a2p-message test`."
        lines = readiness_lines(then.snapshot) or [remark(str(transition.facts.get("why") or ""))]
    else:
        what, next_step = f"{title} is no longer ready to send", "Messages may fail until this is mended."
        facts = transition.facts if transition.facts.get("reasons") else readiness
        lines = reason_lines(facts) if isinstance(facts, Mapping) else []
        lines = lines or ["What has changed is not known: look at it in Console."]
    return _told(then, transition, what, next_step, lines)


def _numbers(shown: Shown, then: Registration, transition: Transition) -> Message:
    facts = transition.facts
    failed, total = counted(facts.get("failed")), counted(facts.get("total"))
    registered, waiting = counted(facts.get("registered")), counted(facts.get("waiting"))
    of = f" of {total}" if total else ""
    if failed:
        what = f"{plural(failed, 'number')}{of} of {inline(then.title)} could not be registered with carriers"
        next_step = "What failed cannot text until that is mended: Twilio support sees to numbers that stay failed."
    else:
        what = f"Numbers of {inline(then.title)}: {registered}{of} registered with carriers"
        next_step = "Those that wait must not send yet, else messages fail with 30034."
        if not waiting:
            next_step = "No number waits for the carriers any more. What is still missing is on the card."
    listed = facts if isinstance(facts.get("failed"), list | tuple) else then.snapshot.get("readiness")
    lines = failed_lines(listed) if failed and isinstance(listed, Mapping) else []
    before = then.snapshot.get("readiness")
    # those that failed at an earlier look are no news, and still cannot send
    lost = failed or (counted(before.get("failed")) if isinstance(before, Mapping) else 0)
    counts = f"{registered} registered, {waiting} waiting, {lost} failed"
    return _told(then, transition, what, next_step, [*lines, counts], channel=shown.channel, help_with=bool(failed))


def _stuck(shown: Shown, then: Registration, transition: Transition) -> Message:
    facts, now = transition.facts, standing(then)
    stage = str(facts.get("stage") or then.stage)
    stood = _seconds(facts.get("stood"), transition.at - then.since)
    usual = Typical(_seconds(facts.get("p50")), _seconds(facts.get("p90")), counted(facts.get("own")))
    whose = by_whom(usual, stage)
    longer = f"longer than nine of ten others, {whose}" if whose else "longer than it should be"
    what = f"{inline(then.title)} has been {stage_words(stage)} for {duration(stood)}, {longer}"
    times = counted(facts.get("times"))
    lines = [
        *(
            [f"Half are through within {duration(usual.p50)}, nine of ten within {duration(usual.p90)}."]
            if whose
            else []
        ),
        f"It is up to {holder_of(then, now)}.",
        *([f"This was said {plural(times - 1, 'time')} before."] if times > 1 else []),
    ]
    next_step = "Ask Twilio what it waits for: *Draft support ticket* makes the text, ready to copy."
    if now.holder.startswith(YOU):
        next_step = f"Nothing goes on before somebody acts. {now.then}"
    return _told(then, transition, what, next_step, lines, channel=shown.channel, help_with=True)


def _deadline(shown: Shown, then: Registration, transition: Transition) -> Message:
    facts = transition.facts
    words, at = deadline_words(str(facts.get("name") or "")), _seconds(facts.get("at"))
    left = time_left(at, transition.at) if at else f"{duration(_seconds(facts.get('left')))} left"
    owner = f"{person(then.owner)}: " if then.owner else ""
    what = f"{owner}{inline(then.title)}. {words.called} {date(at)}: {left}"
    # the last word comes when the time is over: by then somebody may have acted unseen
    over = bool(at) and at <= transition.at
    lines = [f"{'If nothing was done in time,' if over else 'Then'} {words.happens}."]
    return _told(then, transition, what, words.act, lines, channel=shown.channel, help_with=True)


def _told(
    then: Registration,
    transition: Transition,
    what: str,
    next_step: str,
    lines: Sequence[str],
    *,
    channel: str = "",
    help_with: bool = False,
) -> Message:
    """A headline, what is behind it and what to do, with buttons where somebody has to act."""
    blocks = [*kit.sections([f"*{what}*", *lines, next_step]), _small_print(then, transition)]
    if help_with:
        blocks.append(kit.actions(*news_buttons(then, (), channel)))
    return kit.message(f"{what}. {next_step}", blocks)


def _small_print(then: Registration, transition: Transition) -> Block:
    moved = transition.about == "state" and transition.before
    facts = [
        ONE.get(transition.severity, inline(transition.severity)),
        person(then.owner) if then.owner else "",
        in_console(then),
        f"was {code(transition.before)}" if moved else "",
        f"trust score {score}" if (score := shown_value(transition.snapshot, "brand_score")) else "",
        date(transition.at),
    ]
    return kit.context(" · ".join(filter(None, facts)))


def _said_at(transition: Transition) -> str:
    word = ONE.get(transition.severity, remark(transition.severity))
    return f"{word} · {date(transition.at)}"


def _seconds(value: object, otherwise: float = 0.0) -> float:
    return float(value) if isinstance(value, int | float) else otherwise


_ABOUT: Mapping[str, Callable[[Shown, Registration, Transition], Message]] = MappingProxyType(
    {"ready": _ready, "numbers": _numbers, "stuck": _stuck, "deadline": _deadline}
)
"""What tells a transition that is about more than the state."""
