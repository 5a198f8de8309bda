"""What of an account its events are about, as it stands at one moment, so that two moments can be compared."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.campaigns import Campaign
from bot.sandbox.twilio.ledger import Ledger
from bot.sandbox.twilio.numbers import Number
from bot.sandbox.twilio.registrations import NumberRegistration, holding, standing
from bot.sandbox.twilio.vettings import Vetting


@dataclass(frozen=True, slots=True)
class CampaignPicture:
    """A campaign with the status and the errors that show."""

    campaign: Campaign
    status: str
    errors: tuple[Mapping[str, Any], ...]

    @property
    def failed_at_intake(self) -> bool:
        return self.status == "FAILED" and bool(self.campaign.intake_codes)


@dataclass(frozen=True, slots=True)
class NumberPicture:
    """A number with its standing.

    `campaign` is the ordinal of the campaign that it stands under or leaves, 0 for none; `service_sid` that campaign's
    service. A number that `leaves` is with the carriers still, under a campaign that it is no longer in the pool of.
    """

    number: Number
    state: str
    code: int | None
    leaves: bool
    campaign: int
    service_sid: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that events are about. Campaigns go by their ordinal: a service's second one is another campaign."""

    brands: Mapping[str, Brand] = field(default_factory=dict)
    vettings: Mapping[str, Vetting] = field(default_factory=dict)
    campaigns: Mapping[int, CampaignPicture] = field(default_factory=dict)
    numbers: Mapping[str, NumberPicture] = field(default_factory=dict)


def taken(ledger: Ledger, at: float) -> Picture:
    """The account as it stands now. Toll-free numbers have events of another kind, which are not told here."""
    return Picture(
        brands={row.sid: row for row in ledger.table(Brand)},
        vettings={row.sid: row for row in ledger.table(Vetting)},
        campaigns={row.ordinal: _campaign(row, at) for row in ledger.table(Campaign)},
        numbers={row.sid: _number(ledger, row) for row in ledger.table(Number) if row.type != "toll-free"},
    )


def moves_by_itself(ledger: Ledger) -> bool:
    """Whether time alone changes the picture: a campaign's intake ends by itself."""
    return any(row.status in {"PENDING", "IN_PROGRESS"} for row in ledger.table(Campaign))


def campaign_sid(account_sid: str, ordinal: int) -> str:
    """The SID that events give a campaign, which no path of the API takes (reference, trap 3)."""
    return "CM" + hashlib.md5(f"{account_sid} {ordinal}".encode(), usedforsecurity=False).hexdigest()


def _campaign(row: Campaign, at: float) -> CampaignPicture:
    status, errors = row.observed(at)
    return CampaignPicture(row, status, tuple(errors))


def _number(ledger: Ledger, number: Number) -> NumberPicture:
    now, under = standing(ledger, number), holding(ledger, number.sid)
    word = ledger.table(NumberRegistration).get(number.sid)
    leaves = now.state == "PENDING_DEREGISTRATION" or now.stuck
    if leaves and word is not None:
        return NumberPicture(number, now.state, now.code, True, word.campaign, word.service_sid)
    campaign, service_sid = (under.campaign.ordinal, under.member.service_sid) if under else (0, "")
    return NumberPicture(number, now.state, now.code, False, campaign, service_sid)
