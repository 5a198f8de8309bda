"""What a correction changes about a brand: end user by end user, and the address (twilio.md 4.4 and 4.6)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.catalog.brands.bundles import CustomerProfileBundle, TrustProductBundle
from bot.catalog.brands.edits import EDITABLE, RejectedBrand
from bot.catalog.brands.forms import Kind, misshapen, registration_number
from bot.catalog.brands.parts import ADDRESS, PRODUCT_PARTS, Part, address_params, parts
from bot.catalog.operation import CannotPlanError
from bot.plans.call import Call, Param, segment
from bot.plans.step import Adopt, CallStep, Undo
from bot.twilio import reads
from bot.twilio.reads_brands import BrandFile

SENT: Final = "brand"
"""The step that sends a correction to TCR: from then on the old values would only contradict what was submitted."""


@dataclass(frozen=True)
class PartEdit:
    """One end user: what it holds, and what it will hold; attributes are written whole (twilio.md 4.2)."""

    part: Part
    sid: str
    old: dict[str, str]
    new: dict[str, str]

    @property
    def changed(self) -> dict[str, str]:
        """The attributes that differ afterwards; "" for one that goes."""
        names = [*self.new, *(name for name in self.old if name not in self.new)]
        return {n: self.new.get(n, "") for n in names if self.new.get(n, "") != self.old.get(n, "")}

    @property
    def step(self) -> CallStep:
        """The step that writes it. Every value that it looks for afterwards differs from the one before."""
        path = f"/v1/EndUsers/{segment(self.sid)}"
        read = Call(product="trusthub", method="GET", path=path)
        return CallStep(
            id=self.part.step,
            title=f"Correct the {self.part.called}",
            call=self._write(self.new),
            adopt=Adopt(read=read, match=self._expected(self.changed)),
            undo=Undo(
                until=SENT,
                title=f"Write the {self.part.called} back as it was",
                call=self._write(self.old),
                adopt=Adopt(read=read, match=self._expected({n: self.old.get(n, "") for n in self.changed})),
            ),
        )

    def _write(self, attributes: Mapping[str, str]) -> Call:
        path = f"/v1/EndUsers/{segment(self.sid)}"
        params: dict[str, Param] = {"Attributes": self.part.wire(attributes)}
        return Call(product="trusthub", method="POST", path=path, params=params)

    def _expected(self, attributes: Mapping[str, str]) -> dict[str, Param]:
        fields = self.part.wire(attributes).fields
        return {f"attributes.{name}": value for name, value in fields.items() if not isinstance(value, bool)}


@dataclass(frozen=True)
class AddressEdit:
    """The address: what it holds, and what changes about it."""

    account_sid: str
    sid: str
    old: dict[str, str]
    new: dict[str, str]

    @property
    def step(self) -> CallStep:
        """The step that writes it."""
        path = f"/2010-04-01/Accounts/{segment(self.account_sid)}/Addresses/{segment(self.sid)}.json"
        read = Call(product="api", method="GET", path=path)
        back = {name: self.old.get(name, "") for name in self.new}

        def write(values: Mapping[str, str]) -> Call:
            return Call(product="api", method="POST", path=path, params=dict(address_params(values)))

        return CallStep(
            id="address",
            title="Correct the registered address",
            call=write(self.new),
            adopt=Adopt(read=read, match=_by_field(self.new)),
            undo=Undo(
                until=SENT,
                title="Write the address back as it was",
                call=write(back),
                adopt=Adopt(read=read, match=_by_field(back)),
            ),
        )


@dataclass(frozen=True)
class Correction:
    """Everything that a form changes about a rejected brand.

    `before` and `after` are answers by field of the form, of the fields that change; `merged` is what the brand will
    say of itself, by field.
    """

    kind: Kind
    profile: CustomerProfileBundle
    product: TrustProductBundle
    edits: tuple[PartEdit, ...]
    address: AddressEdit | None
    merged: dict[str, Any]
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[CallStep, ...]:
        """The steps that write what changes."""
        return (*(edit.step for edit in self.edits), *([self.address.step] if self.address else []))

    @property
    def of_product(self) -> bool:
        """Whether the trust product holds something that changes."""
        return any(edit.part in PRODUCT_PARTS[self.kind] for edit in self.edits)

    @property
    def of_profile(self) -> bool:
        """Whether the customer profile holds something that changes."""
        return self.address is not None or any(edit.part not in PRODUCT_PARTS[self.kind] for edit in self.edits)


def kind_of(brand: reads.Brand) -> Kind:
    """The kind under which a brand was registered."""
    if brand.sole_proprietor:
        return "sole_proprietor"
    return "low_volume" if brand.skip_automatic_sec_vet else "standard"


def standing(kind: Kind, file: BrandFile) -> dict[str, Any]:
    """What a brand says of itself, by field of the form."""
    found: dict[str, Any] = {}
    for part in parts(kind):
        if user := file.users.get(part.kind):
            held = _texts(user.attributes, part)
            found |= {field: held[name] for name, field in part.fields.items() if held.get(name)}
            found |= {part.needs: True} if part.needs else {}
    address = file.address.model_dump() if file.address else {}
    return found | {field: address[name] for name, field in ADDRESS.items() if address.get(name)}


def correction(form: RejectedBrand, brand: reads.Brand, file: BrandFile, account_sid: str) -> Correction:
    """What the form changes. Raises `CannotPlanError` for what cannot be changed here."""
    kind = kind_of(brand)
    if file.profile is None or file.product is None:
        raise CannotPlanError(
            "One of the two bundles of this brand is not in this account, so there is nothing to correct. Register the "
            "brand anew with `/a2p-brand register`.",
            "brand_sid",
        )
    old = standing(kind, file)
    given = {name: getattr(form, name) for name in EDITABLE if getattr(form, name) is not None}
    merged = _merged(kind, old, given)
    if wrong := misshapen(merged):
        name, text = next(iter(wrong.items()))
        raise CannotPlanError(text, name)
    changed = {name: value for name, value in merged.items() if value != old.get(name)}
    changed |= {name: None for name in old if name not in merged}
    return Correction(
        kind=kind,
        profile=CustomerProfileBundle(file.profile.sid),
        product=TrustProductBundle(file.product.sid),
        edits=tuple(_part_edits(kind, file, merged, changed)),
        address=_address_edit(file, changed, account_sid),
        merged=merged,
        before={name: old.get(name) for name in changed},
        after=changed,
    )


def _merged(kind: Kind, old: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**old, **given}
    if merged.get("business_registration_number"):
        number = str(merged["business_registration_number"])
        merged["business_registration_number"] = registration_number(
            merged.get("business_registration_identifier"), number
        )
    if merged.get("address_country") == "US" and merged.get("address_region"):
        merged["address_region"] = str(merged["address_region"]).upper()
    for part in parts(kind):
        if part.only_when and merged.get(part.fields[part.only_when[0]]) != part.only_when[1]:
            for name in part.only_when[2]:
                merged.pop(part.fields[name], None)
    # which representatives there are is no attribute of anything
    return {name: value for name, value in merged.items() if name != "second_representative"} | (
        {"second_representative": True} if old.get("second_representative") else {}
    )


def _part_edits(
    kind: Kind, file: BrandFile, merged: Mapping[str, Any], changed: Mapping[str, Any]
) -> Iterator[PartEdit]:
    for part in parts(kind):
        touched = {name: field for name, field in part.fields.items() if field in changed}
        if not touched:
            continue
        user = file.users.get(part.kind)
        if user is None:
            raise CannotPlanError(
                f"This brand holds no {part.called}, and a correction cannot add one: do that in the Console.",
                next(iter(touched.values())),
            )
        old = _texts(user.attributes, part)
        kept = {name: value for name, value in old.items() if name not in touched}
        new = {name: str(merged[field]) for name, field in touched.items() if merged.get(field) is not None}
        yield PartEdit(part, user.sid, old, {**kept, **new})


def _address_edit(file: BrandFile, changed: Mapping[str, Any], account_sid: str) -> AddressEdit | None:
    new = {name: str(changed[field] or "") for name, field in ADDRESS.items() if field in changed}
    if "iso_country" in new:
        raise CannotPlanError(
            "The country of an address cannot be changed. Register the brand anew with `/a2p-brand register`.",
            "address_country",
        )
    customer = changed.get("business_name") or changed.get("brand_name")
    if customer and file.address is not None:
        new["customer_name"] = str(customer)
    if not new:
        return None
    if file.address is None:
        raise CannotPlanError(
            "The profile of this brand names no address that could be read: correct it in the Console.",
            "address_street",
        )
    held = file.address.model_dump()
    return AddressEdit(account_sid, file.address.sid, {name: str(held.get(name) or "") for name in new}, new)


def _texts(attributes: Mapping[str, Any] | None, part: Part) -> dict[str, str]:
    """Attributes as texts; null is none. Raises `CannotPlanError` for what Tenfour could not write back."""
    held = {name: value for name, value in (attributes or {}).items() if value is not None}
    odd = [name for name, value in held.items() if not isinstance(value, str)]
    if odd:
        raise CannotPlanError(
            f"The {part.called} of this brand holds {odd[0]} in a form that Tenfour cannot write back unchanged. "
            "Correct it in the Console.",
            part.fields.get(odd[0], "brand_sid"),
        )
    return held


def _by_field(values: Mapping[str, str]) -> dict[str, Param]:
    """What a read of the address must show."""
    return dict(zip(values, address_params(values).values(), strict=True))
