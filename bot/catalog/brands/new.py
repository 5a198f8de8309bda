"""A new brand as part of a plan: steps, costs, findings and what is followed (twilio.md 4.4 to 4.6)."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.catalog.brands.forms import BrandInputs, Kind
from bot.catalog.brands.parts import PRODUCT_PARTS, PROFILE_PARTS, Part, address_of, answers, facts
from bot.catalog.brands.steps import ADDRESS_DOCUMENT, POLICIES, brand_steps
from bot.catalog.fees import Fees
from bot.catalog.operation import CannotPlanError, Context
from bot.checks.brand import BrandFacts, lint
from bot.checks.evaluation import lacking
from bot.plans.call import Ref
from bot.plans.cost import Cost
from bot.plans.finding import Finding, block, note, warn
from bot.plans.step import CallStep, Watch
from bot.twilio import reads, reads_brands
from bot.twilio.gateway import Account
from bot.twilio.reads_brands import APPROVED, AccountPage, Address, Bundle, EndUser, Policy

FEES: Final = Fees.load()
FEE: Final = {
    "standard": "brand_standard",
    "low_volume": "brand_low_volume",
    "sole_proprietor": "brand_sole_proprietor",
}
MOBILE_BRANDS, EMAIL_BRANDS, ADDRESS_BRANDS, EIN_BRANDS = 3, 10, 10, 50
"""In how many brands, over all of TCR, one of these may stand (twilio.md 10)."""
PRIMARY_IN_CONSOLE: Final = "Make one in Twilio's Console, under Account, Trust Hub, and wait until it is approved."


@dataclass(frozen=True)
class NewBrand:
    """Everything that a plan takes over for a new brand; `sid` is the brand's SID, once its step is done."""

    steps: tuple[CallStep, ...]
    costs: tuple[Cost, ...]
    findings: tuple[Finding, ...]
    watch: Watch
    sid: Ref
    names: Mapping[str, str]


@dataclass(frozen=True)
class _Standing:
    """What stands at Twilio that matters to a new brand."""

    page: AccountPage | None
    policies: Mapping[str, Policy]
    primaries: Sequence[Bundle]
    users: Sequence[EndUser]
    addresses: Sequence[Address]
    labels: frozenset[str]
    own_mobile: bool


async def new_brand(inputs: BrandInputs, kind: Kind, context: Context, prefix: str = "") -> NewBrand:
    """The brand that these answers describe. Ids of its steps begin with `prefix`.

    Raises `CannotPlanError` when there is no primary profile to hang it on, and `TwilioFault`.
    """
    standing = await _read(context.account, inputs, kind)
    primary = _primary(inputs, standing, context.account)
    brand = Ref(step=f"{prefix}brand")
    return NewBrand(
        steps=brand_steps(inputs, kind, primary.sid, context.account.sid, context.token, prefix),
        costs=() if inputs.mock_brand else (FEES.cost(FEE[kind]),),
        findings=(
            *_account(standing),
            *_policies(kind, standing),
            *_primary_findings(primary),
            *_choice(inputs, kind),
            *_reuse(inputs, kind, standing),
            *lint(BrandFacts.model_validate(facts(kind, answers(inputs)))),
            *_evaluations(inputs, kind, standing),
            *_name(inputs, standing),
        ),
        watch=Watch(kind="brand", step=brand.step, key=brand, title=f"Brand “{inputs.brand_label}”"),
        sid=brand,
        names={primary.sid: primary.label},
    )


async def _read(account: Account, inputs: BrandInputs, kind: Kind) -> _Standing:
    (page, policies, primaries), (users, addresses, names, own) = await asyncio.gather(
        asyncio.gather(
            reads_brands.account_page(account),
            reads_brands.policies(account),
            # what a subaccount registers hangs on the profile of the main account (twilio.md 4.4)
            reads_brands.primary_profiles(account.parent or account),
        ),
        asyncio.gather(
            reads_brands.end_users(account),
            reads_brands.addresses(account),
            reads.brand_names(account),
            _owns(account, inputs.mobile_phone_number if kind == "sole_proprietor" else None),
        ),
    )
    labels = frozenset(name.casefold() for name in names.values())
    return _Standing(page, policies, primaries, users, addresses, labels, own)


async def _owns(account: Account, number: str | None) -> bool:
    return bool(number and await reads.owned_numbers(account, number))


def _primary(inputs: BrandInputs, standing: _Standing, account: Account) -> Bundle:
    """The primary profile that is meant. Raises `CannotPlanError`."""
    field, wanted = "primary_profile_sid", inputs.primary_profile_sid
    unseen = account.parent is None and standing.page is not None and standing.page.owned
    if wanted:
        if found := next((p for p in standing.primaries if p.sid == wanted), None):
            return found
        if unseen:
            return Bundle(sid=wanted, status="")
        raise CannotPlanError(f"{wanted} is no primary customer profile of the main account.", field)
    usable = [p for p in standing.primaries if p.status == APPROVED] or list(standing.primaries)
    if not usable and unseen:
        raise CannotPlanError(
            "This is a subaccount, and Tenfour has no credentials of its main account, whose primary customer profile "
            "is needed. Look up that profile's SID in the main account's Console, and type primary_profile_sid=BU….",
            field,
        )
    if not usable:
        raise CannotPlanError(
            f"The main account has no primary customer profile, and no brand goes without. {PRIMARY_IN_CONSOLE}", field
        )
    if len(usable) > 1:
        names = ", ".join(f"“{p.label}” ({p.sid})" for p in usable)
        raise CannotPlanError(f"There is more than one primary customer profile: {names}. Choose one.", field)
    return usable[0]


def _primary_findings(primary: Bundle) -> Iterator[Finding]:
    field = "primary_profile_sid"
    if not primary.status:
        text = f"Tenfour has no credentials of the main account, so it cannot see whether {primary.sid} is approved."
        yield warn("primary-unseen", text, "Look it up in the main account's Console.", field)
    elif primary.status != APPROVED:
        text = f"The primary customer profile “{primary.label}” is {primary.status}, not approved."
        fix = "Correct or submit it in the Console, under Trust Hub, and wait for Twilio's approval."
        yield block("primary-not-approved", text, fix, field)


def _account(standing: _Standing) -> Iterator[Finding]:
    if standing.page is not None and standing.page.trial:
        text = "This is a trial account: Twilio lets it register nothing."
        yield block("trial-account", text, "Upgrade the account in the Console.", "", (20003,))


def _policies(kind: Kind, standing: _Standing) -> Iterator[Finding]:
    for sid in POLICIES[kind]:
        if sid not in standing.policies:
            text = f"Twilio does not list the policy {sid} any more, under which such bundles are made."
            fix = (
                "Nothing would be accepted: register in the Console, and report this so that Tenfour can be corrected."
            )
            yield block("policy-gone", text, fix, "brand_kind")


def _choice(inputs: BrandInputs, kind: Kind) -> Iterator[Finding]:
    if kind == "low_volume" and not inputs.mock_brand:
        text = "Low volume cannot be undone: neither price nor throughput of this brand changes afterwards."
        fix = "Choose standard if it may ever send more than 6,000 segments a day (2,000 to T-Mobile)."
        yield warn("low-volume-for-good", text, fix, "brand_kind")
    if inputs.mock_brand:
        text = (
            "A mock brand is a rehearsal: nobody vets it, it can never send, and Twilio removes it after 30 days or so."
        )
        yield warn("mock-brand", text, "Choose No to register in earnest.", "mock_brand")
    text = "Tenfour cannot delete a brand: Twilio's API has no call for it, only the Console."
    yield note("brand-stays", text, "What stands before the brand can be undone while it is a draft.")


def _name(inputs: BrandInputs, standing: _Standing) -> Iterator[Finding]:
    if inputs.brand_label.casefold() in standing.labels:
        text = f"A profile is called “{inputs.brand_label}” already. Twilio allows it; people will mix them up."
        yield warn("name-in-use", text, "Choose another name, or use the brand that exists.", "brand_label")


def _reuse(inputs: BrandInputs, kind: Kind, standing: _Standing) -> Iterator[Finding]:
    """How often the same data stands in this account; TCR counts over all accounts, which nobody can read."""
    if kind != "sole_proprietor":
        wanted = re.sub(r"\D", "", inputs.business_registration_number)
        held = [re.sub(r"\D", "", v) for v in _values(standing.users, "business_registration_number")]
        # one of them may be the account's own profile
        if wanted and (times := held.count(wanted)) > 1:
            text = f"{times} profiles of this account hold this registration number already."
            fix = "Use the brand that exists, if it is the same business: one tax id may stand in 50 brands at most."
            severity = block if times >= EIN_BRANDS else warn
            yield severity("tax-id-reused", text, fix, "business_registration_number", (30898, 30703))
        return
    if standing.own_mobile:
        text = "This mobile is a number of this Twilio account: passcodes do not reach such numbers."
        yield block("mobile-is-ours", text, "Give a real handset's number.", "mobile_phone_number", (30751,))
    mobiles = _values(standing.users, "mobile_phone_number")
    yield from _limit(mobiles, inputs.mobile_phone_number, MOBILE_BRANDS, "mobile_phone_number", 30750)
    emails = _values([u for u in standing.users if u.type == "starter_customer_profile_information"], "email")
    yield from _limit(emails, inputs.representative_email, EMAIL_BRANDS, "representative_email", 30749)
    places = [_place(a.street, a.city, a.postal_code) for a in standing.addresses]
    here = address_of(inputs)
    place = _place(here["street"], here["city"], here["postal_code"])
    yield from _limit(places, place, ADDRESS_BRANDS, "address_street", 30747)


def _limit(held: Iterable[str], wanted: str, limit: int, field: str, code: int) -> Iterator[Finding]:
    times = sum(1 for value in held if value.casefold() == wanted.casefold())
    if times >= limit:
        text = f"This stands in {times} brands of this account already; TCR takes it {limit} times."
        yield block("reused-too-often", text, "Give another one.", field, (code,))


def _values(users: Iterable[EndUser], attribute: str) -> list[str]:
    return [str((user.attributes or {}).get(attribute) or "") for user in users]


def _place(*lines: str | None) -> str:
    return " ".join(re.sub(r"\W+", " ", line or "").strip().casefold() for line in lines)


def _evaluations(inputs: BrandInputs, kind: Kind, standing: _Standing) -> Iterator[Finding]:
    """What Twilio's evaluations would say, by the policies as they stand today."""
    profile, product = (standing.policies.get(sid) for sid in POLICIES[kind])
    if profile is not None:
        users = _users(PROFILE_PARTS[kind], inputs)
        yield from lacking(profile.requirements, users, {ADDRESS_DOCUMENT}, 1)
    if product is not None:
        yield from lacking(product.requirements, _users(PRODUCT_PARTS[kind], inputs), (), 1)


def _users(parts: Iterable[Part], inputs: BrandInputs) -> dict[str, dict[str, str]]:
    return {part.kind: part.of(inputs) for part in parts if part.given(inputs)}
