"""The main job, from a slash command to the carrier's verdict, through Slack's own protocol."""

from bot.sandbox.twilio import start_state
from tests.e2e.answers import CAMPAIGN, CAMPAIGN_TEXTS, NUMBER, SERVICE
from tests.e2e.world import A2P, ALERTS, ANN, APPROVALS, RITA, World, shown


async def test_a_service_is_asked_for_approved_and_made(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await world.approve(ANN, number)
    card = await world.done(number)
    [service] = [s for s in world.twilio.created("service") if s["friendly_name"] == "Acme alerts"]
    assert service["validity_period"] == 14400
    assert service["sid"] in shown(card)
    assert "change.approve" not in shown(card)
    await world.told(RITA, service["sid"])


async def test_typed_arguments_fill_the_form(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", 'create friendly_name="Acme alerts" inbound=webhook')
    view = await world.sees(RITA, "Acme alerts")
    assert view["callback_id"] == "form"


async def test_a_rejection_with_its_reason_ends_the_change_and_tells_the_requester(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    card = await world.card(number)
    await world.slack.click(ANN, "change.reject", channel=APPROVALS, ts=card["ts"])
    await world.until(lambda: world.view(ANN)["callback_id"] == "reject", "the window for the reason")
    await world.slack.submit(ANN, {"reason": "We have a service for this already"})
    assert "We have a service for this already" in shown(await world.card(number, "ejected"))
    await world.told(RITA, "We have a service for this already")
    assert not [s for s in world.twilio.created("service") if "Acme alerts" in s["friendly_name"]]


async def test_a_number_is_searched_bought_and_put_into_a_service(world: World) -> None:
    before = world.twilio.created("number")
    await world.fill(RITA, "/a2p-number", "buy", *NUMBER)
    assert "$1.15" in shown(world.view(RITA))
    await world.slack.close(RITA)
    number = await world.request(RITA, "/a2p-number", "buy", *NUMBER)
    await world.approve(ANN, number)
    await world.done(number)
    [bought] = [n for n in world.twilio.created("number") if n not in before]
    assert bought["sid"] in [n["sid"] for n in world.twilio.created("pool_number")]


async def test_a_campaign_is_registered_followed_and_announced_as_verified(world: World) -> None:
    number = await world.request(RITA, "/a2p-campaign", "register", *CAMPAIGN)
    await world.approve(ANN, number)
    await world.done(number)
    await world.hears(ALERTS, start_state.SUPPORT_SERVICE)
    world.twilio.desk.verify(start_state.SUPPORT_SERVICE)
    verdict = await world.hears(ALERTS, "30034")
    assert "VERIFIED" in shown(verdict) or "verified" in shown(verdict)


async def test_a_refused_campaign_is_explained_fixed_and_resubmitted_through_the_same_approval(world: World) -> None:
    number = await world.request(RITA, "/a2p-campaign", "register", *CAMPAIGN)
    await world.approve(ANN, number)
    await world.done(number)
    world.twilio.desk.reject(start_state.SUPPORT_SERVICE, [30896, 39999])
    card = await world.hears(ALERTS, "30896")
    assert "39999" in shown(card)
    await world.slack.click(RITA, "registration.resubmit", channel=ALERTS, ts=card["ts"])
    await world.page(RITA, 2)
    assert "acme.example/checkout" in shown(world.view(RITA))
    better = CAMPAIGN_TEXTS["message_flow"] + " People can also text JOIN to our number; the shop window says so."
    await world.slack.submit(RITA, {"message_flow": better})
    await world.page(RITA, 3)
    await world.slack.submit(RITA)
    await world.previewed(RITA)
    await world.slack.submit(RITA)
    number = int((await world.sees(RITA, "Requested #"))["title"]["text"].partition("#")[2])
    await world.approve(ANN, number)
    await world.done(number)
    world.twilio.desk.verify(start_state.SUPPORT_SERVICE)
    await world.hears(ALERTS, "30034")


async def test_a_refused_campaign_chosen_from_the_menu_fills_the_form_as_well(world: World) -> None:
    number = await world.request(RITA, "/a2p-campaign", "register", *CAMPAIGN)
    await world.approve(ANN, number)
    await world.done(number)
    world.twilio.desk.reject(start_state.SUPPORT_SERVICE, [30896])
    await world.hears(ALERTS, "30896")
    await world.slack.command(RITA, A2P, "/a2p-campaign", "resubmit")
    await world.page(RITA, 1)
    await world.slack.suggest(RITA, "lookup:failed_campaigns", "")
    await world.slack.submit(RITA, {"service_sid": start_state.SUPPORT_SERVICE})
    await world.page(RITA, 2)
    assert "acme.example/checkout" in shown(world.view(RITA))


async def test_app_home_shows_what_waits_for_me_and_what_i_asked_for(world: World) -> None:
    await world.slack.open_home(ANN)
    await world.slack.open_home(RITA)
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await world.until(lambda: f"#{number}" in shown(world.slack.home(ANN) or {}), "Ann's home")
    await world.until(lambda: f"#{number}" in shown(world.slack.home(RITA) or {}), "Rita's home")
