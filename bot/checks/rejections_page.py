"""The page about Twilio's error codes, docs/rejections.md, made from the guide that cards are made from too."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from bot.checks.guide import Guidance, Guide

Label = Callable[[str], str]
"""What our forms call a field that Twilio names; "" for one that they do not ask for."""

_CHAPTERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "brand": (
            "Brands",
            "Why a brand was rejected, or what its review has to say about one that was approved. Correct it with "
            "`/a2p-brand resubmit`: three updates of a rejected brand are free, a fourth is refused (21724) and takes "
            "an appeal.",
        ),
        "brand_2fa": (
            "Brands: the mail to the contact",
            "Public companies confirm their brand by a mail to its contact, who has seven days. Twilio's Console sends "
            "another one.",
        ),
        "campaign_vetting": (
            "Campaigns: review",
            "Why a campaign was rejected. *Fix and resubmit* on its card, or `/a2p-campaign resubmit`, opens the form "
            "as it was filled.",
        ),
        "campaign_state": ("Campaigns: later on", "What happened to a campaign that was registered before."),
        "registration": ("Registrations", "What concerns brands and campaigns alike."),
        "external_campaign": (
            "External campaigns",
            "Campaigns that were registered in TCR, not at Twilio. They are fixed there and shared anew; "
            "`/a2p-external reassociate` leads through it.",
        ),
        "number_registration": (
            "Numbers",
            "Why carriers did not register a number, though its campaign is verified. `/a2p-number show` says what a "
            "number is part of.",
        ),
        "api_sync": (
            "Refused at once",
            "Twilio refuses the request itself, so nothing was submitted and nothing was paid. The change stops there "
            "and says so on its card.",
        ),
        "message_delivery": ("Messages", "Why a message did not arrive. `/a2p-message test` sends one and follows it."),
    }
)
_ORDER: Final = tuple(_CHAPTERS)
_OTHER_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "A2PProfileBundleSid": "A2P profile (trust product)",
        "AlphaSender": "Alphanumeric sender",
        "BrandSid": "Brand",
        "BrandType": "Kind of brand",
        "CampaignId": "TCR campaign id",
        "CnpMigration": "CNP migration",
        "CustomerProfileBundleSid": "Customer profile",
        "MessageSamples": "Sample messages",
        "PhoneNumberSid": "Phone number",
        "ShortCodeSid": "Short code",
        "Sid": "SID",
        "Usecase": "Use case of the messaging service",
        "ValidityPeriod": "Validity period",
        "VettingId": "Vetting id",
        "sender pool": "Sender pool",
    }
)
"""What the forms of brands and campaigns do not ask for under one question."""
_AGAIN: Final[Mapping[bool | None, str]] = MappingProxyType({True: "yes", False: "no", None: "it depends"})
_NONE: Final = "-"


def rejections_page(guide: Guide, label: Label, review_price: str) -> str:
    """docs/rejections.md. `review_price` is what another review of a campaign may cost, such as `$15.00`."""
    every = sorted(guide, key=lambda g: g.code)
    kinds = sorted({g.kind for g in every}, key=lambda k: (_ORDER.index(k) if k in _ORDER else len(_ORDER), k))
    chapters = (line for kind in kinds for line in _chapter(kind, [g for g in every if g.kind == kind], label))
    return "\n".join([*_introduction(len(every), review_price), *chapters]) + "\n"


def _introduction(known: int, review_price: str) -> list[str]:
    return [
        "# Error codes",
        "",
        "<!-- Made by `make docs` from bot/checks/rejection_codes.json; change that, not this. -->",
        "",
        f"The {known} codes of Twilio that Tenfour explains: what each means, which field it is about, what fixes it.",
        "The same words stand on the card of a rejection in Slack, beside what was submitted. Search this page for the",
        "number that Twilio or the card gives.",
        "",
        "How to read a row:",
        "",
        "- **code** leads to the page on which we found what it means.",
        "- **field** is what the form in Slack calls it, or Twilio's own name where no form asks for it. What Twilio's",
        "  answer names counts more than this table. A dash means that no single field is at fault.",
        "- **again?** says whether another try makes sense after the fix. *No* means that it would be refused as well:",
        "  such content or such a use cannot be registered, or what is in the way cannot be mended by a new try.",
        "  *It depends* means that the case decides, or that nobody says.",
        "",
        "What another try may cost:",
        "",
        f"- A campaign: each review may cost {review_price} again. Sources disagree whether editing a rejected one is",
        "  free, so Tenfour counts that sum and asks before anything is sent.",
        "- A brand: three updates are free. After that an appeal goes by way of Twilio's support, for a fee.",
        f"- An external campaign: each review by the carriers' partners (secondary DCAs) costs {review_price}.",
        "- A request that was refused at once cost nothing.",
        "",
        "Twilio splits codes and adds new ones. One that is not listed here is shown as Twilio gave it: the number,",
        "Twilio's words and Twilio's link, with the remark that our guide does not know it yet. It is announced, kept",
        "and counted like every other one, and nothing is guessed about it. What explains it belongs in",
        "`bot/checks/rejection_codes.json`.",
    ]


def _chapter(kind: str, entries: Iterable[Guidance], label: Label) -> list[str]:
    title, about = _CHAPTERS.get(kind, (kind.replace("_", " ").capitalize(), "Codes of this kind."))
    head = [
        "",
        f"## {title}",
        "",
        about,
        "",
        "| code | what | field | meaning | fix | again? |",
        "|---|---|---|---|---|---|",
    ]
    return [*head, *(_row(entry, label) for entry in entries)]


def _row(entry: Guidance, label: Label) -> str:
    fields = ", ".join(dict.fromkeys(_named(field, label) for field in entry.fields))
    code = f"[{entry.code}]({entry.source_url})"
    words = (entry.title, fields, entry.meaning, entry.remedy, _AGAIN[entry.resubmittable])
    return "| " + " | ".join([code, *map(_cell, words)]) + " |"


def _named(field: str, label: Label) -> str:
    return _OTHER_FIELDS.get(field) or label(field) or f"`{field}`"


def _cell(text: str) -> str:
    """Text within a row: on one line, without what would end the cell or be taken for HTML."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;") or _NONE
