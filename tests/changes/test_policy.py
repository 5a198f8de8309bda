"""What a policy says, and what is wrong with one that cannot be used."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.changes.policy import (
    EVERYONE,
    Asked,
    Group,
    Policy,
    Rule,
    impossible,
    judge,
)
from bot.changes.policy_file import PolicyProblem, load_policy

GROUPS = {name: Group(label=f"the {name}", users=("U1",)) for name in ("ops", "legal", "interns")}
REGISTRATION = Asked(operation="campaign.register", account="main", channel="C0A2P", usd=Decimal(15))
OPERATIONS = ("service.create", "service.delete", "campaign.register")

rules = st.builds(
    Rule,
    name=st.text("abc", min_size=1, max_size=6),
    operations=st.lists(st.sampled_from(["*", "service.*", "*.delete", *OPERATIONS]), min_size=1, max_size=2).map(
        tuple
    ),
    requesters=st.lists(st.sampled_from([*GROUPS, EVERYONE]), max_size=2).map(tuple),
    effect=st.sampled_from(["allow", "deny"]),
) | st.builds(
    Rule,
    name=st.text("abc", min_size=1, max_size=6),
    operations=st.just(("*",)),
    effect=st.just("require"),
    approvals=st.dictionaries(st.sampled_from(list(GROUPS)), st.integers(1, 3), min_size=1),
)
policies = st.lists(rules, max_size=5).map(lambda some: Policy(groups=GROUPS, rules=tuple(some)))
groups = st.sets(st.sampled_from([*GROUPS, EVERYONE]))
known = st.none() | st.sampled_from(["main", "west"])
costs = st.none() | st.sampled_from([Decimal(0), Decimal(1), Decimal(50), Decimal(500)])
asked_for = st.builds(
    Asked, operation=st.sampled_from(OPERATIONS), account=known, channel=st.sampled_from([None, "C0A2P"]), usd=costs
)


@given(policies, asked_for, groups)
def test_an_explicit_deny_wins_wherever_it_stands(policy: Policy, asked: Asked, mine: set[str]) -> None:
    denied = any(r.effect == "deny" and r.applies(asked, policy.tier(asked)[0], mine) for r in policy.rules)
    verdict = judge(policy, asked, mine)
    assert not (denied and verdict.allowed)
    turned = policy.model_copy(update={"rules": policy.rules[::-1]})
    assert denied <= (not judge(turned, asked, mine).allowed)


@given(policies, asked_for, groups)
def test_nothing_is_allowed_unless_a_rule_says_so_and_the_answer_names_it(
    policy: Policy, asked: Asked, mine: set[str]
) -> None:
    verdict = judge(policy, asked, mine)
    applying = [r.name for r in policy.rules if r.applies(asked, policy.tier(asked)[0], mine)]
    assert verdict.rule in (applying or ["no rule allows it"])
    assert verdict.allowed <= bool(applying)
    assert (verdict.requirement is not None) == verdict.allowed


@given(policies, asked_for, groups)
def test_a_requirement_asks_exactly_what_its_rule_says(policy: Policy, asked: Asked, mine: set[str]) -> None:
    verdict = judge(policy, asked, mine)
    if verdict.requirement:
        rule = next(r for r in policy.rules if r.applies(asked, policy.tier(asked)[0], mine))
        assert {need.group: need.need for need in verdict.requirement.groups} == rule.approvals


@given(policies, asked_for, groups, st.dictionaries(st.sampled_from(list(GROUPS)), st.sets(st.sampled_from("ABCDR"))))
def test_a_requirement_is_possible_exactly_when_every_group_has_enough_others(
    policy: Policy, asked: Asked, mine: set[str], members: dict[str, set[str]]
) -> None:
    requirement = judge(policy, asked, mine).requirement
    if requirement:
        enough = all(len(members.get(n.group, set()) - {"R"}) >= n.need for n in requirement.groups)
        assert (impossible(requirement, members, "R") == "") == enough


def test_the_built_in_policy_asks_one_approver_for_everything() -> None:
    verdict = judge(load_policy(None), REGISTRATION, [EVERYONE])
    assert verdict.allowed
    assert verdict.requirement is not None
    assert [(n.group, n.need) for n in verdict.requirement.groups] == [("approvers", 1)]


def test_the_policy_file_of_the_repository_is_the_built_in_one() -> None:
    assert load_policy(Path(__file__).parents[2] / "policy.toml") == load_policy(None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rule = 5", "line 1: rule: "),
        ("[[rule]]\nname = 'a'", "approvals belong to effect = 'require'"),
        ("[[rule]]\nname = 'a'\neffect = 'deny'\napprovals = {x = 1}", "approvals belong to effect = 'require'"),
        ("[[rule]]\nname = 'a'\napprovals = {x = 1}", "names the group 'x', which is not defined"),
        ("[[rule]]\nname = 'a'\napprovals = {everyone = 1}", "names the group 'everyone', which is not defined"),
        ("[[rule]]\nname = 'a'\napprovals = {x = 0}\n[group.x]\nusers = ['U1']", "at least 1"),
        ("[group.x]\nlabel = 'empty'", "line 1: group.x: a group needs users, usergroup, channel or quiet"),
        ("[group.everyone]\nusers = ['U1']", "the group 'everyone' is built in"),
        ("[[rule]]\nname = 'a'\neffect = 'allow'\napproval = 1", "line 4: rule.1.approval: "),
        ("[[rule]\nname", "line 1"),
    ],
)
def test_a_policy_that_cannot_be_used_says_where_and_why(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(text)
    with pytest.raises(PolicyProblem) as caught:
        load_policy(file)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_policy_that_is_not_there_is_no_reason_to_allow_everything(tmp_path: Path) -> None:
    with pytest.raises(PolicyProblem, match="No such file"):
        load_policy(tmp_path / "missing.toml")


def test_everyone_may_be_named_as_requesters(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("[[rule]]\nname = 'open'\neffect = 'allow'\nrequesters = ['everyone']")
    assert judge(load_policy(file), Asked(operation="service.create"), [EVERYONE]).allowed
