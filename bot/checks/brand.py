"""The linter of brands: what TCR and the carriers are known to reject, said before money is spent.

Every finding names the field and the codes that it would otherwise become, and none repeats an identifying value
(twilio.md 4.3 to 4.6, and the brand rows of the error codes).
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from bot.plans.finding import Finding, block, note, warn
from bot.plans.values import Value
from bot.twilio.numbering import toll_free

CORPORATE: Final = re.compile(
    r"(?i)(?:^|[\s,.(])(?:llc|l\.l\.c|inc|incorporated|corp|corporation|ltd|limited|llp|lp|pllc|plc|gmbh|co)\.?\)?$"
)
TRADING_AS: Final = re.compile(r"(?i)\b(?:d/?b/?a|t/a|trading as|doing business as)\b")
PLACEHOLDER: Final = re.compile(r"(?i)\b(?:test|testing|asdf|qwerty|xxx+|n/?a|none|tbd|todo|sample|example company)\b")
POST_BOX: Final = re.compile(r"(?i)\b(?:p\.?\s?o\.?\s?box|post(?:al)? box|postbox)\b")
_NO_PREFIX = "00 07 08 09 17 18 19 28 29 49 69 70 78 79 89 96 97"
_FREE_MAIL = (
    "gmail.com googlemail.com yahoo.com ymail.com outlook.com hotmail.com live.com msn.com icloud.com me.com mac.com "
    "aol.com proton.me protonmail.com gmx.com gmx.net mail.com zoho.com yandex.com fastmail.com comcast.net att.net "
    "verizon.net"
)
_SHARED_BOXES = (
    "admin billing compliance contact everyone hello help hr info list mail marketing news newsletter no-reply noreply "
    "office postmaster sales service support team webmaster"
)
NO_PREFIX: Final = frozenset(_NO_PREFIX.split())
"""First two digits that the IRS gives no EIN."""
FREE_MAIL: Final = frozenset(_FREE_MAIL.split())
SHARED_BOXES: Final = frozenset(_SHARED_BOXES.split())
SOCIAL_SITES: Final = (
    "facebook.com",
    "instagram.com",
    "linkedin.com",
    "twitter.com",
    "x.com",
    "tiktok.com",
    "linktr.ee",
)
FOR_PROFIT: Final = frozenset({"private", "public"})
NON_PROFIT: Final = "Non-profit Corporation"


class BrandFacts(Value):
    """What is known about a brand, by the names of the form's fields."""

    kind: str
    mock_brand: bool = False
    brand_label: str | None = None
    notice_email: str | None = None
    primary_profile_sid: str | None = None
    business_name: str | None = None
    business_type: str | None = None
    business_industry: str | None = None
    business_registration_identifier: str | None = None
    business_registration_number: str | None = None
    business_identity: str | None = None
    business_regions_of_operation: str | None = None
    website_url: str | None = None
    social_media_profile_urls: str | None = None
    company_type: str | None = None
    stock_exchange: str | None = None
    stock_ticker: str | None = None
    brand_contact_email: str | None = None
    brand_name: str | None = None
    vertical: str | None = None
    mobile_phone_number: str | None = None
    representative_first_name: str | None = None
    representative_last_name: str | None = None
    representative_email: str | None = None
    representative_phone: str | None = None
    representative_title: str | None = None
    representative_position: str | None = None
    second_representative: bool = False
    second_first_name: str | None = None
    second_last_name: str | None = None
    second_email: str | None = None
    second_phone: str | None = None
    second_title: str | None = None
    second_position: str | None = None
    address_street: str | None = None
    address_street_secondary: str | None = None
    address_city: str | None = None
    address_region: str | None = None
    address_postal_code: str | None = None
    address_country: str | None = None


def lint(facts: BrandFacts) -> tuple[Finding, ...]:
    """What would be rejected, or may be. What is surely rejected blocks."""
    if facts.kind == "sole_proprietor":
        return (*_sole_proprietor(facts), *_mobile(facts), *_common(facts))
    rules = (_legal_name(facts), _tax_id(facts), _sector(facts), _listed(facts), _contact(facts), _common(facts))
    return tuple(finding for rule in rules for finding in rule)


def _legal_name(facts: BrandFacts) -> Iterator[Finding]:
    text = "TCR compares the name with the IRS record letter for letter: punctuation, “Inc.” and “LLC” included."
    fix = "Copy it from the CP 575 or 147C letter; a trading name fails, and so does an EIN younger than 30 to 90 days."
    yield note("name-as-irs", text, fix, "business_name", (30795, 30799))
    name = facts.business_name or ""
    if TRADING_AS.search(name):
        yield warn("trading-name", "The legal name holds a trading name.", fix, "business_name", (30795,))


def _tax_id(facts: BrandFacts) -> Iterator[Finding]:
    identifier, number = facts.business_registration_identifier, facts.business_registration_number or ""
    us = facts.address_country == "US"
    if us and identifier and identifier != "EIN":
        text = f"A US business registers with its EIN; {identifier} is not matched against anything."
        yield warn("not-ein", text, "Choose EIN.", "business_registration_identifier", (30795, 30758))
    if identifier == "EIN" and not us and facts.address_country:
        text = f"The address is in {facts.address_country}, but the number is a US tax id."
        yield warn(
            "ein-abroad", text, "Give the US address of the EIN, or the local number.", "address_country", (30795,)
        )
    digits = re.sub(r"\D", "", number)
    if identifier == "EIN" and (digits[:2] in NO_PREFIX or len(set(digits)) == 1):
        text = "The IRS gives no EIN that begins like this one."
        fix = "Copy the number from the IRS letter; a social security number is refused."
        yield warn("ein-prefix", text, fix, "business_registration_number", (30795,))


def _sector(facts: BrandFacts) -> Iterator[Finding]:
    government = facts.company_type == "government"
    if government != (facts.business_industry == "GOVERNMENT"):
        text = "Government is named as company type or as industry, but not as both."
        fix = "For a government body choose both, and the business type Non-profit Corporation; for others neither."
        yield warn("government-mismatch", text, fix, "company_type", (30797, 30799))
    if government and facts.address_country not in (None, "US"):
        text = "Only US government bodies are confirmed as such."
        yield warn("government-abroad", text, "Choose another company type.", "company_type", (30797,))
    charity = facts.company_type == "non-profit"
    if charity != (facts.business_industry == "NOT_FOR_PROFIT"):
        text = "Non-profit is named as company type or as industry, but not as both."
        fix = "For a 501(c) body choose both, and the business type Non-profit Corporation; for others neither."
        yield warn("non-profit-mismatch", text, fix, "company_type", (30798, 30799))
    if facts.company_type and (facts.company_type not in FOR_PROFIT) != (facts.business_type == NON_PROFIT):
        text = f"The business type {facts.business_type} does not go with the company type {facts.company_type}."
        fix = f"{NON_PROFIT} is for government bodies and non-profits, and for them alone."
        yield warn("business-type-mismatch", text, fix, "business_type", (30797, 30798))
    if charity:
        text = "A non-profit without an IRS 501(c) record fails as one."
        yield note("needs-501c", text, "Check the IRS register first.", "company_type", (30798,))


def _listed(facts: BrandFacts) -> Iterator[Finding]:
    if facts.company_type == "public" and facts.stock_exchange in ("NONE", "OTHER"):
        text = f"A public company with the exchange {facts.stock_exchange} cannot be confirmed."
        fix = "Name the exchange of its shares, or file it as private."
        yield warn("exchange-missing", text, fix, "stock_exchange", (30796, 30793))
    if facts.company_type == "private" and (facts.stock_ticker or facts.stock_exchange not in (None, "NONE")):
        text = "A private company has no ticker and no exchange."
        yield warn("private-with-ticker", text, "Leave both out, or choose public.", "company_type", (30796,))


def _contact(facts: BrandFacts) -> Iterator[Finding]:
    """The contact that proves a public company by mail (Auth+)."""
    if facts.company_type != "public":
        return
    mail, field = facts.brand_contact_email, "brand_contact_email"
    if not mail:
        text = "A public company proves itself by a mail to its brand contact; without one its campaigns are refused."
        yield block("no-brand-contact", text, "Give the brand contact's address.", field, (21736, 21737, 30900, 30994))
        return
    box, _, domain = mail.lower().partition("@")
    if domain in FREE_MAIL:
        text = f"The brand contact's address is free mail ({domain}), which is not accepted."
        yield block("brand-contact-free-mail", text, "Give one on the company's own domain.", field, (21740, 21736))
    elif (site := _domain(facts.website_url)) and not _same_owner(domain, site):
        text = f"The brand contact's address is not on the domain of the website ({site})."
        yield warn("brand-contact-domain", text, "Use an address on the brand's domain.", field, (21736, 21740))
    if box in SHARED_BOXES:
        text = "The brand contact's address reads like a distribution list; the mail must reach one person."
        yield warn("brand-contact-shared", text, "Give a person's own address.", field, (21738, 21739))
    text = "Twilio mails the brand contact. The link in it is good for 7 days, and campaigns wait for it."
    yield note("brand-contact-7-days", text, "Tell the contact that the mail will come.", field, (21739, 21741, 30994))


def _sole_proprietor(facts: BrandFacts) -> Iterator[Finding]:
    if CORPORATE.search((facts.brand_name or "").strip()):
        text = "The name ends like that of a company, so there is a tax id: this is no sole proprietor."
        fix = "Register a low-volume standard brand with the EIN."
        yield block("sole-proprietor-company", text, fix, "brand_name", (30915, 30903))
    text = "Sole proprietor is for a business without a tax id. With an EIN its campaign is rejected for good."
    fix = "If there is an EIN, choose low-volume standard."
    yield note("sole-proprietor-no-ein", text, fix, "brand_kind", (30903, 30915))
    text = (
        "Twilio's sources disagree on whether sole proprietors can be registered over its API, or in its Console only."
    )
    fix = "Tenfour tries the API, and says where to go in the Console if Twilio refuses. A refusal costs nothing."
    yield warn("sole-proprietor-api", text, fix, "brand_kind", (30734,))
    text = "One campaign and one number for such a brand, 1,000 segments a day at T-Mobile, 3,000 in all."
    yield note("sole-proprietor-limits", text, "Choose low-volume standard for more.", "brand_kind", (21732, 30125))


def _mobile(facts: BrandFacts) -> Iterator[Finding]:
    mobile, field = facts.mobile_phone_number, "mobile_phone_number"
    if mobile and toll_free(mobile):
        text = "A toll-free number is no mobile: the passcode cannot reach it."
        yield block("mobile-toll-free", text, "Give a real handset's number.", field, (30751,))
    text = "A passcode is texted to the mobile as soon as the brand is made, and expires after 24 hours."
    yield note("passcode-24-hours", text, "Have its owner ready to reply to the text.", field, (30752,))


def _common(facts: BrandFacts) -> Iterator[Finding]:
    yield from _names(facts)
    yield from _mail(facts)
    yield from _site(facts)
    if POST_BOX.search(facts.address_street or ""):
        text = "A post box is no registered address."
        yield warn("post-box", text, "Give the street address that the IRS has.", "address_street", (30754, 30801))
    if facts.address_country not in (None, "US", "CA"):
        text = f"Not every country's businesses may register for US messaging; {facts.address_country} may be refused."
        yield note("country", text, "Ask Twilio Support if unsure.", "address_country", (30729, 30755))


def _names(facts: BrandFacts) -> Iterator[Finding]:
    for field in (
        "business_name",
        "brand_name",
        "representative_first_name",
        "representative_last_name",
        "second_first_name",
        "second_last_name",
    ):
        name = getattr(facts, field) or ""
        if PLACEHOLDER.search(name) or re.search(r"(?i)(.)\1{3}", name) or _unspeakable(name):
            text = "This name reads like a placeholder or random letters."
            yield warn("name-obfuscated", text, "Write the real name.", field, (30756, 30701))


def _mail(facts: BrandFacts) -> Iterator[Finding]:
    if facts.kind == "sole_proprietor":
        return
    for field in ("representative_email", "second_email"):
        domain = (getattr(facts, field) or "").lower().partition("@")[2]
        if domain in FREE_MAIL:
            text = f"A business whose people write from free mail ({domain}) is hard to verify."
            fix = "Give an address on the business's own domain."
            yield warn("representative-free-mail", text, fix, field, (30753, 18606))


def _site(facts: BrandFacts) -> Iterator[Finding]:
    site, field = _domain(facts.website_url), "website_url"
    if any(site == social or site.endswith(f".{social}") for social in SOCIAL_SITES):
        text = f"{site} is a page in a network, not the business's own website."
        yield warn("website-social", text, "Give its own website.", field, (30891, 30907))
    elif (facts.website_url or "").startswith("http://"):
        text = "Reviewers open the website; without https some see a warning first."
        yield note("website-http", text, "Give the https address.", field, (30891,))


def _unspeakable(name: str) -> bool:
    """Whether a word of it has no vowel and is too long for an abbreviation."""
    words = re.findall(r"[A-Za-z]{5,}", name)
    return any(not re.search(r"(?i)[aeiouy]", word) for word in words)


def _domain(url: str | None) -> str:
    return (urlsplit(url or "").hostname or "").removeprefix("www.")


def _same_owner(domain: str, site: str) -> bool:
    return domain == site or domain.endswith(f".{site}") or site.endswith(f".{domain}")
