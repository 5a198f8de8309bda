"""A channel chooses what it hears, when, and is told at once when nothing could be posted in it."""

import time

from bot.sandbox.twilio import start_state
from bot.sandbox.world import Person
from tests.e2e.answers import CAMPAIGN
from tests.e2e.world import A2P, ALERTS, ANN, GUS, RITA, World, shown
from tests.handlers.mortal_slack import slot_of

CLOSED = "C0CLOSED"
NED = "U0NED"


async def test_a_channel_chooses_in_a_window_what_it_hears_and_hears_that(world: World) -> None:
    world.slack.add_channel(CLOSED, "closed", [RITA, ANN])
    for text, words in (("maybe", "/a2p-watch show"), ("on now", "is not known")):
        assert words in shown((await world.slack.command(RITA, A2P, "/a2p-watch", text)).ack or {})
    await world.slack.command(GUS, A2P, "/a2p-watch")
    await world.sees(GUS, "Guests take no part")
    await world.slack.command(GUS, A2P, "/a2p-watch", "off")
    await world.hears(A2P, "Guests take no part", user=GUS)

    await world.slack.command(RITA, CLOSED, "/a2p-watch", "on")
    await world.hears(CLOSED, "/invite @Tenfour", user=RITA)
    await world.slack.command(RITA, CLOSED, "/a2p-watch")
    await world.sees(RITA, "/invite @Tenfour")
    await world.slack.close(RITA, all_views=True)

    world.slack.meet(Person(NED, "ned", "Ned", "", "808080"), A2P)
    before = len(world.slack.calls())
    await world.slack.command(NED, A2P, "/a2p-watch")
    await world.sees(NED, "America/New_York")
    assert world.slack.calls()[before].method == "views.open"

    await world.slack.command(RITA, A2P, "/a2p-watch")
    await world.sees(RITA, "zone:own")  # Slack has told whose window it is
    for values, fields in (
        ({"mode": "digest", "zone:own": "Berlin"}, {"zone:own"}),
        ({"mode": "on", "severities": []}, {"severities"}),
        ({"mode": "on", "kinds": []}, {"kinds"}),
        ({"mode": "on", "quiet_from": "20:00"}, {"quiet_until"}),
        ({"mode": "on", "quiet_from": "20:00", "quiet_until": "20:00"}, {"quiet_until"}),
        ({"mode": "on", "quiet_from": "20:00", "quiet_until": "19:00"}, {"quiet_until"}),
        ({"mode": "digest", "quiet_from": "20:00", "quiet_until": "07:00", "zone:own": "Berlin"}, {"zone:own"}),
    ):
        given = {"severities": ["bad", "warn"], "kinds": ["campaign", "brand"], "zone:own": "UTC", **values}
        assert set((await world.slack.submit(RITA, given)).errors) == fields, values
    hour = time.gmtime(time.time() + 12 * 3600).tm_hour
    done = await world.slack.submit(
        RITA,
        {
            "mode": "on",
            "severities": ["bad", "warn"],
            "kinds": ["campaign", "brand"],
            "quiet_from": f"{hour:02}:00",
            "quiet_until": f"{(hour + 1) % 24:02}:00",
            "zone:own": "UTC",
            "weekly": [],
        },
    )
    assert (done.status, done.errors) == ("acked", {})
    words = f"<#{A2P}> hears bad news and warnings about campaigns and brands, not between {hour:02}:00 and"
    await world.hears(A2P, words, user=RITA)

    number = await world.request(RITA, "/a2p-campaign", "register", *CAMPAIGN)
    await world.approve(ANN, number)
    await world.done(number)
    world.twilio.desk.reject(start_state.SUPPORT_SERVICE, [30896])
    await world.hears(A2P, "30896")
    await world.hears(ALERTS, "30896")
    slots = [[slot_of(m).partition(":")[0] for m in world.slack.messages(channel)] for channel in (A2P, ALERTS)]
    assert [s.count("root") for s in slots] == [1, 1], "one card in each channel"

    await world.slack.command(ANN, ALERTS, "/a2p-watch", "off")
    await world.hears(ALERTS, "hears nothing about registrations", user=ANN)
    await world.slack.command(RITA, A2P, "/a2p-watch", "off")
    await world.hears(A2P, "No channel hears bad news now", user=RITA)
    await world.slack.command(RITA, A2P, "/a2p-watch", "show")
    await world.hears(A2P, "watch.on", user=RITA)
    await world.slack.command(RITA, A2P, "/a2p-watch", "on")
    await world.until(
        lambda: sum(words in shown(m) for m in world.slack.ephemerals(RITA, A2P)) > 1,
        "what was chosen before is heard again",
    )
    await world.slack.command(ANN, A2P, "/a2p-audit", "who=U0RITA")
    await world.hears(A2P, f"chose what {A2P} hears", user=ANN)
