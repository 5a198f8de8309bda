"""What nobody follows yet: the offer in the alerts channel, and the window in which one chooses."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.tracking.discovery import Offer
from bot.tracking.registration import Registration
from handlers.blocks import kit
from handlers.blocks.account import account_label
from handlers.blocks.following.registration import registration_line, standing
from handlers.blocks.kit import Block, Message, inline, person, plural

SHOWN = 12
CHOSEN = 100
"""How many can be chosen at a time: Slack carries no more in one field."""
_NAMES: Mapping[str, str] = MappingProxyType(
    {"service": "messaging service", "number": "phone number", "address": "Conversations address"}
)


def offer_message(offer: Offer, said: str = "") -> Message:
    """The offer as it stands; `said` is what was done about it last."""
    account = inline(offer.account_name or offer.account)
    if not offer.found:
        text = f"Everything that is registered in {account} is followed, or was declined."
        return kit.message(text, [kit.section(f"*{text}*"), *_said(said)])
    text = f"{_counted(offer.found)} registered in {account}, which nobody follows here."
    why = (
        "Their verdicts, rejections and deadlines would go unnoticed. What is followed is looked at from now on; what "
        "is known of it today is no news, so this channel stays quiet until something moves or takes too long."
    )
    lines = [f"• {registration_line(r)}" for r in offer.found[:SHOWN]]
    more = len(offer.found) - SHOWN
    rest = [kit.context(f"… and {more} more")] if more > 0 else []
    return kit.message(
        f"{text} {why}",
        [
            kit.section(f"*{text}*\n{why}"),
            *kit.sections(lines),
            *rest,
            *_besides(offer),
            *_said(said),
            kit.actions(*_buttons(offer)),
        ],
    )


def followed_elsewhere(offer: Offer) -> Message:
    """An offer that a newer one has replaced."""
    text = f"This offer about {inline(offer.account_name or offer.account)} was replaced by a newer one, further down."
    return kit.message(text, [kit.section(text)])


def choose_modal(offer: Offer) -> dict[str, Any]:
    """The window in which one chooses what is followed."""
    account = account_label(offer.account, offer.account_name)
    choice = kit.lookup_input(f"discovered:{offer.account}", several=True, most=CHOSEN)
    hint = f"Up to {CHOSEN} at a time. Type a part of a name or of a SID to find one."
    return kit.modal(
        "Follow",
        [
            kit.section(f"{_counted(offer.found)} registered in {account}, which nobody follows here."),
            kit.input_block("chosen", "Follow these", choice, hint=hint),
        ],
        callback_id="discovered",
        submit="Follow",
        private_metadata=offer.account,
    )


def choices(found: Sequence[Registration], typed: str) -> list[Block]:
    """What can be chosen, as far as it holds what was typed."""
    wanted = typed.casefold().strip()
    fitting = [r for r in found if wanted in f"{r.title} {r.key}".casefold()]
    return [kit.option(choice_of(r), r.title, f"{standing(r).words} · {r.key}") for r in fitting[:CHOSEN]]


def choice_of(registration: Registration) -> str:
    """What stands for a registration in a list of choices: its id is too long for one."""
    return f"{registration.kind}:{registration.key}"


def followed_words(user: str, taken: int, left: int) -> str:
    """What somebody did about an offer."""
    rest = f" {plural(left, 'registration')} of the offer {'is' if left == 1 else 'are'} left." if left else ""
    return f"{person(user)} follows {plural(taken, 'registration')} of it.{rest}"


def declined_words(user: str, count: int) -> str:
    """That somebody wants to hear of none of it."""
    return f"{person(user)} declined {plural(count, 'registration')}: they are not offered again."


def _counted(found: Sequence[Registration]) -> str:
    brands, campaigns = (sum(r.kind == kind for r in found) for kind in ("brand", "campaign"))
    parts = [plural(n, word) for n, word in ((brands, "brand"), (campaigns, "campaign")) if n]
    return f"{' and '.join(parts) or 'Nothing'} {'is' if len(found) == 1 else 'are'}"


def _besides(offer: Offer) -> list[Block]:
    parts = [plural(n, _NAMES[name]) for name, n in offer.counts.items() if name in _NAMES]
    if not parts:
        return []
    words = f"The account has {', '.join(parts)}. They are looked at together with the campaigns that they carry."
    return [kit.context(words)]


def _said(said: str) -> list[Block]:
    return [kit.context(said)] if said else []


def _buttons(offer: Offer) -> list[Block]:
    account = offer.account_name or offer.account
    sure = kit.confirm(
        "Follow none of them?", "They are not offered again. Whatever comes new is.", "Follow none", danger=True
    )
    return [
        kit.button("Follow all", "discovered.follow", offer.account, style="primary", label=f"Follow all of {account}"),
        kit.button("Choose…", "discovered.choose", offer.account, label=f"Choose what of {account} is followed"),
        kit.button("Follow none", "discovered.decline", offer.account, label=f"Follow none of {account}", confirm=sure),
    ]
