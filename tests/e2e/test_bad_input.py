"""Everything that can come in wrong ends with clear words for the person, and nothing lost or done twice."""

import json
from typing import Any

import pytest

from bot.sandbox.twilio import start_state
from tests.e2e.answers import CAMPAIGN, SERVICE
from tests.e2e.world import A2P, ANN, APPROVALS, GUS, RITA, World, everything_in, marked, shown


async def test_an_unknown_word_gets_the_nearest_match_and_usage_in_private(world: World) -> None:
    delivery = await world.slack.command(RITA, A2P, "/a2p-service", "craete")
    assert delivery.ack
    assert delivery.ack["response_type"] == "ephemeral"
    assert "create" in str(delivery.ack)


async def test_an_unknown_field_names_the_nearest_one(world: World) -> None:
    delivery = await world.slack.command(RITA, A2P, "/a2p-service", "create frendly_name=Acme")
    assert "friendly_name" in str(delivery.ack)


async def test_a_typed_value_that_does_not_fit_is_pointed_out_in_the_form(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", "create validity_period=999999 friendly_name=Acme")
    view = await world.sees(RITA, "36000")
    assert view["callback_id"] == "form"


async def test_an_open_quote_is_pointed_out(world: World) -> None:
    delivery = await world.slack.command(RITA, A2P, "/a2p-service", 'create friendly_name="Acme')
    assert "quote" in str(delivery.ack)


async def test_mistakes_land_on_their_fields(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", "create")
    await world.sees(RITA, "friendly_name")
    await world.slack.click(RITA, "field:inbound", value="webhook")
    await world.sees(RITA, "inbound_request_url")
    done = await world.slack.submit(RITA, {"friendly_name": "Acme"})
    assert "inbound_request_url" in done.errors


async def test_a_text_of_5000_characters_is_refused_on_its_field(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-service", "create")
    await world.sees(RITA, "friendly_name")
    done = await world.slack.submit(RITA, {"friendly_name": "x" * 5000}, bypass_client=True)
    assert "friendly_name" in done.errors


async def test_a_guest_is_refused_with_the_reason(world: World) -> None:
    await world.slack.command(GUS, A2P, "/a2p-service", "create")
    await world.until(lambda: "uest" in str(world.slack.views(GUS)) + str(world.slack.ephemerals(GUS)), "a refusal")
    assert "Request approval" not in shown(world.view(GUS))


async def test_the_requester_cannot_approve_and_is_told_who_can(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await world.approve(RITA, number)
    await world.hears(APPROVALS, "somebody else must decide", user=RITA)
    assert "Approve" in shown(await world.card(number))


async def test_a_click_delivered_twice_counts_once(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    world.slack.deliveries.duplicate = True
    await world.approve(ANN, number)
    await world.done(number)
    assert len([c for c in world.twilio.log if c.method == "POST" and c.path == "/v1/Services"]) == 1


async def test_a_tampered_button_is_refused(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    card = await world.card(number)
    for value in ("not-a-number", f"{number}:{'0' * 64}", "999999:abc", f"{number}"):
        await world.slack.click(ANN, "change.approve", channel=APPROVALS, ts=card["ts"], action={"value": value})
    await world.until(lambda: len(world.slack.ephemerals(ANN, APPROVALS)) == 4, "four refusals")
    assert "change.approve" in shown(await world.card(number))


async def test_tampered_private_metadata_is_refused(world: World) -> None:
    await world.fill(RITA, "/a2p-service", "create", *SERVICE)
    preview = world.view(RITA)
    for memo in ("{", "{}", json.dumps({"d": "x" * 40}), json.dumps({"d": "../{}"}), json.dumps([1])):
        payload = {
            "type": "view_submission",
            "team": {"id": "T0TENFOUR"},
            "user": {"id": ANN},
            "trigger_id": f"t.{memo}",
            "view": {**preview, "private_metadata": memo},
        }
        delivery = await world.slack.deliver(payload)
        assert delivery.status == "acked"
        assert "response_action" in str(delivery.ack)


async def test_a_draft_of_somebody_else_cannot_be_submitted(world: World) -> None:
    await world.fill(RITA, "/a2p-service", "create", *SERVICE)
    payload = {
        "type": "view_submission",
        "team": {"id": "T0TENFOUR"},
        "user": {"id": ANN},
        "trigger_id": "t.forged",
        "view": world.view(RITA),
    }
    delivery = await world.slack.deliver(payload)
    assert "not yours" in str(delivery.ack)
    assert not [m for m in world.slack.messages(APPROVALS) if "#" in shown(m)]


async def test_hostile_text_is_shown_as_text(world: World) -> None:
    name = "<!channel> <http://evil.example|Twilio> *b*"
    number = await world.request(RITA, "/a2p-service", "create", {"friendly_name": name}, {})
    card = marked(await world.card(number))
    assert "&lt;!channel&gt;" in card
    assert "<!channel>" not in card
    assert "<http://evil" not in card


async def test_a_draft_survives_closing_the_window(world: World) -> None:
    await world.slack.command(RITA, A2P, "/a2p-campaign", "register")
    await world.sees(RITA, "service_sid")
    await world.slack.suggest(RITA, "lookup:services", "")
    await world.slack.suggest(RITA, "lookup:brands", "")
    await world.slack.click(RITA, "lookup:services", value=start_state.SUPPORT_SERVICE)
    await world.slack.close(RITA)
    await world.slack.command(RITA, A2P, "/a2p-campaign", "register")
    await world.sees(RITA, "Resume draft")
    await world.slack.click(RITA, "form.resume")
    await world.sees(RITA, start_state.SUPPORT_SERVICE)
    done = await world.slack.submit(RITA)
    assert done.errors.keys() == {"brand_sid", "use_case"}, "the service was answered by the draft, the rest was not"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 400, "code": 21713}, "21713"),
        ({"status": 401, "code": 20003}, "credentials"),
        ({"status": 404, "code": 20404}, "20404"),
    ],
)
async def test_what_twilio_refuses_in_the_run_is_shown_with_its_code(
    world: World, fault: dict[str, Any], words: str
) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    world.twilio.faults.add(match="POST /v1/Services", **fault)
    await world.approve(ANN, number)
    card = shown(await world.card(number, "change.retry"))
    assert words in card or str(fault["code"]) in card
    await world.told(RITA, str(fault["code"]))
    await world.slack.click(RITA, "change.retry", channel=APPROVALS)
    await world.done(number)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "code": 20429, "retry_after": 0},
        {"status": 500},
        {"status": 500, "drop_after_effect": True},
        {"drop": True},
        {"drop_after_effect": True},
    ],
    ids=["429", "500", "500-after-effect", "dropped", "answer-lost"],
)
async def test_what_twilio_leaves_open_in_the_run_ends_with_one_service(world: World, fault: dict[str, Any]) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    world.twilio.faults.add(match="POST /v1/Services", **fault)
    await world.approve(ANN, number)
    await world.done(number)
    assert len([s for s in world.twilio.created("service") if "Acme alerts" in s["friendly_name"]]) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
async def test_what_twilio_refuses_at_the_preview_is_said_in_the_window(world: World, status: int) -> None:
    world.twilio.faults.add(match="GET /v1/Services", status=status, retry_after=0, times=50)
    await world.slack.command(RITA, A2P, "/a2p-service", "create")
    await world.sees(RITA, "friendly_name")
    for values in SERVICE:
        await world.slack.submit(RITA, values)
    await world.until(lambda: "Nothing was changed" in shown(world.view(RITA)), "words about the fault")


async def test_an_expired_trigger_is_told_by_direct_message(world: World) -> None:
    world.slack.faults.add(method="views.open", error="expired_trigger_id")
    await world.slack.command(RITA, A2P, "/a2p-service", "create")
    await world.until(lambda: world.slack.ephemerals(RITA) or world.slack.messages("D0RITA"), "words")


async def test_no_secret_and_nothing_typed_stands_in_redis_in_clear(world: World) -> None:
    await world.request(RITA, "/a2p-campaign", "register", *CAMPAIGN)
    kept = await everything_in(world.redis_url)
    for text in ("acme.example/checkout", "left our bakery", "sandbox-auth-token", "xoxb-sandbox", "xapp-sandbox"):
        assert text not in kept


async def test_a_button_of_an_older_message_says_so(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    card = await world.card(number)
    await world.slack.click(
        ANN, "change.approve", channel=APPROVALS, ts=card["ts"], action={"action_id": "change.levitate"}
    )
    await world.hears(APPROVALS, "older message", user=ANN)
