"""Everything that can go wrong between us and Twilio, named by what it means for the call."""


class TwilioFault(Exception):
    """A call did not end in success. `str()` is a sentence for people."""


class Refused(TwilioFault):
    """Twilio answered 4xx: the call was not processed. Carries Twilio's own words."""

    def __init__(self, status: int, code: int | None, message: str, link: str, call: str) -> None:
        shown = f"{code}: " if code else ""
        super().__init__(f"Twilio refused {call} with HTTP {status}, {shown}{message}")
        self.status, self.code, self.message, self.link, self.call = status, code, message, link, call

    @property
    def absent(self) -> bool:
        """True when the thing that was asked for does not exist."""
        return self.status == 404

    @property
    def credentials(self) -> bool:
        """True when the credentials, not the request, are at fault."""
        return self.status in (401, 403)


class Throttled(TwilioFault):
    """Twilio answered 429: not processed, and safe to send again after `retry_after` seconds (None: not said)."""

    def __init__(self, call: str, retry_after: float | None) -> None:
        super().__init__(f"Twilio asks to slow down ({call}, HTTP 429, code 20429)")
        self.retry_after = retry_after


class UnknownAccount(TwilioFault):
    """Something belongs to a Twilio account that this bot has no credentials for."""

    def __init__(self, sid: str) -> None:
        super().__init__(f"This belongs to the Twilio account {sid}, for which Tenfour has no credentials")


class Unreachable(TwilioFault):
    """No connection could be made: nothing was sent."""

    def __init__(self, call: str, reason: str) -> None:
        super().__init__(f"Twilio cannot be reached ({call}: {reason})")


class Uncertain(TwilioFault):
    """The call was sent and no clear answer came (time-out, lost connection, 5xx): it may or may not have happened."""

    def __init__(self, call: str, reason: str) -> None:
        super().__init__(f"No clear answer from Twilio to {call}: {reason}")
        self.reason = reason
