"""Turns what went wrong into words for people: what happened, and what to do next. The only place that does."""

import redis.exceptions
import structlog
from slack_sdk.errors import SlackApiError

from bot.catalog.operation import CannotPlanError
from bot.changes.changes import Refusal
from bot.redis.connection import Unreachable
from bot.twilio.faults import Refused, Throttled, TwilioFault
from bot.vault import SealedWithOtherKeyError
from handlers.acts import WrittenDownError

log = structlog.get_logger()

FORESEEN = (Refusal, CannotPlanError, TwilioFault)


def explained(error: Exception, during: str) -> str:
    """A sentence or two for the person who asked; what nobody foresaw is logged as well.

    The log gets the type and the place, not the words: an error may quote what was typed.
    """
    if not isinstance(error, FORESEEN):
        log.error("failed", during=during, error=type(error).__name__, exc_info=error)
    return in_words(error)


def in_words(error: BaseException) -> str:
    """A sentence or two for the person who asked."""
    match error:
        case Refusal() | CannotPlanError():
            words = str(error)
        case Refused() if error.credentials:
            words = (
                f"Twilio does not accept our credentials for this ({error.status}, {error.code}: {error.message}). "
                "Nothing was changed. Whoever runs Tenfour must check TWILIO_ACCOUNT_SID and the API key."
            )
        case Refused():
            words = f"{error}. Nothing was changed. {error.link}".strip()
        case Throttled():
            words = "Twilio asks us to slow down (429). Nothing was changed; try again in a minute."
        case TwilioFault():
            words = f"{error}. Nothing was changed; try again in a minute."
        case WrittenDownError():
            words = (
                "Tenfour's memory (Redis) does not answer. What you did is written down and is carried out as soon "
                "as it does; there is no need to do it again."
            )
        case Unreachable():
            words = "Tenfour's memory (Redis) cannot be reached: this was not done. Nothing is lost; try again shortly."
        case redis.exceptions.RedisError() | ConnectionError():
            words = "Tenfour's memory (Redis) gave no answer: this may or may not be done. Look, then try again."
        case TimeoutError():
            words = "No answer in time: Tenfour's memory (Redis) or Slack is slow. Look at the card, then try again."
        case SealedWithOtherKeyError():
            words = f"Stored data cannot be read: {error}. Whoever runs Tenfour must add the older key."
        case SlackApiError():
            words = f"Slack refused it: `{error.response.get('error')}`. Nothing was changed; try again."
        case _:
            words = (
                f"Something went wrong that nobody foresaw ({type(error).__name__}). It is in the log. "
                "Look at the card or the list before you try again."
            )
    return words
