"""The numbers desk: carriers register numbers one by one, and phones receive messages or do not."""

import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.twilio.ledger import Ledger
from bot.sandbox.twilio.messages import Phone
from bot.sandbox.twilio.numbers import Number
from bot.sandbox.twilio.registrations import Holding, NumberRegistration, holding, standing

FAILED = 30126
SOLE_PROPRIETOR_LIMIT = 30125


class NumberDesk:
    """What carriers do with numbers and phones. Methods on numbers raise LookupError for one that is not owned."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float], changed: Callable[[], None]) -> None:
        self._ledger, self._clock, self._changed = ledger, clock, changed

    def register(self, number_sid: str) -> None:
        """The carriers have registered the number; a toll-free one is verified. ValueError without a campaign."""
        number = self._number(number_sid)
        if number.type == "toll-free":
            self._say(number_sid, "VERIFIED")
            return
        under = self._holding(number_sid)
        if under.campaign.us_app_to_person_usecase == "SOLE_PROPRIETOR" and self._registered_beside(under):
            raise ValueError(
                f"a sole proprietor campaign registers one number: let this one fail ({SOLE_PROPRIETOR_LIMIT})"
            )
        self._say(number_sid, "REGISTERED", under)

    def fail(self, number_sid: str, code: int = FAILED) -> None:
        """The registration of the number has failed. ValueError without a campaign."""
        self._number(number_sid)
        self._say(number_sid, "FAILURE", self._holding(number_sid), code)

    def unregister(self, number_sid: str) -> None:
        """The carriers have forgotten the number, and begin anew with it where it is under another campaign by now."""
        number = self._number(number_sid)
        under = holding(self._ledger, number_sid)
        leaving = standing(self._ledger, number).state == "PENDING_DEREGISTRATION" or self._is_stuck(number_sid)
        if under is None or leaving or number.type == "toll-free":
            self._forget(number_sid)
        else:
            self._say(number_sid, "UNREGISTERED", under)

    def fail_to_forget(self, number_sid: str, code: int = FAILED) -> None:
        """The carriers could not forget a number that leaves a campaign: it is stuck until they do."""
        number = self._number(number_sid)
        if standing(self._ledger, number).state != "PENDING_DEREGISTRATION":
            raise ValueError("only the deregistration of a number that leaves a campaign can fail")
        at = self._clock()
        self._ledger.table(NumberRegistration).change(number_sid, at, stuck=True, code=code)
        self._changed()

    def pending(self, number_sid: str) -> None:
        """The carriers begin anew with the number."""
        self._number(number_sid)
        self._forget(number_sid)

    def phone(self, phone_number: str, code: int | None = None, *, receipt: bool = True) -> None:
        """What becomes of messages to a phone from now on: `code` keeps them from it, no `receipt` leaves them sent."""
        if not re.fullmatch(r"\+[1-9]\d{1,14}", phone_number):
            raise ValueError(f"{phone_number[:40]!r} is no phone number in E.164 format")
        phones, at = self._ledger.table(Phone), self._clock()
        if phones.get(phone_number) is None:
            phones.add(Phone(sid=phone_number, date_created=at, date_updated=at))
        phones.change(phone_number, at, code=code, receipt=receipt)
        self._changed()

    def standings(self) -> dict[str, dict[str, Any]]:
        """Where every owned number stands, by its SID."""
        numbers = self._ledger.table(Number)
        return {number.sid: standing(self._ledger, number)._asdict() for number in numbers}

    def phones(self) -> list[dict[str, Any]]:
        """Phones whose messages meet something out of the ordinary."""
        return [{"phone_number": p.sid, "code": p.code, "receipt": p.receipt} for p in self._ledger.table(Phone)]

    def _say(self, number_sid: str, state: str, under: Holding | None = None, code: int | None = None) -> None:
        at = self._clock()
        rows = self._ledger.table(NumberRegistration)
        if rows.get(number_sid) is not None:  # replaced in one go: the moment between would be seen
            rows.remove(number_sid)
        rows.add(
            NumberRegistration(
                sid=number_sid,
                date_created=at,
                date_updated=at,
                state=state,
                code=code,
                campaign=under.campaign.ordinal if under else 0,
                membership=under.member.ordinal if under else 0,
                service_sid=under.member.service_sid if under else "",
            )
        )
        self._changed()

    def _forget(self, number_sid: str) -> None:
        if self._ledger.table(NumberRegistration).get(number_sid) is not None:
            self._ledger.table(NumberRegistration).remove(number_sid)
            self._changed()

    def _is_stuck(self, number_sid: str) -> bool:
        word = self._ledger.table(NumberRegistration).get(number_sid)
        return word is not None and word.stuck

    def _registered_beside(self, under: Holding) -> bool:
        rows = self._ledger.table(NumberRegistration)
        return any(
            r.campaign == under.campaign.ordinal and r.sid != under.member.sid and r.state == "REGISTERED" for r in rows
        )

    def _holding(self, number_sid: str) -> Holding:
        if self._is_stuck(number_sid):
            raise ValueError("the carriers have not forgotten the number yet: deregister it first")
        under = holding(self._ledger, number_sid)
        if under is None:
            raise ValueError("carriers register numbers in the pool of a verified campaign only")
        return under

    def _number(self, number_sid: str) -> Number:
        number = self._ledger.table(Number).get(number_sid)
        if number is None:
            raise LookupError(f"there is no number {number_sid}")
        return number
