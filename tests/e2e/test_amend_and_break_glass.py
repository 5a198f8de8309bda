"""A change that waits is amended, or runs by broken glass and is signed off; people are told what became of it."""

import json

from tests.e2e.answers import SERVICE
from tests.e2e.world import A2P, ANN, APPROVALS, BOB, GUS, RITA, World, shown

POLICY = f"""
[group.approvers]
label = "the approvers"
users = ["{ANN}", "{BOB}"]

[group.on-call]
label = "those on call"
users = ["{RITA}", "{GUS}"]

[rights]
break_glass = ["on-call"]

[[rule]]
name = "two for everything"
operations = ["*"]
effect = "require"
approvals = {{ approvers = 2 }}
"""


async def click(world: World, user: str, action: str, number: int) -> None:
    ts = (await world.card(number))["ts"]
    await world.slack.click(user, f"change.{action}", channel=APPROVALS, ts=ts)


async def amended(world: World, number: int, name: str) -> None:
    """Rita opens the form, changes the name, and comes to the preview."""
    await click(world, RITA, "amend", number)
    await world.sees(RITA, "The preview shows what differs then")
    await world.slack.submit(RITA, {"friendly_name": name})
    await world.page(RITA, 2)
    await world.slack.submit(RITA)
    await world.previewed(RITA)


async def amend(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await click(world, BOB, "amend", number)
    await world.hears(APPROVALS, "it holds their answers", user=BOB)
    before = await world.digest(number)
    await world.approve(ANN, number)
    await world.card(number, "1 of 2")
    await amended(world, number, "Acme news")
    preview = shown(world.view(RITA))
    assert f"This replaces the plan of #{number}. 1 approval given so far becomes void." in preview
    assert "FriendlyName was Acme alerts, would be Acme news" in preview
    await world.slack.submit(RITA)
    await world.sees(RITA, f"Amended #{number}")
    await world.slack.close(RITA, all_views=True)
    card = await world.card(number, "Acme news")
    assert "0 of 2" in shown(card)
    assert "It was amended, so approvals given before that are void" in shown(card)
    await world.told(ANN, "so your approval is void")
    assert before not in shown(card), "no button of the plan before is left"
    await world.approve(ANN, number)
    await world.approve(BOB, number)
    await world.done(number)
    assert [s["friendly_name"] for s in world.twilio.created("service")][-1:] == ["Acme news"]


async def amend_too_late(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await amended(world, number, "Acme offers")
    await world.approve(ANN, number)
    await world.approve(BOB, number)
    await world.done(number)
    await world.slack.submit(RITA)
    refused = shown(await world.sees(RITA, f"#{number} can no longer be amended: it is done"))
    assert "What you gave is kept: `/a2p-service create` offers it" in refused
    await world.slack.close(RITA, all_views=True)
    await world.slack.command(RITA, A2P, "/a2p-service", "create")
    await world.sees(RITA, f"You left an amendment of #{number}")
    await world.slack.click(RITA, "form.resume")
    await world.sees(RITA, "That is what this form does now")
    await world.slack.close(RITA, all_views=True)


async def break_glass(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await click(world, ANN, "details", number)
    await world.sees(ANN, "Exactly what is done")
    assert "change.break_glass" not in shown(world.view(ANN)), "not for those without the right"
    await world.slack.close(ANN, all_views=True)
    await click(world, RITA, "details", number)
    await world.sees(RITA, "change.break_glass")
    await world.slack.click(RITA, "change.break_glass")
    await world.sees(RITA, "Why can this not wait?")
    await world.slack.submit(RITA, {"reason": "The old sender is blocked"})
    card = await world.card(number, "Ran without its approvals")
    assert "The old sender is blocked" in shown(card)
    await world.done(number)
    assert not world.slack.views(RITA)
    news = await world.hears(APPROVALS, "<@U0RITA> broke glass")
    assert news["subtype"] == "thread_broadcast"
    assert "Passed over: 2 of the approvers must approve (0 so far). Rule “two for everything”." in shown(news)
    for user in (ANN, BOB):
        await world.told(user, "yours is one of those")
    await world.slack.command(ANN, APPROVALS, "/a2p-approvals", "reviews")
    listed = await world.hears(APPROVALS, "1 of them by you", user=ANN)
    assert f"#{number}" in shown(listed)
    await click(world, ANN, "sign_off", number)
    await world.sees(ANN, "The old sender is blocked")
    await world.slack.submit(ANN, {"note": "Right to do so"})
    signed = shown(await world.card(number, "Signed off by <@U0ANN>"))
    assert "Right to do so" in signed
    assert "change.sign_off" not in signed
    await world.told(RITA, "signed off")
    for user in (ANN, BOB):
        said = [m for m in world.slack.messages("D" + user[1:]) if "yours is one of those" in json.dumps(m)]
        assert len(said) == 1


async def test_a_change_is_amended_in_time_and_too_late_and_another_runs_by_broken_glass(empty_world: World) -> None:
    policy = empty_world.state.with_name("policy.toml")
    policy.write_text(POLICY)
    async with empty_world.bot(TENFOUR_POLICY=str(policy)):
        await amend(empty_world)
        await amend_too_late(empty_world)
        await break_glass(empty_world)
