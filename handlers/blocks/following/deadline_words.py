"""What runs out by itself, in words: what happens then, to whom, and what keeps it from happening."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from handlers.blocks.following.durations import duration
from handlers.blocks.kit import code, date


@dataclass(frozen=True)
class DeadlineWords:
    """A deadline: how it is called (`The passcode runs out`), what happens then, and what keeps it from happening."""

    called: str
    happens: str
    act: str


_WORDS: Mapping[str, DeadlineWords] = MappingProxyType(
    {
        "passcode": DeadlineWords(
            "The passcode runs out",
            "the brand fails (30752) unless the owner of its mobile has replied to Twilio's text",
            "Ask them to reply to it. A new text: `/a2p-brand resend_otp`.",
        ),
        "mail_2fa": DeadlineWords(
            "The verification mail runs out",
            "the link in Twilio's mail to the brand's contact ends, and without its confirmation campaigns of the "
            "brand are rejected (30900, 30994)",
            "Ask the contact to open the mail and confirm. A new mail is sent from the brand's page in the Console.",
        ),
        "mock_removal": DeadlineWords(
            "The mock brand is removed",
            "Twilio removes the mock brand and what was registered under it, about 30 days after it was made",
            "Nothing that sends is lost. To try something again after that, register a new one with "
            "`/a2p-brand register`.",
        ),
        "suspended_removal": DeadlineWords(
            "The suspended campaign is removed",
            "Twilio removes the campaign, 30 days after it was suspended, and releases its numbers",
            "Follow the suspension notice, or open a ticket with Twilio support before that. Do not move the traffic "
            "elsewhere.",
        ),
    }
)


def deadline_words(name: str) -> DeadlineWords:
    """The words of a deadline; one that only a newer version knows goes by its name."""
    unknown = DeadlineWords(
        f"A deadline, {code(name)}, ends", f"what {code(name)} stands for happens", "Look at it in Console before that."
    )
    return _WORDS.get(name) or unknown


def time_left(at: float, now: float) -> str:
    """How long there is, in words; `at` and `now` are epoch seconds."""
    return f"{duration(at - now)} left" if at > now else "no time left"


def deadline_line(name: str, at: float, now: float) -> str:
    """A deadline on a card: until when, how long there was when it was drawn, and what happens then."""
    words = deadline_words(name)
    left = f" ({time_left(at, now)} when this was drawn)" if now else ""
    return f"*{words.called} {date(at)}*{left}: then {words.happens}. {words.act}"
