"""What Trust Hub holds about the brands of the start state (reference: sections 4.1 to 4.4)."""

from typing import Any

from bot.sandbox.twilio import policies
from bot.sandbox.twilio.addresses import Address
from bot.sandbox.twilio.brands import Brand
from bot.sandbox.twilio.bundles import (
    APPROVED,
    Bundle,
    CustomerProfile,
    EndUser,
    EntityAssignment,
    SupportingDocument,
    TrustProduct,
)
from bot.sandbox.twilio.ledger import Ledger

PRIMARY_POLICY = policies.PRIMARY
SECONDARY_POLICY = policies.SECONDARY
A2P_POLICY = policies.A2P

PRIMARY_PROFILE = "BU" + "00c0" * 8

_EMAIL = "compliance@acme.example"
_ADDRESS_TYPE = "customer_profile_address"


def fill(ledger: Ledger) -> None:
    """Give each brand of the start state its two bundles and its address, where it lacks them.

    The names are those of the brands in the ledger, so that a state file of before Trust Hub ends up whole as well.
    """
    brands = [brand for brand in ledger.table(Brand) if brand.in_start_state]
    profiles = ledger.table(CustomerProfile)
    if brands and profiles.get(PRIMARY_PROFILE) is None:
        _Bundles(ledger, "00", brands[0].date_created).primary()
    for brand in brands:
        if profiles.get(brand.customer_profile_bundle_sid) is None:
            _Bundles(ledger, brand.sid[2:4], brand.date_created).of_brand(brand)
    for profile in [p for p in profiles if p.in_start_state]:
        _Bundles(ledger, profile.sid[2:4], profile.date_created).address(profile)


class _Bundles:
    """Adds bundles and their content; `serial` (two hexadecimal digits) tells their SIDs from those of others."""

    def __init__(self, ledger: Ledger, serial: str, at: float) -> None:
        self._ledger = ledger
        self._serial = serial
        self._common: dict[str, Any] = {"date_created": at, "date_updated": at, "in_start_state": True}

    def primary(self) -> None:
        """The account's own profile, which people make in the Console and which every other profile names."""
        profile = CustomerProfile(
            sid=PRIMARY_PROFILE, policy_sid=PRIMARY_POLICY, friendly_name="Acme primary profile", **self._approved()
        )
        self._ledger.table(CustomerProfile).add(profile)
        self._business(profile, "Acme Inc")

    def of_brand(self, brand: Brand) -> None:
        """The customer profile and the trust product of a brand."""
        profile = CustomerProfile(
            sid=brand.customer_profile_bundle_sid,
            policy_sid=SECONDARY_POLICY,
            friendly_name=brand.name,
            **self._approved(),
        )
        self._ledger.table(CustomerProfile).add(profile)
        self._business(profile, brand.name)
        self._assign(profile, "b4", PRIMARY_PROFILE)
        product = TrustProduct(
            sid=brand.a2p_profile_bundle_sid,
            policy_sid=A2P_POLICY,
            friendly_name=f"{brand.name} A2P messaging",
            **self._approved(),
        )
        self._ledger.table(TrustProduct).add(product)
        self._end_user(product, "b5", "us_a2p_messaging_profile_information", {"company_type": "private"})
        self._assign(product, "b6", profile.sid)

    def address(self, profile: CustomerProfile) -> None:
        """The document that a profile names, and the address that the document names; a former state lacks them."""
        document_sid, address_sid = self._sid("RD", "b3"), self._sid("AD", "b7")
        if self._ledger.table(SupportingDocument).get(document_sid) is not None:
            return
        address = Address(
            sid=address_sid,
            customer_name=profile.friendly_name,
            street="1 Baker Street",
            city="Portland",
            region="OR",
            postal_code="97201",
            iso_country="US",
            friendly_name=f"{profile.friendly_name}: address",
            **self._common,
        )
        document = SupportingDocument(
            sid=document_sid,
            friendly_name=f"{profile.friendly_name}: {_ADDRESS_TYPE}",
            type=_ADDRESS_TYPE,
            attributes={"address_sids": address_sid},
            status="APPROVED",
            **self._common,
        )
        self._ledger.table(Address).add(address)
        self._ledger.table(SupportingDocument).add(document)

    def _business(self, profile: CustomerProfile, name: str) -> None:
        information = {
            "business_name": name,
            "business_identity": "direct_customer",
            "business_type": "Limited Liability Corporation" if name.endswith("LLC") else "Corporation",
            "business_industry": "RETAIL",
            "business_registration_identifier": "EIN",
            "business_registration_number": "00-0000000",
            "business_regions_of_operation": "USA_AND_CANADA",
            "website_url": "https://acme.example",
            "social_media_profile_urls": "",
        }
        representative = {
            "first_name": "Rita",
            "last_name": "Request",
            "email": _EMAIL,
            "phone_number": "+14155550100",
            "business_title": "Messaging operations",
            "job_position": "Director",
        }
        self._end_user(profile, "b1", "customer_profile_business_information", information)
        self._end_user(profile, "b2", "authorized_representative_1", representative)
        self._assign(profile, "b3", self._sid("RD", "b3"), _ADDRESS_TYPE)

    def _end_user(self, bundle: Bundle, place: str, kind: str, attributes: dict[str, Any]) -> None:
        sid = self._sid("IT", place)
        user = EndUser(
            sid=sid,
            friendly_name=f"{bundle.friendly_name}: {kind}",
            type=kind,
            attributes=attributes,
            **self._common,
        )
        self._ledger.table(EndUser).add(user)
        self._assign(bundle, place, sid, kind)

    def _assign(self, bundle: Bundle, place: str, object_sid: str, object_type: str | None = None) -> None:
        sid = self._sid("BV", place)
        assignment = EntityAssignment(
            sid=sid, bundle_sid=bundle.sid, object_sid=object_sid, object_type=object_type, **self._common
        )
        self._ledger.table(EntityAssignment).add(assignment)

    def _approved(self) -> dict[str, Any]:
        return {"email": _EMAIL, "status": APPROVED, **self._common}

    def _sid(self, prefix: str, place: str) -> str:
        return prefix + (self._serial + place) * 8
