"""What reviewers read about a campaign, and how to look into it."""

import re
from urllib.parse import urlsplit

from bot.checks import vocabulary as words
from bot.plans.values import Value

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


def asserted(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the text says such a thing and does not deny it in the same sentence."""
    return any(not negated(text, match) for match in pattern.finditer(text))


def negated(text: str, match: re.Match[str]) -> bool:
    """Whether the sentence around a match says no: `never shared with partners` is what reviewers want to read."""
    start = max(text.rfind(stop, 0, match.start()) for stop in ".!?\n") + 1
    ends = [end for stop in ".!?\n" if (end := text.find(stop, match.end())) >= 0]
    return bool(words.NEGATION.search(text[start : min(ends, default=len(text))]))


def found_urls(text: str) -> list[str]:
    """The links in a text; mail addresses are none."""
    return words.URL.findall(words.EMAIL.sub(" ", text))


def host(url: str) -> str:
    """The host of a link in lower case, without `www.`; empty when there is none."""
    try:
        found = urlsplit(url if "://" in url else f"https://{url}").hostname or ""
    except ValueError:
        return ""
    return found.removeprefix("www.")


def plain_name(brand_name: str) -> str:
    """The name without its legal form, letters and digits only: `Acme Coffee, LLC` is `acmecoffee`."""
    plain = re.sub(r"[^\w]+", " ", brand_name.casefold())
    return re.sub(r"\W", "", _LEGAL_FORMS.sub(" ", plain)) or re.sub(r"\W", "", plain)


def names(name: str, text: str) -> bool:
    """Whether a text holds a name as `plain_name` gives it."""
    return name in re.sub(r"\W", "", text.casefold())
