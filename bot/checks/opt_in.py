"""The part of the campaign linter that is about consent: how people opt in, and what they are told when they do."""

from collections.abc import Iterator
from typing import Final

from bot.checks import vocabulary as words
from bot.checks.texts import CampaignTexts, asserted, found_urls, names
from bot.plans.finding import Finding, warn

SHORT_FLOW = 150

STATEMENTS: Final = (
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
"""What people must read where they opt in: its name, how it is recognised, what lacks, what is wanted, the codes."""


def statements(texts: CampaignTexts) -> Iterator[Finding]:
    """What people are told where they opt in."""
    for code, pattern, lacking, wanted, prevents in STATEMENTS:
        if not pattern.search(texts.message_flow):
            text = f"The opt-in text does not mention {lacking}."
            yield warn(f"flow-without-{code}", text, f"Add {wanted}.", "message_flow", prevents)


def ways_in(texts: CampaignTexts) -> Iterator[Finding]:
    """Whether each way of opting in is named and can be looked at by reviewers."""
    flow, field = texts.message_flow, "message_flow"
    web, other = words.WEB_METHOD.search(flow), words.OTHER_METHOD.search(flow)
    by_keyword = words.KEYWORD_METHOD.search(flow)
    links = found_urls(flow)
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


def consent(texts: CampaignTexts) -> Iterator[Finding]:
    """Whether consent is freely given, by the person, to this brand."""
    flow, field = texts.message_flow, "message_flow"
    if asserted(words.PRE_TICKED, flow):
        fix = "Use a separate box for SMS that starts unticked."
        yield warn("consent-pre-ticked", "Consent is taken before people act.", fix, field, (30925, 30923))
    if asserted(words.CONDITION, flow):
        text, fix = "Consent reads like a condition of the service.", "Make it optional, and say so."
        yield warn("consent-required", text, fix, field, (30923, 30931))
    if asserted(words.SHARING, flow):
        fix = "State that mobile numbers and consent are never shared with third parties for marketing."
        yield warn("consent-shared", "Contacts or consent seem to be shared with others.", fix, field, (30896, 30932))
    if asserted(words.BOUGHT_CONTACTS, flow):
        fix = "Message only people who agreed to hear from this brand itself."
        yield warn("contacts-bought", "The contacts seem to come from others.", fix, field, (30896, 30951))


def replies(texts: CampaignTexts, name: str) -> Iterator[Finding]:
    """Whether the automatic replies say what they must; `name` is the brand's plain name, empty when unknown."""
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
        if name and reply and not names(name, reply):
            yield warn("reply-without-brand", "The reply does not name the brand.", "Add the name.", field, (code,))
