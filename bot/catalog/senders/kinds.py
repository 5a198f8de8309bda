"""What each kind of sender needs before it may join a pool, and what follows when it does (twilio.md 1.2 and 1.3)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.catalog.numbers.owned import listed, owned
from bot.catalog.operation import CannotPlanError
from bot.catalog.senders.pool import Pool, inbound_dropped, joining, over_limit
from bot.plans.finding import Finding, block, note, warn
from bot.twilio import reads, reads_senders
from bot.twilio.gateway import Account
from bot.twilio.reads_senders import Kind, Sender

WHATSAPP_VALIDITY: Final = 14400
"""Seconds for which WhatsApp lets a message queue; a service may say more (twilio.md 1.1)."""
_WITHOUT_SENDER_IDS: Final = ("US", "CA")


@dataclass(frozen=True)
class Addition:
    """The senders that are to join a pool, what is to be said of that, and the services that hold some of them."""

    new: tuple[Sender, ...]
    findings: tuple[Finding, ...]
    elsewhere: Mapping[str, reads.Service] = field(default_factory=dict)

    def before(self, sender: Sender) -> str | None:
        """Where a sender is now; None for one that is made by being added."""
        if sender.kind in ("alpha", "country_alpha"):
            return None
        other = self.elsewhere.get(sender.sid)
        return f"in “{other.friendly_name}”" if other else "in no service"


async def numbers(account: Account, pool: Pool, wanted: Sequence[str]) -> Addition:
    """Numbers of the account, by SID or number. Raises `CannotPlanError` for one that is not the account's."""
    chosen = await owned(account, wanted, "numbers")
    here = {n.sid for n in pool.numbers}
    new = [n for n in chosen if n.sid not in here]
    elsewhere = await holders(account, pool.service.sid, "number") if new else {}
    findings = [
        *_present([n.phone_number for n in chosen if n.sid in here], pool, "numbers", nothing_left=not new),
        *(f for n in new for f in _in_other_service(as_sender(n), elsewhere, "numbers")),
        *(f for n in new for f in fit(n, pool.service)),
        *(joining(pool, [n.phone_number for n in new], "numbers") if new else ()),
    ]
    return Addition(tuple(map(as_sender, new)), tuple(findings), elsewhere)


async def short_codes(account: Account, pool: Pool, wanted: Sequence[str]) -> Addition:
    """Short codes of the account, by SID or digits. Raises `CannotPlanError` for one that is not the account's."""
    held = await reads_senders.short_codes(account)
    known = {key: code for code in held for key in (code.sid, code.short_code)}
    if missing := [w for w in wanted if w not in known]:
        raise CannotPlanError(
            f"This account has no short code {listed(missing)}. Lease one in Console first.", "short_codes"
        )
    chosen = {known[w].sid: Sender("short_code", known[w].sid, known[w].short_code) for w in wanted}
    here, elsewhere = await asyncio.gather(
        reads_senders.homes(account, "short_code", [pool.service.sid]),
        holders(account, pool.service.sid, "short_code"),
    )
    new = [s for s in chosen.values() if s.sid not in here]
    present = [s.name for s in chosen.values() if s.sid in here]
    findings = [
        *_present(present, pool, "short_codes", nothing_left=not new),
        *(f for s in new for f in _in_other_service(s, elsewhere, "short_codes")),
        *(_short_code_follows(pool, new) if new else ()),
    ]
    return Addition(tuple(new), tuple(findings), elsewhere)


async def alpha(account: Account, pool: Pool, text: str, country: str) -> Addition:
    """An alphanumeric sender id, for one country or for all."""
    senders = await reads_senders.senders(account, pool.service.sid)
    here = [s for s in senders if s.kind in ("alpha", "country_alpha") and s.country == country]
    sender = Sender("country_alpha" if country else "alpha", "", text, country)
    if any(s.name == text for s in here):
        return Addition((), tuple(_present([text], pool, "alpha_sender", nothing_left=True)))
    findings = [*_alpha_taken(here, country), *_alpha_follows(country)]
    return Addition((sender,), tuple(findings))


async def channel_senders(account: Account, pool: Pool, wanted: Sequence[str], channel: str) -> Addition:
    """WhatsApp or RCS senders of the account, by SID."""
    held, here, elsewhere = await asyncio.gather(
        reads_senders.channel_senders(account, channel),
        reads_senders.homes(account, "channel", [pool.service.sid]),
        holders(account, pool.service.sid, "channel"),
    )
    known = {s.sid: s for s in held}
    chosen = {sid: Sender("channel", sid, known[sid].address if sid in known else sid) for sid in wanted}
    new = [s for s in chosen.values() if s.sid not in here]
    present = [s.name for s in chosen.values() if s.sid in here]
    findings = [
        *_present(present, pool, "channel_senders", nothing_left=not new),
        *(f for s in new for f in _ready(s, known.get(s.sid), channel)),
        *(f for s in new for f in _maybe_in_other_service(s, elsewhere)),
        *(_channel_follows(pool.service, channel) if new else ()),
    ]
    return Addition(tuple(new), tuple(findings), elsewhere)


async def holders(account: Account, service_sid: str, kind: Kind) -> dict[str, reads.Service]:
    """By SID, the senders of a kind that are in other services than this one, and in which."""
    others = {s.sid: s for s in await reads.services(account) if s.sid != service_sid}
    return {sid: others[home] for sid, home in (await reads_senders.homes(account, kind, others)).items()}


def fit(number: reads.OwnedNumber, service: reads.Service) -> list[Finding]:
    """Whether a number can text at all, and who answers it in this service."""
    found = []
    if not (number.can("sms") or number.can("mms")):
        text = f"{number.phone_number} can send neither SMS nor MMS."
        found.append(block("no-messaging", text, "Choose a number with SMS.", "numbers", (21715,)))
    if number.handler and service.answers_inbound:
        text = (
            f"{number.phone_number} has a webhook of its own ({number.handler}), and “{service.friendly_name}” "
            "handles inbound messages itself. In this service the number's webhook is no longer called."
        )
        fix = "Let the service defer to the sender's webhook, or clear the number's."
        found.append(warn("two-webhooks", text, fix, "numbers"))
    return found


def as_sender(number: reads.OwnedNumber | reads.PoolNumber) -> Sender:
    """A number as a sender of a pool."""
    return Sender("number", number.sid, number.phone_number)


def _present(present: Sequence[str], pool: Pool, at: str, *, nothing_left: bool) -> list[Finding]:
    if not present:
        return []
    text = f"{listed(present)}: in “{pool.service.friendly_name}” already."
    if nothing_left:
        return [block("nothing-to-do", f"{text} There is nothing left to do.", "Choose others.", at, (21710,))]
    return [note("already-in-pool", f"{text} Nothing is called for them.", "", at, (21710,))]


def _in_other_service(sender: Sender, elsewhere: Mapping[str, reads.Service], at: str) -> list[Finding]:
    other = elsewhere.get(sender.sid)
    if other is None:
        return []
    text = f"{sender.name} is in another service, “{other.friendly_name}” ({other.sid})."
    fix = (
        "Take it along with `/a2p-sender move`, or remove it there first. Either way it must be deregistered by the "
        "carriers before it can send here."
        if sender.kind == "number"
        else "Remove it there first with `/a2p-sender remove`."
    )
    return [block("in-other-service", text, fix, at, (21712,))]


def _maybe_in_other_service(sender: Sender, elsewhere: Mapping[str, reads.Service]) -> list[Finding]:
    other = elsewhere.get(sender.sid)
    if other is None:
        return []
    # Twilio's documents limit numbers and short codes to one service, and are silent on channel senders
    text = f"{sender.name} is in another service, “{other.friendly_name}”: Twilio may refuse it a second place."
    fix = "Remove it there first with `/a2p-sender remove`."
    return [warn("in-other-service", text, fix, "channel_senders", (21712,))]


def _short_code_follows(pool: Pool, new: Sequence[Sender]) -> list[Finding]:
    text = (
        f"From now on Twilio sends by {listed([s.name for s in new])} wherever a short code reaches the recipient, and "
        "by the pool's numbers only where a carrier does not take one. This cannot be switched off."
    )
    return [
        *over_limit(pool, len(new), "short_codes"),
        note("short-code-first", text, "", "short_codes"),
        note("short-code-not-10dlc", "The A2P campaign covers 10DLC numbers, not short codes.", "", "short_codes"),
        *inbound_dropped(pool.service),
    ]


def _alpha_taken(here: Sequence[Sender], country: str) -> list[Finding]:
    if not here:
        return []
    where = f"for {country}" if country else "for all countries"
    text = f"The pool has the sender id {here[0].name} {where} already; Twilio allows one."
    fix = "Remove that one first with `/a2p-sender remove`, or name a country that has none."
    return [block("sender-id-taken", text, fix, "alpha_sender", (21714,))]


def _alpha_follows(country: str) -> list[Finding]:
    found = [
        note(
            "sender-id-one-way",
            "The US and Canada take no sender ids: texts there go out by a number of the pool. Nobody can reply to a "
            "sender id, so STOP does not reach you: say in the text how to opt out.",
            "",
            "alpha_sender",
        ),
        note(
            "sender-id-registration",
            "Some countries want a sender id registered before it is used; others replace or drop it. It costs nothing "
            "extra. Console's Sender ID pre-registration alert (service, A2P & Compliance) warns of it.",
            "Look the country up in Twilio's SMS guidelines.",
            "alpha_sender",
            (30018,),
        ),
    ]
    if country in _WITHOUT_SENDER_IDS:
        text = f"{country} takes no alphanumeric sender ids: messages there go out by a number, as before."
        found.insert(0, warn("sender-id-not-taken", text, "Name another country.", "iso_country_code"))
    return found


def _ready(sender: Sender, seen: reads_senders.ChannelSender | None, channel: str) -> list[Finding]:
    if seen is None:
        text = f"Twilio does not list {sender.sid} among the account's {_CHANNEL_NAMES[channel]} senders."
        fix = "Look it up in Console: a SID of another account or channel is refused."
        return [warn("sender-not-listed", text, fix, "channel_senders", (20404,))]
    if not seen.online:
        text = f"{sender.name} is {seen.status or 'in no state that Twilio names'}, not ONLINE: it cannot send yet."
        return [warn("sender-not-online", text, "Finish its registration in Console.", "channel_senders")]
    return []


_CHANNEL_NAMES: Final = {"whatsapp": "WhatsApp", "rcs": "RCS"}


def _channel_follows(service: reads.Service, channel: str) -> list[Finding]:
    text = f"{_CHANNEL_NAMES[channel]} has approvals of its own: the A2P campaign does not cover it."
    found = [note("channel-not-10dlc", text, "", "channel_senders"), *inbound_dropped(service)]
    validity = service.validity_period or 0
    if channel == "whatsapp" and validity > WHATSAPP_VALIDITY:
        text = (
            f"The service keeps messages for {validity} seconds; WhatsApp takes {WHATSAPP_VALIDITY} (4 hours) at most."
        )
        found.append(note("whatsapp-validity", text, "Shorten the service's validity period.", "service_sid"))
    return found
