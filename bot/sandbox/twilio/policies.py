"""Trust Hub's policies and types: what a bundle must hold (reference: sections 4.1, 4.3 and 4.4)."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.twilio.endpoint import PAGING, Call, Endpoint, Reply, Site
from bot.sandbox.twilio.ledger import Ledger, Record

PRIMARY = "RN6433641899984f951173ef1738c3bdd0"
SECONDARY = "RNdfbf3fae0e1107f8aded0e7cead80bf5"
STARTER = "RN806dd6cd175f314e1f96a9727ee271f4"
A2P = "RNb0d4771c2c98518d916a3d4cd70a8f8b"
SOLE_PROPRIETOR = "RN670d5d2e282a6130ae063b234b6019c8"
STARTER_A2P = "RN63da8244384cf0401c39f5f91e674db5"

PRIMARY_TYPE = "primary_customer_profile_type_business"
SECONDARY_TYPE = "secondary_customer_profile_type_business"
STARTER_TYPE = "starter_customer_profile_type_business"


@dataclass(frozen=True, slots=True)
class EndUserType:
    """A kind of end user: its fields as they are written and as people read them.

    `optional` fields may stay empty, `conditional` ones are needed where another field has a value.
    """

    name: str
    title: str
    fields: dict[str, str]
    optional: frozenset[str] = frozenset()
    needed_when: tuple[str, str, frozenset[str]] | None = None


_PERSON = {
    "first_name": "First Name",
    "last_name": "Last Name",
    "email": "Email",
    "phone_number": "Phone Number",
    "business_title": "Business Title",
    "job_position": "Job Position",
}
_PUBLIC_ONLY = {
    "stock_exchange": "Stock Exchange",
    "stock_ticker": "Stock Ticker",
    "brand_contact_email": "Brand Contact Email",
}

END_USER_TYPES = (
    EndUserType(
        "customer_profile_business_information",
        "Business Information",
        {
            "business_type": "Business Type",
            "business_registration_number": "Business Registration Number",
            "business_name": "Business Name",
            "business_registration_identifier": "Business Registration Identifier",
            "business_identity": "Business Identity",
            "business_industry": "Business Industry",
            "website_url": "Website Url",
            "business_regions_of_operation": "Business Regions Of Operation",
            "social_media_profile_urls": "Social Media Profile Urls",
        },
        optional=frozenset({"social_media_profile_urls"}),
    ),
    EndUserType("authorized_representative_1", "Authorized Representative 1", _PERSON),
    EndUserType("authorized_representative_2", "Authorized Representative 2", _PERSON),
    EndUserType(
        "us_a2p_messaging_profile_information",
        "US A2P Messaging Profile Information",
        {"company_type": "Company Type", **_PUBLIC_ONLY},
        optional=frozenset(_PUBLIC_ONLY),
        needed_when=("company_type", "public", frozenset(_PUBLIC_ONLY)),
    ),
    EndUserType(
        "starter_customer_profile_information",
        "Starter Customer Profile Information",
        {name: title for name, title in _PERSON.items() if name not in {"business_title", "job_position"}},
    ),
    EndUserType(
        "sole_proprietor_information",
        "Sole Proprietor Information",
        {"brand_name": "Brand Name", "mobile_phone_number": "Mobile Phone Number", "vertical": "Vertical"},
    ),
)
OPTIONAL_USERS = frozenset({"authorized_representative_2"})
"""Named by the policies, and yet not needed (reference, 4.4 item 3)."""

DOCUMENT_TYPES = {"customer_profile_address": "Customer profile address"}

_WORDS = {
    "business_registration_identifier": "EIN DUNS CBN CN ACN CIN VAT VATRN RN Other",
    "business_regions_of_operation": "AFRICA ASIA AUSTRALIA EUROPE LATIN_AMERICA USA_AND_CANADA",
    "business_identity": "direct_customer isv_reseller_or_partner unknown",
    "business_industry": (
        "AGRICULTURE AUTOMOTIVE BANKING CONSTRUCTION CONSUMER EDUCATION ELECTRONICS ENGINEERING ENERGY "
        "FAST_MOVING_CONSUMER_GOODS FINANCIAL FINTECH FOOD_AND_BEVERAGE GOVERNMENT HEALTHCARE HOSPITALITY INSURANCE "
        "JEWELRY LEGAL MANUFACTURING MEDIA NOT_FOR_PROFIT OIL_AND_GAS ONLINE PROFESSIONAL_SERVICES RAW_MATERIALS "
        "REAL_ESTATE RELIGION RETAIL TECHNOLOGY TELECOMMUNICATIONS TRANSPORTATION TRAVEL"
    ),
    "company_type": "government non-profit private public",
    "stock_exchange": (
        "AMEX AMX ASX B3 BME BSE FRA ICEX JPX JSE KRX LON NASDAQ NONE NYSE NSE OMX OTHER SEHK SGX SSE STO SWX SZSE TSX "
        "TWSE VSE"
    ),
    "vertical": (
        "AGRICULTURE COMMUNICATION ENERGY ENTERTAINMENT FINANCIAL GAMBLING GOVERNMENT HEALTHCARE HOSPITALITY "
        "HUMAN_RESOURCES INSURANCE LEGAL MANUFACTURING NGO POLITICAL POSTAL PROFESSIONAL REAL_ESTATE RETAIL TECHNOLOGY "
        "TRANSPORTATION"
    ),
}
VALUES: dict[str, frozenset[str]] = {
    "business_type": frozenset(
        {
            "Co-operative",
            "Corporation",
            "Limited Liability Corporation",
            "Non-profit Corporation",
            "Partnership",
            "Sole Proprietorship",
        }
    ),
    "job_position": frozenset({"Director", "GM", "VP", "CEO", "CFO", "General Counsel", "Other"}),
    **{name: frozenset(words.split()) for name, words in _WORDS.items()},
}
"""What an attribute with a closed set of values may hold."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What one kind of bundle must hold. `offers` is what bundles under it are for others that must hold one."""

    sid: str
    title: str
    of_profiles: bool
    end_users: tuple[str, ...]
    documents: tuple[str, ...] = ()
    profiles: tuple[tuple[str, str, str], ...] = ()
    offers: str = ""

    def body(self, site: Site) -> dict[str, Any]:
        """The policy as the API shows it."""
        kinds = {kind.name: kind for kind in END_USER_TYPES}
        document = {
            "description": "Customer Profile Address",
            "type": "document",
            "name": "Physical Business Address",
            "requirement_name": "customer_profile_address",
            "accepted_documents": [
                {"url": f"/SupportingDocumentTypes/{name}", "fields": ["address_sids"], "type": name, "name": title}
                for name, title in DOCUMENT_TYPES.items()
            ],
        }
        return {
            "sid": self.sid,
            "friendly_name": self.title,
            "url": site.url("trusthub", f"/v1/Policies/{self.sid}"),
            "requirements": {
                "end_user": [
                    {
                        "url": f"/EndUserTypes/{name}",
                        "fields": list(kinds[name].fields),
                        "type": name,
                        "name": kinds[name].title,
                        "requirement_name": name,
                    }
                    for name in self.end_users
                ],
                "supporting_trust_products": [],
                "supporting_document": [[document] if self.documents else []],
                "supporting_customer_profiles": [
                    {"type": kind, "name": name, "requirement_name": requirement}
                    for kind, name, requirement in self.profiles
                ],
            },
        }


_BUSINESS_USERS = (
    "customer_profile_business_information",
    "authorized_representative_1",
    "authorized_representative_2",
)
_ADDRESS = ("customer_profile_address",)
_PRIMARY_PROFILE = ((PRIMARY_TYPE, "Primary Customer Profile Bundle", "primary_customer_profile"),)
_STARTER_PROFILE = ((STARTER_TYPE, "Starter Customer Profile(isv customers) Proof", "customer_profile"),)

POLICIES = (
    Policy(PRIMARY, "Primary Customer Profile of type Business", True, _BUSINESS_USERS, _ADDRESS, offers=PRIMARY_TYPE),
    Policy(
        SECONDARY,
        "Secondary Customer Profile of type Business",
        True,
        _BUSINESS_USERS,
        _ADDRESS,
        _PRIMARY_PROFILE,
        SECONDARY_TYPE,
    ),
    Policy(
        STARTER,
        "Starter Customer Profile of type Business",
        True,
        ("starter_customer_profile_information",),
        _ADDRESS,
        _PRIMARY_PROFILE,
        STARTER_TYPE,
    ),
    Policy(
        A2P,
        "A2P Messaging: Local - Business",
        False,
        ("us_a2p_messaging_profile_information",),
        profiles=(
            (PRIMARY_TYPE, "Primary Customer Profile Bundle", "customer_profile"),
            (SECONDARY_TYPE, "Secondary Customer Profile Bundle", "customer_profile"),
        ),
    ),
    Policy(
        SOLE_PROPRIETOR,
        "Sole Proprietor TrustProduct",
        False,
        ("sole_proprietor_information",),
        profiles=_STARTER_PROFILE,
    ),
    Policy(
        STARTER_A2P,
        "Starter A2P Messaging: Direct Customers",
        False,
        ("sole_proprietor_information",),
        profiles=_STARTER_PROFILE,
    ),
)


class WithdrawnPolicy(Record):
    """A policy that Twilio no longer lists, under which nothing can be made any more."""


class _Row(Record):
    """A policy or type in a list, which has no dates of its own."""

    shown: dict[str, Any]


def endpoints() -> list[Endpoint]:
    """What this file answers."""
    return [
        Endpoint("trusthub", "GET", "/v1/Policies", list_policies, PAGING),
        Endpoint("trusthub", "GET", "/v1/Policies/{Sid}", fetch_policy),
        Endpoint("trusthub", "GET", "/v1/EndUserTypes", list_user_types, PAGING),
        Endpoint("trusthub", "GET", "/v1/EndUserTypes/{Sid}", fetch_user_type),
        Endpoint("trusthub", "GET", "/v1/SupportingDocumentTypes", list_document_types, PAGING),
        Endpoint("trusthub", "GET", "/v1/SupportingDocumentTypes/{Sid}", fetch_document_type),
    ]


def policy(sid: str) -> Policy | None:
    """The policy of this SID."""
    return next((each for each in POLICIES if each.sid == sid), None)


def offered(ledger: Ledger) -> list[Policy]:
    """The policies that Twilio lists."""
    return [each for each in POLICIES if ledger.table(WithdrawnPolicy).get(each.sid) is None]


def list_policies(call: Call) -> Reply:
    return _page(call, "results", [each.body(call.site) for each in offered(call.ledger)])


def fetch_policy(call: Call) -> Reply:
    found = next((each for each in offered(call.ledger) if each.sid == call.segments["Sid"]), None)
    if found is None:
        raise call.missing()
    return Reply(200, found.body(call.site))


def list_user_types(call: Call) -> Reply:
    return _page(call, "end_user_types", _user_types(call.site))


def fetch_user_type(call: Call) -> Reply:
    return _one(call, _user_types(call.site))


def list_document_types(call: Call) -> Reply:
    return _page(call, "supporting_document_types", _document_types(call.site))


def fetch_document_type(call: Call) -> Reply:
    return _one(call, _document_types(call.site))


def _user_types(site: Site) -> list[dict[str, Any]]:
    return [
        _type_body(site, "EndUserTypes", number, each.name, each.title, each.fields, "String")
        for number, each in enumerate(END_USER_TYPES, 1)
    ]


def _document_types(site: Site) -> list[dict[str, Any]]:
    fields = {"address_sids": "Address Sids"}
    return [
        _type_body(site, "SupportingDocumentTypes", number, name, title, fields, "List")
        for number, (name, title) in enumerate(DOCUMENT_TYPES.items(), 1)
    ]


def _type_body(
    site: Site, collection: str, number: int, name: str, title: str, fields: dict[str, str], constraint: str
) -> dict[str, Any]:
    sid = f"OY{number:02d}" + f"{len(collection):02d}" * 15
    return {
        "sid": sid,
        "friendly_name": title,
        "machine_name": name,
        "fields": [
            {"machine_name": field, "friendly_name": words, "constraint": constraint} for field, words in fields.items()
        ],
        "url": site.url("trusthub", f"/v1/{collection}/{sid}"),
    }


def _page(call: Call, key: str, bodies: list[dict[str, Any]]) -> Reply:
    rows = [
        _Row(sid=body["sid"], date_created=0, date_updated=0, ordinal=len(bodies) - place, shown=body)
        for place, body in enumerate(bodies)
    ]
    return call.page(key, rows, lambda row: row.shown)


def _one(call: Call, bodies: list[dict[str, Any]]) -> Reply:
    found = next((body for body in bodies if body["sid"] == call.segments["Sid"]), None)
    if found is None:
        raise call.missing()
    return Reply(200, found)
