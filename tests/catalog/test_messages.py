"""`message.send_test`: one message, never a second one, whose recipient nobody reads, and whose end is explained."""

from typing import Any

import pytest

from bot.catalog import catalog
from bot.catalog.form import mistakes
from bot.plans.cost import total
from bot.plans.plan import Plan
from bot.plans.step import CallStep, WaitStep
from bot.sandbox.twilio import accounts, start_senders, start_state
from bot.twilio.faults import Refused, Uncertain
from tests.catalog.world import TOKEN, World, codes

SERVICE, PHONE = start_state.SUPPORT_SERVICE, "+15035550101"


async def send(world: World, **values: Any) -> Plan:
    return await world.plan("message.send_test", **({"service_sid": SERVICE, "to": "(503) 555-0101"} | values))


async def verified(world: World, **values: Any) -> None:
    await world.campaign(**values)
    world.twilio.desk.verify(SERVICE)


def sending(plan: Plan) -> CallStep:
    step = plan.steps[0]
    assert isinstance(step, CallStep)
    return step


def text_of(plan: Plan, code: str) -> str:
    return next(f for f in plan.findings if f.code == code).text


# what stands in the way


@pytest.mark.parametrize("to", ["5035550101x", "+447700900123", "911"])
def test_a_recipient_that_is_no_us_number_is_told_without_repeating_it(to: str) -> None:
    form = catalog()["message.send_test"].form
    (wrong,) = mistakes(form, {"service_sid": SERVICE, "to": to})
    assert wrong.field == "to"
    assert to not in wrong.text


async def test_a_text_beyond_the_limit_is_told() -> None:
    form = catalog()["message.send_test"].form
    (wrong,) = mistakes(form, {"service_sid": SERVICE, "to": PHONE, "body": "x" * 1581})
    assert wrong.field == "body"


async def test_an_empty_pool_stops_the_request(world: World) -> None:
    plan = await send(world, service_sid=await world.service("Empty"))
    assert codes(plan, "block") == {"pool-empty"}


async def test_a_suspended_campaign_stops_the_request(world: World) -> None:
    await verified(world)
    world.twilio.desk.suspend(SERVICE)
    assert codes(await send(world), "block") == {"campaign-suspended"}


async def test_a_number_of_the_very_pool_stops_the_request(world: World) -> None:
    assert codes(await send(world, to="+14155550110"), "block") == {"recipient-in-pool"}


# what is worth knowing


async def test_what_will_be_blocked_is_foretold(world: World) -> None:
    assert "30034" in text_of(await send(world), "no-campaign")
    await world.campaign()
    assert "30034" in text_of(await send(world), "campaign-not-verified")
    world.twilio.desk.verify(SERVICE)
    plan = await send(world)
    assert codes(plan, "warn") == set()
    assert "no API tells" in text_of(plan, "numbers-unknown")


async def test_a_brand_that_fell_behind_its_campaign_is_told(world: World) -> None:
    await verified(world)
    world.twilio.desk.approve_brand(start_state.APPROVED_BRAND, "UNVERIFIED")
    assert "UNVERIFIED" in text_of(await send(world), "brand-not-ready")


async def test_our_own_numbers_and_toll_free_ones_are_no_phones(world: World) -> None:
    assert "recipient-is-ours" in codes(await send(world, to="+15125550120"), "warn")
    assert "recipient-toll-free" in codes(await send(world, to="+18775550101"), "warn")


async def test_a_trial_account_is_told(world: World) -> None:
    world.rig(accounts.Account, start_state.ACCOUNT_SID, type="Trial")
    assert "trial-account" in codes(await send(world), "warn")


async def test_toll_free_numbers_and_short_codes_in_the_pool_are_told(world: World) -> None:
    await world.carry_out(await world.plan("sender.add", service_sid=SERVICE, numbers=start_state.TOLL_FREE_NUMBER))
    assert {"toll-free-not-10dlc", "one-of-many"} <= codes(await send(world))
    path = f"/v1/Services/{SERVICE}/ShortCodes"
    call = sending(await send(world)).call.model_copy(
        update={"product": "messaging", "path": path, "params": {"ShortCodeSid": start_senders.SHORT_CODE}}
    )
    await world.account.send(call)
    assert "short-codes-first" in codes(await send(world))


async def test_the_price_is_that_of_all_segments_and_never_certain(world: World) -> None:
    short = await send(world)
    assert [str(c.usd) for c in short.costs] == ["0.0083"]
    long = await send(world, body="Acme: “an order” " + "x" * 60)
    assert str(total(long.costs, "once")) == "0.0166"
    assert "“" in text_of(long, "segments")
    assert not any(c.certain for c in (*short.costs, *long.costs))


async def test_a_price_that_nobody_names_is_not_taken_for_none(world: World) -> None:
    world.twilio.faults.add("GET /pricing", status=403)
    plan = await send(world)
    assert plan.costs == ()
    assert "price-unknown" in codes(plan)


# the call


async def test_the_recipient_is_sent_in_full_and_shown_masked_everywhere(world: World) -> None:
    plan = await send(world)
    assert sending(plan).call.resolved({}).params["To"] == PHONE
    shown = plan.model_copy(update={"steps": ()}).model_dump_json()
    titles = " ".join(s.title for s in plan.steps)
    assert PHONE[-7:] not in shown + titles + str(sending(plan).call.params["To"])
    assert "5550101" not in plan.masked(f"The 'To' number {PHONE} is not valid")


async def test_the_default_text_names_the_brand_and_the_opt_out_and_every_text_ends_with_the_reference(
    world: World,
) -> None:
    await verified(world)
    body = str(sending(await send(world)).call.params["Body"])
    assert body.startswith("Acme Inc: ")
    assert "Reply STOP" in body
    assert body.endswith(f"(ref {TOKEN})")
    longest = str(sending(await send(world, body="x" * 1580)).call.params["Body"])
    assert len(longest) == 1600


async def test_without_a_brand_the_service_gives_its_name(world: World) -> None:
    assert str(sending(await send(world)).call.params["Body"]).startswith("Acme support: ")


async def test_a_message_whose_answer_was_lost_is_found_by_its_text_and_never_sent_twice(world: World) -> None:
    step = sending(await send(world))
    assert step.adopt is not None
    assert step.adopt.repeatable is False
    await world.carry_out(await send(world, token="tf-another001"))
    assert await world.adopted(step.adopt, {}) == []
    world.twilio.faults.add("Messages.json", drop_after_effect=True)
    with pytest.raises(Uncertain):
        await world.account.send(step.call.resolved({}))
    (found,) = await world.adopted(step.adopt, {})
    assert found["body"].endswith(f"(ref {TOKEN})")


@pytest.mark.parametrize("code", [21610, 21211, 21608, 21704])
async def test_a_refusal_says_what_to_do_next(world: World, code: int) -> None:
    step = sending(await send(world))
    world.twilio.faults.add("POST /api", code=code)
    with pytest.raises(Refused) as refused:
        await world.account.send(step.call.resolved({}))
    assert step.advice[refused.value.code or 0]


async def test_the_message_is_followed_by_its_sid_until_carriers_have_spoken(world: World) -> None:
    plan = await send(world)
    wait = plan.steps[1]
    assert isinstance(wait, WaitStep)
    (watch,) = wait.watches
    assert (watch.kind, str(watch.key)) == ("message", "{message.sid}")
    assert wait.until == ("delivered", "read")
    assert wait.fails == ("undelivered", "failed", "canceled")
    assert wait.counts_after == {"sent": 4 * 3600}
    assert "sid" in sending(plan).keep
