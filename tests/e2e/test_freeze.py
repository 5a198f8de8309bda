"""A freeze holds back what is approved and says so, and is lifted; whoever is away is stood in for."""

import time
from dataclasses import replace

from bot.changes.freezes import ALL, Freeze, Freezes
from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.sandbox.twilio.start_state import ACCOUNT_SID as MAIN
from bot.sandbox.world import TEAM_ID, Person
from bot.settings import encryption_keys, load_settings
from bot.vault import Vault
from handlers.acts import Act, ActStore
from tests.e2e.answers import SERVICE
from tests.e2e.world import A2P, ANN, APPROVALS, BOB, GUS, HURRY, RITA, Json, World, shown

NED = "U0NED"
TYPED = 'on account=main hours=4 reason="Carrier outage"'


def card_now(world: World, number: int) -> Json:
    """The card of a change as it stands now."""
    return next(m for m in world.slack.messages(APPROVALS) if m["text"].startswith(f"#{number} "))


async def test_what_is_approved_in_a_freeze_waits_says_so_and_runs_when_it_is_lifted(world: World) -> None:
    world.slack.meet(Person(NED, "ned", "Ned", "", "808080"), A2P)
    for user, text, words in (
        (NED, TYPED, "neither freeze nor lift what is frozen: by policy that is for the approvers"),
        (GUS, TYPED, "Guests take no part"),
        (ANN, "off account=main", "There is no freeze of main to lift. Nothing is frozen now."),
    ):
        await world.slack.command(user, A2P, "/a2p-freeze", text)
        await world.hears(A2P, words, user=user)
    for text, words in (
        ("on account=main hours=4", "Say reason=… too"),
        ("on account=mian hours=4 reason=x", "Did you mean main?"),
        ("on acount=main hours=4 reason=x", "Did you mean account=?"),
        ("on account=main hours=-1 reason=x", "passed already"),
        ("on account=main hours=2161 reason=x", "at most 90 days"),
        ("on account=main hours=nan reason=x", "not a number"),
        ("thaw", "is not known"),
    ):
        assert words in shown((await world.slack.command(ANN, A2P, "/a2p-freeze", text)).ack or {}), text
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)

    await world.slack.command(ANN, A2P, "/a2p-freeze", TYPED)
    await world.hears(APPROVALS, "has frozen main until")
    assert "Carrier outage" in shown(await world.told(ANN, "has frozen main until"))
    await world.card(number, "It can be decided, but will not run before that ends or is lifted.")
    await world.approve(BOB, number)
    card = shown(await world.card(number, "Approved, held by a freeze"))
    assert f"Frozen by <@{ANN}> until" in card
    assert "“Carrier outage”. It runs when that ends or is lifted." in card
    await world.told(RITA, "It runs when that ends or is lifted")
    await world.slack.command(RITA, A2P, "/a2p-approvals")
    await world.hears(A2P, "*main* · frozen by", user=RITA)
    await world.slack.open_home(RITA)
    await world.until(lambda: "frozen by" in shown(world.slack.home(RITA) or {}), "it stands on App Home")
    assert world.twilio.created("service") == []

    await world.slack.command(NED, A2P, "/a2p-freeze")
    await world.sees(NED, "neither freeze nor lift")
    assert "freeze.lift" not in shown(world.view(NED))
    await world.slack.command(BOB, A2P, "/a2p-freeze")
    await world.sees(BOB, "Frozen now")
    past = await world.slack.submit(BOB, {"account": "*", "reason": "Audit", "until": int(time.time()) - 60})
    assert set(past.errors) == {"until"}
    far = await world.slack.submit(BOB, {"account": "*", "reason": "Audit", "until": int(time.time()) + 91 * 86400})
    assert set(far.errors) == {"until"}
    done = await world.slack.submit(BOB, {"account": "*", "reason": "Audit", "until": int(time.time()) + 5 * 86400})
    assert done.status == "acked"
    await world.hears(APPROVALS, "has frozen all accounts until")
    await world.card(number, "(all accounts): “Audit”.")

    await world.slack.command(BOB, A2P, "/a2p-freeze", "off account=all")
    await world.hears(APPROVALS, "*Still frozen*")
    await world.card(number, "“Carrier outage”")
    await world.slack.command(BOB, A2P, "/a2p-freeze")
    await world.sees(BOB, "freeze.lift")
    await world.slack.click(BOB, "freeze.lift", view_id=world.view(BOB)["id"])
    await world.until(lambda: "freeze.lift" not in shown(world.view(BOB)), "that it is lifted, or is being lifted")
    await world.hears(APPROVALS, f"<@{BOB}> has lifted the freeze of main, set by <@{ANN}> until")
    await world.done(number)
    assert len(world.twilio.created("service")) == 1
    await world.slack.command(BOB, A2P, "/a2p-audit", "who=U0BOB")
    await world.hears(A2P, "lifted the freeze of main", user=BOB)


async def test_a_freeze_that_ends_by_itself_goes_from_cards_and_homes_and_lets_run_what_waited(
    empty_world: World,
) -> None:
    world, ahead = empty_world, 0.0
    async with world.bot(clock=lambda: time.time() + ahead, tempo=replace(HURRY, sweep=0.3)):
        waits = await world.request(RITA, "/a2p-service", "create", *SERVICE)
        number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
        await world.slack.command(ANN, A2P, "/a2p-freeze", TYPED)
        await world.card(waits, "It can be decided, but will not run before that ends or is lifted.")
        await world.approve(BOB, number)
        await world.card(number, "Approved, held by a freeze")
        await world.slack.open_home(RITA)
        await world.until(lambda: "Approved, held by a freeze" in shown(world.slack.home(RITA) or {}), "her App Home")
        ahead = 4 * 3600 + 1
        await world.done(number)
        await world.until(lambda: "Frozen" not in shown(world.slack.home(RITA) or {}), "her App Home")
        await world.until(lambda: "Frozen" not in shown(card_now(world, waits)), "the other card")
        assert len(world.twilio.created("service")) == 1
        # no window may wait for Slack to tell who clicked, or what they may do; nothing else asks for Ned
        world.slack.meet(Person(NED, "ned", "Ned", "", "808080"), APPROVALS)
        for click, words in (
            ("change.details", "Exactly what is done"),
            ("change.reject", "Why not?"),
            ("change.why", "Which rule"),
        ):
            ahead += 3600  # he is forgotten by now
            before = len(world.slack.calls())
            await world.slack.click(NED, click, channel=APPROVALS, ts=card_now(world, waits)["ts"])
            await world.sees(NED, words)
            calls = [c for c in world.slack.calls()[before:] if c.args.get("user") == NED or c.method == "views.open"]
            assert calls[0].method == "views.open", (click, [c.method for c in calls])


async def test_whoever_is_away_is_stood_in_for_until_they_are_back(world: World) -> None:
    world.slack.meet(Person(NED, "ned", "Ned", "", "808080"), A2P)
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 3 * 86400))
    await world.slack.command(NED, A2P, "/a2p-approvals", "away")
    await world.sees(NED, "You are in no group whose approval")
    await world.slack.command(ANN, A2P, "/a2p-approvals", "away")
    await world.sees(ANN, "Who decides for you?")
    for values, field in (
        ({"to": ANN, "until": day}, "to"),
        ({"to": NED, "until": "2020-01-01"}, "until"),
        ({"to": NED, "until": "2100-01-01"}, "until"),
    ):
        assert set((await world.slack.submit(ANN, values)).errors) == {field}
    await world.slack.submit(ANN, {"to": GUS, "until": day})
    await world.told(ANN, "cannot decide for you: guests")

    await world.slack.open_home(ANN)
    await world.until(lambda: "away.open" in shown(world.slack.home(ANN) or {}), "the button on App Home")
    await world.slack.click(ANN, "away.open", view_id=(world.slack.home(ANN) or {})["id"])
    await world.sees(ANN, "Who decides for you?")
    await world.slack.submit(ANN, {"to": NED, "until": day, "reason": "On leave"})
    await world.hears(APPROVALS, f"<@{ANN}> is away until")
    await world.told(NED, "You decide for them until")
    await world.until(lambda: "decides for you until" in shown(world.slack.home(ANN) or {}), "Ann's App Home")
    await world.slack.open_home(NED)
    await world.until(lambda: f"You decide for <@{ANN}>" in shown(world.slack.home(NED) or {}), "Ned's App Home")
    await world.slack.command(BOB, A2P, "/a2p-approvals", "away")
    await world.sees(BOB, "Who decides for you?")
    await world.slack.submit(BOB, {"to": ANN, "until": day})
    await world.told(BOB, "cannot decide for you, being away until")

    digest = await world.digest(number)
    home = world.slack.home(NED) or {}
    assert f"{number}:{digest}" in shown(home)
    await world.slack.click(NED, "change.approve", view_id=home["id"], value=f"{number}:{digest}")
    assert f"Approved by <@{NED}> for <@{ANN}>" in shown(await world.done(number))
    await world.slack.click(ANN, "away.back", view_id=(world.slack.home(ANN) or {})["id"])
    await world.hears(APPROVALS, f"<@{ANN}> is back")
    await world.told(NED, "does not decide for them any more")
    assert "You are not away" in shown((await world.slack.command(ANN, A2P, "/a2p-approvals", "back")).ack or {})


async def test_what_a_crash_left_behind_begins_nothing_that_is_over_and_lifts_nothing_newer(empty_world: World) -> None:
    now = time.time()
    vault = Vault(encryption_keys(load_settings(empty_world.environment())))
    async with open_redis(empty_world.redis_url, empty_world.state) as redis:
        freezes, acts = Freezes(redis.client, Keys(), vault, time.time), ActStore(redis.client, Keys(), vault)
        bobs = Freeze(account=MAIN, user=BOB, reason="Audit", at=now - 60, until=now + 3600)
        await freezes.begin(bobs)
        for name, user, at, what in (
            ("over", ANN, now - 200, {"how": "on", "account": ALL, "until": now - 100, "reason": "Short"}),
            ("older", RITA, now - 150, {"how": "on", "account": MAIN, "until": now + 7200, "reason": "Outage"}),
            ("lift", BOB, now - 120, {"how": "off", "account": MAIN, "seen": now - 130}),
        ):
            await acts.keep(Act(id=name, kind="freeze", user=user, team=TEAM_ID, at=at, what=what))
        async with empty_world.bot():
            await empty_world.told(ANN, "was to end before it could begin")
            await empty_world.told(RITA, "so yours does not count")
            await empty_world.told(BOB, "has frozen main anew")
        assert await freezes.standing() == [bobs]
