"""A policy file that changes or breaks while the bot runs, and what the command line says with Slack's help."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from typer.testing import Result

from tests.e2e.answers import SERVICE
from tests.e2e.test_cli import started
from tests.e2e.world import A2P, ANN, APPROVALS, BOB, GUS, RITA, World, shown
from tests.test_policy_cli import check

GROUPS = f"""
[group.approvers]
users = ["{ANN}", "{BOB}", "{GUS}"]
"""
ONE = GROUPS + '[[rule]]\nname = "one of us"\napprovals = { approvers = 1 }\n'
TWO = GROUPS + '[[rule]]\nname = "two of us"\napprovals = { approvers = 2 }\n'
DENY = '[[rule]]\nname = "not in here"\nchannels = ["C0A2P"]\neffect = "deny"\n'
ELSEWHERE = '[[rule]]\nname = "not on main"\naccounts = ["main"]\neffect = "deny"\n'


def save(file: Path, text: str | None) -> None:
    """Save as editors do, written beside and then put in its place; or remove it."""
    if text is None:
        file.unlink()
        return
    draft = file.with_suffix(".new")
    draft.write_text(text)
    draft.replace(file)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "policy.toml"
    file.write_text(ONE)
    return file


@pytest_asyncio.fixture
async def two(empty_world: World, file: Path) -> AsyncIterator[World]:
    """A world with two replicas of the bot in it, which share the file."""
    async with AsyncExitStack() as stack:
        for name in ("one", "other"):
            state = str(file.with_name(name))
            bot = empty_world.bot(TENFOUR_POLICY=str(file), TENFOUR_STATE=state, TENFOUR_ENCRYPTION_KEY=KEY)
            await stack.enter_async_context(bot)
        yield empty_world


KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def said(world: World, words: str) -> list[str]:
    """The messages of the approvals channel with these words."""
    return [m["text"] for m in world.slack.messages(APPROVALS) if words in shown(m)]


@pytest.mark.long
async def test_a_changed_file_is_in_force_within_seconds_and_one_that_breaks_is_told_and_changes_nothing(
    two: World, file: Path
) -> None:
    waiting = await two.request(RITA, "/a2p-service", "create", *SERVICE)
    assert said(two, "policy") == []
    save(file, TWO)
    await two.hears(APPROVALS, "Rule added: “two of us”")
    await two.card(waiting, "of 2")
    await two.slack.click(ANN, "change.approve", channel=APPROVALS, ts=(await two.card(waiting, "Approve"))["ts"])
    await two.card(waiting, "1 of 2")
    save(file, TWO.replace("approvals =", "aprovals ="))
    await two.hears(APPROVALS, "rule.1.aprovals: is not known here; is 'approvals' meant?")
    save(file, None)
    await two.hears(APPROVALS, "No such file or directory")
    assert "1 of 2" in shown(await two.card(waiting))
    save(file, ONE)
    await two.hears(APPROVALS, "The policy file can be used again. Another policy is in force.")
    await two.done(waiting)  # one approval is there, and suffices
    save(file, TWO)
    await two.until(lambda: len(said(two, "Rule added: “two of us”")) == 2, "a policy that comes back is news")
    told = ("Rule added: “one of us”", "aprovals", "No such file", "can be used again")
    assert [len(said(two, words)) for words in told] == [1, 1, 1, 1]


@pytest.mark.parametrize("deny", [DENY, ELSEWHERE])
async def test_nobody_fills_in_a_form_that_the_rule_for_this_account_or_channel_denies(
    empty_world: World, file: Path, deny: str
) -> None:
    save(file, ONE + deny)
    async with empty_world.bot(TENFOUR_POLICY=str(file)):
        await empty_world.slack.command(RITA, A2P, "/a2p-service", "create")
        await empty_world.sees(RITA, "You may not ask for service.create (policy: not")


async def test_a_bot_does_not_start_with_a_policy_that_cannot_be_used(empty_world: World, file: Path) -> None:
    broken = ONE.replace("approvers = 1", "aprovers = 1")
    save(file, broken)
    code, output = await started(**empty_world.environment(TENFOUR_POLICY=str(file)))
    assert code == 2
    line = broken.splitlines().index("approvals = { aprovers = 1 }") + 1
    assert f"TENFOUR_POLICY: {file}, line {line}: rule 'one of us' names the group 'aprovers'" in output


async def test_who_could_approve_is_answered_with_people_as_slack_knows_them(empty_world: World, file: Path) -> None:
    needs = ("SLACK_BOT_TOKEN", "SLACK_API_URL", "TENFOUR_APPROVALS_CHANNEL")
    environment = {name: value for name, value in empty_world.environment().items() if name in needs}
    save(file, ONE.replace("[group.approvers]", "[group.approvers]\nusergroup = 'S0APPROVERS'\nchannel = '$approvals'"))

    async def asked(user: str, **other: str) -> Result:
        question = (str(file), "--operation", "service.create", "--requester", user)
        return await asyncio.to_thread(check, *question, **environment | other)

    found = await asked(ANN)
    assert found.exit_code == 0, found.output
    assert "approvers (approvers): 1 of 2 who could" in found.stdout
    assert f"({ANN}) cannot: Nobody approves what they asked for themselves." in found.stdout
    assert f"({GUS}) cannot: Guests take no part in this." in found.stdout
    assert f"({BOB})\n" in found.stdout
    assert f"({GUS}) may ask for nothing. Guests take no part in this." in (await asked(GUS)).stderr
    assert "is not set, and the policy asks for" in (await asked(ANN, TENFOUR_APPROVALS_CHANNEL="")).stderr
    assert "SLACK_BOT_TOKEN: Slack says invalid_auth" in (await asked(ANN, SLACK_BOT_TOKEN="xoxb-not-this-one")).stderr
    save(file, ONE.replace("[group.approvers]", "[group.approvers]\nusergroup = 'S0GONE'"))
    assert "names the user group S0GONE, but Slack knows none of that id" in (await asked(ANN)).stderr
