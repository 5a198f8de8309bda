"""What people read of a policy: its differences from another, and what in it is probably not meant."""

import pytest

from bot.policy.doubts import doubts
from bot.policy.explained import explained
from bot.policy.file import Surroundings, read_policy
from bot.policy.policy import Policy
from bot.policy.verdict import Asked
from bot.policy.words import MOST_DIFFERENCES, differences

KNOWN = Surroundings(operations=("service.create", "service.delete", "brand.register"), accounts=("main", "west"))
GROUPS = """
[group.ops]
label = "Ops"
users = ["U0ANN", "U0BOB"]
[group.legal]
usergroup = "S0LEGAL"
"""
TIERS = """
[[tier]]
name = "low"
over_usd = 0
[[tier]]
name = "high"
over_usd = 50
"""
FIRST = "[[rule]]\nname = 'first'\napprovals = { ops = 1 }\n"
NO_SERVICES = "[[rule]]\nname = 'no'\noperations = ['service.*']\neffect = 'deny'\n"
ROOM = "[group.room]\nchannel = 'C0ROOM'\n[[rule]]\nname = 'r'\napprovals = { room = 1 }\n"
BOTH = "[group.more]\nquiet = ['U0ANN']\n[[rule]]\nname = 'b'\napprovals = { ops = 1, more = 1 }\n"
LAST = "[[rule]]\nname = 'last'\noperations = ['brand.*']\napprovals = { legal = 2 }\n"


def policy(*parts: str) -> Policy:
    return read_policy("".join([*parts, GROUPS]), "policy.toml", KNOWN)


@pytest.mark.parametrize(
    ("parts", "doubt"),
    [
        ((FIRST, LAST), "Rule “last” can never apply: “first” comes first and takes all that it speaks about."),
        (
            (NO_SERVICES, FIRST.replace("approvals", "operations = ['*.delete']\napprovals")),
            "Rule “first” can never apply: “no” denies all that it speaks about.",
        ),
        (("[[rule]]\nname = 'all'\neffect = 'allow'\n",), "Rule “all” lets money be spent without anybody's approval."),
        ((LAST,), "No rule lets anybody ask for service.create, service.delete."),
        ((FIRST.replace("1", "3"),), "asks for 3 of ops, and only 2 are listed: nobody can ask"),
        ((FIRST.replace("1", "2"),), "asks for all 2 of ops: none of them can ask"),
        ((FIRST,), "The group legal is used by no rule and no right."),
        ((FIRST, "[cap]\nmain = 5\n"), "The caps raise nothing: they need a second [[tier]] above the first."),
        ((FIRST, TIERS), "No rule names the tier high: it changes nothing."),
        ((FIRST, ROOM), "Whoever joins C0ROOM can approve"),
        ((BOTH,), "one click of U0ANN is enough for both ops and more"),
    ],
)
def test_what_is_legal_and_probably_not_meant_is_told(parts: tuple[str, ...], doubt: str) -> None:
    assert doubt in " ".join(doubts(policy(*parts), KNOWN))


@pytest.mark.parametrize(
    "narrow",
    ["accounts = ['main']", "tiers = ['paid']", "channels = ['C0A2P']", "requesters = ['legal']"],
)
def test_a_narrow_rule_that_comes_first_leaves_something_to_the_wide_one_after_it(narrow: str) -> None:
    first = FIRST.replace("approvals", f"{narrow}\napprovals")
    assert not [d for d in doubts(policy(first, LAST), KNOWN) if "can never apply" in d]


def test_the_same_policy_laid_out_otherwise_differs_in_nothing() -> None:
    assert differences(policy(FIRST, LAST), policy("# words\n", FIRST, "\n\n", LAST)) == []


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ((FIRST,), ["Rule removed: “last”."]),
        ((LAST, FIRST), ["Rules in another order: “last” and “first”."]),
        (
            (FIRST, LAST.replace("2", "1")),
            ["Rule changed: “last”: brand.* asked for by whoever asks takes 1 of legal."],
        ),
        (
            (FIRST, LAST, "[cap]\nmain = 5\n"),
            ["Cap added: main: what is asked for beyond US$5 in a month is judged one"],
        ),
        ((FIRST, LAST, "[pending]\nexpires_days = 3\n"), ["A change waits 3 days for its approval"]),
        ((FIRST, LAST, "[rights]\naudit = ['legal']\n"), ["Rights now: "]),
        ((FIRST, LAST, TIERS), ["Cost tiers now: free: what costs nothing. low: more than US$0 and up to US$50."]),
        ((FIRST, LAST, "[group.more]\nquiet = ['U0CAT']\n"), ["Group added: more: U0CAT who is never pinged."]),
    ],
)
def test_what_a_new_policy_says_otherwise_is_told_in_short(after: tuple[str, ...], told: list[str]) -> None:
    found = differences(policy(FIRST, LAST), policy(*after))
    assert len(found) == len(told)
    assert all(line.startswith(start) for line, start in zip(found, told, strict=True))


def test_a_new_policy_of_many_rules_is_not_told_in_full() -> None:
    many = [FIRST.replace("first", f"rule {n}") for n in range(MOST_DIFFERENCES + 5)]
    found = differences(policy(FIRST), policy(FIRST, *many))
    assert (len(found), found[-1]) == (MOST_DIFFERENCES + 1, "And 5 more.")


def test_every_rule_says_why_it_was_passed_over_or_what_it_rests_on() -> None:
    narrow = FIRST.replace("approvals", "requesters = ['legal']\naccounts = ['west']\napprovals")
    dear = "[[rule]]\nname = 'dear'\ntiers = ['paid']\neffect = 'deny'\n"
    asked = Asked(operation="brand.register", account="main", channel="C0A2P")
    _, words = explained(policy(narrow, dear, LAST), asked, ["everyone"])
    assert [(word.rule, word.said, word.why) for word in words] == [
        ("first", "passed over", "it is for members of legal, it is for what is on the account west"),
        ("dear", "depends", "on the price"),
        ("last", "fires", ""),
    ]
