"""The desk for brands: Twilio's reviewers of bundles, TCR's word on brands, and the sole proprietor with the phone."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.bundles import APPROVED, UNDER_REVIEW, any_bundle, review
from bot.sandbox.twilio.codes import RejectionCodes
from bot.sandbox.twilio.ledger import Ledger
from bot.sandbox.twilio.policies import WithdrawnPolicy
from bot.sandbox.twilio.vettings import Vetting

PASSCODE_SECONDS = 24 * 3600.0
PASSCODE_EXPIRED = 30752


class BrandDesk:
    """Verdicts on brands and on what they stand on. All methods raise LookupError for what does not exist."""

    def __init__(
        self,
        ledger: Ledger,
        codes: Callable[[], RejectionCodes],
        clock: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        self._ledger, self._codes, self._clock, self._changed = ledger, codes, clock, changed

    def approve(self, brand_sid: str, identity_status: str = "VERIFIED", codes: Iterable[int] = ()) -> None:
        """The brand is APPROVED, has a TCR id, and carries the feedback of these codes; its bundles are approved."""
        brand = self._brand(brand_sid)
        for bundle_sid in (brand.customer_profile_bundle_sid, brand.a2p_profile_bundle_sid):
            bundle = any_bundle(self._ledger, bundle_sid)
            if bundle is not None and bundle.status in UNDER_REVIEW:
                review(self._ledger, bundle_sid, self._clock(), APPROVED)
        errors = self._errors(codes)
        self._decide(brand, status="APPROVED", identity_status=identity_status, tcr_id=_tcr_id(brand), errors=errors)

    def fail(self, brand_sid: str, codes: Iterable[int], *, known_to_tcr: bool = True) -> None:
        """The brand is FAILED with these codes; one that never reached TCR has no TCR id."""
        errors = self._errors(codes)
        if not errors:
            raise ValueError("a failed brand needs at least one code")
        self.fail_with(brand_sid, errors, known_to_tcr=known_to_tcr)

    def fail_with(self, brand_sid: str, errors: list[dict[str, Any]], *, known_to_tcr: bool = True) -> None:
        """The brand is FAILED; `errors` are given as the API shows them."""
        brand = self._brand(brand_sid)
        tcr_id = _tcr_id(brand) if known_to_tcr else None
        self._decide(brand, status="FAILED", identity_status="UNVERIFIED", errors=errors, tcr_id=tcr_id)

    def review(self, brand_sid: str) -> None:
        """A third party reviews the brand by hand."""
        self._decide(self._brand(brand_sid), status="IN_REVIEW")

    def suspend(self, brand_sid: str) -> None:
        """The brand is SUSPENDED."""
        self._decide(self._brand(brand_sid), status="SUSPENDED")

    def status(self, brand_sid: str, status: str) -> None:
        """The brand has this status, whatever it is."""
        self._decide(self._brand(brand_sid), status=status)

    def confirm_passcode(self, brand_sid: str) -> None:
        """The sole proprietor replies to the passcode; one of more than a day ago fails the brand (30752)."""
        brand = self._brand(brand_sid)
        if brand.brand_type != "SOLE_PROPRIETOR" or brand.status == "APPROVED":
            raise ValueError(f"{brand_sid} waits for no passcode")
        if self._clock() - brand.otp_sent_at > PASSCODE_SECONDS:
            self.fail(brand_sid, [PASSCODE_EXPIRED])
        else:
            self.approve(brand_sid)

    def bundle(self, bundle_sid: str, status: str, codes: Iterable[int] = ()) -> None:
        """Twilio's reviewers have moved a bundle to this status."""
        errors = [{"code": code} for code in codes]
        review(self._ledger, bundle_sid, self._clock(), status, errors or None)
        self._changed()

    def vetting(self, vetting_sid: str, status: str, score: int | None = None) -> None:
        """A secondary vetting ended with SUCCESS or FAILED; a success may change the brand's score."""
        vetting = self._ledger.table(Vetting).get(vetting_sid)
        if vetting is None:
            raise LookupError(f"there is no vetting {vetting_sid}")
        self._ledger.table(Vetting).change(vetting_sid, self._clock(), vetting_status=status)
        if status == "SUCCESS":
            fields = {"identity_status": "VETTED_VERIFIED"} | ({} if score is None else {"brand_score": score})
            self._ledger.table(Brand).change(vetting.brand_sid, self._clock(), **fields)
        self._changed()

    def withdraw_policy(self, policy_sid: str) -> None:
        """Twilio lists this policy no longer."""
        at = self._clock()
        self._ledger.table(WithdrawnPolicy).add(WithdrawnPolicy(sid=policy_sid, date_created=at, date_updated=at))
        self._changed()

    def _errors(self, codes: Iterable[int]) -> list[dict[str, Any]]:
        return [self._codes().brand_error(code) for code in codes]

    def _decide(self, brand: Brand, **fields: Any) -> None:
        self._ledger.table(Brand).change(brand.sid, self._clock(), **{"errors": [], **fields})
        self._changed()

    def _brand(self, brand_sid: str) -> Brand:
        brand = self._ledger.table(Brand).get(brand_sid)
        if brand is None:
            raise LookupError(f"there is no brand {brand_sid}")
        return brand


def _tcr_id(brand: Brand) -> str:
    return brand.tcr_id or "B" + hashlib.sha256(brand.sid.encode()).hexdigest()[:6].upper()
