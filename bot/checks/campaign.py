"""The linter of campaign texts: what reviewers are known to reject, said before money is spent.

Every finding names the field and the codes it would otherwise become. Nothing blocks: what Twilio surely refuses at
once (lengths, missing fields) the form refuses already, and the rest is a reviewer's judgement (twilio.md 5.1 and 9).
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import combinations
from typing import Final
from urllib.parse import urlsplit

from bot.checks import vocabulary as words
from bot.plans.finding import Finding, note, warn
from bot.plans.values import Value

CATEGORIES: Final = words.load_categories()
MARKETING_USE_CASES = frozenset(
    {"MARKETING", "MIXED", "LOW_VOLUME", "SOLE_PROPRIETOR", "CHARITY", "POLITICAL", "SWEEPSTAKE"}
)
COMBINED_USE_CASES = frozenset({"MIXED", "LOW_VOLUME"})
TOO_ALIKE = 0.9
"""Share of words in common, in order, from which two texts count as one."""
SHORT_DESCRIPTION, SHORT_FLOW = 100, 150
_LEGAL_FORMS = re.compile(
    r"\b(?:incorporated|inc|llc|l l c|llp|lp|ltd|limited|corporation|corp|company|co|pllc|pc|the|gmbh|plc)\b"
)


class CampaignTexts(Value):
    """What reviewers read about a campaign. None: not part of what is checked (a resubmission has no replies)."""

    description: str
    message_flow: str
    samples: tuple[str, ...]
    privacy_policy_url: str | None = None
    terms_and_conditions_url: str | None = None
    has_embedded_links: bool = False
    has_embedded_phone: bool = False
    age_gated: bool = False
    direct_lending: bool = False
    use_case: str | None = None
    opt_in_keywords: tuple[str, ...] | None = None
    opt_in_message: str | None = None
    opt_out_message: str | None = None
    help_message: str | None = None

    def prose(self) -> dict[str, str]:
        """The texts by form field; samples are `sample_1` and on."""
        replies = {name: getattr(self, name) for name in ("opt_in_message", "opt_out_message", "help_message")}
        return {
            "description": self.description,
            "message_flow": self.message_flow,
            **{f"sample_{i}": text for i, text in enumerate(self.samples, 1)},
            **{name: text for name, text in replies.items() if text},
        }


def lint(texts: CampaignTexts, brand_name: str | None) -> tuple[Finding, ...]:
    """What reviewers would object to. `brand_name` is the registered name; None skips the checks that need it."""
    name = _plain_name(brand_name) if brand_name else ""
    rules = (
        _description(texts),
        _flow(texts),
        _consent(texts),
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
        _replies(texts, name),
    )
    return tuple(finding for rule in rules for finding in rule)


def _description(texts: CampaignTexts) -> Iterator[Finding]:
    if len(texts.description) < SHORT_DESCRIPTION:
        fix = "Say who sends, to whom, what and why, in two or three sentences."
        yield warn("description-thin", "The description is short on detail.", fix, "description", (30886,))
    if words.PERSONAL.search(texts.description):
        fix = "Say which system sends and how it serves customers."
        yield warn("personal", "The description reads like personal messaging.", fix, "description", (30912,))


def _flow(texts: CampaignTexts) -> Iterator[Finding]:
    flow, field = texts.message_flow, "message_flow"
    required = (
        (
            "frequency",
            words.FREQUENCY,
            "how often messages come",
            "“Message frequency varies”, or a number",
            (30924, 30545),
        ),
        ("rates", words.RATES, "that rates apply", "“Message and data rates may apply”", (30924, 30569)),
        ("stop", words.OPT_OUT, "how to opt out", "“Reply STOP to opt out”", (30924, 30887)),
        ("privacy", words.PRIVACY, "the privacy policy", "the link to it, as shown at the opt-in", (30908, 30896)),
        ("terms", words.TERMS, "the terms", "the link to them, as shown at the opt-in", (30896, 30924)),
    )
    for code, pattern, lacking, wanted, prevents in required:
        if not pattern.search(flow):
            text = f"The opt-in text does not mention {lacking}."
            yield warn(f"flow-without-{code}", text, f"Add {wanted}.", field, prevents)
    web, other = words.WEB_METHOD.search(flow), words.OTHER_METHOD.search(flow)
    by_keyword = words.KEYWORD_METHOD.search(flow)
    links = _found_urls(flow)
    if not (web or other or by_keyword or links):
        fix = "Name every way in: web form, keyword, paper, at the counter, by phone."
        yield warn("flow-without-method", "No way of opting in is named.", fix, field, (30896, 30909, 30917))
    elif len(flow) < SHORT_FLOW:
        fix = "Describe each step, quote the consent text, and link to where it stands."
        yield warn("flow-thin", "The opt-in is described in few words.", fix, field, (30896, 30909))
    if web and not links:
        fix = "Link the page, or a public screenshot of it."
        yield warn("flow-without-link", "People opt in on the web, but no page is linked.", fix, field, (30909, 30891))
    if words.BEHIND_LOGIN.search(flow) and not words.EVIDENCE.search(flow):
        fix = "Link public screenshots of the pages that need a login."
        yield warn("flow-behind-login", "The opt-in seems to be behind a login.", fix, field, (30921, 30909))
    if by_keyword and texts.opt_in_keywords == ():
        fix = "Give the keywords and the opt-in reply."
        text = "People opt in by texting a keyword, but no opt-in keywords are given."
        yield warn("keyword-missing", text, fix, "opt_in_keywords", (30896,))


def _consent(texts: CampaignTexts) -> Iterator[Finding]:
    flow, field = texts.message_flow, "message_flow"
    if _asserted(words.PRE_TICKED, flow):
        fix = "Use a separate box for SMS that starts unticked."
        yield warn("consent-pre-ticked", "Consent is taken before people act.", fix, field, (30925, 30923))
    if _asserted(words.CONDITION, flow):
        text, fix = "Consent reads like a condition of the service.", "Make it optional, and say so."
        yield warn("consent-required", text, fix, field, (30923, 30931))
    if _asserted(words.SHARING, flow):
        fix = "State that mobile numbers and consent are never shared with third parties for marketing."
        yield warn("consent-shared", "Contacts or consent seem to be shared with others.", fix, field, (30896, 30932))
    if _asserted(words.BOUGHT_CONTACTS, flow):
        fix = "Message only people who agreed to hear from this brand itself."
        yield warn("contacts-bought", "The contacts seem to come from others.", fix, field, (30896, 30951))


def _samples(texts: CampaignTexts) -> Iterator[Finding]:
    if not any(words.OPT_OUT.search(s) for s in texts.samples):
        fix = "End one sample with “Reply STOP to opt out”."
        yield warn("samples-without-opt-out", "No sample says how to opt out.", fix, "sample_1", (30893,))


def _named(texts: CampaignTexts, name: str, brand_name: str) -> Iterator[Finding]:
    if not name:
        return
    missing = [f for f, text in texts.prose().items() if f.startswith("sample_") and not _names(name, text)]
    if missing:
        places = " and ".join(f.removeprefix("sample_") for f in missing)
        text = f"Sample {places} does not name the brand (“{brand_name}”)."
        fix = "Put the registered name in each sample; a trading name must be on the brand's file."
        yield warn("sample-without-brand", text, fix, missing[0], (30893, 30918))
    if not _names(name, texts.description):
        fix = f"Say that {brand_name} sends the messages."
        yield warn(
            "description-without-brand", "The description does not name the brand.", fix, "description", (30886, 30894)
        )


def _links(texts: CampaignTexts) -> Iterator[Finding]:
    for field, text in texts.prose().items():
        hosts = {_host(url) for url in _found_urls(text)}
        short = sorted(h for h in hosts if h in words.SHORTENERS)
        if short:
            fix = "Use full https links on your own domain."
            yield warn("shortener", f"{short[0]} is a public URL shortener.", fix, field, (30892, 30963))
        if field.startswith("sample_") and re.search(r"(?i)\bhttp://", text):
            yield warn("plain-http", "A link uses http.", "Use https.", field, (30964, 30892))
    linking = [f"sample_{i}" for i, s in enumerate(texts.samples, 1) if _found_urls(s)]
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
            if match and not _negated(text, match):
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
        if _host(url) in words.SHORTENERS:
            fix = "Give the page's own address."
            yield warn("shortener", f"{_host(url)} is a public URL shortener.", fix, field, missing)


def _replies(texts: CampaignTexts, name: str) -> Iterator[Finding]:
    if texts.help_message:
        contact = (words.EMAIL, words.PHONE, words.URL)
        if not any(pattern.search(texts.help_message) for pattern in contact):
            fix = "Add a phone number, an e-mail address or a web page."
            yield warn("help-without-contact", "The HELP reply names no contact.", fix, "help_message", (30890,))
        if words.FREE_MAIL.search(texts.help_message):
            fix = "Use an address on the brand's domain."
            yield warn(
                "free-mail", "The support address is on a free mail domain.", fix, "help_message", (30881, 30971)
            )
    if texts.opt_out_message and not words.NO_MORE.search(texts.opt_out_message):
        fix = "Say that the person is unsubscribed and gets no more messages."
        text = "The opt-out reply does not say that messages end."
        yield warn("opt-out-unclear", text, fix, "opt_out_message", (30887,))
    if texts.opt_in_message:
        wanted = (("frequency", words.FREQUENCY), ("rates", words.RATES), ("HELP", words.HELP), ("STOP", words.OPT_OUT))
        missing = [what for what, pattern in wanted if not pattern.search(texts.opt_in_message)]
        if missing:
            text = f"The opt-in reply lacks {', '.join(missing)}."
            yield warn("opt-in-incomplete", text, "Add what is missing.", "opt_in_message", (30896,))
    for field, code in (("help_message", 30890), ("opt_out_message", 30887), ("opt_in_message", 30896)):
        reply = getattr(texts, field)
        if name and reply and not _names(name, reply):
            yield warn("reply-without-brand", "The reply does not name the brand.", "Add the name.", field, (code,))


def _asserted(pattern: re.Pattern[str], text: str) -> bool:
    return any(not _negated(text, match) for match in pattern.finditer(text))


def _negated(text: str, match: re.Match[str]) -> bool:
    """Whether the sentence around a match says no: `never shared with partners` is what reviewers want to read."""
    start = max(text.rfind(stop, 0, match.start()) for stop in ".!?\n") + 1
    ends = [end for stop in ".!?\n" if (end := text.find(stop, match.end())) >= 0]
    return bool(words.NEGATION.search(text[start : min(ends, default=len(text))]))


def _found_urls(text: str) -> list[str]:
    return words.URL.findall(words.EMAIL.sub(" ", text))


def _host(url: str) -> str:
    try:
        host = urlsplit(url if "://" in url else f"https://{url}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def _plain_name(brand_name: str) -> str:
    """The name without its legal form, letters and digits only: `Acme Coffee, LLC` is `acmecoffee`."""
    plain = re.sub(r"[^\w]+", " ", brand_name.casefold())
    return re.sub(r"\W", "", _LEGAL_FORMS.sub(" ", plain)) or re.sub(r"\W", "", plain)


def _names(name: str, text: str) -> bool:
    return name in re.sub(r"\W", "", text.casefold())
