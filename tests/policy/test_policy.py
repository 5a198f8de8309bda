"""What a policy says: properties of judging that hold for every policy and everything that can be asked for."""

from collections.abc import Collection
from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.policy.file import load_policy
from bot.policy.judge import NO_RULE, impossible, judge
from bot.policy.policy import EVERYONE, FREE, Group, Policy, Rule, Tier
from bot.policy.verdict import Asked

GROUPS = {name: Group(label=f"the {name}", users=("U1",)) for name in ("ops", "legal", "interns")}
OPERATIONS = ("service.create", "service.delete", "campaign.register")
TIERS = tuple(Tier(name=name, over_usd=Decimal(usd)) for name, usd in (("low", 0), ("middle", 20), ("high", 200)))
NAMES = (FREE, *(tier.name for tier in TIERS))
PARTLY = ("account", "channel", "usd")


def some(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    """One or two of these."""
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True).map(tuple)


conditions = st.fixed_dictionaries(
    {"operations": some("*", "service.*", "*.delete", *OPERATIONS)},
    optional={
        "requesters": some(*GROUPS, EVERYONE),
        "accounts": some("main", "we*", "*"),
        "channels": some("C0A2P", "C0*"),
        "tiers": some(*NAMES),
    },
)
approvals = st.dictionaries(st.sampled_from(list(GROUPS)), st.integers(1, 3), min_size=1)
effects = (
    st.fixed_dictionaries({"effect": st.sampled_from(["allow", "deny"])})
    | st.fixed_dictionaries({"approvals": approvals})
    | st.fixed_dictionaries({"approvals": approvals, "tiers": st.just((FREE,)), "self_approval": st.just(True)})
)
money = st.sampled_from([Decimal(n) for n in (0, 1, 20, 21, 150, 201, 900)])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    parts = draw(st.lists(st.tuples(conditions, effects), max_size=6))
    return Policy(
        groups=GROUPS,
        rules=tuple(Rule.model_validate({"name": f"rule {n}", **when, **then}) for n, (when, then) in enumerate(parts)),
        tiers=TIERS[: draw(st.integers(1, 3))] if not any("tiers" in w or "tiers" in t for w, t in parts) else TIERS,
        caps=draw(st.dictionaries(st.sampled_from(["main", "we*", "*"]), money, max_size=2)),
    )


groups = st.sets(st.sampled_from([*GROUPS, EVERYONE]))
asked_for = st.builds(
    Asked,
    operation=st.sampled_from(OPERATIONS),
    account=st.sampled_from(["main", "west"]),
    channel=st.sampled_from(["C0A2P", "C1OTHER", ""]),
    usd=money,
    committed=money,
)


def partly(asked: Asked, unknown: Collection[str]) -> Asked:
    """The same while these are not known yet; what others have asked for becomes known with the price."""
    hidden: dict[str, object] = dict.fromkeys(unknown)
    return asked.model_copy(update=hidden | ({"committed": Decimal(0)} if "usd" in unknown else {}))


hidden = st.sets(st.sampled_from(PARTLY))


def speaks(policy: Policy, rule: Rule, asked: Asked, mine: Collection[str]) -> bool:
    """Whether a rule surely applies."""
    return rule.applies(asked, policy.tier(asked)[0], mine) is True


@given(policies(), asked_for, groups)
def test_an_explicit_deny_wins_wherever_it_stands(policy: Policy, asked: Asked, mine: set[str]) -> None:
    denied = any(r.effect == "deny" and speaks(policy, r, asked, mine) for r in policy.rules)
    turned = policy.model_copy(update={"rules": policy.rules[::-1]})
    assert denied <= (not judge(policy, asked, mine).allowed)
    assert denied <= (not judge(turned, asked, mine).allowed)


@given(policies(), asked_for, groups, hidden)
def test_what_is_denied_while_something_is_unknown_stays_denied_whatever_becomes_known(
    policy: Policy, asked: Asked, mine: set[str], unknown: set[str]
) -> None:
    early, late = judge(policy, partly(asked, unknown), mine), judge(policy, asked, mine)
    assert late.allowed <= early.allowed


@given(policies(), asked_for, groups, hidden)
def test_what_is_asked_for_while_something_is_unknown_is_asked_for_whatever_becomes_known(
    policy: Policy, asked: Asked, mine: set[str], unknown: set[str]
) -> None:
    early, late = judge(policy, partly(asked, unknown), mine), judge(policy, asked, mine)
    if early.requirement:
        assert late.requirement is not None
        assert late.requirement.asks == early.requirement.asks


@given(policies(), asked_for, groups, hidden)
def test_every_answer_names_a_rule_of_the_policy_that_may_apply(
    policy: Policy, asked: Asked, mine: set[str], unknown: set[str]
) -> None:
    asked = partly(asked, unknown)
    tier, _ = policy.tier(asked)
    verdict = judge(policy, asked, mine)
    applying = [r.name for r in policy.rules if r.applies(asked, tier, mine) is not False]
    assert verdict.rule in applying or (verdict.rule == NO_RULE and not verdict.allowed)


@given(policies(), asked_for, groups)
def test_once_all_is_known_the_answer_is_that_of_the_first_rule_that_applies(
    policy: Policy, asked: Asked, mine: set[str]
) -> None:
    verdict = judge(policy, asked, mine)
    applying = [r for r in policy.rules if speaks(policy, r, asked, mine)]
    denying = [r for r in applying if r.effect == "deny"]
    first = next(iter(denying or applying), None)
    assert verdict.rule == (first.name if first else NO_RULE)
    assert (verdict.requirement is not None) == verdict.allowed
    if first and verdict.requirement:
        assert {need.group: need.need for need in verdict.requirement.groups} == first.approvals


@given(policies(), asked_for, money, money)
def test_what_costs_more_is_never_judged_by_a_lower_tier(
    policy: Policy, asked: Asked, more: Decimal, committed: Decimal
) -> None:
    dearer = asked.model_copy(update={"usd": (asked.usd or 0) + more, "committed": asked.committed + committed})
    assert NAMES.index(policy.tier(dearer)[0] or "") >= NAMES.index(policy.tier(asked)[0] or "")


@given(policies(), asked_for)
def test_a_cap_raises_by_exactly_one_tier_never_above_the_highest_and_never_what_is_free(
    policy: Policy, asked: Asked
) -> None:
    tier, raised = policy.tier(asked)
    plain, _ = policy.model_copy(update={"caps": {}}).tier(asked)
    assert NAMES.index(tier or "") - NAMES.index(plain or "") == int(raised)
    assert not (raised and (asked.usd == 0 or plain == policy.tiers[-1].name))
    cap = policy.cap(asked.account or "")
    if asked.usd and plain != policy.tiers[-1].name:
        assert raised == (cap is not None and asked.committed + asked.usd > cap)


@given(policies(), asked_for, groups, hidden)
def test_nobody_approves_their_own_change_unless_it_is_free(
    policy: Policy, asked: Asked, mine: set[str], unknown: set[str]
) -> None:
    requirement = judge(policy, partly(asked, unknown), mine).requirement
    assert not (requirement and requirement.self_approval and asked.usd)


@given(policies(), asked_for, groups, st.dictionaries(st.sampled_from(list(GROUPS)), st.sets(st.sampled_from("ABCDR"))))
def test_a_requirement_is_possible_exactly_when_every_group_has_enough_people_who_count(
    policy: Policy, asked: Asked, mine: set[str], members: dict[str, set[str]]
) -> None:
    if requirement := judge(policy, asked, mine).requirement:
        but = set() if requirement.self_approval else {"R"}
        enough = all(len(members.get(n.group, set()) - but) >= n.need for n in requirement.groups)
        assert (impossible(requirement, members, "R") == "") == enough


@given(policies())
def test_a_policy_that_is_written_down_is_read_as_it_was(policy: Policy) -> None:
    read = Policy.model_validate_json(policy.model_dump_json(exclude_defaults=True))
    assert (read, read.fingerprint) == (policy, policy.fingerprint)


def test_the_order_of_caps_is_part_of_what_a_policy_says() -> None:
    caps = {"main": Decimal(100), "*": Decimal(10)}
    one = Policy(caps=caps)
    other = Policy(caps=dict(reversed(caps.items())))
    assert (one.cap("main"), other.cap("main")) == (Decimal(100), Decimal(10))
    assert one.fingerprint != other.fingerprint


def test_the_built_in_policy_asks_one_approver_for_everything() -> None:
    verdict = judge(load_policy(None), Asked(operation="brand.register", usd=Decimal(46)), [EVERYONE])
    assert verdict.requirement is not None
    assert [(n.group, n.need) for n in verdict.requirement.groups] == [("approvers", 1)]


def test_the_policy_file_of_the_repository_is_the_built_in_one() -> None:
    assert load_policy(Path(__file__).parents[2] / "policy.toml") == load_policy(None)
