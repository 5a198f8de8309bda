"""What people read when a policy file cannot be used, and how one that is changed comes into force."""

from pathlib import Path

import pytest

from bot.policy.file import PolicyProblem, Rulebook, Surroundings, load_policy
from bot.policy.judge import judge
from bot.policy.policy import EVERYONE
from bot.policy.verdict import Asked

KNOWN = Surroundings(operations=("service.create", "campaign.register"), accounts=("main", "west"))
ALLOW = "[[rule]]\nname = 'a'\neffect = 'allow'\n"
DENY = "[[rule]]\nname = 'b'\neffect = 'deny'\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rules]]\nname = 'a'", "line 1: 'rules' is not known; write [[rule]]"),
        ("[rule]\nname = 'a'", "line 1: rule: is written with two brackets, one for each of them: [[rule]]"),
        ("[groups.x]\nusers = ['U1']", "line 1: 'groups' is not known; write [group.NAME]"),
        ("[right]\nfreeze = []", "line 1: right: is not known here; is 'rights' meant?"),
        (ALLOW + "operation = ['*']", "line 4: rule.1.operation: is not known here; is 'operations' meant?"),
        ("[[rule]]\nname = 'a'\neffect = 'alow'", "line 3: rule.1.effect: must be 'allow', 'deny' or 'require'"),
        ("[[rule]]\neffect = 'allow'", "line 1: rule.1.name: is missing"),
        ("[[rule]]\nname = 'a'", "line 1: rule.1: effect = 'require', which is the default, needs approvals"),
        (DENY + "approvals = { x = 1 }", "line 1: rule.1: approvals belong to effect = 'require'"),
        (ALLOW + "operations = 'service.*'", 'line 4: rule.1.operations: must be a list, such as ["…"]'),
        (ALLOW + "requesters = []", "line 4: rule.1.requesters: must not be empty; leave it out"),
        (ALLOW + ALLOW, "line 5: two rules are called 'a': each answer names its rule"),
        (ALLOW + "\n[[rule]]\nname = 'b'\napprovals = { x = 1 }", "line 7: rule 'b' names the group 'x', which is not"),
        (ALLOW + "requesters = ['x']", "line 4: rule 'a' names the group 'x', which is not defined"),
        ("[[rule]]\nname = 'a'\napprovals = { everyone = 1 }", "line 3: rule 'a' asks for approvals of 'everyone'"),
        ("[[rule]]\nname = 'a'\napprovals = { x = 0 }\n[group.x]\nusers = ['U1']", "line 1: rule.1: each number"),
        ("[[rule]]\nname = 'a'\napprovals = { x = 'two' }", "line 3: rule.1.approvals.x: must be a whole number"),
        (ALLOW + "tiers = ['high']", "line 4: rule 'a' names the tier 'high', which is not defined"),
        (
            ALLOW + "self_approval = true",
            "line 1: rule.1: self_approval is for effect = 'require' and tiers = ['free']",
        ),
        ("[group.x]\nlabel = 'empty'", "line 1: group.x: a group needs users, usergroup, channel or quiet"),
        ("[group.x]\nusers = ['rita']", "line 2: group.x.users: 'rita' is not a member id such as U024BE7LH"),
        ("[group.x]\nchannel = '#approvals'", "line 2: group.x.channel: '#approvals' is not a channel id"),
        ("[group.x]\nusergroup = '@legal'", "line 2: group.x.usergroup: '@legal' is not the id of a user group"),
        ("[group.everyone]\nusers = ['U1']", "line 1: the group 'everyone' is built in"),
        ("[rights]\naudit = ['auditors']", "line 2: rights.audit names the group 'auditors', which is not defined"),
        (
            "[[tier]]\nname = 'a'\nover_usd = 0\n[[tier]]\nname = 'b'\nover_usd = 0",
            "line 6: the tiers must stand in order",
        ),
        ("[[tier]]\nname = 'a'\nover_usd = 5", "line 1: the first tier must begin over_usd = 0"),
        ("[[tier]]\nname = 'free'\nover_usd = 0", "line 2: each tier needs a name of its own"),
        ("[cap]\nmain = -1", "line 2: a cap is at least 0"),
        ("[cap]\nmain = 'lots'", "line 2: cap.main: must be a"),
        ("[pending]\nexpires_days = 900", "line 2: pending.expires_days: must be less than or equal to 90"),
        (
            DENY + "operations = [\n  'campain.*',\n]",
            "line 4: rule 'b' names the operation 'campain.*', which fits none",
        ),
        (ALLOW + "accounts = ['mian']", "line 4: rule 'a' names the account 'mian', which fits none that there is; is"),
        (ALLOW + "[cap]\nmian = 5", "line 5: the cap of 'mian' fits no account that there is (main, west); is 'main'"),
        ("# only words", "there is no [[rule]] in it, so nobody could ask for anything"),
        (
            "[[rule]]\nname = 'a'\n[[rule]\n",
            "line 3: Expected ']]' at the end of an array declaration (this is not TOML)",
        ),
        (ALLOW + "effect = 'deny'", "line 4: Cannot overwrite a value (this is not TOML)"),
    ],
)
def test_a_policy_that_cannot_be_used_says_where_and_why(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(text)
    with pytest.raises(PolicyProblem) as caught:
        load_policy(file, KNOWN)
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(file))


def test_a_policy_in_another_encoding_says_on_which_line(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_bytes(ALLOW.encode() + "# für alle".encode("latin-1"))
    with pytest.raises(PolicyProblem, match="line 4: this is not text in UTF-8"):
        load_policy(file)


def test_a_policy_that_was_saved_by_an_editor_of_windows_is_read(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_bytes(b"\xef\xbb\xbf" + ALLOW.replace("\n", "\r\n").encode())
    assert load_policy(file).rules[0].name == "a"


def test_a_policy_that_is_not_there_is_no_reason_to_allow_everything(tmp_path: Path) -> None:
    with pytest.raises(PolicyProblem, match="No such file"):
        load_policy(tmp_path / "missing.toml")


def test_everyone_may_be_named_as_requesters(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(ALLOW + "requesters = ['everyone']")
    assert judge(load_policy(file), Asked(operation="service.create"), [EVERYONE]).allowed


def look_twice(book: Rulebook) -> bool:
    """Two looks, as what is changed is taken when it has come to rest."""
    return any([book.look_again(), book.look_again()])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "policy.toml"
    file.write_text(ALLOW)
    return file


@pytest.fixture
def book(file: Path) -> Rulebook:
    return Rulebook.of(file, KNOWN)


def test_a_file_that_is_caught_in_the_middle_of_being_saved_is_not_taken(file: Path, book: Rulebook) -> None:
    file.write_text("")
    assert not book.look_again()
    file.write_text(ALLOW + DENY)
    assert not book.look_again()
    assert (book.look_again(), len(book.policy.rules), book.problem) == (True, 2, "")
    assert not look_twice(book)


@pytest.mark.parametrize("broken", ["[[rule]]\nname =", None, ""])
def test_a_file_that_breaks_leaves_the_policy_in_force_and_is_taken_once_it_is_mended(
    file: Path, book: Rulebook, broken: str | None
) -> None:
    file.unlink()
    if broken is not None:
        file.write_text(broken)
    assert look_twice(book)
    assert book.problem.startswith(file.name), "people read it in Slack: no path of the server"
    assert [rule.name for rule in book.policy.rules] == ["a"]
    assert not look_twice(book)
    file.write_text(DENY)
    assert look_twice(book)
    assert (book.problem, [rule.name for rule in book.policy.rules]) == ("", ["b"])


def test_a_file_that_is_mended_as_it_was_is_news_as_well(file: Path, book: Rulebook) -> None:
    whole = book.state
    file.write_text("not toml")
    assert look_twice(book)
    assert book.state != whole
    file.write_text(ALLOW)
    assert look_twice(book)
    assert (book.state, book.problem) == (whole, "")


def test_a_comment_is_no_news(file: Path, book: Rulebook) -> None:
    file.write_text("# for all\n" + ALLOW)
    assert not look_twice(book)
