"""A rejection in its thread: taken over, muted, looked at elsewhere, and handed on to those who can help."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.sandbox.twilio import start_state
from bot.sandbox.twilio.start_state import ACCOUNT_SID as MAIN
from bot.sandbox.world import TEAM_ID
from bot.settings import encryption_keys, load_settings
from bot.tracking.registration import Registration
from bot.tracking.store import RegistrationStore
from bot.vault import Vault
from handlers.acts import Act, ActStore
from tests.e2e import behind
from tests.e2e.test_audit import read
from tests.e2e.world import ALERTS, ANN, BOB, RITA, Json, World, shown

SERVICE = start_state.SUPPORT_SERVICE
TITLE = "Campaign of “Acme support”"
ID = f"campaign|{MAIN}|{SERVICE}"


@asynccontextmanager
async def followed(world: World) -> AsyncIterator[RegistrationStore]:
    """Rita's campaign, which is followed as soon as there is a bot."""
    await behind.campaign(world)
    now = time.time()
    the = Registration(kind="campaign", account=MAIN, key=SERVICE, title=TITLE, owner=RITA, change=1, started_at=now)
    async with open_redis(world.redis_url, world.state) as redis:
        store = RegistrationStore(redis.client, Keys())
        await store.begin(the)
        yield store


def card(world: World) -> Json:
    """The card of the campaign as it stands in the alerts channel now."""
    return next((m for m in world.slack.messages(ALERTS) if m["text"].startswith(f"{TITLE}: ")), {"ts": "", "text": ""})


def replies(world: World) -> list[Json]:
    """What was said in the thread."""
    return [m for m in world.slack.messages(ALERTS) if m.get("thread_ts", m["ts"]) != m["ts"]]


async def click(world: World, user: str, action: str, ts: str = "") -> None:
    await world.slack.click(user, f"registration.{action}", channel=ALERTS, ts=ts or card(world)["ts"])


async def refused(world: World, user: str, words: str) -> None:
    """The person reads this privately in the alerts channel."""
    await world.hears(ALERTS, words, user=user)


async def test_a_rejection_is_taken_over_muted_and_drafted_as_a_ticket(empty_world: World) -> None:
    world = empty_world
    async with followed(world), world.bot():
        await world.until(lambda: card(world)["ts"], "the card")
        world.twilio.desk.reject(SERVICE, [30896, 39999])
        verdict = await world.hears(ALERTS, "was rejected")
        assert "the weekly digest says how often it came" in shown(verdict)

        forged = {"action_id": "registration.assign", "value": f"campaign|{MAIN}|{'MG' + '0' * 32}"}
        await world.slack.click(BOB, "registration.check", channel=ALERTS, ts=card(world)["ts"], action=forged)
        await refused(world, BOB, "This is not followed any more")

        await click(world, BOB, "assign")
        said = await world.hears(ALERTS, f"<@{BOB}> sees to {TITLE} now. <@{RITA}> had it until now.")
        assert said["thread_ts"] == card(world)["ts"]
        await world.until(lambda: f"<@{BOB}>" in shown(card(world)), "the card names Bob")
        await click(world, BOB, "assign")
        await refused(world, BOB, f"You see to {TITLE} already")
        # what was drawn when it was still Rita's
        await click(world, ANN, "assign", verdict["ts"])
        await refused(world, ANN, f"<@{BOB}> sees to {TITLE} by now")

        await click(world, ANN, "ticket")
        view = shown(await world.sees(ANN, "Numbers in the sender pool"))
        for part in (SERVICE, MAIN, "30896", "39999", "What was submitted"):
            assert part in view
        assert RITA not in view

        await click(world, ANN, "mute")
        await world.hears(ALERTS, f"<@{ANN}> has muted {TITLE} here")
        await world.until(lambda: f"Muted here by <@{ANN}>" in shown(card(world)), "the card is muted")
        await click(world, BOB, "mute", verdict["ts"])
        await refused(world, BOB, f"is muted here already, by <@{ANN}>")
        heard = len(replies(world))
        world.twilio.desk.review(SERVICE)
        await world.until(lambda: "Under review" in shown(card(world)), "the card goes on being redrawn")
        assert len(replies(world)) == heard
        await click(world, BOB, "resubmit", verdict["ts"])
        await refused(world, BOB, "under review by now, so there is nothing to resubmit")
        await click(world, ANN, "unmute")
        await world.hears(ALERTS, f"<@{ANN}> has unmuted {TITLE}")
        await world.until(lambda: "Muted here" not in shown(card(world)), "the card is not muted any more")
        assert f"muted {TITLE}" in await read(world, "who=U0ANN", f"unmuted {TITLE}")


async def test_the_window_of_a_registration_follows_and_a_crash_forgets_nobody(empty_world: World) -> None:
    world = empty_world
    async with followed(world) as store:
        # Bob took it over, and the bot died before anybody heard of it
        vault = Vault(encryption_keys(load_settings(world.environment())))
        what = {"how": "assign", "registration": ID, "seen": RITA, "had": RITA, "window": ""}
        async with open_redis(world.redis_url, world.state) as redis:
            left = Act(id="left", kind="registration", user=BOB, team=TEAM_ID, at=time.time() - 200, what=what)
            await ActStore(redis.client, Keys(), vault).keep(left)
        await store.assign(ID, BOB)
        async with world.bot():
            await world.until(
                lambda: f"<@{RITA}> had it until now" in str([world.slack.messages(c) for c in (ALERTS, "D0RITA")]),
                "Rita hears of it",
            )
            await world.until(lambda: card(world)["ts"], "the card")
            # as a list would have it
            open_it = {"action_id": "registration.open"}
            await world.slack.click(ANN, "registration.check", channel=ALERTS, ts=card(world)["ts"], action=open_it)
            await world.sees(ANN, "Assign to me")
            await world.slack.click(ANN, "registration.assign", view_id=world.view(ANN)["id"])
            await world.until(lambda: f"*Seen to by*\\n<@{ANN}>" in shown(world.view(ANN)), "the window follows")
            await world.until(lambda: f"<@{ANN}>" in shown(card(world)), "so does the card")
