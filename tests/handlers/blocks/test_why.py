"""Why? says which rule asks for what, who is missing and what the viewer may do; calls say whom they are for."""

from decimal import Decimal

import pytest

from bot.changes.authority import Standing
from bot.changes.change import Change, Decision, State
from bot.changes.roster import Candidate, Pinged
from bot.policy.policy import Group, Policy, Rule, Tier
from bot.policy.verdict import GroupNeed, Requirement
from handlers.blocks.calls import call, last_call, next_part, reminder, review_reminder
from handlers.blocks.change import approvals_list, change_card
from handlers.blocks.home import home_view
from handlers.blocks.why import Why, loading_modal, refused_modal, why_modal
from tests.handlers.blocks.judge import elements, sound_message, sound_view, words
from tests.handlers.blocks.samples import ANN, BOB, LONG, NOW, RITA, STATES, STRANGE, chain, change, plan

CAT, HOUR, DAY = "U0CAT", 3600.0, 86400.0
POLICY = Policy(
    groups={"approvers": Group(label="the approvers", users=(ANN, BOB)), "legal": Group(label="legal", users=(CAT,))},
    rules=(
        Rule(
            name="two groups",
            operations=("service.*",),
            accounts=("main*",),
            channels=("C0A2P",),
            tiers=("large",),
            requesters=("legal",),
            approvals={"approvers": 2, "legal": 1},
        ),
        Rule(name="the rest", approvals={"approvers": 1}),
        Rule(name="never", operations=("*.delete",), effect="deny"),
    ),
    tiers=(Tier(name="paid", over_usd=Decimal(0)), Tier(name="large", over_usd=Decimal(100))),
)
NEEDS = (GroupNeed(group="approvers", label="the approvers", need=2), GroupNeed(group="legal", label="legal", need=1))
ASKS = Requirement(
    rule="two groups",
    groups=NEEDS,
    tier="large",
    raised=True,
    cap_usd=Decimal(500),
    committed_usd=Decimal(490),
    policy=POLICY.fingerprint,
)


def approved(by: str, *, seats: dict[str, str] | None = None, state: State = "pending", **more: object) -> Change:
    """A change that one person has approved for the approvers."""
    asked = change(state, requirement=ASKS, **more)  # type: ignore[arg-type]
    word = Decision(user=by, verb="approve", digest=asked.digest, at=NOW, groups=("approvers",), seats=seats or {})
    return asked.model_copy(update={"decisions": (word,)})


def explained(asked: Change, standing: Standing, policy: Policy = POLICY, *, glass: bool = False) -> str:
    able = {"approvers": [Candidate(user=BOB, seat=BOB)], "legal": [Candidate(user="U0LEO", seat=CAT)]}
    return words(sound_view(why_modal(Why(asked, policy, standing, able, NOW + HOUR, glass))))


def test_each_group_says_how_far_it_is_whose_seat_counted_and_who_could_still_approve() -> None:
    shown = explained(approved(ANN, seats={"approvers": "U0DAN"}), Standing(user=BOB, seats={"approvers": BOB}))
    assert "●○ 1 of 2 of the approvers: <@U0ANN> for <@U0DAN>. 1 approval is missing. It could be <@U0BOB>." in shown
    assert "○ 0 of 1 of legal. 1 approval is missing. It could be <@U0LEO> for <@U0CAT>." in shown


def test_the_rule_is_said_in_words_with_all_that_it_names() -> None:
    shown = explained(change(requirement=ASKS), Standing(user=BOB))
    for part in (
        "The rule “two groups” wants the approval of 2 of the approvers and 1 of legal.",
        "• Operations: `service.*`",
        "• Accounts: `main*`",
        "• Asked for in: <#C0A2P>",
        "• Cost tiers: *large* (more than $100.00)",
        "• Asked for by: legal",
    ):
        assert part in shown
    rest = ASKS.model_copy(update={"rule": "the rest"})
    assert "everything that no rule before it speaks about" in explained(change(requirement=rest), Standing(user=BOB))
    never = ASKS.model_copy(update={"rule": "never"})
    assert "denies it now" in explained(change(requirement=never), Standing(user=BOB))


def test_what_the_policy_denies_by_now_names_no_group_and_offers_nobody_to_break_glass() -> None:
    nobody = GroupNeed(group="", label="nobody (the policy denies it now)", need=1)
    asked = change(requirement=Requirement(rule="never", groups=(nobody,), policy=POLICY.fingerprint))
    for standing, withdraws in ((Standing(user=RITA, own=True), True), (Standing(user=BOB), False)):
        shown = explained(asked, standing, glass=True)
        assert "Nobody can decide it now" in shown
        assert "Nobody (the policy denies it now)" in shown
        assert ("you can withdraw it" in shown) is withdraws
        for wrong in ("1 of nobody", "group", "Break glass"):
            assert wrong not in shown, wrong
    assert "It can be approved by nobody (the policy denies it now)." in words(sound_message(change_card(asked)))


def test_a_change_that_the_cap_made_dearer_says_so_with_the_sums_in_window_and_card() -> None:
    asked = change(requirement=ASKS)
    for shown in (explained(asked, Standing(user=BOB)), words(sound_message(change_card(asked)))):
        assert "Judged as *large*, one cost tier higher" in shown
        assert "$490.00 asked for, with this $515.00 of $500.00" in shown
    assert "$15.00 above it" in words(change_card(asked))


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing(user=RITA, own=True), "You asked for it, so somebody else must decide."),
        (Standing(user="U0NED"), "You may not decide, as you are not in any of these groups"),
        (Standing(user=BOB, seats={"approvers": BOB}), "your approval counts for the approvers."),
        (Standing(user="U0LEO", seats={"legal": CAT}), "counts for legal in the place of <@U0CAT>."),
    ],
)
def test_the_viewer_reads_whether_they_may_decide_and_why_not(standing: Standing, said: str) -> None:
    assert said in explained(change(requirement=ASKS), standing)


def test_whoever_has_decided_reads_that_and_is_asked_nothing_more() -> None:
    asked = approved(BOB)
    standing = Standing(user=BOB, seats={"approvers": BOB}, decision=asked.decisions[0])
    assert "You have approved it" in explained(asked, standing)


def test_only_those_who_may_break_glass_read_of_it() -> None:
    standing = Standing(user=BOB)
    assert "Break glass" in explained(change(requirement=ASKS), standing, glass=True)
    assert "lass" not in explained(change(requirement=ASKS), standing)


def test_what_an_earlier_policy_asked_is_not_explained_by_todays_rules() -> None:
    shown = explained(change(requirement=ASKS.model_copy(update={"policy": "older"})), Standing(user=BOB))
    assert "of a policy that was changed since" in shown
    assert "Operations" not in shown


def test_what_is_decided_still_says_by_which_rule_and_by_whom() -> None:
    shown = explained(approved(ANN, state="running"), Standing(user=BOB))
    assert "✓ Approved by <@U0ANN>" in shown
    assert "“two groups”" in shown
    assert "missing" not in shown


@pytest.mark.parametrize("text", STRANGE)
def test_windows_and_calls_take_any_text(text: str) -> None:
    groups = (GroupNeed(group="approvers", label=text, need=60),)
    asked = change(of=plan(text), text=text, requirement=ASKS.model_copy(update={"rule": text, "groups": groups}))
    whom = Pinged(usergroups=("S0TEAM", text), users=(ANN, text))
    for standing in (Standing(user=BOB), Standing(user=BOB, seats={"approvers": BOB})):
        explained(asked, standing)
    broken = Decision(user=BOB, verb="break_glass", digest=asked.digest, at=NOW - DAY, reason=text)
    glass = asked.model_copy(update={"decisions": (broken,), "review": "open"})
    for message in (call(asked, whom), reminder(asked, whom, NOW), last_call(asked), review_reminder(glass, NOW)):
        assert message
        sound_message(message)
    sound_view(refused_modal(142, text or "No."))
    sound_view(loading_modal(142))


def test_a_call_mentions_groups_and_people_and_there_is_none_without_them() -> None:
    asked = change(requirement=ASKS)
    message = call(asked, Pinged(usergroups=("S0TEAM",), users=(ANN,)))
    assert message
    assert "<!subteam^S0TEAM>, <@U0ANN>: #142 waits for your approval" in words(sound_message(message))
    assert call(asked, Pinged()) is None
    assert "<!subteam^S0TEAM>" in words(next_part(change(of=chain()), Pinged(usergroups=("S0TEAM",))))


def test_nobody_calls_a_group_through_the_name_of_something_at_twilio() -> None:
    message = call(change(of=plan("<!subteam^S0ALL>"), requirement=ASKS), Pinged(users=(ANN,)))
    assert "<!subteam" not in str(message)


def test_a_reminder_says_how_long_how_far_who_and_until_when() -> None:
    shown = words(reminder(approved(ANN), Pinged(users=(BOB, CAT)), NOW + 4 * HOUR))
    assert "#142 has waited 4 hours for approval" in shown
    assert "So far 1 of 2 of the approvers, 0 of 1 of legal. <@U0BOB> and <@U0CAT> can decide. It expires" in shown
    assert "Everybody of these groups who has not decided" in words(reminder(approved(ANN), Pinged(), NOW))


def test_home_shows_what_is_about_to_expire_first_to_those_who_decide_and_to_those_who_asked() -> None:
    urgent = approved(ANN, number=7).model_copy(update={"expires_at": NOW + HOUR})
    later, own = change(number=8), change("stale", number=9).model_copy(update={"expires_at": NOW + 2 * HOUR})
    view = home_view(
        viewer=BOB,
        waiting=[later, urgent],
        mine=[own],
        registrations=[],
        may_ask=[],
        now=NOW,
        seats={7: Standing(user=BOB, seats={"legal": CAT}), 8: Standing(user=BOB, seats={"approvers": BOB})},
    )
    shown = words(sound_view(view))
    order = ["About to expire (2)", "#7", "Expires in 1 hour", "in the place of", "#9", "Waits for you (1)", "#8"]
    assert sorted(order, key=shown.index) == order
    assert "You decide for the approvers." in shown
    assert shown.count("*#9 ") == 1
    assert {"change.approve", "change.ask_again", "change.why"} <= set(elements(view))


def test_a_list_begins_with_what_expires_first_and_shows_how_far_each_group_is() -> None:
    urgent = approved(ANN, number=9).model_copy(update={"expires_at": NOW + HOUR})
    shown = words(sound_message(approvals_list([change(number=1), urgent], viewer=BOB)))
    assert shown.index("#9") < shown.index("#1 ")
    assert "●○ 1 of 2 of the approvers: <@U0ANN>\n○ 0 of 1 of legal" in shown


def test_many_approvals_are_counted_and_not_drawn() -> None:
    needs = (GroupNeed(group="approvers", label="the approvers", need=30),)
    shown = words(change_card(change(requirement=ASKS.model_copy(update={"groups": needs}))))
    assert "0 of 30 of the approvers" in shown
    assert "○" not in shown


@pytest.mark.parametrize("state", STATES)
def test_every_state_can_be_explained(state: State) -> None:
    explained(change(state, requirement=ASKS, text=LONG), Standing(user=RITA))
