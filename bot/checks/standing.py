"""What Twilio's status of a brand or a campaign means: in words, whose turn it is, and what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Standing:
    """What a status means: in words, who has to act, and what comes next."""

    words: str
    holder: str
    then: str


YOU: Final = "you"
CAMPAIGN: Final[Mapping[str, Standing]] = MappingProxyType(
    {
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
            "Rejected", YOU, "Twilio gave no reason that can be read here: look in Console or ask support."
        ),
        "SUSPENDED": Standing(
            "Suspended",
            "you, with Twilio support",
            "It cannot be changed or deleted meanwhile, and its monthly fee goes on. Read Twilio's mail or open a "
            "support ticket. Twilio removes a campaign that stays suspended for 30 days and releases its numbers.",
        ),
    }
)
_ASSOCIATING: Final = Standing(
    "Being associated",
    "Twilio, then the secondary DCAs",
    "Twilio sets up the carriers and has the secondary DCAs review it, which takes up to several weeks; each review "
    "costs $15.",
)
EXTERNAL: Final[Mapping[str, Standing]] = MappingProxyType(
    {
        **CAMPAIGN,
        "PENDING": _ASSOCIATING,
        "IN_PROGRESS": _ASSOCIATING,
        "FAILED": Standing(
            "Not associated",
            YOU,
            "Delete the association, fix the campaign in TCR, share it with Twilio again, then associate it anew: "
            "`/a2p-external reassociate` leads through it. TCR's nudge is not supported by Twilio; appeals go to "
            "10dlc-onboarding@twilio.com.",
        ),
    }
)
BRAND: Final[Mapping[str, Standing]] = MappingProxyType(
    {
        "PENDING": Standing(
            "Submitted",
            "The Campaign Registry (TCR)",
            "Mostly decided within minutes, at times after more than 7 days.",
        ),
        "IN_REVIEW": Standing("Under manual review", "a third party", "That takes 7 business days or more."),
        "APPROVED": Standing(
            "Approved",
            YOU,
            "Register a campaign next: `/a2p-campaign register`.",
        ),
        "FAILED": Standing(
            "Rejected",
            YOU,
            "Three updates are free: mend what the errors name with `/a2p-brand resubmit`. A fourth takes an appeal.",
        ),
        "SUSPENDED": Standing(
            "Suspended",
            "you, with Twilio support",
            "It cannot be updated, takes no campaign, and its campaigns are suspended too. Open a support ticket; do "
            "not move the traffic elsewhere.",
        ),
    }
)

BUNDLE: Final[Mapping[str, Standing]] = MappingProxyType(
    {
        "draft": Standing(
            "A draft", YOU, "It is not submitted: nobody reviews it. What is registered with it submits it too."
        ),
        "pending-review": Standing(
            "Submitted", "Twilio", "Twilio takes it up by itself. A brand may be registered with it meanwhile."
        ),
        "in-review": Standing("Under review", "Twilio", "Mostly decided within a day, at times after several."),
        "twilio-approved": Standing("Approved", "nobody: there is nothing to do", "Brands can be registered with it."),
        "twilio-rejected": Standing(
            "Rejected",
            YOU,
            "Mend what the errors name: for a brand that has failed `/a2p-brand resubmit` leads through it, else in "
            "Twilio's Console, Trust Hub.",
        ),
    }
)
_PREPARING: Final = (
    "Twilio looks at the address by itself, mostly within seconds; only then events can be subscribed to."
)
SINK: Final[Mapping[str, Standing]] = MappingProxyType(
    {
        "initialized": Standing("Just made", "Twilio", _PREPARING),
        "validating": Standing("Being looked at", "Twilio", _PREPARING),
        "active": Standing("Works", "nobody: there is nothing to do", "Twilio sends events as they happen."),
        "failed": Standing(
            "Failed",
            YOU,
            "Twilio could not deliver and has given up: no event comes any more. See that Tenfour can be reached at "
            "its public address, then replace the sink with `/a2p-events setup`. Polling goes on meanwhile.",
        ),
        "GONE": Standing(
            "No longer at Twilio",
            "nobody: there is nothing to do",
            "It was deleted, by a change here or in Console, and brings no event. `/a2p-events show` says whether "
            "another one does.",
        ),
        "SILENT": Standing(
            "Fallen silent",
            YOU,
            "Twilio calls it active, but of what moved last no event has come. See `/a2p-events show`, error 93101 in "
            "Twilio's Debugger, and whether Tenfour can be reached at its public address. Polling goes on meanwhile.",
        ),
    }
)
TRAFFIC: Final[Mapping[str, Standing]] = MappingProxyType(
    {
        "FLOWING": Standing(
            "Messages are delivered", "nobody: there is nothing to do", "Tenfour goes on counting their outcomes."
        ),
        "FAILING": Standing(
            "Many messages fail",
            YOU,
            "See which error codes come most; each has its cause. `/a2p-message test` tries one message.",
        ),
        "QUIET": Standing(
            "No messages of late", "nobody: there is nothing to do", "Outcomes are counted again as soon as some come."
        ),
    }
)


def of_campaign(status: str, *, external: bool) -> Standing:
    """What the status of a campaign means; `external` ones were registered in TCR, not at Twilio (twilio.md 6)."""
    return (EXTERNAL if external else CAMPAIGN).get(status) or unknown(status)


def unknown(status: str) -> Standing:
    """A status that Tenfour has no words for, as Twilio gave it."""
    return Standing(
        f"Twilio says “{status}”",
        "Twilio",
        "Tenfour does not know this word. Look at it in Console; Tenfour goes on looking and tells what changes.",
    )
