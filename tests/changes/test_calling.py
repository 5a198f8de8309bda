"""Those are called to a change whose word is missing, and nobody else; stand-ins in the place of the absent."""

from bot.changes.authority import Authority
from bot.changes.change import Change, Decision
from bot.changes.delegations import Delegation, Delegations
from bot.changes.roster import Pinged
from bot.policy.policy import Group, Policy, Rule
from tests.changes.office import ANN, BOB, CAT, GUS, LEO, RITA, Office
from tests.conftest import Staff

DORA, EVE = "U0DORA", "U0EVE"
RULES = (Rule(name="both", approvals={"team": 1, "legal": 1, "room": 1}),)
POLICY = Policy(
    groups={
        "team": Group(label="the team", usergroup="S0TEAM"),
        "legal": Group(label="legal", users=(LEO, CAT), quiet=(EVE,)),
        "room": Group(label="the room", channel="C0ROOM"),
    },
    rules=RULES,
)
STAFF = Staff(channels={"C0ROOM": (ANN, DORA)}, usergroups={"S0TEAM": (ANN, BOB)}, barred={GUS: "You are a guest."})


async def asked(office: Office, policy: Policy = POLICY) -> tuple[Change, Authority, Delegations]:
    """A change that waits for three groups."""
    there = office.under(policy, STAFF)
    change = await there.asked()
    return change, there.changes.authority, Delegations(office.redis, office.keys, office.vault, office.clock)


async def away(absences: Delegations, office: Office, user: str, to: str) -> None:
    await absences.give(Delegation(user=user, to=to, at=office.clock(), until=office.clock() + 3600))


def said(change: Change, user: str, *groups: str) -> Change:
    """The change after somebody's approval."""
    word = Decision(user=user, verb="approve", digest=change.digest, at=change.created_at, groups=groups)
    return change.model_copy(update={"decisions": (*change.decisions, word)})


async def test_groups_and_listed_people_are_called_but_members_of_a_channel_are_not(office: Office) -> None:
    change, authority, _ = await asked(office)
    assert await authority.roster.pinged(change) == Pinged(usergroups=("S0TEAM",), users=(LEO, CAT))


async def test_nobody_is_called_for_a_group_that_has_enough(office: Office) -> None:
    change, authority, _ = await asked(office)
    assert await authority.roster.pinged(said(change, ANN, "team", "room")) == Pinged(users=(LEO, CAT))


async def test_of_a_group_in_which_somebody_has_decided_the_others_are_called_by_name(office: Office) -> None:
    two = POLICY.model_copy(update={"rules": (Rule(name="two", approvals={"team": 2}),)})
    change, authority, _ = await asked(office, two)
    assert await authority.roster.pinged(said(change, ANN, "team")) == Pinged(users=(BOB,))


async def test_a_quiet_member_of_a_user_group_is_not_called_with_it(office: Office) -> None:
    quiet = Group(label="the team", usergroup="S0TEAM", quiet=(ANN,))
    policy = POLICY.model_copy(update={"groups": POLICY.groups | {"team": quiet}})
    change, authority, _ = await asked(office, policy)
    assert await authority.roster.pinged(change) == Pinged(users=(LEO, CAT, BOB))


async def test_whoever_stands_in_is_called_instead_of_the_absent(office: Office) -> None:
    change, authority, absences = await asked(office)
    await away(absences, office, LEO, EVE + "X")
    await away(absences, office, ANN, DORA + "X")
    pinged = await authority.roster.pinged(change)
    assert pinged.usergroups == ("S0TEAM",)
    assert set(pinged.users) == {EVE + "X", CAT, DORA + "X"}


async def test_the_requester_and_their_stand_in_are_not_called_to_their_own_change(office: Office) -> None:
    policy = POLICY.model_copy(update={"groups": POLICY.groups | {"legal": Group(label="legal", users=(RITA, LEO))}})
    change, authority, absences = await asked(office, policy)
    await away(absences, office, RITA, CAT)
    assert (await authority.roster.pinged(change)).users == (LEO,)


async def test_those_who_could_approve_are_named_with_whom_they_stand_in_for(office: Office) -> None:
    change, authority, absences = await asked(office)
    await away(absences, office, ANN, EVE)
    await away(absences, office, BOB, GUS)
    team = change.requirement.groups[0]
    assert await authority.roster.names(team, change) == f"<@{EVE}> for <@{ANN}>, <@{BOB}>", (
        "a guest takes nobody's seat"
    )
    assert await authority.roster.names(team, said(change, BOB, "team")) == f"<@{EVE}> for <@{ANN}>"


async def test_everybody_is_told_exactly_what_speaks_against_their_word(office: Office) -> None:
    change, authority, absences = await asked(office)
    await away(absences, office, ANN, DORA)
    guest, own = await authority.standing(change, GUS), await authority.standing(change, RITA)
    assert (guest.bar, guest.counts) == ("You are a guest.", False)
    assert (own.own, own.counts) == (True, False)
    deputy = await authority.standing(change, DORA)
    assert (deputy.seats, deputy.counts) == ({"team": ANN, "room": DORA}, True)
    decided = await authority.standing(said(change, BOB, "team"), BOB)
    assert decided.decision
    stranger = await authority.standing(change, "U0NED")
    assert (stranger.seats, stranger.counts, stranger.decision) == ({}, False, None)
