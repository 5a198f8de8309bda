"""Slack gives up on a click after three seconds: nothing that may be slow comes before a window is open."""

from pathlib import Path

from tests.e2e.world import A2P, RITA, World

POLICY_BY_CHANNEL = """
[group.approvers]
channel = "$approvals"
[group.askers]
channel = "C0A2P"

[[rule]]
name = "askers ask"
requesters = ["askers"]
approvals = { approvers = 1 }
"""


async def test_a_form_opens_before_slack_has_said_who_may_ask(empty_world: World, tmp_path: Path) -> None:
    world, policy = empty_world, tmp_path / "policy.toml"
    policy.write_text(POLICY_BY_CHANNEL)
    async with world.bot(TENFOUR_POLICY=str(policy)):
        await world.slack.command(RITA, A2P, "/a2p-watch", "on")  # whoever asks is known from now on, their groups not
        await world.hears(A2P, "hears", user=RITA)
        world.slack.faults.add(method="conversations.members", delay=2.6)
        opened = await world.slack.command(RITA, A2P, "/a2p-service", "create")
        assert (opened.status, opened.messages) == ("acked", [])
        await world.page(RITA, 1)
