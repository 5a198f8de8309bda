"""How the answers about a brand become end users in Trust Hub, and back (twilio.md 4.4 and 4.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.catalog.brands.forms import BrandInputs, BrandRegister, Kind, registration_number
from bot.plans.call import Json, Wire
from bot.plans.masking import secret

ASKS: Final = BrandRegister.asks()


@dataclass(frozen=True)
class Part:
    """One end user: its type at Twilio, what people call it, and the form's field for each attribute.

    `needs` is the answer without which there is no such part; `only_when` names attributes that stand only while
    another has this value.
    """

    step: str
    kind: str
    called: str
    fields: Mapping[str, str]
    needs: str = ""
    only_when: tuple[str, str, frozenset[str]] | None = None

    def given(self, inputs: BrandInputs) -> bool:
        """Whether the answers speak of this part at all."""
        return not self.needs or bool(getattr(inputs, self.needs))

    def of(self, inputs: BrandInputs) -> dict[str, str]:
        """Its attributes, in clear: for checks."""
        values = {name: getattr(inputs, field) for name, field in self.fields.items()}
        if values.get("business_registration_number"):
            identifier = values.get("business_registration_identifier")
            values["business_registration_number"] = registration_number(
                identifier, values["business_registration_number"]
            )
        return {name: str(value) for name, value in values.items() if value is not None}

    def wire(self, attributes: Mapping[str, str]) -> Json:
        """Attributes as they are sent: what identifies a person or the business is shown masked only."""
        return Json(fields={name: self._shown(name, value) for name, value in attributes.items()})

    def _shown(self, attribute: str, value: str) -> Wire:
        field = self.fields.get(attribute)
        # an attribute that the form does not know was written by somebody else: nobody knows what it says
        return value if not value or (field and not ASKS[field].sensitive) else secret(value)


def _person(who: str) -> dict[str, str]:
    return {
        "first_name": f"{who}_first_name",
        "last_name": f"{who}_last_name",
        "email": f"{who}_email",
        "phone_number": f"{who}_phone",
    }


def _representative(who: str) -> dict[str, str]:
    return _person(who) | {"business_title": f"{who}_title", "job_position": f"{who}_position"}


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


BUSINESS: Final = Part(
    "business",
    "customer_profile_business_information",
    "business information",
    _same(
        "business_name",
        "business_identity",
        "business_type",
        "business_industry",
        "business_registration_identifier",
        "business_registration_number",
        "business_regions_of_operation",
        "website_url",
        "social_media_profile_urls",
    ),
)
REPRESENTATIVE: Final = Part(
    "representative", "authorized_representative_1", "authorized representative", _representative("representative")
)
SECOND: Final = Part(
    "second_representative",
    "authorized_representative_2",
    "second representative",
    _representative("second"),
    needs="second_representative",
)
MESSAGING: Final = Part(
    "messaging",
    "us_a2p_messaging_profile_information",
    "A2P messaging profile",
    _same("company_type", "stock_exchange", "stock_ticker", "brand_contact_email"),
    # a private company with a ticker is taken for a mistake (30796)
    only_when=("company_type", "public", frozenset({"stock_exchange", "stock_ticker"})),
)
STARTER: Final = Part("person", "starter_customer_profile_information", "sole proprietor", _person("representative"))
SOLE_PROPRIETOR: Final = Part(
    "trade",
    "sole_proprietor_information",
    "sole proprietor's brand",
    _same("brand_name", "mobile_phone_number", "vertical"),
)

PROFILE_PARTS: Final = {
    "standard": (BUSINESS, REPRESENTATIVE, SECOND),
    "low_volume": (BUSINESS, REPRESENTATIVE, SECOND),
    "sole_proprietor": (STARTER,),
}
PRODUCT_PARTS: Final = {
    "standard": (MESSAGING,),
    "low_volume": (MESSAGING,),
    "sole_proprietor": (SOLE_PROPRIETOR,),
}
ADDRESS: Final = {
    "street": "address_street",
    "street_secondary": "address_street_secondary",
    "city": "address_city",
    "region": "address_region",
    "postal_code": "address_postal_code",
    "iso_country": "address_country",
}
"""The form's field for each field of a postal address."""
WIRE: Final = {
    "customer_name": "CustomerName",
    "street": "Street",
    "street_secondary": "StreetSecondary",
    "city": "City",
    "region": "Region",
    "postal_code": "PostalCode",
    "iso_country": "IsoCountry",
}
"""The wire parameter for each field of a postal address."""


def parts(kind: Kind) -> tuple[Part, ...]:
    """The end users of a brand of this kind."""
    return (*PROFILE_PARTS[kind], *PRODUCT_PARTS[kind])


def field_of(kind: Kind, attribute: str) -> str | None:
    """The form's field that Twilio means by an attribute (`phone_number`) or a part of the address (`region`).

    The first representative is meant where both have it. None for a name that is not known.
    """
    found = (part.fields[attribute] for part in parts(kind) if attribute in part.fields)
    return next(found, ADDRESS.get(attribute))


def address_of(inputs: BrandInputs) -> dict[str, str]:
    """The postal address, in clear; a US state in capitals."""
    values = {name: getattr(inputs, field) for name, field in ADDRESS.items()}
    found = {name: str(value) for name, value in values.items() if value is not None}
    return found | {"region": found["region"].upper() if found["iso_country"] == "US" else found["region"]}


def address_params(address: Mapping[str, str]) -> dict[str, Wire]:
    """A postal address as it is sent; `customer_name` may be among its fields."""
    return {WIRE[name]: value if not _identifies(name) else secret(value) for name, value in address.items()}


def _identifies(address_field: str) -> bool:
    field = ADDRESS.get(address_field)
    return field is None or ASKS[field].sensitive


def answers(inputs: BrandInputs) -> dict[str, Any]:
    """The answers about a brand by field name; what was not asked is None."""
    return {name: getattr(inputs, name) for name in BrandInputs.asks()}


def facts(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    """Answers by field name as the linter takes them."""
    return {"kind": kind, **{name: value for name, value in values.items() if name in ASKS and value is not None}}
