"""From PENDING to the end, by every turn that brands and campaigns take, as people read it in their threads."""

from pathlib import Path

from bot.sandbox.twilio.start_state import PENDING_BRAND
from tests.e2e import behind
from tests.e2e.answers import CAMPAIGN
from tests.e2e.following import (
    SERVICE,
    Moved,
    card_shows,
    change,
    click,
    desk,
    event_streams,
    raw_words,
    reachable,
    replies,
    said,
    thread,
)
from tests.e2e.world import ANN, RITA, shown

CAMPAIGN_OF = "Campaign of “Acme support”"
DAY = 86400.0


async def test_a_brand_is_followed_through_mail_review_failure_feedback_and_suspension(tmp_path: Path) -> None:
    clock = Moved()
    async with reachable(tmp_path) as (world, settings), world.bot(clock=clock, **settings):
        await event_streams(world)
        brand = f"Brand {PENDING_BRAND}"

        async def verdict(name: str, **more: object) -> None:
            await desk(world, "brand", brand_sid=PENDING_BRAND, verdict=name, **more)

        await desk(world, "event", brand_sid=PENDING_BRAND, event="email-2fa-sent")
        await desk(world, "event", brand_sid=PENDING_BRAND, event="email-2fa-opened")
        await world.until(
            lambda: world.twilio.calls(f"GET /v1/a2p/BrandRegistrations/{PENDING_BRAND}"), "the brand is looked at"
        )
        clock.ahead = 3 * DAY + 60
        await replies(world, brand, "The verification mail runs out")
        clock.ahead = 6 * DAY + 60
        await replies(world, brand, "The verification mail runs out", 2)
        await desk(world, "event", brand_sid=PENDING_BRAND, event="email-2fa-completed")
        await verdict("review")
        await replies(world, brand, "eview")
        await verdict("reject", codes=[30795, 39999])
        failed = await replies(world, brand, "was rejected: errors 30795, 39999")
        assert "the weekly digest says how often it came" in failed[-1]
        await verdict("status", status="PENDING")
        await replies(world, brand, "was `FAILED`")
        await verdict("approve", codes=[30795])
        await replies(world, brand, "is approved, with feedback: error 30795")
        await verdict("suspend")
        await replies(world, brand, "uspended")
        assert said(world, brand, "The verification mail runs out") == 2
        assert raw_words(world) == []


async def test_a_campaign_is_followed_through_review_rejection_resubmission_suspension_and_removal(
    tmp_path: Path,
) -> None:
    clock = Moved()
    async with reachable(tmp_path) as (world, settings), world.bot(clock=clock, **settings):
        await change(world, "/a2p-campaign", "register", *CAMPAIGN)
        await card_shows(world, CAMPAIGN_OF, "PENDING")

        async def verdict(name: str, **more: object) -> None:
            await desk(world, "campaign", service_sid=SERVICE, verdict=name, **more)

        await verdict("review")
        await replies(world, CAMPAIGN_OF, "nder review")
        await verdict("status", status="SIMMERING")
        await replies(world, CAMPAIGN_OF, "says “SIMMERING”")
        await verdict("reject", codes=[30896, 30882, 39999])
        await replies(world, CAMPAIGN_OF, "was rejected: errors 30896, 30882, 39999")
        await click(world, RITA, CAMPAIGN_OF, "resubmit")
        await world.page(RITA, 2)
        assert "acme.example/checkout" in shown(world.view(RITA))
        for page in (2, 3):
            await world.page(RITA, page)
            await world.slack.submit(RITA)
        await world.previewed(RITA)
        view = world.view(RITA)
        assert "equal to the one just rejected" in shown(view)
        assert view["submit"] is None
        await world.slack.close(RITA, all_views=True)
        await verdict("verify")
        await replies(world, CAMPAIGN_OF, "is verified")
        await verdict("suspend")
        await replies(world, CAMPAIGN_OF, "is suspended: error 30990")
        await card_shows(world, CAMPAIGN_OF, "The suspended campaign is removed")
        for days, times in ((17, 1), (29, 2)):
            clock.ahead = days * DAY
            await replies(world, CAMPAIGN_OF, "The suspended campaign is removed", times)
        await verdict("end")
        await click(world, RITA, CAMPAIGN_OF, "check")
        await replies(world, CAMPAIGN_OF, "longer at Twilio")
        assert raw_words(world) == []


async def test_a_campaign_of_tcr_is_made_anew_and_only_what_twilio_confirms_is_claimed(tmp_path: Path) -> None:
    async with reachable(tmp_path) as (world, settings), world.bot(**settings):

        async def tcr(verdict: str, feedback: str = "") -> None:
            await desk(world, "share", campaign_id=behind.TCR, verdict=verdict, feedback=feedback)

        campaign = f"External campaign {behind.TCR}"
        form = {"campaign_id": behind.TCR, "service_sid": SERVICE}
        number = await world.request(RITA, "/a2p-external", "associate", form, {})
        await world.approve(ANN, number)
        await tcr("accept")
        await world.done(number)
        world.twilio.desk.reject(SERVICE, [30905])
        await replies(world, campaign, "was rejected: error 30905")
        number = await world.request(RITA, "/a2p-external", "reassociate", {"service_sid": SERVICE}, {})
        await world.approve(ANN, number)
        await world.card(number, "change.done")
        await tcr("share")
        await tcr("accept")
        await world.done(number)
        await desk(world, "campaign", service_sid=SERVICE, verdict="verify")
        told = await replies(world, campaign, "is verified")
        await tcr("suspend")
        shows = await card_shows(world, campaign, "MNO_CAMPAIGN_OPERATION_SUSPENDED")
        assert "*Verified, not ready to send*" in shown(shows), "Twilio says nothing of it"
        assert thread(world, campaign) == told
        world.twilio.desk.suspend(SERVICE)
        await tcr("unsuspend")
        await replies(world, campaign, "is suspended: error 30990")
        assert raw_words(world) == []
