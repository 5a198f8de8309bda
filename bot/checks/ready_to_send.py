"""Whether a campaign is ready to send, or one number can text right now: pure rules (twilio.md 0.11, 0.12, 1.4, 7).

A finding that blocks keeps from sending, one that warns leaves it unsure, and one that notes changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.checks.eligibility import BLOCKING_FEEDBACK, said
from bot.plans.finding import Finding, block, warn
from bot.twilio.numbering import toll_free
from bot.twilio.reads import Brand, Campaign, PoolNumber, Service

Readiness = Literal["ready", "unsure", "not"]

REGISTERED: Final = "REGISTERED"
FAILURE: Final = "FAILURE"
LEAVING: Final = "PENDING_DEREGISTRATION"
UNKNOWN: Final = "UNKNOWN"
"""Our word for a number of which nothing was heard; all others are Twilio's."""
WAITING: Final = frozenset({"campaign-under-review", "brand-under-review", "numbers-waiting"})
"""Codes of what time alone mends."""
_UNDER_REVIEW: Final = frozenset({"", "PENDING", "IN_PROGRESS", "IN_REVIEW"})
_OF_ONE_SERVICE: Final = frozenset({REGISTERED, FAILURE, "PENDING_REGISTRATION"})
"""States that a number has under the campaign of one service."""
_UNSOUND: Final = frozenset({"nobody-answers", "answers-twice", "service-answers", "flow-gone", "service-gone"})
"""What the checks of routing find that keeps people who answer from being heard, or answers them twice."""
_NAMED: Final = 3


@dataclass(frozen=True)
class NumberStanding:
    """A 10DLC number of a pool, and what events said of its registration last ("" for nothing).

    A number that is `awaited` was followed from before the carriers began with it: silence means that they have not
    registered it. Of any other, silence means nothing.
    """

    phone_number: str
    status: str = ""
    awaited: bool = False
    error_code: str = ""
    reason: str = ""

    @property
    def state(self) -> str:
        """Twilio's word, or `UNKNOWN`."""
        return self.status or UNKNOWN

    @property
    def unknown(self) -> bool:
        """Whether nobody can tell how it stands."""
        return not self.status and not self.awaited

    @property
    def waits(self) -> bool:
        """Whether the carriers have yet to register it; words that nobody knows count as that."""
        return not self.unknown and self.status not in (REGISTERED, FAILURE, LEAVING)


def standing(
    phone_number: str, service_sid: str, status: str = "", detail: Mapping[str, Any] | None = None, *, awaited: bool
) -> NumberStanding:
    """How a number stands in this service, by what events said of it last.

    What was said of it in another service is of another time: it came from there, and is registered anew.
    """
    told = detail or {}
    if status in _OF_ONE_SERVICE and str(told.get("service_sid") or service_sid) != service_sid:
        return NumberStanding(phone_number, awaited=awaited)
    return NumberStanding(
        phone_number, status, awaited, str(told.get("error_code") or ""), str(told.get("failure_reason") or "")
    )


def readiness(findings: Iterable[Finding]) -> Readiness:
    """What these findings amount to."""
    severities = {f.severity for f in findings}
    return "not" if "block" in severities else "unsure" if "warn" in severities else "ready"


def of_campaign(service: str, campaign: Campaign | None) -> list[Finding]:
    """Whether the campaign of the service (its name) lets anything out."""
    name = f"“{service}”"
    if campaign is None:
        text = f"{name} has no campaign: carriers block its numbers."
        return [block("no-campaign", text, "Register one with `/a2p-campaign register`.", "", (30034,))]
    if campaign.mock:
        text = f"The campaign of {name} is a mock: nothing can be sent under it."
        return [block("mock-campaign", text, "Register one with a real brand.", "", (30034,))]
    return _of_status(f"The campaign of {name}", campaign.campaign_status)


def of_brand(campaign: Campaign, brand: Brand | None) -> list[Finding]:
    """Whether the brand behind the campaign still carries it. Brands of TCR campaigns need not be known to Twilio."""
    if brand is None:
        if campaign.is_externally_registered or not campaign.brand_registration_sid:
            return []
        text = f"The brand {campaign.brand_registration_sid} behind the campaign is not in this account any more."
        return [warn("brand-gone", text, "See Console, Trust Hub, or ask Twilio Support.", "", (30034,))]
    if brand.status in _UNDER_REVIEW:
        text = f"The brand behind the campaign is {brand.status}, not APPROVED."
        return [block("brand-under-review", text, "Wait for its verdict.", "", (30034,))]
    if brand.status != "APPROVED":
        text = f"The brand behind the campaign is {brand.status}, not APPROVED."
        return [block("brand-not-approved", text, "See to the brand: `/a2p-brand show`.", "", (30034,))]
    found = []
    if brand.identity_status == "UNVERIFIED":
        text = "The brand behind the campaign is approved, but its identity is UNVERIFIED."
        found.append(block("brand-unverified", text, "See to the brand: `/a2p-brand show`.", "", (30991,)))
    for error in brand.errors or []:
        code = str(error.error_code)
        if code.isdecimal() and int(code) in BLOCKING_FEEDBACK:
            text = f"The brand carries feedback that stops its campaigns: {said(error)}"
            found.append(block("brand-feedback", text, error.url or "See to the brand first.", "", (int(code),)))
    return found


def of_pool(service: str, pool: Sequence[PoolNumber], short_codes: int) -> list[Finding]:
    """Whether the pool has a number that the campaign lets send. Toll-free numbers and short codes need no campaign."""
    name = f"“{service}”"
    if not pool and not short_codes:
        text = f"{name} has no sender in its pool: Twilio refuses every message."
        return [block("pool-empty", text, "Add a number with `/a2p-sender add`.", "", (21704,))]
    if all(toll_free(n.phone_number) for n in pool):
        text = f"{name} has no 10DLC number in its pool: nothing in it sends under the campaign."
        return [block("no-ten-digit-number", text, "Add a local number with `/a2p-sender add`.")]
    return []


def of_registrations(numbers: Sequence[NumberStanding], *, events: bool) -> list[Finding]:
    """Whether the carriers have registered the numbers, as far as `events` of the account have told it."""
    found = []
    if failed := [n for n in numbers if n.status == FAILURE]:
        shown = _some([f"{n.phone_number} ({n.error_code})" if n.error_code else n.phone_number for n in failed])
        text = f"The registration with the carriers has failed: {shown}."
        fix = "Twilio Support alone can tell why. Take such a number out with `/a2p-sender remove` to go on without."
        codes = tuple(sorted({int(n.error_code) for n in failed if n.error_code.isdecimal()}))
        found.append(block("numbers-failed", text, fix, "", codes))
    if leaving := [n.phone_number for n in numbers if n.status == LEAVING]:
        text = f"The carriers are about to forget {_some(leaving)} ({LEAVING}): registered anew after that."
        found.append(block("numbers-leaving", text, "Wait: several days are normal.", "", (30034, 30035)))
    if waiting := [n for n in numbers if n.waits]:
        states = ", ".join(sorted({n.status or "nothing heard yet" for n in waiting}))
        text = f"The carriers have not registered {_some([n.phone_number for n in waiting])} yet ({states})."
        fix = "Wait: minutes to days are normal, and Twilio asks for two weeks of patience."
        found.append(block("numbers-waiting", text, fix, "", (30024, 30034, 30035)))
    if unknown := [n.phone_number for n in numbers if n.unknown]:
        found.append(_unknown(unknown, events=events))
    return found


def of_routing(found: Iterable[Finding]) -> list[Finding]:
    """What the checks of routing found, weighed: what leaves answers unheard blocks, as does what answers twice."""
    weighed = [f.model_copy(update={"severity": "block" if f.code in _UNSOUND else "note"}) for f in found]
    return [_joined([f for f in weighed if f.code == code]) for code in dict.fromkeys(f.code for f in weighed)]


def of_dropped(service: Service) -> list[Finding]:
    """Whether the service answers inbound messages and has nothing to answer with (twilio.md 0.17)."""
    if not service.answers_inbound or service.inbound_request_url:
        return []
    text = (
        f"“{service.friendly_name}” drops replies, STOP included, unless “Autocreate a Conversation” is on in Console: "
        "the API shows both in the same way."
    )
    fix = "If it is not on, let the service defer to its numbers or name a webhook: `/a2p-service update`."
    return [warn("inbound-dropped", text, fix)]


def unreadable(passing: Sequence[str], refused: Sequence[str] = ()) -> list[Finding]:
    """What could not be read: just now, or because Twilio refuses it to this key. Each is named as `the brand`."""
    found = []
    if passing:
        text = f"Twilio did not show {' and '.join(passing)} just now, so that it is not known whether all is well."
        found.append(warn("not-read", text, "Tenfour looks again by itself."))
    if refused:
        text = f"Twilio does not show {' and '.join(refused)} to this key, so that it is not known whether all is well."
        found.append(warn("not-shown", text, "Give Tenfour a key that may read it."))
    return found


def _of_status(which: str, status: str) -> list[Finding]:
    text = f"{which} is {status}, not VERIFIED."
    if status == "VERIFIED":
        return []
    if status in _UNDER_REVIEW:
        return [block("campaign-under-review", text, "Wait for the verdict: `/a2p-campaign show`.", "", (30034,))]
    if status == "SUSPENDED":
        fix = "Follow the suspension notice, or ask Twilio Support. Do not send from other numbers instead."
        return [block("campaign-suspended", text, fix, "", (30033,))]
    if status == "FAILED":
        return [block("campaign-failed", text, "Mend and resubmit it: `/a2p-campaign resubmit`.", "", (30034,))]
    return [block("campaign-not-verified", text, "See what it says: `/a2p-campaign show`.", "", (30034,))]


def _unknown(numbers: Sequence[str], *, events: bool) -> Finding:
    if events:
        text = (
            f"Nothing was heard of the registration of {_some(numbers)}, which may be older than the events that reach "
            "Tenfour."
        )
        fix = "A delivered message tells: `/a2p-message test`."
    else:
        text = (
            f"Nobody tells whether the carriers have registered {_some(numbers)}: no API does, and this account's "
            "events do not reach Tenfour."
        )
        fix = "`/a2p-events setup` lets them; until then a delivered message tells: `/a2p-message test`."
    return warn("numbers-unknown", text, fix, "", (30024, 30034, 30035))


def _joined(same: Sequence[Finding]) -> Finding:
    """Several findings of one code as one, so that a pool of hundreds stays readable."""
    first, more = same[0], len(same) - _NAMED
    text = " ".join(f.text for f in same[:_NAMED]) + (f" The same holds for {more} more." if more > 0 else "")
    return first.model_copy(update={"text": text})


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def counted(numbers: Iterable[NumberStanding]) -> dict[str, int]:
    """How many numbers stand in each state."""
    return dict(sorted(Counter(n.state for n in numbers).items()))
