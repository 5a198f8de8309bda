"""The linter of campaign texts: what reviewers are known to reject, said before money is spent.

Every finding names the field and the codes it would otherwise become. Nothing blocks: what Twilio surely refuses at
once (lengths, missing fields) the form refuses already, and the rest is a reviewer's judgement (twilio.md 5.1 and 9).
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import combinations
from typing import Final

from bot.checks import opt_in
from bot.checks import vocabulary as words
from bot.checks.texts import CampaignTexts, found_urls, host, names, negated, plain_name
from bot.plans.finding import Finding, note, warn
from bot.plans.masking import mask

CATEGORIES: Final = words.load_categories()
MARKETING_USE_CASES = frozenset(
    {"MARKETING", "MIXED", "LOW_VOLUME", "SOLE_PROPRIETOR", "CHARITY", "POLITICAL", "SWEEPSTAKE"}
)
COMBINED_USE_CASES = frozenset({"MIXED", "LOW_VOLUME"})
TOO_ALIKE = 0.9
"""Share of words in common, in order, from which two texts count as one."""
SHORT_DESCRIPTION = 100


def lint(texts: CampaignTexts, brand_name: str | None) -> tuple[Finding, ...]:
    """What reviewers would object to.

    `brand_name` is the registered name, which findings show masked; None skips the checks that need it.
    """
    name = plain_name(brand_name) if brand_name else ""
    rules = (
        _description(texts),
        opt_in.statements(texts),
        opt_in.ways_in(texts),
        opt_in.consent(texts),
        _samples(texts),
        _named(texts, name, brand_name or ""),
        _links(texts),
        _phones(texts),
        _copies(texts),
        _placeholders(texts),
        _language(texts),
        _use_case(texts),
        _categories(texts),
        _gates(texts),
        _urls(texts),
        opt_in.replies(texts, name),
    )
    return tuple(finding for rule in rules for finding in rule)


def _description(texts: CampaignTexts) -> Iterator[Finding]:
    if len(texts.description) < SHORT_DESCRIPTION:
        fix = "Say who sends, to whom, what and why, in two or three sentences."
        yield warn("description-thin", "The description is short on detail.", fix, "description", (30886,))
    if words.PERSONAL.search(texts.description):
        fix = "Say which system sends and how it serves customers."
        yield warn("personal", "The description reads like personal messaging.", fix, "description", (30912,))


def _samples(texts: CampaignTexts) -> Iterator[Finding]:
    if not any(words.OPT_OUT.search(s) for s in texts.samples):
        fix = "End one sample with “Reply STOP to opt out”."
        yield warn("samples-without-opt-out", "No sample says how to opt out.", fix, "sample_1", (30893,))


def _named(texts: CampaignTexts, name: str, brand_name: str) -> Iterator[Finding]:
    if not name:
        return
    missing = [f for f, text in texts.prose().items() if f.startswith("sample_") and not names(name, text)]
    if missing:
        places = " and ".join(f.removeprefix("sample_") for f in missing)
        which = f"Sample {places} does" if len(missing) == 1 else f"Samples {places} do"
        text = f"{which} not name the brand, which is registered as “{mask(brand_name)}”."
        fix = "Put the registered name in each sample; a trading name must be on the brand's file."
        yield warn("sample-without-brand", text, fix, missing[0], (30893, 30918))
    if not names(name, texts.description):
        fix = f"Say that “{mask(brand_name)}” sends the messages, with its registered name in full."
        yield warn(
            "description-without-brand", "The description does not name the brand.", fix, "description", (30886, 30894)
        )


def _links(texts: CampaignTexts) -> Iterator[Finding]:
    for field, text in texts.prose().items():
        hosts = {host(url) for url in found_urls(text)}
        short = sorted(h for h in hosts if h in words.SHORTENERS)
        if short:
            fix = "Use full https links on your own domain."
            yield warn("shortener", f"{short[0]} is a public URL shortener.", fix, field, (30892, 30963))
        if field.startswith("sample_") and re.search(r"(?i)\bhttp://", text):
            yield warn("plain-http", "A link uses http.", "Use https.", field, (30964, 30892))
    linking = [f"sample_{i}" for i, s in enumerate(texts.samples, 1) if found_urls(s)]
    if linking and not texts.has_embedded_links:
        text = f"Sample {linking[0].removeprefix('sample_')} holds a link, but “messages hold links” is off."
        yield warn("links-undeclared", text, "Switch it on.", "has_embedded_links", (30893,))
    if texts.has_embedded_links and not linking:
        text = "“Messages hold links” is on, but no sample shows one."
        yield warn("links-not-shown", text, "Show one in a sample, or switch it off.", "has_embedded_links", (30893,))


def _phones(texts: CampaignTexts) -> Iterator[Finding]:
    calling = [i for i, s in enumerate(texts.samples, 1) if words.PHONE.search(s)]
    if calling and not texts.has_embedded_phone:
        text = f"Sample {calling[0]} holds a phone number, but “messages hold phone numbers” is off."
        yield warn("phone-undeclared", text, "Switch it on.", "has_embedded_phone", (30889,))
    if texts.has_embedded_phone and not calling:
        text = "“Messages hold phone numbers” is on, but no sample shows one."
        yield warn("phone-not-shown", text, "Show one in a sample, or switch it off.", "has_embedded_phone", (30889,))


def _copies(texts: CampaignTexts) -> Iterator[Finding]:
    # by words, not characters: texts of full length are compared in milliseconds
    prose = [
        (f, re.findall(r"\w+", text.casefold())) for f, text in texts.prose().items() if not f.endswith("_message")
    ]
    for (_, first), (field, second) in combinations(prose, 2):
        matcher = SequenceMatcher(None, first, second, autojunk=False)
        if first == second or (matcher.quick_ratio() >= TOO_ALIKE and matcher.ratio() >= TOO_ALIKE):
            fix = "Write each text for its own purpose; samples show different kinds of message."
            yield warn("copied", "The same text stands in another field.", fix, field, (30911,))
            return


def _placeholders(texts: CampaignTexts) -> Iterator[Finding]:
    for field, text in texts.prose().items():
        match = words.PLACEHOLDER.search(text)
        if match:
            codes = (30893,) if field.startswith("sample_") else (30886,) if field == "description" else (30896,)
            fix = "Write the real text. [Brackets] are for what varies by recipient, never for the brand."
            yield warn("placeholder", f"“{match[0].strip()}” looks like a placeholder.", fix, field, codes)


def _language(texts: CampaignTexts) -> Iterator[Finding]:
    for field in ("description", "message_flow"):
        text = texts.prose()[field]
        letters = [c for c in text if c.isalpha()]
        foreign = sum(not c.isascii() for c in letters) > len(letters) * 0.2
        if foreign or (len(text.split()) >= 8 and not words.ENGLISH.search(text)):
            fix = "Write in English; put a translation behind foreign samples."
            yield warn("not-english", "The text does not read as English.", fix, field, (30910,))


def _use_case(texts: CampaignTexts) -> Iterator[Finding]:
    case = texts.use_case
    if case is None:
        return
    selling = [f"sample_{i}" for i, s in enumerate(texts.samples, 1) if words.PROMOTION.search(s)]
    if selling and case not in MARKETING_USE_CASES:
        fix = "Take the offer out, or register a MARKETING or MIXED campaign."
        yield warn("sample-off-use-case", f"This sample sells, which {case} does not cover.", fix, selling[0], (30893,))
    if selling and not words.MARKETING_CONSENT.search(texts.message_flow):
        fix = "Name marketing messages in the consent text, apart from informational ones."
        text = "Samples sell, but the opt-in says nothing about marketing messages."
        yield warn("marketing-consent", text, fix, "message_flow", (30913,))
    if case == "2FA" and not any(words.PASSCODE.search(s) for s in texts.samples):
        fix = "Show the message with the code, for example “Your Acme code is [123456]”."
        yield warn("sample-off-use-case", "No sample shows a passcode.", fix, "sample_1", (30893,))
    if case in COMBINED_USE_CASES:
        text = f"{case} stands for 2 to 5 kinds of messages."
        fix = "Name each kind in the description and show one sample of each."
        yield note("combined-use-case", text, fix, "description", (30886, 30893))


def _categories(texts: CampaignTexts) -> Iterator[Finding]:
    for category in CATEGORIES:
        if (category.allowed_behind_age_gate and texts.age_gated) or texts.use_case in category.allowed_in:
            continue
        for field, text in texts.prose().items():
            match = category.pattern.search(text)
            if match and not negated(text, match):
                said = f"“{match[0]}” may be read as {category.name}, which carriers refuse or gate."
                fix = "Reword it if it means something else. A rejection for it cannot be resubmitted."
                yield warn("disallowed-content", said, fix, field, category.codes)
                break


def _gates(texts: CampaignTexts) -> Iterator[Finding]:
    for text in texts.prose().values():
        match = words.GATED.search(text)
        if match and not texts.age_gated:
            fix = "Switch age gating on, and describe the gate (date of birth, not yes or no) in the opt-in."
            yield warn(
                "age-gate",
                f"“{match[0]}” is content for adults, and age gating is off.",
                fix,
                "age_gated",
                (30888, 30956),
            )
            break
    lending = next((m for text in texts.prose().values() if (m := words.LENDING.search(text))), None)
    if lending and not texts.direct_lending:
        fix = "Switch direct lending on and write DIRECT LENDING in the description, or make clear that it is no loan."
        text = f"“{lending[0]}” is about lending, and direct lending is off."
        yield warn("lending-undeclared", text, fix, "direct_lending", (30895,))
    if texts.direct_lending and "direct lending" not in texts.description.casefold():
        fix = "Write DIRECT LENDING in the description."
        yield warn("lending-not-said", "Direct lending is on, but not described.", fix, "description", (30895,))


def _urls(texts: CampaignTexts) -> Iterator[Finding]:
    for field, missing in (("privacy_policy_url", (30933, 30908)), ("terms_and_conditions_url", (30934, 30882))):
        url = getattr(texts, field)
        if not url:
            continue
        if not url.lower().startswith("https://"):
            yield warn("plain-http", "The URL does not use https.", "Use https.", field, missing)
        if host(url) in words.SHORTENERS:
            fix = "Give the page's own address."
            yield warn("shortener", f"{host(url)} is a public URL shortener.", fix, field, missing)
