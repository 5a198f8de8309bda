"""What nobody needs to approve is settled by whoever asked for it, and by nobody else."""

from pathlib import Path

from tests.e2e.answers import SERVICE
from tests.e2e.world import APPROVALS, BOB, RITA, World, shown

FREE = """
[group.approvers]
label = "the approvers"
channel = "$approvals"

[[rule]]
name = "services are free"
operations = ["service.*"]
effect = "allow"
"""


async def test_the_requester_of_a_free_change_settles_its_unknown_outcome_and_nobody_else(
    empty_world: World, tmp_path: Path
) -> None:
    world, policy = empty_world, tmp_path / "policy.toml"
    policy.write_text(FREE)
    async with world.bot(TENFOUR_POLICY=str(policy)):
        world.twilio.faults.add(match="POST /v1/Services$", status=500, times=3)
        await world.fill(RITA, "/a2p-service", "create", *SERVICE)
        await world.slack.submit(RITA)
        card = await world.card(1, "change.did_not")
        await world.slack.click(BOB, "change.did_not", channel=APPROVALS, ts=card["ts"])
        refused = await world.hears(APPROVALS, "Only people who asked for it", user=BOB)
        assert f"<@{RITA}>" in shown(refused), "it names who may"
        assert world.twilio.created("service") == []
        await world.slack.click(RITA, "change.did_not", channel=APPROVALS, ts=card["ts"])
        await world.done(1)
        assert len(world.twilio.created("service")) == 1
