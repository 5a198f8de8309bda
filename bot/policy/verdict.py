"""What is judged, and the answer: values that changes keep."""

from decimal import Decimal

from bot.plans.values import Value


class GroupNeed(Value):
    """How many people of one policy group must approve."""

    group: str
    label: str
    need: int


class Requirement(Value):
    """What policy asks for one part of a change, and the rule that asked it. No groups: nobody needs to approve.

    `tier` is the cost tier that it was judged in, `raised` whether the cap of the account's month made it the next
    higher one; `cap_usd` and `committed_usd` (by others, in that month) are US dollars. `policy` is the fingerprint of
    the policy that said so.
    """

    rule: str
    groups: tuple[GroupNeed, ...] = ()
    self_approval: bool = False
    tier: str = ""
    raised: bool = False
    cap_usd: Decimal | None = None
    committed_usd: Decimal = Decimal(0)
    policy: str = ""

    @property
    def asks(self) -> tuple[object, ...]:
        """What people read of it; the rest is how it came about."""
        return self.rule, self.groups, self.self_approval


class Asked(Value):
    """What is judged. None: not known yet, as while a form is filled in.

    `usd` is the price of the part that is asked for, one-off and first month; `committed` what others have asked for on
    this account in this month (US dollars). `account` is its name, `channel` where it is asked for.
    """

    operation: str
    account: str | None = None
    channel: str | None = None
    usd: Decimal | None = None
    committed: Decimal = Decimal(0)


class Verdict(Value):
    """The answer to "may this person ask for this?"; always names the rule that gave it.

    What is denied stays denied, and a requirement asks for the same, whatever becomes known. Allowed without a
    requirement: it rests on something that is not known yet.
    """

    allowed: bool
    rule: str
    requirement: Requirement | None = None
