"""The steps that make a brand: profile, trust product, brand (twilio.md 4.4 and 4.5)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from bot.catalog.brands.bundles import (
    A2P_PRODUCT,
    SECONDARY_PROFILE,
    SOLE_PROPRIETOR_PRODUCT,
    STARTER_PROFILE,
    BrandBundles,
    Bundle,
    CustomerProfileBundle,
    TrustProductBundle,
    assign,
    create_address,
    create_brand,
    create_bundle,
    create_document,
    create_end_user,
    evaluate,
    submit,
)
from bot.catalog.brands.forms import BrandInputs, Kind
from bot.catalog.brands.parts import PRODUCT_PARTS, PROFILE_PARTS, Part, address_of, address_params
from bot.catalog.rules import flag
from bot.plans.call import Json, Param, Ref
from bot.plans.masking import secret
from bot.plans.step import CallStep

ADDRESS_DOCUMENT: Final = "customer_profile_address"
POLICIES: Final = {
    "standard": (SECONDARY_PROFILE, A2P_PRODUCT),
    "low_volume": (SECONDARY_PROFILE, A2P_PRODUCT),
    "sole_proprietor": (STARTER_PROFILE, SOLE_PROPRIETOR_PRODUCT),
}
"""The policies of the profile and of the trust product."""

CLOSED_TO_API: Final = (20003, 20004, 403, 404, 405)
"""How Twilio would refuse a sole proprietor that it takes in its Console only (twilio.md 4.5)."""
SOLE_PROPRIETOR_CONSOLE: Final = (
    "If the credentials are in order, Twilio does not take sole proprietors over its API in this account (its sources "
    "disagree about that). Abandon this, undo it, and register in the Console: Messaging, Regulatory Compliance, "
    "Onboarding, Sole Proprietor. Tenfour follows the brand from there."
)
NO_RIGHT: Final = (
    "The credentials may not do this: a trial account cannot register brands, and a restricted API key needs rights on "
    "Trust Hub, Addresses and Messaging. Correct that, then try again."
)
BRAND_ADVICE: Final = {
    21726: "Twilio knows no brand of this type any more. Report this: Tenfour sends STANDARD or SOLE_PROPRIETOR only.",
    30712: "The account holds as many brands as it may. Ask Twilio Support for more.",
}


@dataclass(frozen=True)
class Naming:
    """Names of what a change makes: people's own word, and the change's token, so that nothing else bears them."""

    label: str
    token: str

    @property
    def bundle(self) -> str:
        """The name of both bundles."""
        return f"{self.label} {self.token}"

    def of(self, what: str) -> str:
        """The name of a thing in them."""
        return f"{self.bundle}: {what}"


def brand_steps(
    inputs: BrandInputs, kind: Kind, primary_sid: str, account_sid: str, token: str, prefix: str = ""
) -> tuple[CallStep, ...]:
    """The whole way to a brand, whose step is `{prefix}brand`; the ids of all steps begin with `prefix`."""
    return tuple(_guarded(step, kind) for step in _Steps(inputs, kind, primary_sid, account_sid, token, prefix).all())


@dataclass(frozen=True)
class _Steps:
    inputs: BrandInputs
    kind: Kind
    primary_sid: str
    account_sid: str
    token: str
    prefix: str

    @property
    def naming(self) -> Naming:
        return Naming(self.inputs.brand_label, self.token)

    def all(self) -> Iterator[CallStep]:
        bundles = BrandBundles(CustomerProfileBundle(self._ref("profile")), TrustProductBundle(self._ref("product")))
        profile_policy, product_policy = POLICIES[self.kind]
        # what was submitted stays: only drafts, and what lies in them, can be deleted
        yield from _undone_until(self._id("profile_submission"), self._profile(bundles.profile, profile_policy))
        yield from _undone_until(self._id("product_submission"), self._product(bundles, product_policy))
        yield create_brand(
            self._id("brand"), f"Register the brand “{self.inputs.brand_label}”", bundles, self._params()
        )

    def _profile(self, profile: CustomerProfileBundle, policy: str) -> Iterator[CallStep]:
        yield create_bundle(
            CustomerProfileBundle,
            self._id("profile"),
            self.naming.bundle,
            secret(self.inputs.notice_email),
            policy,
        )
        given = [part for part in PROFILE_PARTS[self.kind] if part.given(self.inputs)]
        yield from (self._end_user(part) for part in given)
        yield create_address(
            self._id("address"),
            "Write down the registered address",
            self.account_sid,
            self.naming.of("address"),
            self._address(),
        )
        yield create_document(
            self._id("document"),
            "Make the address a document of the profile",
            self.naming.of(ADDRESS_DOCUMENT),
            ADDRESS_DOCUMENT,
            Json(fields={"address_sids": self._ref("address")}),
        )
        yield from (self._assign("profile", profile, part.step, part.called) for part in given)
        yield self._assign("profile", profile, "document", "address document")
        primary = f"Hang the {profile.called} on the primary profile"
        yield assign(self._id("profile_primary"), primary, profile, self.primary_sid)
        yield evaluate(self._id("profile_evaluation"), profile, policy)
        yield submit(self._id("profile_submission"), profile)

    def _product(self, bundles: BrandBundles, policy: str) -> Iterator[CallStep]:
        product = bundles.product
        yield create_bundle(
            TrustProductBundle,
            self._id("product"),
            self.naming.bundle,
            secret(self.inputs.notice_email),
            policy,
        )
        given = [part for part in PRODUCT_PARTS[self.kind] if part.given(self.inputs)]
        yield from (self._end_user(part) for part in given)
        yield from (self._assign("product", product, part.step, part.called) for part in given)
        hang = f"Hang the {product.called} on the customer profile"
        yield assign(self._id("product_profile"), hang, product, bundles.profile.sid)
        yield evaluate(self._id("product_evaluation"), product, policy)
        yield submit(self._id("product_submission"), product)

    def _end_user(self, part: Part) -> CallStep:
        attributes = part.wire(self._attributes(part))
        title = f"Describe the {part.called}"
        return create_end_user(self._id(part.step), title, self.naming.of(part.called), part.kind, attributes)

    def _attributes(self, part: Part) -> dict[str, str]:
        found = part.of(self.inputs)
        # the guides send it empty where there is none
        empty = {"social_media_profile_urls": ""} if "social_media_profile_urls" in part.fields else {}
        return empty | found

    def _assign(self, owner: str, bundle: Bundle, step: str, called: str) -> CallStep:
        return assign(
            self._id(f"{owner}_{step}"), f"Put the {called} into the {bundle.called}", bundle, self._ref(step)
        )

    def _address(self) -> dict[str, Param]:
        address = {"customer_name": self._customer(), **address_of(self.inputs)}
        return dict(address_params(address))

    def _customer(self) -> str:
        return self.inputs.brand_name if self.kind == "sole_proprietor" else self.inputs.business_name

    def _params(self) -> dict[str, Param]:
        """All explicit: the price hangs on them, and none can be changed later (twilio.md 0.6)."""
        return {
            "BrandType": "SOLE_PROPRIETOR" if self.kind == "sole_proprietor" else "STANDARD",
            "SkipAutomaticSecVet": flag(self.kind == "low_volume"),
            "Mock": flag(self.inputs.mock_brand),
        }

    def _id(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def _ref(self, name: str) -> Ref:
        return Ref(step=self._id(name))


def _guarded(step: CallStep, kind: Kind) -> CallStep:
    """The step with words for the refusals that people can do something about."""
    if kind == "sole_proprietor":
        advice = dict.fromkeys(CLOSED_TO_API, SOLE_PROPRIETOR_CONSOLE)
    else:
        advice = dict.fromkeys((20003, 403), NO_RIGHT)
    return step.model_copy(update={"advice": {**advice, **BRAND_ADVICE, **step.advice}})


def _undone_until(submission: str, steps: Iterable[CallStep]) -> Iterator[CallStep]:
    for step in steps:
        yield step.model_copy(update={"undo": step.undo and step.undo.model_copy(update={"until": submission})})
