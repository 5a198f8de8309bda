"""Where a registration stands: in words, whose turn it is, and what comes next."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.checks.ready_to_send import WAITING
from bot.checks.standing import (
    BRAND,
    BUNDLE,
    CAMPAIGN,
    EXTERNAL,
    SINK,
    TRAFFIC,
    YOU,
    Standing,
    unknown,
)
from bot.tracking.registration import GONE, Registration
from bot.tracking.traffic import OUTSIDE
from handlers.blocks.following.readiness import entries
from handlers.blocks.kit import code, link, person
from handlers.blocks.progress import console_url

NOBODY = "nobody: there is nothing to do"

_UNSEEN = Standing("Not looked at yet", "Tenfour", "The first look at Twilio comes within a minute.")
_GONE = "No longer at Twilio"
_NO_CAMPAIGN = Standing(
    _GONE,
    YOU,
    "It was deleted, here or in Console, or Twilio removed it. Its numbers cannot send. If it is needed, register it "
    "again.",
)
_NO_ASSOCIATION = Standing(
    _GONE,
    YOU,
    "Its association was deleted, here or in Console. Its numbers cannot send. If it is needed, share it "
    "with Twilio in TCR again, then use `/a2p-external associate`.",
)
_DELETED = Standing(_GONE, YOU, "It was deleted in Console, or Twilio removed it. If it is needed, register it again.")
_PASSCODE = Standing(
    "Waits for its passcode",
    "the owner of the mobile",
    "Twilio has sent a text to the mobile of the registration. Its owner replies to it within 24 hours, or the brand "
    "fails (30752). A new text: `/a2p-brand resend_otp`.",
)
_READY: Mapping[str, Standing] = MappingProxyType(
    {
        "ready": Standing("Ready to send", NOBODY, "Campaign, numbers, pool and routing are in order."),
        "unsure": Standing(
            "Verified, most likely ready to send",
            "the carriers, for the numbers",
            "Nothing stands in its way that can be seen here. Send a test first: `/a2p-message test`.",
        ),
    }
)
_OTHERS: Mapping[str, Mapping[str, Standing]] = MappingProxyType({"bundle": BUNDLE, "sink": SINK, "traffic": TRAFFIC})
_NOT_READY = Standing(
    "Verified, not ready to send",
    YOU,
    "What is missing is named below. Wait before sending, else messages fail with 30034.",
)
_NUMBERS_WAIT = Standing("Verified, not ready to send", "the carriers, for the numbers", CAMPAIGN["VERIFIED"].then)


def standing(registration: Registration) -> Standing:
    """What the status of a registration means; a word that we do not know is shown as Twilio gave it."""
    if waits_for_passcode(registration):
        return _PASSCODE
    if registration.kind == "campaign" and registration.status == "VERIFIED" and registration.snapshot.get("ready"):
        return _of_verified(registration)
    return _meanings(registration).get(registration.status) or _unknown(registration.status)


def waits_for_passcode(registration: Registration) -> bool:
    """Whether a sole proprietor's mobile must answer a text before anything goes on."""
    sole_proprietor = registration.snapshot.get("brand_type") == "SOLE_PROPRIETOR"
    return registration.kind == "brand" and registration.status == "PENDING" and sole_proprietor


def external(registration: Registration) -> bool:
    """Whether a campaign was registered in TCR rather than at Twilio: it is fixed there (twilio.md 6)."""
    return bool(registration.snapshot.get("is_externally_registered"))


def holder_of(registration: Registration, now: Standing) -> str:
    """Whose turn it is, in Slack's markup: where it is the team's, whoever sees to it."""
    if registration.owner and now.holder.startswith(YOU):
        return person(registration.owner) + now.holder.removeprefix(YOU)
    return now.holder


def in_console(registration: Registration) -> str:
    """What it is found by, with its page of the Console where there is one."""
    if registration.kind == "traffic" and registration.key == OUTSIDE:
        return ""
    page = console_url(registration.key)
    return f"{code(registration.key)}{' · ' + link(page, 'open in Console') if page else ''}"


def lower(words: str) -> str:
    """Words of a status within a sentence; Twilio's name keeps its capital."""
    return words if words.startswith("Twilio") else words[:1].lower() + words[1:]


def _of_verified(registration: Registration) -> Standing:
    known = _READY.get(str(registration.snapshot["ready"]))
    if known:
        return known
    readiness = registration.snapshot.get("readiness")
    reasons = entries(readiness.get("reasons")) if isinstance(readiness, Mapping) else []
    ours = any(r.get("severity") == "block" and r.get("code") not in WAITING for r in reasons)
    return _NOT_READY if ours else _NUMBERS_WAIT


def _meanings(registration: Registration) -> Mapping[str, Standing]:
    match registration.kind:
        case "brand":
            return {**BRAND, GONE: _DELETED}
        case "campaign" if external(registration):
            return {**EXTERNAL, GONE: _NO_ASSOCIATION}
        case "campaign":
            return {**CAMPAIGN, GONE: _NO_CAMPAIGN}
    return {GONE: _DELETED, **_OTHERS.get(registration.kind, {})}


def _unknown(status: str) -> Standing:
    return unknown(status) if status else _UNSEEN
