"""The policy: whether it can be used, and what is probably not meant."""

from pathlib import Path

from bot.catalog import catalog
from bot.maintenance.inspection.report import Line, fail, ok, warn
from bot.policy.doubts import doubts
from bot.policy.file import PolicyProblem, Surroundings, load_policy


def surroundings(accounts: tuple[str, ...]) -> Surroundings:
    """What rules can speak about."""
    return Surroundings(tuple(o.name for o in catalog().operations), accounts)


def policy_lines(file: Path | None, accounts: tuple[str, ...]) -> list[Line]:
    """What the file says, or the built-in policy where there is none; Slack tells which of its channels are open."""
    around = surroundings(accounts)
    try:
        policy = load_policy(file, around)
    except PolicyProblem as problem:
        return [fail("Policy", str(problem), "`tenfour policy check FILE` reads a file before it is used.")]
    found = doubts(policy, around, doors=False)
    if found:
        return [warn("Policy", sentence, "`tenfour policy check` says what the policy means.") for sentence in found]
    return [ok("Policy", f"{file or 'the built-in policy'} can be used.")]
