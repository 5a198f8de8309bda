"""What stands at Twilio before anything is asked for, and what somebody changes there behind the bots' backs."""

import time

from bot.sandbox.twilio.server import LocalTwilio
from bot.sandbox.twilio.services import Service


def stocked(twilio: LocalTwilio, count: int) -> list[str]:
    """Put so many messaging services there, and give their SIDs."""
    now = time.time()
    services = [
        Service(sid=f"MG{n:032x}", date_created=now, date_updated=now, friendly_name=f"Old service {n}")
        for n in range(1, count + 1)
    ]
    for service in services:
        twilio.ledger.table(Service).add(service)
    return [service.sid for service in services]


def set_validity(twilio: LocalTwilio, service_sid: str, seconds: int) -> None:
    """Somebody sets this in Console, so that a plan that was to set it becomes stale.

    Before it is asked for: what was set amid a run, or between two looks, could not be told from what the run has set.
    """
    twilio.ledger.table(Service).change(service_sid, time.time(), validity_period=seconds)
