"""`tenfour policy check`: whether a policy can be used, what it says, and who could approve what for whom."""

import asyncio
import difflib
import os
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot.catalog import catalog
from bot.changes.people import Directory
from bot.changes.refusal import Refusal
from bot.policy.doubts import doubts
from bot.policy.explained import explained, tier_explained
from bot.policy.file import PolicyProblem, Surroundings, load_policy
from bot.policy.judge import impossible
from bot.policy.policy import APPROVALS_CHANNEL, EVERYONE, Policy
from bot.policy.verdict import Asked, Requirement
from bot.policy.words import approvals_in_words, group_in_words, policy_in_words
from bot.settings import SettingsProblem, load_settings

OpenDirectory = Callable[[Mapping[str, str]], AbstractAsyncContextManager[Directory]]
"""Opens Slack with an environment that has SLACK_BOT_TOKEN. Raises `Refusal`."""


@dataclass(frozen=True)
class Question:
    """Who asks for what, as far as the command line says."""

    asked: Asked
    requester: str
    groups: tuple[str, ...]


def policy_app(open_directory: OpenDirectory) -> typer.Typer:
    """The sub-commands of `tenfour policy`; Slack is asked through what is passed in."""
    app = typer.Typer(help="The policy: who may ask for what, and who must approve it.", no_args_is_help=True)

    @app.callback()
    def policy() -> None:
        """The policy: who may ask for what, and who must approve it."""

    @app.command()
    def check(
        file: Annotated[
            Path | None, typer.Argument(help="The file; else that of TENFOUR_POLICY, else the built-in policy.")
        ] = None,
        operation: Annotated[str, typer.Option(help="What is asked for, such as campaign.register.")] = "",
        requester: Annotated[str, typer.Option(help="Who asks: a Slack member id, such as U024BE7LH.")] = "",
        groups: Annotated[
            str, typer.Option(help="Groups of the policy that the requester is in, with commas; Slack is not asked.")
        ] = "",
        account: Annotated[str, typer.Option(help="Name of the Twilio account.")] = "",
        channel: Annotated[str, typer.Option(help="Slack id of the channel in which it is asked for.")] = "",
        usd: Annotated[str, typer.Option(help="What the part that is asked for costs, one-off and first month.")] = "",
        committed: Annotated[
            str, typer.Option(help="What others have asked for on the account in this month, in US dollars.")
        ] = "0",
    ) -> None:
        """Check a policy file: exit 2 when it cannot be used. With --operation, say who could approve that."""
        around = _around()
        used = file or _configured()
        try:
            read = load_policy(used, around)
        except PolicyProblem as problem:
            _give_up(str(problem))
        typer.echo(f"{used or 'The built-in policy'} can be used.")
        if not operation:
            _summary(read, around)
            return
        asked = Asked(
            operation=_one_of(operation, around.operations, "operation"),
            account=_one_of(account, around.accounts, "account") if account else None,
            channel=channel or None,
            usd=_dollars(usd, "--usd") if usd else None,
            committed=_dollars(committed, "--committed"),
        )
        named = tuple(_one_of(name.strip(), [*read.groups], "group") for name in groups.split(",") if name.strip())
        try:
            asyncio.run(_answer(read, Question(asked, requester, named), open_directory))
        except Refusal as no:
            _give_up(str(no))

    return app


def _summary(policy: Policy, around: Surroundings) -> None:
    for title, sentences in policy_in_words(policy):
        typer.echo(f"\n{title}")
        for sentence in sentences:
            typer.echo(f"  {sentence}")
    if found := doubts(policy, around):
        typer.echo("\nPlease look at this")
        for sentence in found:
            typer.echo(f"  {sentence}")


async def _answer(policy: Policy, question: Question, open_directory: OpenDirectory) -> None:
    if os.environ.get("SLACK_BOT_TOKEN", "").strip():
        _refuse_without_channel(policy)
        async with open_directory(os.environ) as directory:
            if question.requester and (person := await directory.person(question.requester)).bar:
                _give_up(f"{person.name} ({person.id}) may ask for nothing. {person.bar}")
            mine = [n for n in sorted(policy.asking) if question.requester in await directory.members(policy.groups[n])]
            requirement = _say_who_decides(policy, question, mine)
            if requirement:
                await _say_who(policy, question, requirement, directory)
        return
    typer.echo("SLACK_BOT_TOKEN is not set, so Slack is not asked: groups are listed as the file names them.")
    mine = [name for name in sorted(policy.asking) if question.requester in policy.groups[name].listed]
    if requirement := _say_who_decides(policy, question, mine):
        for need in requirement.groups:
            typer.echo(f"  {need.need} of {group_in_words(need.group, policy.groups[need.group])}")
        if not requirement.self_approval:
            typer.echo(f"  {question.requester or 'Whoever asks'} does not count.")


def _say_who_decides(policy: Policy, question: Question, mine: Collection[str]) -> Requirement | None:
    """Say what the rules say; the requirement, when there is one to meet."""
    groups = {EVERYONE, *(question.groups or mine)}
    verdict, words = explained(policy, question.asked, groups)
    asked = question.asked
    where = f"{f' on {asked.account}' if asked.account else ''}{f' in {asked.channel}' if asked.channel else ''}"
    of = ", ".join(sorted(groups - {EVERYONE}))
    typer.echo(
        f"\n{asked.operation} asked for by {question.requester or 'somebody'}{f' (of {of})' if of else ''}{where}"
    )
    typer.echo(f"  {tier_explained(policy, asked)}")
    for n, word in enumerate(words, start=1):
        typer.echo(f"  {n}. “{word.rule}” {word.said}{f': {word.why}' if word.why else ''}.")
    typer.echo("")
    if not verdict.allowed:
        typer.echo(f"It may not be asked for ({verdict.rule}).")
    elif verdict.requirement is None:
        typer.echo(
            "It may be asked for as far as that is known. Give --account, --channel and --usd for the whole answer."
        )
    elif not verdict.requirement.groups:
        typer.echo(f"It may be asked for, and needs nobody's approval (rule “{verdict.rule}”).")
    else:
        needs = {need.group: need.need for need in verdict.requirement.groups}
        typer.echo(f"It may be asked for, and takes {approvals_in_words(policy, needs)} (rule “{verdict.rule}”).")
        return verdict.requirement
    return None


async def _say_who(policy: Policy, question: Question, requirement: Requirement, directory: Directory) -> None:
    """Say for each group who could approve, and who could not and why."""
    able: dict[str, list[str]] = {}
    for need in requirement.groups:
        people = [await directory.person(user) for user in sorted(await directory.members(policy.groups[need.group]))]
        bars = {p.id: p.bar for p in people}
        if not requirement.self_approval and question.requester in bars:
            bars[question.requester] = "Nobody approves what they asked for themselves."
        able[need.group] = [p.id for p in people if not bars[p.id]]
        count = f"{need.need} of {len(able[need.group])} who could"
        typer.echo(f"  {need.group} ({need.label}): {count}")
        for person in people:
            typer.echo(f"    {person.name} ({person.id}){f' cannot: {bars[person.id]}' if bars[person.id] else ''}")
    if why := impossible(requirement, able, question.requester):
        typer.echo(f"Nobody could approve this, so it would be refused: {why}.")


def _refuse_without_channel(policy: Policy) -> None:
    channels = {group.channel for group in policy.groups.values()}
    if APPROVALS_CHANNEL in channels and not os.environ.get("TENFOUR_APPROVALS_CHANNEL", "").strip():
        _give_up("TENFOUR_APPROVALS_CHANNEL is not set, and the policy asks for the members of that channel.")


def _configured() -> Path | None:
    named = os.environ.get("TENFOUR_POLICY", "").strip()
    return Path(named) if named else None


def _around() -> Surroundings:
    """What rules can speak about: the catalogue, and the accounts where the bot's settings are there."""
    operations = tuple(o.name for o in catalog().operations)
    try:
        return Surroundings(operations, tuple(account.name for account in load_settings(os.environ).accounts))
    except SettingsProblem:
        return Surroundings(operations)


def _one_of(name: str, known: Collection[str], kind: str) -> str:
    if known and name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
        _give_up(f"There is no {kind} called {name}. {hint}")
    return name


def _dollars(text: str, option: str) -> Decimal:
    try:
        usd = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        usd = Decimal("NaN")
    if not usd.is_finite() or usd < 0:
        _give_up(f"{option} must be an amount in US dollars, such as 15 or 4.50, not {text}.")
    return usd


def _give_up(said: str) -> NoReturn:
    typer.echo(said, err=True)
    raise typer.Exit(2)
