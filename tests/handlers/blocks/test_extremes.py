"""A policy as large as one can get, and names as odd: Slack takes whatever is drawn of it."""

from decimal import Decimal

import pytest

from bot.changes.authority import Standing
from bot.changes.roster import Candidate, Pinged
from bot.policy.policy import Group, Policy, Rule
from bot.policy.verdict import GroupNeed, Requirement
from handlers.blocks.calls import call, last_call, next_part, reminder
from handlers.blocks.change import approvals_list, change_card, told
from handlers.blocks.glass import break_glass_modal, glass_broken, passed_over, sign_off_modal
from handlers.blocks.home import home_view
from handlers.blocks.policy import policy_broken, policy_changed
from handlers.blocks.why import Why, why_modal
from tests.handlers.blocks.judge import sound_message, sound_view, words
from tests.handlers.blocks.samples import ANN, BOB, HOSTILE, NOW, RITA, broken, change

NAMES = tuple(f"g{n}" for n in range(30))
GROUPS = {
    name: Group(label=(HOSTILE + "😀" * 80)[:200], users=tuple(f"U0{name.upper()}X{n}" for n in range(500)))
    for name in NAMES
}
RULES = tuple(
    Rule(name=f"{HOSTILE[:60]}{n}", effect="require", operations=("*",), approvals=dict.fromkeys(NAMES, 400))
    for n in range(40)
)
LARGE = Policy(groups=GROUPS, rules=RULES)
NEEDS = tuple(GroupNeed(group=name, label=GROUPS[name].label, need=400) for name in NAMES)
TAKES = Requirement(
    rule=RULES[0].name,
    groups=NEEDS,
    tier="😀" * 60,
    raised=True,
    cap_usd=Decimal("1e12"),
    committed_usd=Decimal("9e12"),
    policy=LARGE.fingerprint,
)


def test_slack_takes_a_change_that_thirty_groups_must_approve() -> None:
    the = change(requirement=TAKES)
    whom = Pinged(usergroups=tuple(f"S0MANY{n}" for n in range(30)), users=tuple(f"U0MANY{n}" for n in range(15)))
    standing = Standing(user=ANN, seats=dict.fromkeys(NAMES, BOB))
    able = {name: [Candidate(user=f"U0{n}AB", seat=f"U0{n}CD") for n in range(9)] for name in NAMES}
    for window in (why_modal(Why(the, LARGE, standing, able, NOW, True)), break_glass_modal(the)):
        sound_view(window)
    home = home_view(
        viewer=ANN, waiting=[the] * 20, mine=[the] * 20, registrations=[], may_ask=[], now=NOW, seats={142: standing}
    )
    sound_view(home)
    glass = broken().model_copy(update={"requirement": TAKES})
    sound_view(sign_off_modal(glass))
    messages = [call(the, whom), next_part(the, whom), reminder(the, whom, NOW), last_call(the), change_card(the)]
    messages += [glass_broken(glass), passed_over(glass), change_card(glass), approvals_list([the] * 40, viewer=RITA)]
    for message in [*messages, told(change("approved", requirement=TAKES))]:
        assert message
        sound_message(message)


@pytest.mark.parametrize("mended", [True, False])
def test_what_a_whole_new_policy_changes_is_told_as_far_as_a_message_goes(mended: bool) -> None:
    said = words(sound_message(policy_changed(Policy(), LARGE, mended=mended)))
    assert len(said) > 2000
    sound_message(policy_broken("line 4: " + HOSTILE * 100))
