"""What people were promised: everything that Slack was given an ack for, and so showed them as accepted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.sandbox.slack.deliveries import Delivery


@dataclass(frozen=True)
class Asked:
    """A request for approval that was submitted. `promised`: Slack got an ack.

    `name` is what was typed last; the window may be that of an earlier command, to which a bot came late. `digest` is
    that of the plan in the window, `answer` what the ack made of the window, and `at` the time of day.
    """

    user: str
    name: str
    draft: str
    digest: str
    promised: bool
    answer: str = ""
    at: str = ""


@dataclass(frozen=True)
class Clicked:
    """A click on a card, or the submission of a reason, that was acknowledged. `what` is the action id."""

    user: str
    what: str
    number: int
    digest: str


@dataclass
class Promises:
    """What was promised so far, and what was delivered how often. `froze`: commands that froze or lifted."""

    asked: list[Asked] = field(default_factory=list)
    clicked: list[Clicked] = field(default_factory=list)
    froze: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    worth_repeating: list[Delivery] = field(default_factory=list)

    def kept(self) -> int:
        """How much was done for people so far."""
        return self.sent["acknowledged"]

    def note(self, delivery: Delivery, keep: Callable[[], None]) -> None:
        """Count a delivery, and keep the promise that lies in its ack."""
        self.sent["deliveries"] += 1
        self.sent["copies in the same moment"] += max(0, delivery.attempts - 1)
        self.worth_repeating.append(delivery)
        if delivery.acked and not delivery.errors:
            self.sent["acknowledged"] += 1
            keep()
        else:
            self.sent[f"not acknowledged ({delivery.status})"] += 1


def refused(delivery: Delivery) -> bool:
    """Whether the ack told the person that nothing was done."""
    ack = delivery.ack or {}
    shown = (ack.get("view") or {}).get("callback_id")
    return ack.get("response_action") == "errors" or shown == "notice"


def answer(delivery: Delivery) -> str:
    """What an ack made of the window in which something was submitted."""
    ack = delivery.ack or {}
    title = ((ack.get("view") or {}).get("title") or {}).get("text", "")
    return f"{ack['response_action']} “{title}”" if "response_action" in ack else "closed the window"
