"""The carrier desk: the people at Twilio and at the carriers who decide on registrations."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from bot.sandbox.twilio import shares
from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.campaigns import Campaign
from bot.sandbox.twilio.codes import RejectionCodes
from bot.sandbox.twilio.desk_brands import BrandDesk
from bot.sandbox.twilio.ledger import Ledger
from bot.sandbox.twilio.services import Service

_STANDARD_LIMITS = {"att": {"mps": 75, "msg_class": "A"}, "tmobile": {"brand_tier": "TOP"}}
_LOW_LIMITS = {"att": {"mps": 1.25, "msg_class": "T"}, "tmobile": {"brand_tier": "LOW"}}


class Desk:
    """Verdicts. All methods raise LookupError for a service without a campaign, or an unknown brand."""

    def __init__(
        self, ledger: Ledger, codes: RejectionCodes, clock: Callable[[], float], changed: Callable[[], None]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._changed = changed
        self.codes = codes
        self.brands = BrandDesk(ledger, lambda: self.codes, clock, changed)

    def verify(self, service_sid: str) -> None:
        """The campaign is VERIFIED: it has its TCR id and its rate limits, and its service is registered."""
        campaign = self._campaign(service_sid)
        brand = self._ledger.table(Brand).get(campaign.brand_registration_sid or "")
        low = brand is not None and (brand.skip_automatic_sec_vet or brand.brand_type == "SOLE_PROPRIETOR")
        self._decide(
            service_sid,
            "VERIFIED",
            campaign_id=campaign.campaign_id or _campaign_id(campaign),
            rate_limits=_LOW_LIMITS if low else _STANDARD_LIMITS,
        )

    def reject(self, service_sid: str, codes: Iterable[int], fields: list[str] | None = None) -> None:
        """The campaign is FAILED with these codes; `fields` replaces the fields that the code table names."""
        given = list(codes)
        if not given:
            raise ValueError("a rejection needs at least one code: a FAILED campaign always has errors")
        errors = [self.codes.error(code, fields) for code in given]
        self._decide(service_sid, "FAILED", errors=errors)
        campaign = self._campaign(service_sid)
        if campaign.is_externally_registered and campaign.campaign_id:
            # A secondary DCA that rejects takes back the share: TCR tells its owner why (reference, section 6).
            feedback = " ".join(str(error["description"]) for error in errors)
            shares.decided(self._ledger, campaign.campaign_id, self._clock(), "DECLINED", feedback)
            self._changed()

    def suspend(self, service_sid: str) -> None:
        """The campaign is SUSPENDED (30990)."""
        self._decide(service_sid, "SUSPENDED", errors=[self.codes.error(30990, [])])

    def end_suspended(self, service_sid: str) -> None:
        """Twilio deletes a campaign that was suspended for long, as nobody else can. ValueError for any other one."""
        campaign = self._campaign(service_sid)
        if campaign.status != "SUSPENDED":
            raise ValueError(f"the campaign of {service_sid} is not suspended")
        self._ledger.table(Campaign).remove(campaign.key)
        self._ledger.table(Service).change(service_sid, self._clock(), us_app_to_person_registered=False)
        self._changed()

    def review(self, service_sid: str) -> None:
        """The campaign is IN_PROGRESS again."""
        self._decide(service_sid, "IN_PROGRESS")

    def status(self, service_sid: str, status: str) -> None:
        """The campaign has this status, whatever it is, even one that nobody has heard of."""
        self._decide(service_sid, status)

    def approve_brand(self, brand_sid: str, identity_status: str = "VERIFIED") -> None:
        """The brand is APPROVED and has a TCR id."""
        self.brands.approve(brand_sid, identity_status)

    def reject_brand(self, brand_sid: str, errors: list[dict[str, Any]]) -> None:
        """The brand is FAILED; `errors` are given as the API shows them."""
        self.brands.fail_with(brand_sid, errors)

    def brand_status(self, brand_sid: str, status: str) -> None:
        """The brand has this status, whatever it is."""
        self.brands.status(brand_sid, status)

    def _decide(self, service_sid: str, status: str, **fields: Any) -> None:
        self._campaign(service_sid)
        at = self._clock()
        decided: dict[str, Any] = {"errors": [], "intake_codes": [], **fields}
        self._ledger.table(Campaign).change(service_sid, at, status=status, **decided)
        if status in {"VERIFIED", "FAILED"}:
            registered = status == "VERIFIED"
            self._ledger.table(Service).change(service_sid, at, us_app_to_person_registered=registered)
        self._changed()

    def _campaign(self, service_sid: str) -> Campaign:
        campaign = self._ledger.table(Campaign).get(service_sid)
        if campaign is None:
            raise LookupError(f"service {service_sid} has no campaign")
        return campaign


def _campaign_id(campaign: Campaign) -> str:
    return "C" + hashlib.sha256(f"{campaign.key} {campaign.submitted_at}".encode()).hexdigest()[:6].upper()
