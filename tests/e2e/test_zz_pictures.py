"""Throw-away."""
import time
from pathlib import Path
from tests.e2e.screen import open_screen
from tests.e2e.answers import SERVICE
from tests.e2e.world import A2P, ANN, APPROVALS, BOB, GUS, RITA, World, shown

POLICY = f"""
[group.approvers]
label = "the approvers"
users = ["{ANN}", "{BOB}"]

[group.legal]
label = "legal & finance"
users = ["{BOB}", "{RITA}", "{GUS}"]

[[tier]]
name = "low"
over_usd = 0
[[tier]]
name = "high"
over_usd = 50
[cap]
main = 3

[rights]
break_glass = ["approvers"]

[[rule]]
name = "money is for two"
operations = ["number.*"]
effect = "require"
approvals = {{ approvers = 2, legal = 1 }}
[[rule]]
name = "one for everything"
operations = ["*"]
effect = "require"
approvals = {{ approvers = 1 }}
"""
TWO = 'buy area_code=503 phone_numbers="+15035550101,+15035550102" service="Acme support"'
ONE = 'buy area_code=503 phone_numbers="+15035550103" service="Acme support"'

async def test_pictures(empty_world: World) -> None:
    world = empty_world
    policy = world.state.with_name("policy.toml")
    policy.write_text(POLICY)
    world.slack.twilio_url = world.twilio.url
    async with world.bot(TENFOUR_POLICY=str(policy)), open_screen(world.slack.url) as screen:
        page = screen.page
        async def shut():
            for u in (ANN, BOB, RITA, GUS):
                if world.slack.views(u):
                    await world.slack.close(u, all_views=True)
        async def shot(name, what="modal"):
            await page.wait_for_timeout(700)
            await page.screenshot(path=f"/tmp/pics/{name}.png", full_page=True)
        async def card(number, name):
            await shut()
            await screen.be(ANN, APPROVALS)
            await page.wait_for_timeout(700)
            await page.set_viewport_size({"width": 1280, "height": 1400})
            await shot(name)
        one = await world.request(RITA, "/a2p-number", TWO)
        two = await world.request(RITA, "/a2p-number", ONE)
        await card(two, "01-card")
        await world.slack.command(ANN, A2P, "/a2p-freeze", 'on account=main hours=4 reason="Carrier outage"')
        await world.card(two, "It can be decided")
        await card(two, "02-frozen")
        await page.locator('[data-action-id="change.approve"]').last.click()
        await shot("03-confirm")
        for user, name in ((BOB, "04-why-approver"), (RITA, "05-why-requester")):
            await screen.be(user, APPROVALS)
            await page.locator('[data-action-id="change.why"]').last.click()
            await page.wait_for_timeout(900)
            await shot(name)
        await shut()
        ts = (await world.card(two))["ts"]
        await world.slack.click(GUS, "change.why", channel=APPROVALS, ts=ts) if GUS in world.slack.store.channels[APPROVALS].members else None
        free = await world.request(RITA, "/a2p-service", "create", *SERVICE)
        await world.slack.open_home(ANN)
        ts = (await world.card(two))["ts"]
        await world.slack.click(ANN, "change.details", channel=APPROVALS, ts=ts)
        await world.sees(ANN, "change.break_glass")
        await world.slack.click(ANN, "change.break_glass")
        await world.sees(ANN, "Why can this not wait?")
        await world.slack.submit(ANN, {"reason": "The old sender is blocked"})
        await world.card(two, "Let through without")
        await world.approve(BOB, free)
        await world.card(free, "held by a freeze")
        await card(two, "07-broken-frozen")
        await shut()
        await screen.be(BOB, A2P)
        await page.get_by_test_id("home-link").click()
        await shot("08-home-bob")
        await shut()
        await screen.be(RITA, A2P)
        await page.get_by_test_id("home-link").click()
        await shot("09-home-rita")
        await shut()
        await screen.be(BOB, A2P)
        await page.get_by_test_id("composer").fill("/a2p-approvals")
        await page.get_by_test_id("send").click()
        await screen.hears("Frozen now")
        await shot("10-list")
        await screen.type_command("/a2p-freeze")
        await page.wait_for_timeout(500)
        await shot("11-freeze")
        await screen.close()
        await screen.type_command("/a2p-approvals away")
        await shot("12-away")
        await screen.close()
        await page.get_by_test_id("composer").fill(f"/a2p-audit change={two}")
        await page.get_by_test_id("send").click()
        await screen.hears("newest first")
        await shot("13-audit")
        await screen.be(BOB, APPROVALS)
        await page.locator('[data-action-id="change.details"]').last.click()
        await shot("14-details")
        await world.slack.command(ANN, A2P, "/a2p-freeze", "off account=main")
        await world.done(two)
        await card(two, "15-broken-done")
        await screen.be(RITA, "D0RITA")
        await shot("16-dm")
