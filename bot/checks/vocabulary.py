"""Words and patterns by which the campaign linter recognises things: plain data."""

import re
import tomllib
from functools import cache
from importlib.resources import files

from bot.plans.values import Value


@cache
def phrases(words: str) -> re.Pattern[str]:
    """A pattern for any of these phrases, in either case; they stand between commas, a blank may also be a hyphen."""
    alternatives = "|".join(re.sub(r"\s+", r"[\\s-]+", word.strip()).replace("+?", "*") for word in words.split(","))
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)


EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
URL = re.compile(
    r"https?://[^\s<>\"'\[\]]+"
    r"|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|co|us|gov|edu|info|biz|app|me|ly|gl|gd|cc|gy|at|to|link|shop|store|"
    r"dev|ai|example)(?![\w-])(?:/[^\s<>\"'\[\]]*)?",
    re.IGNORECASE,
)
PHONE = re.compile(
    r"(?<![\d-])(?:\+?1[\s.-]?)?(?:\([2-9]\d{2}\)|[2-9]\d{2})[\s.-]?\d{3}[\s.-]?\d{4}(?![\d-])"
    r"|(?<!\w)(?:1-)?8(?:00|33|44|55|66|77|88)-[A-Z0-9-]{7,9}(?!\w)"
)
FREE_MAIL = re.compile(r"@(?:gmail|yahoo|hotmail|outlook|aol|icloud|live|msn|proton(?:mail)?)\.\w+", re.IGNORECASE)

SHORTENERS = frozenset({
    "adf.ly", "amzn.to", "bit.do", "bit.ly", "bitly.com", "bl.ink", "buff.ly", "clck.ru", "cutt.ly", "fb.me",
    "goo.gl", "is.gd", "lnkd.in", "mcaf.ee", "ow.ly", "qr.ae", "rb.gy", "rebrand.ly", "s.id", "shorte.st",
    "short.io", "shorturl.at", "snip.ly", "soo.gd", "t.co", "t.ly", "tiny.cc", "tinyurl.com", "trib.al",
    "u.to", "v.gd",
})  # fmt: skip
"""Hosts of public URL shorteners: carriers block them, whatever stands behind (30892, 30963)."""

OPT_OUT = re.compile(
    r"\b(?:STOP|UNSUBSCRIBE)\b"
    r"|(?i:\b(?:reply|text|txt|send|respond)(?:ing)?\b[^.!?]{0,20}\b(?:stop|end|quit|cancel|unsubscribe)\b)"
    r"|(?i:\bopt(?:ing)?[\s-]?out\b|\bunsubscribe\b)"
)
FREQUENCY = re.compile(
    r"(?i)frequen|\b(?:per|each|every|a)\s(?:day|week|month|year|order|purchase|appointment|visit|login|request)\b"
    r"|/\s?(?:day|week|wk|month|mo|year)\b|\b(?:daily|weekly|monthly|recurring|one[\s-]time)\b"
    r"|\bup to \d+ (?:messages|msgs?|texts)\b"
)
RATES = re.compile(r"(?i)\brates?\b[^.]{0,20}\bapply\b|\bdata rates?\b|\bcarrier (?:charges|fees|rates)\b")
PRIVACY = phrases("privacy")
TERMS = phrases("terms, term of (?:use|service), t&c, t & c, tos")
HELP = phrases("help")
NO_MORE = phrases(
    "no more, no further, not receive, not get, won'?t receive, won'?t get, unsubscribed, opted ?out, removed, stopped"
)

WEB_METHOD = phrases(
    "web ?sites?, web ?pages?, web ?forms?, online, check ?box(?:es)?, checkout, sign(?:ing|s)? ?up, forms?, "
    "landing pages?"
)
KEYWORD_METHOD = re.compile(
    r"(?i:\btext(?:ing|s)?)(?i: the (?:word|keyword))?\s+[\"“']?"
    r"(?!(?:STOP|STOPALL|UNSUBSCRIBE|CANCEL|END|QUIT|HELP|INFO)\b)[A-Z]{3,}\b"
)
OTHER_METHOD = phrases(
    "app, paper, in person, in store, verbal(?:ly)?, over the phone, phone calls?, point of sale, kiosk, "
    "qr codes?, written, contracts?, intake, employees?, staff, calls?, calling"
)
BEHIND_LOGIN = phrases(
    "log(?:ged|ging)? ?in, behind a password, internal (?:portal|system), members only, members? area"
)
EVIDENCE = phrases("screen ?shots?, images?, pictures?, photos?, screen ?captures?")

PRE_TICKED = phrases(
    "pre ?(?:checked|ticked|selected), (?:checked|ticked|selected) by default, "
    "automatically (?:opted|enrolled|subscribed|added)"
)
CONDITION = re.compile(
    r"(?i)\b(?:must|required to|have to) (?:agree|consent|accept|opt[\s-]?in|receive|provide consent)\b"
    r"|\bby (?:signing up|registering|creating an account|purchasing|ordering|using|making a purchase)\b"
    r"[^.]{0,80}\b(?:agrees?|consents?)\b"
    r"|\bconsent is (?:required|mandatory)\b"
)
SHARING = re.compile(
    r"(?i)\b(?:shar(?:e[sd]?|ing)|sell(?:s|ing)?|sold|rent(?:s|ed)?|disclos(?:e[sd]?|ing)|transfer(?:s|red)?)\b"
    r"[^.]{0,80}\b(?:third[\s-]part(?:y|ies)|partners?|affiliates?|sponsors?|advertisers?)\b"
)
BOUGHT_CONTACTS = phrases(
    "(?:purchased|bought|rented|scraped|third party) (?:lists?|leads?|contacts?|data), "
    "lead (?:providers?|generators?|vendors?), cold (?:texts?|texting|outreach|lists?|calls?)"
)
NEGATION = re.compile(r"(?i)\b(?:not|never|no|none|without|neither|nor|cannot)\b|n['\u2019]t\b")

PLACEHOLDER = re.compile(
    r"(?i)\blorem ipsum\b|\bdolor sit amet\b|\b(?:asdf\w*|qwerty|foo ?bar|tbd|todo|xxx+|blah)\b|\bexample brand\b"
    r"|\btest(?:ing)? (?:test|123|message|sample)\b|\b(?:insert|enter) [\w ]{0,30}\bhere\b"
    r"|\byour (?:company|business|brand) name\b|[\[{<](?:your |the )?(?:company|business|brand)(?: name)?[\]}>]"
)

PROMOTION = re.compile(
    r"(?i)\d\s?% off\b|\bsave \$?\d"
    r"|\b(?:sale|discounts?|coupons?|promos?|promotions?|special offers?|deals?|limited time|shop now|buy now|"
    r"order now|clearance|flash sale|new arrivals?)\b"
)
MARKETING_CONSENT = phrases(
    "marketing, promotions?, promotional, offers?, discounts?, advertis\\w+, deals?, newsletters?"
)
PASSCODE = phrases("codes?, passcodes?, otp, pin, verif(?:y|ication), one time, password, log ?in, 2fa")
LENDING = phrases(
    "loans?, lend(?:er|ers|ing), mortgages?, refinanc\\w+, lines? of credit, cash advances?, payday, "
    "borrow(?:er|ers|ing)?, apr"
)
GATED = re.compile(
    phrases(
        "alcohol, liquor, beers?, wines?, whiske?y, vodka, brewery, winery, tobacco, cigars?, cigarettes?, "
        "vap(?:e|es|ing), e ?cigs?, firearms?, ammo, ammunition, (?:18|21) (?:and over|or older|years)"
    ).pattern
    + r"|\b(?:18|21)\s?\+",
    re.IGNORECASE,
)
PERSONAL = phrases(
    "friends and family, personal (?:use|messages|texts|messaging), my (?:friends|family), person to person"
)
ENGLISH = phrases("the, to, and, of, you, your, we, our, for, is, are, in, on, by, with, from, will, this, has, reply")


class Category(Value):
    """Content that carriers refuse or gate; `codes` are what its rejection would be."""

    name: str
    codes: tuple[int, ...]
    words: str
    allowed_behind_age_gate: bool = False
    allowed_in: tuple[str, ...] = ()

    @property
    def pattern(self) -> re.Pattern[str]:
        """What recognises it."""
        return phrases(self.words)


def load_categories() -> tuple[Category, ...]:
    """The categories that come with this version (`categories.toml`)."""
    data = tomllib.loads((files("bot.checks") / "categories.toml").read_text("utf-8"))
    return tuple(Category.model_validate(entry) for entry in data["category"])
