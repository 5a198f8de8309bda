"""Typed reads of Trust Hub, and of what hangs on a brand (twilio.md 4.2 and 4.6)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.plans.call import Call, segment
from bot.twilio import reads
from bot.twilio.faults import Refused
from bot.twilio.gateway import Account
from bot.twilio.reads import Brand, Campaign, Seen

Collection = Literal["CustomerProfiles", "TrustProducts"]
PRIMARY_POLICY = "RN6433641899984f951173ef1738c3bdd0"
"""The policy of the primary business profile, which people make in Twilio's Console."""
APPROVED = "twilio-approved"


class AccountPage(Seen):
    """The account itself; a subaccount has another one as its owner."""

    sid: str
    type: str | None = None
    owner_account_sid: str | None = None

    @property
    def trial(self) -> bool:
        """Whether it is a trial account, which cannot register anything."""
        return self.type == "Trial"

    @property
    def owned(self) -> bool:
        """Whether it is a subaccount."""
        return self.owner_account_sid not in (None, "", self.sid)


class Policy(Seen):
    """What a bundle of one kind must hold."""

    sid: str
    friendly_name: str | None = None
    requirements: dict[str, Any] | None = None

    @property
    def primary(self) -> bool:
        """Whether it is that of an account's own profile, on which all others hang."""
        return self.sid == PRIMARY_POLICY or (self.friendly_name or "").lower().startswith("primary customer profile")


class Bundle(Seen):
    """A customer profile or a trust product."""

    sid: str
    status: str
    friendly_name: str | None = None
    policy_sid: str | None = None
    errors: list[dict[str, Any]] | None = None
    date_updated: str | None = None

    @property
    def label(self) -> str:
        """What people call it: its name without the token that Tenfour adds, or its SID."""
        return reads.called(self.friendly_name) or self.sid


class EndUser(Seen):
    """A person or a business in Trust Hub."""

    sid: str
    type: str
    friendly_name: str | None = None
    attributes: dict[str, Any] | None = None
    date_updated: str | None = None


class Document(Seen):
    """A supporting document."""

    sid: str
    type: str
    attributes: dict[str, Any] | None = None


class Address(Seen):
    """A postal address of the account."""

    sid: str
    customer_name: str | None = None
    street: str | None = None
    street_secondary: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    iso_country: str | None = None


class Evaluation(Seen):
    """What Twilio found when it held a bundle against its policy."""

    sid: str
    status: str
    results: list[dict[str, Any]] | None = None
    date_created: str | None = None


class Vetting(Seen):
    """A secondary vetting of a brand."""

    brand_vetting_sid: str
    vetting_provider: str
    vetting_status: str | None = None
    vetting_class: str | None = None
    date_created: str | None = None


@dataclass(frozen=True)
class BrandFile:
    """What a brand stands on: its two bundles, the end users in them by type, and the address."""

    profile: Bundle | None
    product: Bundle | None
    users: dict[str, EndUser] = field(default_factory=dict)
    document: Document | None = None
    address: Address | None = None

    @property
    def label(self) -> str | None:
        """What people call the brand."""
        return self.profile.label if self.profile else None


async def account_page(account: Account) -> AccountPage | None:
    """What Twilio says of the account itself; None when the key may not read that."""
    path = f"/2010-04-01/Accounts/{account.sid}.json"
    try:
        return AccountPage.model_validate(await account.read(Call(product="api", method="GET", path=path)))
    except Refused:
        return None


async def policies(account: Account) -> dict[str, Policy]:
    """Every policy of Trust Hub, by SID."""
    found = [Policy.model_validate(i) for i in await _listed(account, "/v1/Policies")]
    return {policy.sid: policy for policy in found}


async def primary_profiles(account: Account) -> list[Bundle]:
    """The primary customer profiles of an account, in whatever status."""
    known, profiles = await asyncio.gather(policies(account), customer_profiles(account))
    primary = {sid for sid, policy in known.items() if policy.primary} | {PRIMARY_POLICY}
    return [profile for profile in profiles if profile.policy_sid in primary]


async def customer_profiles(account: Account) -> list[Bundle]:
    """Every customer profile of the account."""
    return [Bundle.model_validate(i) for i in await _listed(account, "/v1/CustomerProfiles")]


async def end_users(account: Account) -> list[EndUser]:
    """Every end user of the account."""
    return [EndUser.model_validate(i) for i in await _listed(account, "/v1/EndUsers")]


async def addresses(account: Account) -> list[Address]:
    """Every postal address of the account."""
    path = f"/2010-04-01/Accounts/{account.sid}/Addresses.json"
    items = await account.pages(Call(product="api", method="GET", path=path), "addresses")
    return [Address.model_validate(i) for i in items]


async def evaluations(account: Account, collection: Collection, bundle_sid: str) -> list[Evaluation]:
    """The evaluations of one bundle, the latest first."""
    found = await _listed(account, f"/v1/{collection}/{segment(bundle_sid)}/Evaluations")
    seen = [Evaluation.model_validate(i) for i in found]
    return sorted(seen, key=lambda evaluation: evaluation.date_created or "", reverse=True)


async def vettings(account: Account, brand_sid: str) -> list[Vetting]:
    """The secondary vettings of a brand."""
    path = f"/v1/a2p/BrandRegistrations/{segment(brand_sid)}/Vettings"
    items = await account.pages(Call(product="messaging", method="GET", path=path), "data")
    return [Vetting.model_validate(i) for i in items]


async def brand_file(account: Account, brand: Brand) -> BrandFile:
    """What a brand stands on. Parts that are not there are left out."""
    profile, product, inside, around = await asyncio.gather(
        _bundle(account, "CustomerProfiles", brand.customer_profile_bundle_sid),
        _bundle(account, "TrustProducts", brand.a2p_profile_bundle_sid),
        _members(account, "CustomerProfiles", brand.customer_profile_bundle_sid),
        _members(account, "TrustProducts", brand.a2p_profile_bundle_sid),
    )
    members = [*inside, *around]
    users, documents = await asyncio.gather(
        asyncio.gather(*(_end_user(account, sid) for sid in members if sid.startswith("IT"))),
        asyncio.gather(*(_document(account, sid) for sid in members if sid.startswith("RD"))),
    )
    document = next((d for d in documents if d is not None), None)
    return BrandFile(
        profile=profile,
        product=product,
        users={user.type: user for user in users if user is not None},
        document=document,
        address=await _address(account, _address_sid(document)),
    )


async def campaigns_of(account: Account, brand_sid: str) -> list[Campaign]:
    """The campaigns of a brand: every service is asked, as there is no list by brand (twilio.md 5)."""
    services = [service.sid for service in await reads.services(account)]
    return [c for c in await reads.campaigns(account, services) if c.brand_registration_sid == brand_sid]


async def _listed(account: Account, path: str) -> Sequence[dict[str, Any]]:
    return await account.pages(Call(product="trusthub", method="GET", path=path), "results")


async def _members(account: Account, collection: Collection, bundle_sid: str | None) -> list[str]:
    if not bundle_sid:
        return []
    try:
        found = await _listed(account, f"/v1/{collection}/{segment(bundle_sid)}/EntityAssignments")
    except Refused as fault:
        if fault.absent:
            return []
        raise
    return [str(member.get("object_sid")) for member in found]


async def _bundle(account: Account, collection: Collection, sid: str | None) -> Bundle | None:
    item = await _one(account, f"/v1/{collection}/{segment(sid)}") if sid else None
    return Bundle.model_validate(item) if item else None


async def _end_user(account: Account, sid: str) -> EndUser | None:
    item = await _one(account, f"/v1/EndUsers/{segment(sid)}")
    return EndUser.model_validate(item) if item else None


async def _document(account: Account, sid: str) -> Document | None:
    item = await _one(account, f"/v1/SupportingDocuments/{segment(sid)}")
    return Document.model_validate(item) if item else None


async def _address(account: Account, sid: str | None) -> Address | None:
    if not sid:
        return None
    path = f"/2010-04-01/Accounts/{account.sid}/Addresses/{segment(sid)}.json"
    item = await _one(account, path, "api")
    return Address.model_validate(item) if item else None


def _address_sid(document: Document | None) -> str | None:
    """The address that a document names first; several are written with commas between them, or as a list."""
    named = (document.attributes or {}).get("address_sids") if document else None
    sids = named if isinstance(named, list) else str(named or "").split(",")
    return next((str(sid).strip() for sid in sids if str(sid).strip()), None)


async def _one(account: Account, path: str, product: Literal["trusthub", "api"] = "trusthub") -> dict[str, Any] | None:
    try:
        return await account.read(Call(product=product, method="GET", path=path))
    except Refused as fault:
        if fault.absent:
            return None
        raise
