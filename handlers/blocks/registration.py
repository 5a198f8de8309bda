"""Registrations in Slack: the card at the head of their thread, verdicts, and who hears about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bot.catalog.brands.resubmit import FREE_UPDATES
from bot.catalog.rejections import Rejection, hopeless, rejections, way_on
from bot.checks.guide import Guide
from bot.checks.standing import BRAND, CAMPAIGN, EXTERNAL, YOU, Standing, unknown
from bot.tracking.memory import Past
from bot.tracking.registration import GONE, Registration, Transition
from bot.tracking.typical import Typical
from handlers.blocks import kit
from handlers.blocks.account import account_label
from handlers.blocks.kit import Block, Message, code, date, inline, link, person, plural, remark, span
from handlers.blocks.progress import console_url
from handlers.blocks.rejection import rejection_lines

HISTORY = 5
PASSCODE_SECONDS = 24 * 3600.0


_KEYS = MappingProxyType({"campaign": "Messaging service", "brand": "Brand"})
_UNSEEN = Standing("Not looked at yet", "Tenfour", "The first look at Twilio comes within a minute.")
_GONE = "No longer at Twilio"
_CAMPAIGN: Mapping[str, Standing] = MappingProxyType(
    {
        **CAMPAIGN,
        "": _UNSEEN,
        GONE: Standing(
            _GONE,
            YOU,
            "Somebody deleted it, here or in Console. Its numbers cannot send. Register it again if it is needed.",
        ),
    }
)
_EXTERNAL: Mapping[str, Standing] = MappingProxyType(
    {
        **EXTERNAL,
        "": _UNSEEN,
        GONE: Standing(
            _GONE,
            YOU,
            "Somebody deleted its association, here or in Console. Its numbers cannot send. If it is needed, share it "
            "with Twilio in TCR again, then use `/a2p-external associate`.",
        ),
    }
)
_BRAND: Mapping[str, Standing] = MappingProxyType(
    {**BRAND, "": _UNSEEN, GONE: Standing(_GONE, YOU, "Somebody deleted it in Console.")}
)
_PASSCODE = Standing(
    "Waits for its passcode",
    "the owner of the mobile",
    "Twilio has sent a text to the mobile of the registration. Its owner replies to it within 24 hours, or the brand "
    "fails (30752). A new text: `/a2p-brand resend_otp`.",
)


def standing(registration: Registration) -> Standing:
    """What the status of a registration means; a word that we do not know is shown as Twilio gave it."""
    sole_proprietor = registration.snapshot.get("brand_type") == "SOLE_PROPRIETOR"
    if registration.kind == "brand" and registration.status == "PENDING" and sole_proprietor:
        return _PASSCODE
    return _meanings(registration).get(registration.status) or _unknown(registration.status)


def _meanings(registration: Registration) -> Mapping[str, Standing]:
    if registration.kind == "brand":
        return _BRAND
    if registration.kind == "campaign":
        return _EXTERNAL if external(registration) else _CAMPAIGN
    return {}


def external(registration: Registration) -> bool:
    """Whether a campaign was registered in TCR rather than at Twilio: it is fixed there (twilio.md 6)."""
    return bool(registration.snapshot.get("is_externally_registered"))


def _unknown(status: str) -> Standing:
    return unknown(status) if status else _UNSEEN


# The card


@dataclass(frozen=True)
class Shown:
    """What a card and its verdicts are drawn from. `channel` is where, "" elsewhere; `now` is in epoch seconds.

    `typical` is how long its stage usually takes, and `past` what is remembered of its brand.
    """

    registration: Registration
    transitions: tuple[Transition, ...] = ()
    guide: Guide = field(default_factory=Guide.load)
    channel: str = ""
    now: float = 0.0
    typical: Typical | None = None
    past: Past = field(default_factory=Past)


def registration_card(shown: Shown) -> Message:
    """The root of a registration's thread."""
    registration, transitions, now = shown.registration, shown.transitions, standing(shown.registration)
    found = rejections(registration.snapshot, shown.guide)
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
    you = registration.owner and now.holder.startswith(YOU)
    holder = person(registration.owner) + now.holder.removeprefix(YOU) if you else now.holder
    facts = [
        (_KEYS.get(registration.kind) or inline(registration.kind), _console(registration)),
        ("Use case", _seen(seen, "us_app_to_person_usecase")),
        ("Its brand", _seen(seen, "brand_registration_sid")),
        ("Campaign at TCR", _seen(seen, "campaign_id")),
        ("Identity", _seen(seen, "identity_status")),
        ("Brand at TCR", _seen(seen, "tcr_id")),
        ("Trust score", _seen(seen, "brand_score")),
        ("Corrections", _corrections(registration)),
        ("Passcode runs out", _passcode_until(registration)),
        ("Mock", "yes: it can never send" if seen.get("mock") else ""),
        ("Account", account_label(registration.account, registration.account_name)),
        ("It is up to", holder),
        ("Since", _since(registration)),
        ("Looked at", date(registration.fetched_at) if registration.fetched_at else ""),
        ("Change", f"#{registration.change}" if registration.change else ""),
    ]
    return [(label, value) for label, value in facts if value]


def _corrections(registration: Registration) -> str:
    """How many of a brand's free corrections were sent from here: Twilio shows no count of its own."""
    if registration.kind != "brand" or not (registration.tries or registration.status == "FAILED"):
        return ""
    return f"{registration.tries} of {FREE_UPDATES} free ones sent from here"


def _passcode_until(registration: Registration) -> str:
    """Until when the owner of a sole proprietor's mobile can reply to the text that was last sent from here."""
    if standing(registration) is not _PASSCODE or not registration.made_at:
        return ""
    return f"{date(registration.made_at + PASSCODE_SECONDS)}, 24 hours after the text"


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
    fix = [_resubmit(registration, found)] if registration.status == "FAILED" else []
    return [*fix, check]


def _resubmit(registration: Registration, found: Sequence[Rejection]) -> Block:
    """*Fix and resubmit*: the main button, unless Twilio takes a resubmission for none of the errors."""
    if external(registration) or not hopeless(found):
        return _resubmit_button(registration, style="primary")
    why = (
        "Twilio does not take a resubmission for these errors. It would most likely be rejected again, and cost again."
    )
    return _resubmit_button(registration, confirm=kit.confirm("Resubmit all the same?", why, "Resubmit", danger=True))


def _resubmit_button(registration: Registration, **more: Any) -> Block:
    words = "Fix in TCR and associate again" if external(registration) else "Fix and resubmit"
    return kit.button(words, "registration.resubmit", registration.id, label=f"{words}: {registration.title}", **more)


# Verdicts


def verdict(shown: Shown, transition: Transition) -> Message:
    """What is said in the channel when a registration moved; `transition` may be older than the registration."""
    registration = shown.registration
    then = registration.model_copy(update={"status": transition.after, "snapshot": transition.snapshot})
    found = rejections(transition.snapshot, shown.guide)
    if transition.after == "FAILED" or found:
        return _rejected(then, found)
    now = standing(then)
    title = inline(registration.title)
    text = f"{title}: {inline(now.words)}. {now.then}"
    if transition.after == "VERIFIED":
        text = f"{title} is verified. {now.then}"
    facts = [
        person(registration.owner) if registration.owner else "",
        _console(registration),
        f"was {code(transition.before)}" if transition.before else "",
        f"trust score {score}" if (score := _seen(transition.snapshot, "brand_score")) else "",
        date(transition.at),
    ]
    return kit.message(
        text,
        [
            *kit.sections([f"*{title}: {_lower(inline(now.words))}*", now.then]),
            kit.context(" · ".join(filter(None, facts))),
        ],
    )


def _rejected(then: Registration, found: Sequence[Rejection]) -> Message:
    title = inline(then.title)
    failed = then.status == "FAILED"
    # errors may come with any status: what is wrong is told at once, and the status as it is
    what = f"{title} was rejected" if failed else f"Twilio reports errors for {title} ({code(then.status)})"
    why = f": {_codes(found)}" if found else ", without giving a reason"
    blocks: list[Block] = [kit.section(f"*{what}{why}*\n{_asked(then)}{_console(then)}")]
    for rejection in found:
        blocks += [kit.divider(), *kit.sections(rejection_lines(rejection, then.snapshot))]
    blocks.append(kit.divider())
    blocks += _way_on(then, found)
    return kit.message(f"{what}{why}. {_advice(then, found)}", blocks)


def _asked(then: Registration) -> str:
    return f"{person(then.owner)} asked for it · " if then.owner else ""


def _way_on(then: Registration, found: Sequence[Rejection]) -> list[Block]:
    blocks = [kit.section(_advice(then, found))]
    if then.status == "FAILED":
        blocks.append(kit.actions(_resubmit(then, found)))
    return blocks


def _advice(then: Registration, found: Sequence[Rejection]) -> str:
    if then.status != "FAILED" or not found or external(then) or then.kind == "brand":
        return standing(then).then
    return way_on(found)


def _lower(words: str) -> str:
    return words if words.startswith("Twilio") else words[:1].lower() + words[1:]


# Who hears about it


def watch_panel(channel: str, hears: bool, registrations: Sequence[Registration]) -> Message:
    """Whether a channel hears about registrations, and which are followed."""
    does = "hears" if hears else "does not hear"
    followed = f"{plural(len(registrations), 'registration')} followed."
    text = f"{kit.channel(channel)} {does} about verdicts on brands and campaigns. {followed}"
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
