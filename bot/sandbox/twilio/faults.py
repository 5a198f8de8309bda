"""Things that go wrong on purpose: refusals, delays and lost connections."""

from dataclasses import asdict, dataclass
from typing import Any

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


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the next `times` requests whose "METHOD /path" contains `match`.

    `match` may name the path with or without the product; a final `$` pins the end of the path, so that
    `POST /v1/Services$` leaves the sub-resources alone. `delay` and `retry_after` are in seconds. A plain
    delay holds back the answer, the effect being there at once; with `late_effect` the effect waits as well.
    """

    match: str
    status: int | None = None
    code: int | None = None
    delay: float = 0
    drop: bool = False
    drop_after_effect: bool = False
    late_effect: bool = False
    retry_after: float | None = None
    times: int = 1

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
        """The HTTP status to answer instead of serving the request, if any."""
        if self.status is None and (self.code is not None or self.retry_after is not None):
            return next((status for status, code in _CODES.items() if code == self.code), 429 if not self.code else 400)
        return self.status

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
        status: int | None = None,
        code: int | None = None,
        delay: float = 0,
        drop: bool = False,
        drop_after_effect: bool = False,
        late_effect: bool = False,
        retry_after: float | None = None,
        times: int = 1,
    ) -> Fault:
        """Arrange a fault; see `Fault`."""
        fault = Fault(
            match=match,
            status=status,
            code=code,
            delay=delay,
            drop=drop,
            drop_after_effect=drop_after_effect,
            late_effect=late_effect,
            retry_after=retry_after,
            times=times,
        )
        self._waiting.append(fault)
        return fault

    def take(self, method: str, product: str, path: str) -> Fault | None:
        """The first fault meant for this request, one use of it being spent."""
        for fault in self._waiting:
            if fault.hits(method, product, path):
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Forget all faults."""
        self._waiting.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """The faults as plain data."""
        return [asdict(fault) for fault in self._waiting]
