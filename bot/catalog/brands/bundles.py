"""The two kinds of bundle in Trust Hub, which no pattern of SIDs tells apart (twilio.md 0.8), and their calls."""

from dataclasses import dataclass
from typing import ClassVar, Final

from bot.plans.call import Call, Param, Ref, Secret, segment
from bot.plans.step import Adopt, CallStep, Undo, Watch

SECONDARY_PROFILE: Final = "RNdfbf3fae0e1107f8aded0e7cead80bf5"
STARTER_PROFILE: Final = "RN806dd6cd175f314e1f96a9727ee271f4"
A2P_PRODUCT: Final = "RNb0d4771c2c98518d916a3d4cd70a8f8b"
SOLE_PROPRIETOR_PRODUCT: Final = "RN670d5d2e282a6130ae063b234b6019c8"
"""Policies, the same in every account (twilio.md 4.1). A plan looks them up before it relies on them."""

BRANDS = "/v1/a2p/BrandRegistrations"
NEVER = "an evaluation changes nothing, so none is ever taken for another"

ALREADY_ASSIGNED = 20409


@dataclass(frozen=True)
class CustomerProfileBundle:
    """Who a business is: a BU under `/CustomerProfiles`."""

    sid: str | Ref
    collection: ClassVar[str] = "/v1/CustomerProfiles"
    called: ClassVar[str] = "customer profile"


@dataclass(frozen=True)
class TrustProductBundle:
    """What a business applies for: a BU under `/TrustProducts`."""

    sid: str | Ref
    collection: ClassVar[str] = "/v1/TrustProducts"
    called: ClassVar[str] = "A2P trust product"


Bundle = CustomerProfileBundle | TrustProductBundle


@dataclass(frozen=True)
class BrandBundles:
    """The two bundles of a brand, each in its place.

    Twilio's validator takes them swapped, bills the brand and fails it later (30793): a swap must not even be built.
    Raises `TypeError`.
    """

    profile: CustomerProfileBundle
    product: TrustProductBundle

    def __post_init__(self) -> None:
        if not isinstance(self.profile, CustomerProfileBundle) or not isinstance(self.product, TrustProductBundle):
            raise TypeError("a brand takes a customer profile first and a trust product second")


def path_of(bundle: Bundle) -> str:
    """The path of a bundle, which may be a reference."""
    return f"{bundle.collection}/{bundle.sid if isinstance(bundle.sid, Ref) else segment(bundle.sid)}"


def create_bundle(bundle: type[Bundle], step_id: str, name: str, email: Secret, policy: str) -> CallStep:
    """The step that makes a bundle as a draft, under a name of its own, by which a lost one is found again."""
    params: dict[str, Param] = {"FriendlyName": name, "Email": email, "PolicySid": policy}
    filters: dict[str, Param] = {"FriendlyName": name, "PolicySid": policy}
    made = Call(product="trusthub", method="POST", path=bundle.collection, params=params)
    read = Call(product="trusthub", method="GET", path=bundle.collection, params=filters)
    return CallStep(
        id=step_id,
        title=f"Draft the {bundle.called} “{name}”",
        call=made,
        adopt=Adopt(read=read, items="results", match={"friendly_name": name, "policy_sid": policy}),
        undo=_deletion(f"Delete the draft {bundle.called}", f"{bundle.collection}/{{{step_id}.sid}}"),
    )


def assign(step_id: str, title: str, bundle: Bundle, object_sid: str | Ref) -> CallStep:
    """The step that puts one thing into a bundle; a thing that is there already counts as done."""
    path = f"{path_of(bundle)}/EntityAssignments"
    return CallStep(
        id=step_id,
        title=title,
        call=Call(product="trusthub", method="POST", path=path, params={"ObjectSid": object_sid}),
        adopt=Adopt(
            read=Call(product="trusthub", method="GET", path=path), items="results", match={"object_sid": object_sid}
        ),
        already_done=(ALREADY_ASSIGNED,),
        keep=("sid", "object_sid"),
        undo=_deletion(f"Take back: {title}", f"{path}/{{{step_id}.sid}}"),
    )


def evaluate(step_id: str, bundle: Bundle, policy: str) -> CallStep:
    """The step that has Twilio say, at no cost, what a bundle still lacks; the plan goes on only when it lacks nothing.

    Evaluations may be repeated at will, and an earlier one says nothing of today: none is adopted.
    """
    path = f"{path_of(bundle)}/Evaluations"
    return CallStep(
        id=step_id,
        title=f"Have Twilio evaluate the {bundle.called}, before anything is submitted",
        call=Call(product="trusthub", method="POST", path=path, params={"PolicySid": policy}),
        adopt=Adopt(read=Call(product="trusthub", method="GET", path=path), items="results", match={"sid": NEVER}),
        keep=("sid", "status", "results"),
        expect={"status": "compliant"},
    )


def submit(step_id: str, bundle: Bundle, before: str = "draft") -> CallStep:
    """The step that sends a bundle to review. It has happened when the bundle has left the status from `before`."""
    path = path_of(bundle)
    read = Call(product="trusthub", method="GET", path=path)
    return CallStep(
        id=step_id,
        title=f"Submit the {bundle.called} for review",
        call=Call(product="trusthub", method="POST", path=path, params={"Status": "pending-review"}),
        adopt=Adopt(read=read, match={"status": before}, gone=True),
        keep=("sid", "status"),
        lasting=f"A submitted {bundle.called} cannot be taken back, nor can what lies in it.",
    )


def bundle_watch(submission: str, bundle: Bundle, label: str) -> Watch:
    """What is followed once the step `submission` has sent a bundle to review: brands stand and fall with it."""
    called = f"{bundle.called[:1].upper()}{bundle.called[1:]}"
    return Watch(kind="bundle", step=submission, key=bundle.sid, title=f"{called} of “{label}”")


def create_end_user(step_id: str, title: str, name: str, kind: str, attributes: Param) -> CallStep:
    """The step that describes a person or a business."""
    return _named(step_id, title, "/v1/EndUsers", name, {"Type": kind, "Attributes": attributes})


def create_document(step_id: str, title: str, name: str, kind: str, attributes: Param) -> CallStep:
    """The step that makes a supporting document."""
    return _named(step_id, title, "/v1/SupportingDocuments", name, {"Type": kind, "Attributes": attributes})


def create_address(step_id: str, title: str, account_sid: str, name: str, params: dict[str, Param]) -> CallStep:
    """The step that makes a postal address."""
    folder = f"/2010-04-01/Accounts/{segment(account_sid)}/Addresses"
    listing = Call(product="api", method="GET", path=f"{folder}.json", params={"FriendlyName": name})
    read = Call(product="api", method="GET", path=f"{folder}/{{{step_id}.sid}}.json")
    return CallStep(
        id=step_id,
        title=title,
        call=Call(product="api", method="POST", path=f"{folder}.json", params={**params, "FriendlyName": name}),
        adopt=Adopt(read=listing, items="addresses", match={"friendly_name": name}),
        undo=Undo(
            title="Delete the address",
            call=read.model_copy(update={"method": "DELETE"}),
            adopt=Adopt(read=read, gone=True),
        ),
    )


def create_brand(step_id: str, title: str, bundles: BrandBundles, params: dict[str, Param]) -> CallStep:
    """The step that registers a brand. It costs money and no key makes it safe to repeat (twilio.md 11.7)."""
    sids: dict[str, Param] = {
        "CustomerProfileBundleSid": bundles.profile.sid,
        "A2PProfileBundleSid": bundles.product.sid,
    }
    return CallStep(
        id=step_id,
        title=title,
        call=Call(product="messaging", method="POST", path=BRANDS, params={**sids, **params}),
        adopt=Adopt(
            read=Call(product="messaging", method="GET", path=BRANDS),
            items="data",
            match={
                "customer_profile_bundle_sid": bundles.profile.sid,
                "a2p_profile_bundle_sid": bundles.product.sid,
            },
            repeatable=False,
        ),
        keep=("sid", "status", "brand_type", "mock", "skip_automatic_sec_vet"),
        # a real brand where a rehearsal was asked for must stop people before they build on it
        expect={"mock": "true"} if params.get("Mock") == "true" else {},
        lane="registration",
        lasting="A registered brand cannot be taken back, and its fee stays paid.",
    )


def _named(step_id: str, title: str, path: str, name: str, params: dict[str, Param]) -> CallStep:
    return CallStep(
        id=step_id,
        title=title,
        call=Call(product="trusthub", method="POST", path=path, params={"FriendlyName": name, **params}),
        adopt=Adopt(
            read=Call(product="trusthub", method="GET", path=path), items="results", match={"friendly_name": name}
        ),
        undo=_deletion(f"Delete “{name}”", f"{path}/{{{step_id}.sid}}"),
    )


def _deletion(title: str, path: str) -> Undo:
    read = Call(product="trusthub", method="GET", path=path)
    return Undo(title=title, call=read.model_copy(update={"method": "DELETE"}), adopt=Adopt(read=read, gone=True))
