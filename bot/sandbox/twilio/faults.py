"""Things that go wrong on purpose: refusals, delays and lost connections."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_CODES = {
    401: 20003,
    403: 20003,
    404: 20404,
    405: 20004,
    409: 20409,
    422: 20422,
    429: 20429,
    500: 20500,
    503: 20503,
}


class Fault(BaseModel):
    """What happens to the next `times` requests whose "METHOD /path" contains `match`.

    `match` may name the path with or without the product; a final `$` pins the end of the path, so that
    `POST /v1/Services$` leaves the sub-resources alone. `delay` and `retry_after` are in seconds. A plain
    delay holds back the answer, the effect being there at once; with `late_effect` the effect waits as well.
    With `after_effect` the request is served, and only then answered with the status (500 when none is given).
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    match: str
    status: int | None = Field(None, ge=200, le=599)
    code: int | None = None
    delay: float = Field(0, ge=0)
    drop: bool = False
    drop_after_effect: bool = False
    late_effect: bool = False
    after_effect: bool = False
    retry_after: float | None = None
    times: int = Field(1, ge=1)

    def hits(self, method: str, product: str, path: str) -> bool:
        """Whether the fault is meant for this request."""
        pinned = self.match.endswith("$")
        wanted = self.match.removesuffix("$")
        for line in (f"{method} {path}", f"{method} /{product}{path}"):
            if line.endswith(wanted) if pinned else wanted in line:
                return True
        return False

    @property
    def forced_status(self) -> int | None:
        """The HTTP status to answer whatever the request deserves, if any."""
        if self.status is not None or (self.code is None and self.retry_after is None):
            return 500 if self.status is None and self.after_effect else self.status
        if self.code is None:
            return 429
        return next((status for status, code in _CODES.items() if code == self.code), 400)

    @property
    def forced_code(self) -> int | None:
        """The Twilio code to answer: the given one, else the usual one of the status."""
        return self.code if self.code is not None else _CODES.get(self.forced_status or 0)


class Faults:
    """The faults waiting to happen, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(
        self,
        match: str,
        *,
        status: int | None = None,
        code: int | None = None,
        delay: float = 0,
        drop: bool = False,
        drop_after_effect: bool = False,
        late_effect: bool = False,
        after_effect: bool = False,
        retry_after: float | None = None,
        times: int = 1,
    ) -> None:
        """Arrange a fault; see `Fault`. Raises ValueError for values that make no sense."""
        self.arrange(
            Fault(
                match=match,
                status=status,
                code=code,
                delay=delay,
                drop=drop,
                drop_after_effect=drop_after_effect,
                late_effect=late_effect,
                after_effect=after_effect,
                retry_after=retry_after,
                times=times,
            )
        )

    def arrange(self, fault: Fault) -> None:
        """Add a fault behind the others."""
        self._waiting.append(fault)

    def take(self, method: str, product: str, path: str) -> Fault | None:
        """The first fault meant for this request, one use of it being spent."""
        for fault in self._waiting:
            if fault.hits(method, product, path):
                fault.times -= 1
                if fault.times == 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Forget all faults."""
        self._waiting.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """The faults as plain data."""
        return [fault.model_dump() for fault in self._waiting]
