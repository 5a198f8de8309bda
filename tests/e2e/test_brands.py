"""Brands through Slack: registered through the whole Trust Hub, corrected, vetted, and told of."""

from typing import Any

from bot.sandbox.twilio import start_bundles, start_state
from bot.sandbox.twilio.addresses import Address
from bot.sandbox.twilio.bundles import CustomerProfile, EndUser, EntityAssignment, SupportingDocument
from bot.sandbox.twilio.vettings import Vetting
from tests.catalog.brand_answers import (
    ADDRESS,
    BUSINESS,
    IDENTIFYING,
    KIND,
    LISTED,
    PERSON,
    REPRESENTATIVE,
    SOLE_PROPRIETOR,
    TRADE,
)
from tests.e2e.test_undo import undo
from tests.e2e.world import A2P, ALERTS, ANN, APPROVALS, RITA, World, everything_in, shown

REGISTER = "register brand_kind=low_volume"
PAGES = ({n: v for n, v in KIND.items() if n != "brand_kind"}, BUSINESS, REPRESENTATIVE, ADDRESS)
TRADE_PAGES = (PAGES[0], TRADE, PERSON, ADDRESS)
CREATION = "POST /v1/a2p/BrandRegistrations$"


def leaks(text: str) -> list[str]:
    """What stands in a text that must stand at Twilio only."""
    return [piece for piece in IDENTIFYING if piece in text]


def told_slack(world: World) -> str:
    """Everything that the bot has sent to Slack."""
    return str([call.args for call in world.slack.calls()])


async def made(world: World, number: int) -> dict[str, Any]:
    """Approve a change that registers a brand, see it done, and give the brand."""
    await world.approve(ANN, number)
    await world.done(number)
    return world.twilio.created("brand")[-1]


async def asked(world: World) -> int:
    """Ask for approval of what the preview shows; gives the change's number."""
    await world.slack.submit(RITA)
    number = int((await world.sees(RITA, "Requested #"))["title"]["text"].partition("#")[2])
    await world.slack.close(RITA, all_views=True)
    return number


# what must not happen


async def test_nothing_that_identifies_anybody_is_in_slack_in_redis_or_in_the_log(empty_world: World) -> None:
    world = empty_world
    await world.process()
    world.twilio.faults.add(match="POST /v1/EndUsers$", status=400, code=20422)
    number = await world.request(RITA, "/a2p-brand", REGISTER, *PAGES)
    await world.approve(ANN, number)
    failed = await world.card(number, "20422")
    await world.slack.click(RITA, "change.retry", channel=APPROVALS, ts=failed["ts"])
    await world.done(number)
    [brand] = world.twilio.created("brand")
    world.twilio.desk.brands.fail(brand["sid"], [30795])
    await world.hears(ALERTS, "30795")
    assert leaks(str([call.params for call in world.twilio.log])) != []
    assert leaks(told_slack(world)) == []
    assert leaks(await everything_in(world.redis_url)) == []
    assert leaks(world.state.with_name("bot-0.log").read_text()) == []


async def test_a_brand_whose_answer_is_lost_is_found_and_not_bought_twice(world: World) -> None:
    number = await world.request(RITA, "/a2p-brand", REGISTER, *PAGES)
    world.twilio.faults.add(match=CREATION, drop_after_effect=True)
    brand = await made(world, number)
    assert len(world.twilio.calls(CREATION)) == 1
    assert brand["status"] == "PENDING"


async def test_a_noncompliant_profile_stops_the_run_in_words_before_anything_is_submitted(world: World) -> None:
    number = await world.request(RITA, "/a2p-brand", REGISTER, *PAGES)
    world.twilio.faults.add(match="Addresses.json", delay=1.0)
    await world.approve(ANN, number)
    await world.until(lambda: world.twilio.calls("POST /v1/EndUsers$"), "the first end user")
    primary = world.twilio.ledger.table(CustomerProfile)
    primary.change(start_bundles.PRIMARY_PROFILE, 0, status="in-review")
    card = await world.card(number, "Status of the profile it hangs on")
    assert "in-review" in shown(card)
    assert "pending-review" not in str([c.params for c in world.twilio.log])
    primary.change(start_bundles.PRIMARY_PROFILE, 0, status="twilio-approved")
    await world.slack.click(RITA, "change.retry", channel=APPROVALS, ts=card["ts"])
    await world.done(number)
    assert len(world.twilio.created("brand")) == 1


async def test_a_brand_that_twilio_fails_on_its_bundles_is_told_as_one_that_cannot_be_corrected(world: World) -> None:
    number = await world.request(RITA, "/a2p-brand", REGISTER, *PAGES)
    brand = await made(world, number)
    world.twilio.desk.brands.fail(brand["sid"], [30793], known_to_tcr=False)
    await world.hears(ALERTS, "30793")
    await world.fill(RITA, "/a2p-brand", f"resubmit brand_sid={brand['sid']} address_city=Salem")
    assert "failed before TCR took it in" in shown(world.view(RITA))


async def test_a_registration_that_breaks_off_before_its_submission_is_taken_back_to_nothing(world: World) -> None:
    kinds = (CustomerProfile, EndUser, SupportingDocument, EntityAssignment, Address)
    before = [len(world.twilio.ledger.table(kind)) for kind in kinds]
    number = await world.request(RITA, "/a2p-brand", REGISTER, *PAGES)
    world.twilio.faults.add(match="/Evaluations$", status=400, code=20422)
    await world.approve(ANN, number)
    await world.card(number, "20422")
    assert [len(world.twilio.ledger.table(kind)) for kind in kinds] != before
    undoing = await undo(world, number)
    await world.approve(ANN, undoing)
    await world.done(undoing)
    assert [len(world.twilio.ledger.table(kind)) for kind in kinds] == before


# what happens


async def test_a_brand_is_registered_evaluated_first_followed_and_announced(world: World) -> None:
    await world.fill(RITA, "/a2p-brand", REGISTER, *PAGES)
    preview = shown(world.view(RITA))
    assert "$4.50" in preview
    assert "CP 575" in preview
    number = await asked(world)
    brand = await made(world, number)
    calls = [(c.method, c.path.rsplit("/", 1)[-1]) for c in world.twilio.log if c.effect]
    assert [name for _, name in calls].index("Evaluations") < [name for _, name in calls].index("BrandRegistrations")
    assert brand["skip_automatic_sec_vet"] is True
    world.twilio.desk.brands.approve(brand["sid"])
    assert "Bakery brand" in shown(await world.hears(ALERTS, brand["sid"]))
    await world.hears(ALERTS, "APPROVED")


async def test_a_rejected_brand_is_corrected_from_its_card_once_though_the_answer_is_lost_and_nothing_is_shown(
    world: World,
) -> None:
    brand = await made(world, await world.request(RITA, "/a2p-brand", REGISTER, *PAGES))
    world.twilio.desk.brands.fail(brand["sid"], [30795])
    card = await world.hears(ALERTS, "30795")
    await world.slack.click(RITA, "registration.resubmit", channel=ALERTS, ts=card["ts"])
    await world.page(RITA, 2)
    view = shown(world.view(RITA))
    assert "FOOD_AND_BEVERAGE" in view
    assert "Empty keeps what Twilio has" in view
    assert leaks(view) == []
    await world.slack.submit(RITA, {"business_name": "Quillfeather Bakeries Inc"})
    for page in (3, 4):
        await world.page(RITA, page)
        await world.slack.submit(RITA)
    await world.previewed(RITA)
    assert "cannot read how many corrections were used" in shown(world.view(RITA))
    number = await asked(world)
    world.twilio.faults.add(match=f"POST /v1/a2p/BrandRegistrations/{brand['sid']}$", drop_after_effect=True)
    await world.approve(ANN, number)
    await world.done(number)
    assert len(world.twilio.calls(f"POST /v1/a2p/BrandRegistrations/{brand['sid']}$")) == 1, "each one counts"
    await world.hears(ALERTS, "1 of 3 free ones sent from here")
    again = next(b for b in world.twilio.brands if b["sid"] == brand["sid"])
    assert (again["status"], again["name"]) == ("PENDING", "Quillfeather Bakeries Inc")
    assert leaks(told_slack(world)) == []


async def test_a_public_company_and_a_mock_are_registered_each_as_what_it_is(world: World) -> None:
    public = (PAGES[0], {**BUSINESS, "company_type": "public"}, REPRESENTATIVE, ADDRESS)
    await world.slack.command(
        RITA, A2P, "/a2p-brand", "register brand_kind=standard company_type=public mock_brand=yes"
    )
    for number, values in enumerate(({**public[0]}, {**BUSINESS, **LISTED}, REPRESENTATIVE, ADDRESS), 1):
        await world.page(RITA, number)
        done = await world.slack.submit(RITA, values)
        assert not done.errors, done.errors
    await world.previewed(RITA)
    assert "rehearsal" in shown(world.view(RITA))
    brand = await made(world, await asked(world))
    assert (brand["mock"], brand["skip_automatic_sec_vet"], brand["status"]) == (True, False, "APPROVED")


async def test_a_sole_proprietor_gets_a_new_passcode_and_is_approved_on_the_reply(world: World) -> None:
    kind = f"register brand_kind={SOLE_PROPRIETOR['brand_kind']}"
    brand = await made(world, await world.request(RITA, "/a2p-brand", kind, *TRADE_PAGES))
    assert brand["brand_type"] == "SOLE_PROPRIETOR"
    number = await world.request(RITA, "/a2p-brand", f"resend_otp brand_sid={brand['sid']}")
    await world.approve(ANN, number)
    assert "24 hours" in shown(await world.done(number))
    await world.hears(ALERTS, "The passcode runs out")
    world.twilio.desk.brands.confirm_passcode(brand["sid"])
    await world.hears(ALERTS, "APPROVED")


async def test_a_refusal_of_sole_proprietors_over_the_api_points_to_the_console(world: World) -> None:
    world.twilio.faults.add(match=CREATION, status=403, code=20003)
    number = await world.request(RITA, "/a2p-brand", "register brand_kind=sole_proprietor", *TRADE_PAGES)
    await world.approve(ANN, number)
    assert "Onboarding, Sole Proprietor" in shown(await world.card(number, "20003"))


async def test_a_passcode_whose_answer_is_lost_is_never_texted_again_but_on_a_persons_word(world: World) -> None:
    kind = f"register brand_kind={SOLE_PROPRIETOR['brand_kind']}"
    brand = await made(world, await world.request(RITA, "/a2p-brand", kind, *TRADE_PAGES))
    number = await world.request(RITA, "/a2p-brand", f"resend_otp brand_sid={brand['sid']}")
    world.twilio.faults.add(match="/SmsOtp", drop_after_effect=True)
    await world.approve(ANN, number)
    card = await world.card(number, "change.happened")
    assert len(world.twilio.calls("/SmsOtp")) == 1
    await world.slack.click(ANN, "change.happened", channel=APPROVALS, ts=card["ts"])
    await world.sees(ANN, "No API shows it")
    await world.slack.submit(ANN)
    await world.done(number)
    assert len(world.twilio.calls("/SmsOtp")) == 1


async def test_what_cannot_be_vetted_is_told_and_a_token_that_is_none_is_not_repeated(world: World) -> None:
    token = "cv|9.9|secret-of-ours"
    typed = f"vet brand_sid={start_state.APPROVED_BRAND} provider=campaign-verify vetting_id={token[3:]}"
    await world.slack.command(RITA, A2P, "/a2p-brand", typed)
    await world.sees(RITA, "21722")
    assert token[7:] not in told_slack(world)
    await world.slack.close(RITA, all_views=True)
    await world.fill(RITA, "/a2p-brand", f"vet brand_sid={start_state.PENDING_BRAND} provider=aegis")
    assert "vetting is for an APPROVED one" in shown(world.view(RITA))
    assert world.view(RITA)["submit"] is None


async def test_a_vetting_is_ordered_once_though_the_answer_is_lost_and_its_brand_shown(world: World) -> None:
    world.twilio.faults.add(match="POST /v1/a2p/BrandRegistrations/", drop_after_effect=True)
    number = await world.request(RITA, "/a2p-brand", f"vet brand_sid={start_state.APPROVED_BRAND} provider=aegis")
    assert "$41.50" in shown(await world.card(number))
    await world.approve(ANN, number)
    await world.card(number, "Waits until: *The vetting ends*")
    await world.slack.command(RITA, A2P, "/a2p-brand", f"show brand_sid={start_state.APPROVED_BRAND}")
    told = shown(await world.hears(A2P, "Brand “Acme Inc”", user=RITA))
    assert "aegis: PENDING" in told
    assert len(world.twilio.calls("POST /v1/a2p/BrandRegistrations/")) == 1
    assert "78" in told


async def vetting_of(world: World, number: int) -> str:
    """The vetting that a change has ordered; gives its SID."""
    await world.approve(ANN, number)
    await world.until(lambda: len(world.twilio.ledger.table(Vetting)), "the vetting")
    [vetting] = world.twilio.ledger.table(Vetting)
    return vetting.sid


async def test_the_score_that_was_paid_for_is_told_in_the_channel_once_it_is_there(world: World) -> None:
    number = await world.request(RITA, "/a2p-brand", f"vet brand_sid={start_state.APPROVED_BRAND} provider=aegis")
    world.twilio.desk.brands.vetting(await vetting_of(world, number), "SUCCESS", 91)
    await world.done(number)
    await world.hears(ALERTS, "trust score `91`")


async def test_a_vetting_that_failed_is_told_and_is_not_looked_at_again_in_vain(world: World) -> None:
    number = await world.request(RITA, "/a2p-brand", f"vet brand_sid={start_state.APPROVED_BRAND} provider=aegis")
    world.twilio.desk.brands.vetting(await vetting_of(world, number), "FAILED")
    card = await world.card(number, "Another vetting costs again")
    assert "change.retry" not in str(card)
    await world.told(RITA, "Another vetting costs again")
