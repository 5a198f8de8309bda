"""What a channel hears of registrations: the window in which that is chosen, and what is said of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bot.tracking.registration import SEVERITIES, Registration, Severity
from bot.tracking.subscriptions import KINDS_HEARD, Subscription, known_zone
from handlers.blocks import kit
from handlers.blocks.following.severities import SEVERAL
from handlers.blocks.kit import Block, Message, code, inline, person, plural
from handlers.blocks.tokens import memo

MUTED = 20
"""Muted registrations that are listed."""
CALLBACK = "watch"
OWN_ZONE = "zone:own"
"""The block of the zone once Slack has told whose window it is: as another block, Slack draws what stands in it."""

MODES: Mapping[str, str] = MappingProxyType(
    {"on": "At once, as it happens", "digest": "Only in the weekly digest", "off": "Nothing"}
)
SEVERITY_WORDS: Mapping[Severity, str] = MappingProxyType(
    {
        "bad": "Bad news: something cannot send",
        "warn": "Warnings: will not be able to soon",
        "good": "Good news",
        "info": "Progress",
    }
)
KIND_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "campaign": "Campaigns and their numbers",
        "brand": "Brands",
        "bundle": "Bundles of identities",
        "sink": "Event sinks",
        "traffic": "Traffic: errors of messages",
    }
)
_ABOUT: Mapping[str, str] = MappingProxyType(
    {"campaign": "campaigns", "brand": "brands", "bundle": "bundles", "sink": "event sinks", "traffic": "traffic"}
)


@dataclass(frozen=True)
class Watched:
    """What a channel hears, and what there is to hear of. `subscription` is None where nobody has asked for anything.

    `accounts` and `brands` are names by SID, `counts` how many are followed of each kind, `muted` those that this
    channel hears no more of.
    """

    channel: str
    subscription: Subscription | None = None
    accounts: Mapping[str, str] = field(default_factory=dict)
    brands: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    muted: Sequence[Registration] = ()


# In words


def hears(seen: Watched) -> str:
    """One or two sentences: what this channel hears, from where, and when not."""
    the, where = seen.subscription, kit.channel(seen.channel)
    if the is None or the.off:
        return f"{where} hears nothing about registrations. `/a2p-watch` in it changes that."
    about = f"about {_about(the)}{_of(seen, the)}"
    if the.digest_only:
        return f"{where} hears only once a week, in a digest, {about}."
    weekly = " A weekly digest comes too." if the.weekly else ""
    return f"{where} hears {_news(the)} {about}{_quiet(the)}.{_odd_zone(the)}{weekly}"


def _news(the: Subscription) -> str:
    return _list([SEVERAL[s] for s in SEVERITIES if s in the.severities]) or "everything"


def _about(the: Subscription) -> str:
    return _list([_ABOUT.get(k, inline(k, 40)) for k in the.kinds]) or "registrations"


def _of(seen: Watched, the: Subscription) -> str:
    of = [inline(seen.accounts.get(a, a), 60) for a in the.accounts]
    under = [inline(seen.brands.get(b, b), 60) for b in the.brands]
    accounts = f" of {_list(of)}" if of else ""
    return f"{accounts}, of the {'brand' if len(under) == 1 else 'brands'} {_list(under)}" if under else accounts


def _quiet(the: Subscription) -> str:
    if the.quiet is None:
        return ""
    begins, ends = map(clock_of, the.quiet)
    return f", not between {begins} and {ends} {inline(the.zone, 60)}: what happens then is told when they end"


def _odd_zone(the: Subscription) -> str:
    if the.quiet is None or known_zone(the.zone):
        return ""
    return f" The time zone {code(the.zone)} is not known here, so that these are hours in UTC."


def _list(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def clock_of(minutes: int) -> str:
    """Minutes after midnight as on a clock."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def followed(counts: Mapping[str, int]) -> str:
    """How many registrations are followed, by kind."""
    shown = [plural(n, _SINGULAR.get(k, inline(k, 40))) for k, n in sorted(counts.items()) if n]
    return f"Followed: {_list(shown)}." if shown else "Nothing is followed yet."


_SINGULAR: Mapping[str, str] = MappingProxyType(
    {"campaign": "campaign", "brand": "brand", "bundle": "bundle", "sink": "event sink", "traffic": "traffic report"}
)


# Messages


def watch_panel(seen: Watched) -> Message:
    """The answer to `/a2p-watch show`: what is heard here, what is followed, and what is muted."""
    text = hears(seen)
    on = seen.subscription is not None and not seen.subscription.off
    switch = (
        kit.button("Stop alerts here", "watch.off", seen.channel)
        if on
        else kit.button("Send alerts here", "watch.on", seen.channel, style="primary")
    )
    choose = kit.button("Choose what is heard", "watch.open", seen.channel)
    blocks = [kit.section(text), kit.section(followed(seen.counts)), *_muted(seen, "registration.unmute")]
    return kit.message(f"{text} {followed(seen.counts)}", [*blocks, kit.actions(choose, switch)])


def now_hears(seen: Watched, user: str, nobody: bool) -> Message:
    """To whoever changed it, where they did. `nobody`: no channel at all hears bad news any more."""
    text = hears(seen)
    if nobody:
        text += " No channel hears bad news now: a rejection would only be seen by who looks for it, on App Home."
    return kit.message(text, [kit.section(text), kit.context(f"Chosen by {person(user)} · `/a2p-watch` changes it")])


# The window


def watch_modal(seen: Watched, *, zone: str = "", note: str = "", unmuting: str = "") -> dict[str, Any]:
    """What this channel hears, to be chosen. `zone` is the person's own, `unmuting` is being unmuted."""
    the = seen.subscription or Subscription(channel=seen.channel, off=True)
    mode = "off" if the.off else "digest" if the.digest_only else "on"
    blocks = [*(kit.notice(note, "warning") if note else []), kit.section(hears(seen))]
    blocks += [
        _radio("mode", "What is told here", MODES, mode),
        _boxes("severities", "Of what kind of news", SEVERITY_WORDS, the.severities),
        _boxes("kinds", "About what", {k: KIND_WORDS[k] for k in KINDS_HEARD}, the.kinds),
    ]
    if len(seen.accounts) > 1:
        blocks.append(_several("accounts", "Only of these accounts", seen.accounts, the.accounts))
    brands = {**{b: b for b in the.brands}, **seen.brands}
    if brands:
        blocks.append(_several("brands", "Only of these brands, and their campaigns", brands, the.brands))
    quiet = the.quiet or (None, None)
    known = the.zone if the.quiet or the.zone != "UTC" else ""
    zone_hint = "Such as Europe/Berlin or America/New_York: for quiet hours, and for the digest on Monday at 9:00."
    blocks += [
        _time("quiet_from", "Quiet from", quiet[0], "What happens in quiet hours is told when they end."),
        _time("quiet_until", "Quiet until", quiet[1], "Leave both blank for none."),
        kit.input_block(
            "zone" if known or not zone else OWN_ZONE,
            "Time zone",
            kit.text_input("zone", initial=known or zone, most=60),
            hint=zone_hint,
            optional=True,
        ),
        kit.input_block(
            "weekly",
            "Once a week",
            kit.checks_input(
                "weekly", [kit.option("weekly", "Weekly digest")], initial=["weekly"] if the.weekly else []
            ),
            optional=True,
        ),
        kit.divider(),
        kit.section(followed(seen.counts)),
        *_muted(seen, "watch.unmute", unmuting),
    ]
    title = "What is heard here"
    return kit.modal(title, blocks, callback_id=CALLBACK, submit="Save", private_metadata=memo(c=seen.channel))


def _radio(name: str, label: str, words: Mapping[str, str], chosen: str) -> Block:
    options = [kit.option(value, text) for value, text in words.items()]
    return kit.input_block(name, label, kit.choice_input(name, options, initial=chosen, radio=True))


def _boxes(name: str, label: str, words: Mapping[Any, str], chosen: Collection[str]) -> Block:
    """Boxes to tick; an empty choice stands for everything."""
    options = [kit.option(value, text) for value, text in words.items()]
    element = kit.checks_input(name, options, initial=chosen or [str(w) for w in words])
    return kit.input_block(name, label, element, optional=True)


def _several(name: str, label: str, names: Mapping[str, str], chosen: Collection[str]) -> Block:
    # what is chosen first: of more than Slack takes, the others are left out
    order = sorted(names, key=lambda sid: (sid not in chosen, names[sid].lower()))
    options = [kit.option(sid, names[sid] or sid, sid) for sid in order]
    element = kit.several_input(name, options, initial=chosen)
    return kit.input_block(name, label, element, hint="Leave it blank for all of them.", optional=True)


def _time(name: str, label: str, minutes: int | None, hint: str) -> Block:
    initial = "" if minutes is None else clock_of(minutes)
    return kit.input_block(name, label, kit.time_input(name, initial=initial), hint=hint, optional=True)


def _muted(seen: Watched, action: str, unmuting: str = "") -> list[Block]:
    blocks = [kit.section(f"*Muted here*: no news of {'them' if len(seen.muted) > 1 else 'it'} is posted")]
    for n, the in enumerate(seen.muted[:MUTED]):
        by = f"*{inline(the.title or the.key)}*, by {person(the.muted[seen.channel].by)}"
        if the.id == unmuting:
            blocks.append(kit.section(f"{by}\n_Is being unmuted._"))
        else:
            label = f"Unmute {the.title}"
            blocks.append(kit.section(by, kit.button("Unmute", f"{action}:{n}", the.id, label=label)))
    if len(seen.muted) > MUTED:
        blocks.append(kit.context(f"… and {len(seen.muted) - MUTED} more: *Unmute* is on the card of each"))
    return blocks if seen.muted else []
