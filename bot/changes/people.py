"""What the engine needs to know about people; Slack answers it through `handlers`."""

from typing import Protocol

from bot.plans.values import Value
from bot.policy.policy import Group


class Person(Value):
    """A person of the workspace. `bar` says why they may neither ask nor decide ("" for full members)."""

    id: str
    name: str
    bar: str = ""


class Directory(Protocol):
    """Reads people and groups. Answers may be some minutes old unless `fresh` is asked for."""

    async def person(self, user: str, *, fresh: bool = False) -> Person:
        """One person."""

    async def members(self, group: Group, *, fresh: bool = False) -> frozenset[str]:
        """The user ids in a group."""
