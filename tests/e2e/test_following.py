"""Following from end to end: what Twilio tells by its webhooks and its API, as people read it in Slack."""

from pathlib import Path

from bot.sandbox.twilio.start_state import ACCOUNT_SID, FREE_NUMBER, POOLED_NUMBER
from bot.sandbox.twilio.start_state import SUPPORT_SERVICE as SERVICE
from tests.e2e.answers import CAMPAIGN
from tests.e2e.following import (
    answer,
    card_shows,
    change,
    desk,
    event_streams,
    raw_words,
    reachable,
    replies,
    said,
    thread,
)

CAMPAIGN_OF = "Campaign of “Acme support”"


async def test_a_campaign_is_ready_once_carriers_have_registered_every_number_and_messages_that_fail_are_told(
    tmp_path: Path,
) -> None:
    async with reachable(tmp_path) as (world, settings), world.bot(**settings):
        sink = await event_streams(world)
        await card_shows(world, "Event Streams of main", "*Works*")
        told = await answer(world, "/a2p-events", "show")
        assert sink in told
        callback = f"{settings['TENFOUR_PUBLIC_URL']}/twilio/status/{ACCOUNT_SID}"
        webhook = f"inbound=webhook inbound_request_url=https://acme.example/in status_callback={callback}"
        await change(world, "/a2p-service", f"update service_sid={SERVICE} {webhook}")
        await world.twilio_adds_number(SERVICE, FREE_NUMBER)
        world.twilio.events.switches.duplicate, world.twilio.events.switches.shuffle = 1.0, True

        await change(world, "/a2p-campaign", "register", *CAMPAIGN)
        await desk(world, "campaign", service_sid=SERVICE, verdict="verify")
        # on the card: a look that could not read the pool tells that it is verified, and the next one counts
        await card_shows(world, CAMPAIGN_OF, "2 waiting for the carriers")
        await card_shows(world, CAMPAIGN_OF, "Verified, not ready to send")
        assert "it cannot text yet" in await answer(world, "/a2p-number", f"check number={POOLED_NUMBER}")
        await desk(world, "number", number_sid=FREE_NUMBER, verdict="register")
        await replies(world, CAMPAIGN_OF, "1 of 2 registered")
        await desk(world, "number", number_sid=POOLED_NUMBER, verdict="fail")
        await replies(world, CAMPAIGN_OF, "30126")
        assert said(world, CAMPAIGN_OF, "ready to send*") == 1, "only that it is verified, and not ready"
        assert "it cannot text" in await answer(world, "/a2p-number", f"check number={POOLED_NUMBER}")
        await desk(world, "number", number_sid=POOLED_NUMBER, verdict="register")
        await replies(world, CAMPAIGN_OF, "is ready to send")
        assert "is ready to send" in thread(world, CAMPAIGN_OF)[-1], "at the end"
        await card_shows(world, CAMPAIGN_OF, "*Ready to send*")
        assert "yes, it can text" in await answer(world, "/a2p-number", f"check number={POOLED_NUMBER}")

        for order in ({"service_sid": SERVICE, "code": 30034}, {"number": POOLED_NUMBER, "code": 30034}):
            await desk(world, "traffic", **order)
        await replies(world, "Messages of “Acme support”", "carriers have not registered this number under it")
        [told] = await replies(world, "Messages outside any messaging service", "must name the service")
        assert "of `+14155550110`" in told
        assert said(world, CAMPAIGN_OF, "is ready to send") == 1
        assert raw_words(world) == []
