"""Faults that a test or a person puts into the local Slack's Web API."""

from dataclasses import dataclass


@dataclass
class Fault:
    """What goes wrong, and how many times.

    `error` and `status` are answered without doing anything; `delay` (seconds) comes before the effect;
    `drop_response` does the work and then closes the connection, so that the caller cannot know.
    """

    method: str
    error: str | None = None
    status: int | None = None
    retry_after: int | None = None
    delay: float = 0.0
    drop_response: bool = False
    times: int = 1

    @property
    def refuses(self) -> bool:
        return self.error is not None or self.status is not None


class Faults:
    """The faults that are still to happen, in the order in which they were added."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(
        self,
        method: str = "*",
        *,
        error: str | None = None,
        status: int | None = None,
        retry_after: int | None = None,
        delay: float = 0.0,
        drop_response: bool = False,
        times: int = 1,
    ) -> Fault:
        """Let the next `times` calls of `method` go wrong; `*` means any method, `response_url` the posts to those.

        With `retry_after` (seconds) and no `status` the answer is HTTP 429.
        """
        if retry_after is not None and status is None:
            status = 429
        if status == 429 and error is None:
            error = "ratelimited"
        fault = Fault(method, error, status, retry_after, delay, drop_response, times)
        self._pending.append(fault)
        return fault

    def take(self, method: str) -> Fault | None:
        """The fault that hits this call, counted as used; None when the call goes well."""
        for fault in self._pending:
            if fault.times > 0 and fault.method in {method, "*"}:
                fault.times -= 1
                return fault
        return None

    def clear(self) -> None:
        self._pending.clear()
