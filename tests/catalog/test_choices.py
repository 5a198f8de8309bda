"""Choices are live, quick and within Slack's limits; a slow Twilio is told as such."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.choices import DESCRIPTION, IN_USE, KEPT, LABEL, MOST, VALUE, Choices, StillLoading, cut
from bot.catalog.form import Option
from bot.catalog.sources.campaigns import UNCONFIRMED
from bot.catalog.sources.lists import LISTS, SEARCHES, SOURCES
from bot.sandbox.twilio import start_state
from bot.twilio.faults import Refused, Throttled, Unreachable
from bot.twilio.gateway import Account
from tests.catalog.examples import a_failed_association
from tests.catalog.world import World
from tests.twilio.scripted import saying, scripted

SERVICE = start_state.SUPPORT_SERVICE
SLOW = 0.4
NONE_AT_FIRST = {"external_campaigns", "sole_proprietor_brands"}
"""Lists of things that the account has none of in its start state."""


@pytest_asyncio.fixture
async def choices(world: World) -> AsyncIterator[Choices]:
    """Choices that wait as long as it takes."""
    opened = Choices(world.account, world.clock, wait=10)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def hasty(world: World) -> AsyncIterator[Choices]:
    """Choices that hardly wait at all."""
    opened = Choices(world.account, world.clock, wait=0.05)
    yield opened
    await opened.close()


def labels(options: list[Option]) -> list[str]:
    return [o.label for o in options]


def asked(world: World, path: str) -> int:
    return len(world.twilio.calls(f"GET {path}"))


async def settled(choices: Choices) -> None:
    """Wait for loads that go on after an answer was given."""
    await asyncio.wait(choices._tasks)


# when something is wrong


async def test_an_unknown_list_is_told_by_name(choices: Choices) -> None:
    with pytest.raises(LookupError, match="secrets"):
        await choices.find("secrets", "", {})


async def test_with_nothing_to_show_yet_people_are_told_that_it_is_coming(world: World, hasty: Choices) -> None:
    world.twilio.faults.add("GET /messaging/v1/Services", delay=SLOW)
    with pytest.raises(StillLoading, match="in a moment"):
        await hasty.find("services", "", {})
    await settled(hasty)
    assert labels(await hasty.find("services", "", {})) == ["Acme support"]
    assert asked(world, "/messaging/v1/Services$") == 1


async def test_many_people_typing_at_once_ask_twilio_once(world: World, choices: Choices) -> None:
    world.twilio.faults.add("GET /messaging/v1/Services", delay=0.05)
    found = await asyncio.gather(*(choices.find("services", query, {}) for query in ("", "a", "ac", "acm", "acme")))
    assert [labels(f) for f in found] == [["Acme support"]] * 5
    assert asked(world, "/messaging/v1/Services$") == 1


async def test_with_nothing_to_show_people_are_told_what_twilio_said(world: World, choices: Choices) -> None:
    world.twilio.faults.add("GET /messaging", status=401, times=9)
    with pytest.raises(Refused, match="20003"):
        await choices.find("services", "", {})


async def test_an_error_is_not_remembered(world: World, choices: Choices) -> None:
    world.twilio.faults.add("GET /messaging", status=403)
    with pytest.raises(Refused):
        await choices.find("services", "", {})
    assert labels(await choices.find("services", "", {})) == ["Acme support"]


async def test_an_old_list_is_better_than_an_error(world: World, choices: Choices) -> None:
    await choices.find("services", "", {})
    world.clock.now += LISTS * 100
    world.twilio.faults.add("GET /messaging", status=403)
    assert labels(await choices.find("services", "", {})) == ["Acme support"]


async def test_an_old_list_is_better_than_waiting(world: World, hasty: Choices) -> None:
    await hasty.warm()
    world.clock.now += LISTS * 100
    world.twilio.faults.add("GET /messaging", delay=SLOW)
    assert labels(await hasty.find("services", "", {})) == ["Acme support"]


async def test_someone_who_stops_waiting_does_not_stop_it_for_others(world: World, choices: Choices) -> None:
    world.twilio.faults.add("GET /messaging/v1/Services", delay=0.05)
    impatient = asyncio.create_task(choices.find("services", "", {}))
    await asyncio.sleep(0)
    patient = asyncio.create_task(choices.find("services", "", {}))
    await asyncio.sleep(0.01)
    impatient.cancel()
    assert labels(await patient) == ["Acme support"]


# freshness


async def test_a_fresh_list_asks_nothing(world: World, choices: Choices) -> None:
    await choices.find("services", "", {})
    world.clock.now += LISTS
    await choices.find("services", "other words", {})
    assert asked(world, "/messaging/v1/Services$") == 1


async def test_a_stale_list_is_shown_at_once_and_renewed_behind_it(world: World, choices: Choices) -> None:
    await choices.find("services", "", {})
    await world.service("Brand new")
    world.clock.now += LISTS + 1
    assert labels(await choices.find("services", "", {})) == ["Acme support"]
    await settled(choices)
    assert labels(await choices.find("services", "", {})) == ["Acme support", "Brand new"]


async def test_a_list_that_is_too_old_is_renewed_first(world: World, choices: Choices) -> None:
    await choices.find("services", "", {})
    await world.service("Brand new")
    world.clock.now += LISTS * 11
    assert labels(await choices.find("services", "", {})) == ["Acme support", "Brand new"]


async def test_after_a_run_the_next_list_is_new(world: World, choices: Choices) -> None:
    await choices.find("services", "", {})
    await world.service("Brand new")
    choices.spoil()
    assert labels(await choices.find("services", "", {})) == ["Acme support", "Brand new"]


async def test_a_load_from_before_a_run_is_not_kept_after_it(world: World, choices: Choices) -> None:
    world.twilio.faults.add("GET /messaging/v1/Services", delay=0.05)
    before = asyncio.create_task(choices.find("services", "", {}))
    await asyncio.sleep(0.02)
    await world.service("Brand new")
    choices.spoil()
    await before
    assert labels(await choices.find("services", "", {})) == ["Acme support", "Brand new"]


async def test_after_a_run_the_old_list_is_shown_when_the_new_one_takes_too_long(world: World, hasty: Choices) -> None:
    await hasty.warm()
    await world.service("Brand new")
    world.twilio.faults.add("GET /messaging/v1/Services", delay=SLOW)
    hasty.spoil()
    assert labels(await hasty.find("services", "", {})) == ["Acme support"]
    await settled(hasty)
    assert labels(await hasty.find("services", "", {})) == ["Acme support", "Brand new"]


async def test_warming_up_makes_the_cheap_lists_of_the_account_ready(world: World, choices: Choices) -> None:
    await choices.warm()
    calls = len(world.twilio.log)
    for source in ("services", "brands"):
        await choices.find(source, "", {})
    assert len(world.twilio.log) == calls


async def test_lists_that_take_a_request_for_each_service_are_kept_warm_only_while_in_use(
    world: World, choices: Choices
) -> None:
    async def costs() -> int:
        before = len(world.twilio.log)
        await choices.warm()
        return len(world.twilio.log) - before

    cheap = await costs()
    await choices.find("owned_numbers", "", {})
    await choices.find("failed_campaigns", "", {})
    world.clock.now += IN_USE - 1
    assert await costs() > cheap
    world.clock.now += 1
    assert await costs() == cheap


async def test_what_nobody_waits_for_takes_no_place_among_the_calls_of_people_and_runs(world: World) -> None:
    busy = Account(world.account.sid, "nobody", "listens", "http://127.0.0.1:1/{product}")
    choices = Choices(world.account, world.clock, wait=10, quiet=busy)
    with pytest.raises(Unreachable):
        await choices.warm()
    assert labels(await choices.find("services", "", {})) == ["Acme support"]
    world.clock.now += LISTS + 1
    assert labels(await choices.find("services", "", {})) == ["Acme support"]
    await settled(choices)
    assert asked(world, "/messaging/v1/Services$") == 1
    await choices.close()
    await busy.close()


async def test_warming_up_tells_what_went_wrong(world: World, choices: Choices) -> None:
    world.twilio.faults.add("/BrandRegistrations", status=429, retry_after=0, times=9)
    with pytest.raises(Throttled):
        await choices.warm()
    assert await choices.find("services", "", {})


async def test_what_is_kept_does_not_grow_without_end(world: World, choices: Choices) -> None:
    for brand in range(KEPT + 20):
        await choices.find("use_cases", "", {"brand_sid": f"BN{brand:032x}"})
    assert len(choices._kept) == KEPT


# filtering and limits


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 4), ("acme", 4), ("ACME austin", 1), ("austin acme", 1), ("512", 1), ("+1512", 1), ("(512) 555", 1),
        (start_state.FREE_NUMBER, 1), ("no service", 3), ("acme nowhere", 0),
    ],
)  # fmt: skip
async def test_every_word_of_the_query_must_be_there(choices: Choices, query: str, found: int) -> None:
    assert len(await choices.find("owned_numbers", query, {})) == found


async def test_no_more_options_than_slack_takes(choices: Choices) -> None:
    assert len(await choices.find("available_numbers", "", {})) == MOST


@given(st.text(max_size=200), st.integers(min_value=1, max_value=80))
def test_a_text_is_cut_only_where_it_is_too_long(text: str, limit: int) -> None:
    shown = cut(text, limit)
    assert len(shown) <= limit
    assert shown == text or (len(text) > limit and shown.endswith("…"))


async def test_every_option_keeps_to_slacks_limits(world: World, choices: Choices) -> None:
    await world.service("x" * 64)
    await world.campaign()
    world.twilio.desk.reject(SERVICE, [30883, 30896, 30897, 30908, 30909, 30893, 30886, 30924, 30925, 30931, 30545])
    given: dict[str, Any] = {"brand_sid": start_state.APPROVED_BRAND, "service_sid": SERVICE}
    for source in SOURCES:
        options = await choices.find(source, "", given)
        assert options or source in NONE_AT_FIRST
        for option in options:
            assert 0 < len(option.label) <= LABEL
            assert len(option.description) <= DESCRIPTION
            assert 0 < len(option.value) <= VALUE


async def test_a_thing_without_a_name_is_shown_by_its_sid_and_a_value_too_long_for_slack_is_left_out() -> None:
    found = {"services": [{"sid": "MG1", "friendly_name": ""}, {"sid": "M" * (VALUE + 1), "friendly_name": "Long"}]}
    async with scripted(saying(200, json.dumps(found))) as server:
        account = server.account()
        choices = Choices(account, lambda: 0.0)
        assert [(o.value, o.label) for o in await choices.find("services", "", {})] == [("MG1", "MG1")]
        await choices.close()
        await account.close()


# the lists


async def test_services_say_whether_they_have_a_campaign(world: World, choices: Choices) -> None:
    (option,) = await choices.find("services", "", {})
    assert option.value == SERVICE
    assert "no registered campaign" in option.description
    await world.campaign()
    world.twilio.desk.verify(SERVICE)
    choices.spoil()
    (option,) = await choices.find("services", "", {})
    assert "has a registered campaign" in option.description


async def test_brands_that_are_not_approved_are_shown_last_with_the_reason(choices: Choices) -> None:
    options = await choices.find("brands", "", {})
    shown = {o.value: o.description for o in options}
    assert shown[start_state.APPROVED_BRAND] == "BNa1a1…a1a1 · APPROVED, VERIFIED, standard"
    assert shown[start_state.LOW_VOLUME_BRAND] == "BNc3c3…c3c3 · APPROVED, VERIFIED, low-volume"
    assert shown[start_state.PENDING_BRAND] == "BNb2b2…b2b2 · PENDING: wait for Twilio's verdict"
    assert shown[start_state.FAILED_BRAND].startswith("BNd4d4…d4d4 · FAILED: 30795 The tax id")
    assert {o.value for o in options[:2]} == {start_state.APPROVED_BRAND, start_state.LOW_VOLUME_BRAND}


async def test_use_cases_are_those_that_twilio_offers_the_brand(choices: Choices) -> None:
    options = await choices.find("use_cases", "", {"brand_sid": start_state.APPROVED_BRAND})
    codes = {o.value for o in options}
    assert "MIXED" in codes
    assert "LOW_VOLUME" not in codes
    assert not any(UNCONFIRMED in o.description for o in options)


@pytest.mark.parametrize(
    "given", [{}, {"brand_sid": start_state.PENDING_BRAND}, {"brand_sid": "BN" + "0" * 32}, {"brand_sid": ".."}]
)
async def test_use_cases_that_twilio_does_not_confirm_are_marked_as_such(
    choices: Choices, given: dict[str, str]
) -> None:
    options = await choices.find("use_cases", "", given)
    assert {"MIXED", "LOW_VOLUME", "SOLE_PROPRIETOR", "2FA"} <= {o.value for o in options}
    assert all(UNCONFIRMED in o.description for o in options)


@pytest.mark.parametrize(
    ("kind", "has", "lacks"),
    [
        ("standard", "MIXED", "LOW_VOLUME"),
        ("low_volume", "LOW_VOLUME", "SOLE_PROPRIETOR"),
        ("sole_proprietor", "SOLE_PROPRIETOR", "MIXED"),
    ],
)
async def test_a_brand_that_is_yet_to_be_registered_is_offered_what_its_kind_may_have(
    choices: Choices, kind: str, has: str, lacks: str
) -> None:
    # the brand that was chosen before a new one was wanted is no longer asked about
    given = {"brand_kind": kind, "brand_sid": start_state.APPROVED_BRAND}
    codes = {o.value for o in await choices.find("use_cases", "", given)}
    assert has in codes
    assert lacks not in codes


async def test_numbers_for_sale_fit_the_search_and_show_their_price(choices: Choices) -> None:
    options = await choices.find("available_numbers", "", {"area_code": "503", "contains": "0101", "sms": True})
    (option,) = options
    assert option.value == "+15035550101"
    assert option.label == "+15035550101 · Portland, OR"
    assert option.description == "$1.15 a month · SMS MMS VOICE"


async def test_another_search_is_another_list(choices: Choices) -> None:
    first = await choices.find("available_numbers", "", {"area_code": "503"})
    second = await choices.find("available_numbers", "", {"area_code": "512"})
    assert not set(first) & set(second)
    free = await choices.find("available_numbers", "", {"number_type": "toll_free"})
    assert all("$2.15" in o.description for o in free)


async def test_numbers_without_sms_are_left_out_unless_that_is_switched_off(choices: Choices) -> None:
    given = {"area_code": "503", "contains": "0121"}
    assert await choices.find("available_numbers", "", given) == []
    for off in (False, "false", "no"):
        assert len(await choices.find("available_numbers", "", {**given, "sms": off})) == 1


async def test_a_region_may_be_typed_in_small_letters(choices: Choices) -> None:
    options = await choices.find("available_numbers", "", {"region": "or", "locality": "portland"})
    assert options
    assert all("Portland, OR" in o.label for o in options)


async def test_a_search_that_twilio_does_not_understand_is_told(choices: Choices) -> None:
    with pytest.raises(Refused):
        await choices.find("available_numbers", "", {"area_code": "five"})


async def test_numbers_for_sale_go_stale_sooner_than_lists(world: World, choices: Choices) -> None:
    await choices.find("available_numbers", "", {"area_code": "503"})
    world.clock.now += SEARCHES + 1
    await choices.find("available_numbers", "", {"area_code": "503"})
    await settled(choices)
    assert asked(world, f"/2010-04-01/Accounts/{world.account.sid}/AvailablePhoneNumbers") == 2


async def test_a_price_that_may_not_be_read_is_not_shown_as_nothing(world: World, choices: Choices) -> None:
    world.twilio.faults.add("/pricing", status=403)
    options = await choices.find("available_numbers", "", {"area_code": "503"})
    assert options[0].description.startswith("price not known")


async def test_owned_numbers_say_where_they_are_free_ones_first(choices: Choices) -> None:
    options = await choices.find("owned_numbers", "", {})
    shown = {o.value: o.description for o in options}
    assert shown[start_state.POOLED_NUMBER].endswith("in “Acme support”")
    assert shown[start_state.FREE_NUMBER].endswith("in no service")
    assert options[-1].value == start_state.POOLED_NUMBER


async def test_rejected_campaigns_are_listed_with_their_codes(world: World, choices: Choices) -> None:
    assert await choices.find("failed_campaigns", "", {}) == []
    await world.campaign()
    world.twilio.desk.reject(SERVICE, [30896, 30908])
    choices.spoil()
    (option,) = await choices.find("failed_campaigns", "30908", {})
    assert (option.value, option.label) == (SERVICE, "Acme support")
    assert option.description == "30896, 30908 · DELIVERY_NOTIFICATION"


async def test_a_campaign_of_tcr_is_not_offered_for_an_edit_that_tcr_alone_can_make(
    world: World, choices: Choices
) -> None:
    await a_failed_association(world)
    assert await choices.find("failed_campaigns", "", {}) == []
    (option,) = await choices.find("external_campaigns", "", {})
    assert option.description == "FAILED · TCR CACME10 · 30896"
