"""The words that may stand in a metric's label: closed sets, as each new word is a new series for good."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

OTHER: Final = "other"
"""Stands in labels for every word that is not known: what Twilio or a person may send is without number."""

_CHANGE_STATES = frozenset(
    {"pending", "approved", "running", "waiting", "unknown", "failed", "succeeded", "rejected", "cancelled", "expired"}
    | {"stale", "abandoned"}
)
WORDS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "delivery": frozenset(
            {"command", "block_actions", "view_submission", "view_closed", "block_suggestion", "event"}
        ),
        "ack": frozenset({"done", "again", "refused", "outdated", "busy"}),
        "source": frozenset({"slack", "twilio_events", "twilio_callbacks", "tcr", "unknown"}),
        "reason": frozenset({"signature", "credentials", "address", "malformed", "too_large", "too_slow"}),
        "slack_method": frozenset(
            {"auth.test", "apps.connections.open", "chat.postMessage", "chat.update", "chat.postEphemeral"}
            | {"chat.delete", "chat.getPermalink", "conversations.open", "conversations.history", "conversations.info"}
            | {"conversations.replies", "conversations.members", "views.open", "views.push", "views.update"}
            | {"views.publish", "users.info", "usergroups.list", "usergroups.users.list"}
        ),
        "call": frozenset({"ok", "refused", "throttled", "unreachable", "uncertain", "silent", "given_up"}),
        "method": frozenset({"GET", "POST", "DELETE"}),
        "verb": frozenset({"approve", "reject", "break_glass"}),
        "change": _CHANGE_STATES,
        "decision": _CHANGE_STATES | {"refused"},
        "run": _CHANGE_STATES | {"put_off", "dozing", "fenced_out", "broke"},
        "kind": frozenset({"campaign", "brand", "message", "vetting", "number", "share", "bundle", "traffic", "sink"}),
        "look": frozenset({"same", "moved", "overtaken", "failed"}),
        # Twilio's words, and the bot's own in capitals, as bot/tracking has them
        "status": frozenset(
            {"PENDING", "IN_PROGRESS", "IN_REVIEW", "APPROVED", "VERIFIED", "FAILED", "SUSPENDED", "DELETED", "GONE"}
            | {"ACCEPTED", "DECLINED", "SHARED", "REGISTERED", "FAILURE", "PENDING_DEREGISTRATION", "UNKNOWN"}
            | {"draft", "pending-review", "in-review", "twilio-approved", "twilio-rejected", "noncompliant"}
            | {"initialized", "validating", "active", "failed", "SILENT", "FLOWING", "FAILING", "QUIET"}
        ),
        "event": frozenset({"read", "unknown", "foreign", "no_object", "broke_off"}),
    }
)


def known(what: str, word: str) -> str:
    """The word, where it is one of this set; else `OTHER`."""
    return word if word in WORDS[what] else OTHER
