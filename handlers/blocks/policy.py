"""What the approvals channel hears of the policy file."""

from bot.policy.policy import Policy
from bot.policy.words import differences
from handlers.blocks import kit
from handlers.blocks.kit import Message


def policy_broken(problem: str) -> Message:
    """The file was changed and cannot be used; `problem` says where and why."""
    text = (
        "The policy file was changed, and as it is now it cannot be used. The policy from before stays in force. "
        "Whoever keeps the file must mend it soon: Tenfour would not start with it."
    )
    return kit.message(text, [kit.section(text), *map(kit.rich, kit.preformatted(problem))])


def policy_changed(before: Policy | None, after: Policy, *, mended: bool) -> Message:
    """Another policy is in force, or the file was mended; `before` is None where that is not known any more."""
    whole = "The policy file can be used again. " if mended else ""
    changed = ["What has changed cannot be told."] if before is None else differences(before, after)
    if not changed:
        text = f"{whole}The policy says what it said before."
        return kit.message(text, [kit.section(text)])
    text = f"{whole}Another policy is in force. What waits for approval is judged by it, and approvals given count on."
    return kit.message(text, [kit.section(text), *map(kit.rich, kit.preformatted("\n".join(changed)))])
