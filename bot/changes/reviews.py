"""Looking at what ran without its approvals: somebody who had no part in it signs it off."""

from collections.abc import Callable

from bot.changes.authority import Authority
from bot.changes.change import SIGNED_OFF, Change, Event
from bot.changes.refusal import Refusal, when
from bot.changes.roster import NAMED
from bot.changes.store import ChangeStore
from bot.ports import Notifier


class Reviews:
    """Ends reviews. Every refusal is a `Refusal` with words for the person."""

    def __init__(
        self, store: ChangeStore, authority: Authority, notifier: Notifier, clock: Callable[[], float]
    ) -> None:
        self._store, self._authority, self._notifier, self._clock = store, authority, notifier, clock

    async def sign_off(self, number: int, user: str, note: str, *, where: str = "") -> None:
        """Somebody who had no part in it has looked at a change that ran without its approvals."""
        change = await self._store.known(number)
        if change.review != "open":
            if not change.signed_off:
                raise Refusal(f"#{number} needs no signing off: no approval of it was passed over.")
            if change.signed_off.who != user:  # else it is this very act, carried out again after a crash
                by = f"<@{change.signed_off.who}>, {when(change.signed_off.at)}"
                raise Refusal(f"#{number} was signed off already by {by}.")
            return
        if user in _had_a_part(change):
            raise Refusal(
                f"You had a part in #{number}, so somebody else must sign it off. {await self._who_signs(change)}"
            )
        if not await self._counts(change, user):
            raise Refusal(f"You cannot sign off #{number}. {await self._who_signs(change)}")
        event = Event(at=self._clock(), who=user, what=SIGNED_OFF, detail=note.strip(), where=where)
        if not await self._store.sign_off(number, event):
            raise Refusal(f"#{number} was signed off by somebody else in this moment.")
        await self._notifier.change_moved(number)

    async def may_sign_off(self, change: Change, user: str) -> bool:
        """Whether this person's signing off would count, as far as is known; some minutes old at most."""
        if change.review != "open" or user in _had_a_part(change):
            return False
        if self._groups_stand(change):
            return await self._authority.may_decide(change, user)
        return user in await self._authority.roster.approvers()

    def _groups_stand(self, change: Change) -> bool:
        """Whether the policy in force still has any of the groups whose approval was passed over."""
        groups = self._authority.policy.groups
        return any(need.group in groups for need in change.requirement.groups)

    async def _counts(self, change: Change, user: str) -> bool:
        """Whether this person signs for a group that was passed over; where all are gone, any approver does."""
        seats = await self._authority.seats(change, user)
        if self._groups_stand(change):
            return bool(set(seats.values()) - _had_a_part(change))
        return user in await self._authority.roster.approvers(fresh=True)

    async def _who_signs(self, change: Change) -> str:
        """To somebody who may not sign it off: who may, in a sentence."""
        roster, most = self._authority.roster, NAMED + len(change.glass)
        able = await roster.concerned(change, most) if self._groups_stand(change) else sorted(await roster.approvers())
        others = ", ".join(f"<@{user}>" for user in able[:most] if user not in _had_a_part(change))
        return f"These people can: {others or 'nobody at the moment, so the policy must name somebody'}."


def _had_a_part(change: Change) -> set[str]:
    """Those who do not sign it off: it was theirs, or they let it run."""
    return {change.requester, *(d.user for d in change.glass)}
