"""Turns what went wrong into words for people: what happened, and what to do next. The only place that does."""

import redis.exceptions
import structlog
from slack_sdk.errors import SlackApiError

from bot.audit.log import AuditProblem
from bot.catalog.operation import CannotPlanError
from bot.changes.refusal import Refusal
from bot.redis.clients import Unreachable
from bot.twilio.faults import Refused, Throttled, TwilioFault, UnknownAccount
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
        case TwilioFault():
            words = _of_twilio(error)
        case WrittenDownError():
            silent = "Tenfour's memory (Redis)" if isinstance(error.__cause__, redis.exceptions.RedisError) else "Slack"
            words = (
                f"{silent} does not answer. What you did is written down and is carried out as soon as it does; there "
                "is no need to do it again."
            )
        case Unreachable():
            words = "Tenfour's memory (Redis) cannot be reached: this was not done. Nothing is lost; try again shortly."
        case redis.exceptions.RedisError() | ConnectionError():
            words = "Tenfour's memory (Redis) gave no answer: this may or may not be done. Look, then try again."
        case TimeoutError():
            words = "No answer in time: Tenfour's memory (Redis) or Slack is slow. Look at the card, then try again."
        case AuditProblem():
            words = f"The audit cannot be written, so this was not done: {error}. Whoever runs Tenfour must look at it."
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


def _of_twilio(fault: TwilioFault) -> str:
    match fault:
        case Refused() if fault.credentials:
            return (
                f"Twilio does not accept our credentials for this ({fault.status}, {fault.code}: {fault.message}). "
                "Nothing was changed. Whoever runs Tenfour must check the account's SID and its API key."
            )
        case Refused():
            return f"{fault}. Nothing was changed. {fault.link}".strip()
        case Throttled():
            return "Twilio asks us to slow down (429). Nothing was changed; try again in a minute."
        case UnknownAccount():
            return f"{fault}. Nothing was changed. Whoever runs Tenfour must give it some (TENFOUR_ACCOUNTS)."
    return f"{fault}. Nothing was changed; try again in a minute."
