"""What people answer about brands in the tests: every identifying value is one that occurs nowhere else."""

from typing import Any

BUSINESS: dict[str, Any] = {
    "business_name": "Quillfeather Bakery Inc",
    "business_type": "Corporation",
    "business_industry": "FOOD_AND_BEVERAGE",
    "business_registration_number": "83-2746159",
    "website_url": "https://quillfeather.example",
    "company_type": "private",
}
PERSON: dict[str, Any] = {
    "representative_first_name": "Wilhelmina",
    "representative_last_name": "Threlkeld",
    "representative_email": "w.threlkeld@quillfeather.example",
    "representative_phone": "+15037716294",
}
REPRESENTATIVE: dict[str, Any] = {
    **PERSON,
    "representative_title": "Head of operations",
    "representative_position": "Director",
}
ADDRESS: dict[str, Any] = {
    "address_street": "4817 Marzipan Crescent",
    "address_city": "Portland",
    "address_region": "OR",
    "address_postal_code": "97209",
}
KIND: dict[str, Any] = {
    "brand_kind": "low_volume",
    "brand_label": "Bakery brand",
    "notice_email": "notices.quill@quillfeather.example",
}
BRAND: dict[str, Any] = {**KIND, **BUSINESS, **REPRESENTATIVE, **ADDRESS}

LISTED: dict[str, Any] = {
    "company_type": "public",
    "stock_exchange": "NASDAQ",
    "stock_ticker": "QUIL",
    "brand_contact_email": "ottoline.grubb@quillfeather.example",
}
SECOND: dict[str, Any] = {
    "second_representative": True,
    "second_first_name": "Bartholomew",
    "second_last_name": "Ossington",
    "second_email": "b.ossington@quillfeather.example",
    "second_phone": "+15037716295",
    "second_title": "Treasurer",
    "second_position": "CFO",
}
TRADE: dict[str, Any] = {
    "brand_name": "Threlkeld Cake Design",
    "vertical": "RETAIL",
    "mobile_phone_number": "+15037716296",
}
SOLE_PROPRIETOR: dict[str, Any] = {
    **KIND,
    "brand_kind": "sole_proprietor",
    **TRADE,
    **PERSON,
    **ADDRESS,
}

IDENTIFYING = (
    "Quillfeather Bakery", "83-2746159", "832746159", "Wilhelmina", "Threlkeld", "w.threlkeld", "5037716294",
    "Marzipan", "notices.quill", "ottoline.grubb", "Bartholomew", "Ossington", "5037716295", "5037716296",
)  # fmt: skip
"""Pieces of the answers above that must not be seen anywhere but at Twilio."""
