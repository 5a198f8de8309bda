"""Event Streams: what happens to brands, campaigns and numbers reaches whoever has subscribed, at least once."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.twilio import event_types, start_state, start_west
from tests.sandbox.openapi_checker import openapi_checker
from tests.sandbox.twilio_account import ACCOUNT, SERVICES, Account, Answer, eventually, open_account
from tests.sandbox.twilio_receiver import PASSWORD, USER, Receiver, open_receiver

SINKS, SUBSCRIPTIONS = "/events/v1/Sinks", "/events/v1/Subscriptions"
SERVICE, NUMBER, BRAND = start_state.SUPPORT_SERVICE, start_state.POOLED_NUMBER, start_state.PENDING_BRAND
PREFIX = event_types.PREFIX
APPROVED, FAILURE = f"{event_types.CAMPAIGN}campaign-approved", f"{event_types.CAMPAIGN}campaign-failure"
ALL = [json.dumps({"type": row.sid, "schema_version": row.latest}) for row in event_types.known_types()]
WEST = (start_west.CREDENTIALS.account_sid, start_west.CREDENTIALS.auth_token)


@pytest.fixture(name="account")
async def _account() -> AsyncIterator[Account]:
    async with open_account() as account:
        account.twilio.events.pauses = (0.01, 0.01)
        yield account


@pytest.fixture(name="receiver")
async def _receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as receiver:
        yield receiver


def configuration(destination: str, **changes: Any) -> str:
    return json.dumps({"destination": destination, "method": "POST", "batch_events": True, **changes})


async def sink(account: Account, destination: str = "https://acme.example/events", **changes: Any) -> Answer:
    settings = {"Description": "Acme", "SinkConfiguration": configuration(destination), "SinkType": "webhook"}
    return await account.call("POST", SINKS, {n: v for n, v in {**settings, **changes}.items() if v is not None})


async def subscription(account: Account, sink_sid: str, types: list[str]) -> Answer:
    params = {"Description": "Acme", "SinkSid": sink_sid, "Types": types}
    return await account.call("POST", SUBSCRIPTIONS, params)


async def listening(account: Account, receiver: Receiver, types: list[str] = ALL, **changes: Any) -> str:
    """An active sink at the receiver that hears of these types; gives its SID."""
    made = (await sink(account, SinkConfiguration=configuration(receiver.destination, **changes))).body["sid"]
    account.clock.now += 2
    assert (await subscription(account, made, types)).status == 201
    return str(made)


async def until_told(account: Account, receiver: Receiver, count: int) -> list[str]:
    await eventually(lambda: account.twilio.events.idle and len(receiver.events) >= count)
    assert len(receiver.events) == count, receiver.types
    return receiver.types


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Description": None}, 20001),
        ({"SinkConfiguration": None}, 20001),
        ({"SinkType": None}, 20001),
        ({"SinkType": "pigeon"}, 20422),
        ({"SinkType": "kinesis"}, 20422),
        ({"SinkConfiguration": "https://acme.example"}, 20422),
        ({"SinkConfiguration": configuration("http://acme.example/events")}, 20422),
        ({"SinkConfiguration": configuration("ftp://127.0.0.1/events")}, 20422),
        ({"SinkConfiguration": configuration("https://acme.example/", method="PUT")}, 20422),
        ({"SinkConfiguration": configuration("https://acme.example/", batch_events="true")}, 20422),
        ({"SinkConfiguration": configuration("https://acme.example/", colour="red")}, 20422),
        ({"SinkConfiguration": json.dumps({"method": "POST", "batch_events": True})}, 20422),
    ],
)
async def test_a_sink_is_refused_for_what_twilio_would_not_send_to(
    account: Account, changes: dict[str, Any], code: int
) -> None:
    answer = await sink(account, **changes)
    assert (answer.status, answer.code) == (400, code)


@pytest.mark.parametrize(
    "item",
    [
        "campaigns",
        json.dumps({"type": f"{PREFIX}campaign-registration.praised"}),
        json.dumps({"schema_version": 1}),
        json.dumps({"type": APPROVED, "schema_version": 9}),
        json.dumps({"type": APPROVED, "schema_version": "2"}),
        json.dumps({"type": APPROVED, "colour": "red"}),
    ],
)
async def test_a_subscription_is_refused_for_a_type_that_there_is_not(account: Account, item: str) -> None:
    made = (await sink(account)).body["sid"]
    account.clock.now += 2
    assert (await subscription(account, made, [item])).code == 20422
    assert (await account.call("GET", SUBSCRIPTIONS)).body["subscriptions"] == []


async def test_a_sink_is_subscribed_to_only_while_it_is_active_and_deleted_only_when_it_is_not(
    account: Account,
) -> None:
    made = (await sink(account)).body
    assert made["status"] == "initialized"
    assert (await subscription(account, made["sid"], ALL)).status == 400
    account.clock.now += 0.5
    assert (await account.call("GET", f"{SINKS}/{made['sid']}")).body["status"] == "validating"
    account.clock.now += 0.5
    subscribed = (await subscription(account, made["sid"], ALL)).body["sid"]
    assert (await account.call("DELETE", f"{SINKS}/{made['sid']}")).status == 409
    in_use = await account.call("GET", SINKS, {"InUse": "true", "Status": "active"})
    assert [row["sid"] for row in in_use.body["sinks"]] == [made["sid"]]
    assert (await account.call("DELETE", f"{SUBSCRIPTIONS}/{subscribed}")).status == 204
    assert (await account.call("DELETE", f"{SINKS}/{made['sid']}")).status == 204
    assert (await subscription(account, made["sid"], ALL)).status == 400


async def test_a_sink_keeps_its_address_and_only_its_description_is_changed(account: Account) -> None:
    made = (await sink(account)).body["sid"]
    moved = await account.call("POST", f"{SINKS}/{made}", {"Description": "A", "SinkConfiguration": "{}"})
    assert moved.code == 20001
    assert (await account.call("POST", f"{SINKS}/{made}", {"Description": "Other"})).body["description"] == "Other"
    assert (await account.call("GET", f"{SINKS}/{made}", auth=WEST)).status == 404


async def test_the_password_of_a_destination_is_in_no_log(account: Account, receiver: Receiver) -> None:
    made = await sink(account, receiver.destination)
    assert PASSWORD in made.body["sink_configuration"]["destination"]
    account.twilio.events.set_sink(made.body["sid"], "active")
    await account.call("GET", SINKS)
    logged = [call for call in account.twilio.log if call.product == "events"]
    assert "***@" in str(logged)
    assert PASSWORD not in str(logged)
    async with account.http.get(f"{account.twilio.url}/_desk/state") as answer:
        assert PASSWORD not in await answer.text()


async def test_every_answer_has_the_shape_of_the_openapi_file(account: Account) -> None:
    checker = openapi_checker()
    made = (await sink(account)).body["sid"]
    account.clock.now += 2
    subscribed = (await subscription(account, made, ALL[:2])).body["sid"]
    one, other = json.loads(ALL[0])["type"], json.loads(ALL[5])["type"]
    problems = []
    for method, template, params in (
        ("POST", "/v1/Sinks", {"Description": "B", "SinkConfiguration": _PLAIN, "SinkType": "webhook"}),
        ("GET", "/v1/Sinks", {}),
        ("GET", f"/v1/Sinks/{made}", {}),
        ("POST", f"/v1/Sinks/{made}", {"Description": "C"}),
        ("POST", f"/v1/Sinks/{made}/Test", {}),
        ("POST", "/v1/Subscriptions", {"Description": "B", "SinkSid": made, "Types": ALL}),
        ("GET", "/v1/Subscriptions", {"SinkSid": made}),
        ("GET", f"/v1/Subscriptions/{subscribed}", {}),
        ("POST", f"/v1/Subscriptions/{subscribed}", {"Description": "C"}),
        ("POST", f"/v1/Subscriptions/{subscribed}/SubscribedEvents", {"Type": other, "SchemaVersion": "2"}),
        ("POST", f"/v1/Subscriptions/{subscribed}/SubscribedEvents", {"Type": other}),
        ("GET", f"/v1/Subscriptions/{subscribed}/SubscribedEvents", {}),
        ("GET", f"/v1/Subscriptions/{subscribed}/SubscribedEvents/{one}", {}),
        ("POST", f"/v1/Subscriptions/{subscribed}/SubscribedEvents/{one}", {"SchemaVersion": "1"}),
        ("DELETE", f"/v1/Subscriptions/{subscribed}/SubscribedEvents/{one}", {}),
        ("GET", "/v1/Types", {}),
        ("GET", f"/v1/Types/{one}", {}),
        ("GET", "/v1/Schemas/A2P.BrandRegistrationFailure", {}),
        ("GET", "/v1/Schemas/A2P.BrandRegistrationFailure/Versions", {}),
        ("GET", "/v1/Schemas/A2P.BrandRegistrationFailure/Versions/3", {}),
        ("DELETE", f"/v1/Subscriptions/{subscribed}", {}),
    ):
        answer = await account.call(method, f"/events{template}", params)
        path = checker.template("events", template)
        problems += [
            f"{method} {template}: {problem}"
            for problem in checker.check_response("events", method, path, answer.status, answer.body or None)
        ]
    assert problems == []


async def test_a_campaigns_life_is_told_in_the_words_of_events(account: Account, receiver: Receiver) -> None:
    await listening(account, receiver)
    await account.campaign(SERVICE)
    account.clock.now += 2
    await until_told(account, receiver, 1)
    account.twilio.desk.reject(SERVICE, [30896])
    account.twilio.desk.verify(SERVICE)
    names = ["campaign-submitted", "campaign-failure", "campaign-approved"]
    wanted = [*(f"campaign-registration.{name}" for name in names), "number-registration.pending"]
    assert await until_told(account, receiver, 4) == wanted
    failure, approved = receiver.events[1], receiver.events[2]
    assert failure["data"]["errorcode"] == 30896
    assert approved["specversion"] == "1.0"
    assert approved["data"]["messagingservicesid"] == SERVICE
    assert approved["data"]["campaignregistrationstatus"] == "approved"
    assert approved["data"]["campaignsid"].startswith("CM")
    assert approved["data"]["externalcampaignid"].startswith("C")
    assert approved["data"]["timestamp"] == int(account.clock.now * 1000)
    assert len({event["id"] for event in receiver.events}) == 4
    assert receiver.callers == {f"{USER}:{PASSWORD}"}


async def test_a_suspended_campaign_is_ended_by_twilio_alone_and_its_numbers_with_it(
    account: Account, receiver: Receiver
) -> None:
    await account.campaign(SERVICE)
    account.twilio.desk.verify(SERVICE)
    account.twilio.carriers.register(NUMBER)
    with pytest.raises(ValueError, match="not suspended"):
        account.twilio.desk.end_suspended(SERVICE)
    account.twilio.desk.suspend(SERVICE)
    await listening(account, receiver)
    account.twilio.desk.end_suspended(SERVICE)
    account.twilio.carriers.fail_to_forget(NUMBER)
    account.twilio.carriers.unregister(NUMBER)
    types = await until_told(account, receiver, 5)
    assert types == [
        "campaign-registration.suspended-campaign-delete-submitted",
        "campaign-registration.campaign-deleted",
        "number-deregistration.pending",
        "number-deregistration.failed",
        "number-deregistration.successful",
    ]
    assert [event["data"].get("messagingservicesid") for event in receiver.events] == [SERVICE] * 5
    assert "campaignsid" not in receiver.events[-1]["data"]


async def test_a_number_is_told_from_the_pool_to_the_carriers_and_back(account: Account, receiver: Receiver) -> None:
    service = await account.service()
    await account.campaign(service)
    account.twilio.desk.verify(service)
    await listening(account, receiver)
    free = start_state.FREE_NUMBER
    await account.call("POST", f"{SERVICES}/{service}/PhoneNumbers", {"PhoneNumberSid": free})
    account.twilio.carriers.fail(free)
    account.twilio.carriers.register(free)
    await account.call("DELETE", f"{SERVICES}/{service}/PhoneNumbers/{free}")
    account.twilio.carriers.unregister(free)
    assert await until_told(account, receiver, 5) == [
        "number-registration.pending",
        "number-registration.failed",
        "number-registration.successful",
        "number-deregistration.pending",
        "number-deregistration.successful",
    ]
    told = [event["data"] for event in receiver.events]
    states = ["pending_registration", "failure", "registered", "pending_deregistration", "unregistered"]
    assert [data["externalstatus"] for data in told] == states
    assert told[1]["failurereason"].endswith("/errors/30126")
    assert {(data["phonenumber"], data["phonenumbersid"]) for data in told} == {("15125550120", free)}


async def test_a_number_that_carriers_cannot_forget_is_not_registered_anew(account: Account) -> None:
    await account.campaign(SERVICE)
    account.twilio.desk.verify(SERVICE)
    account.twilio.carriers.register(NUMBER)
    with pytest.raises(ValueError, match="only the deregistration"):
        account.twilio.carriers.fail_to_forget(NUMBER)
    member = f"{SERVICES}/{SERVICE}/PhoneNumbers"
    await account.call("DELETE", f"{member}/{NUMBER}")
    account.twilio.carriers.fail_to_forget(NUMBER)
    await account.call("POST", member, {"PhoneNumberSid": NUMBER})
    with pytest.raises(ValueError, match="not forgotten"):
        account.twilio.carriers.register(NUMBER)
    account.twilio.carriers.unregister(NUMBER)
    assert account.twilio.carriers.standings()[NUMBER]["state"] == "PENDING_REGISTRATION"


async def test_a_number_that_is_given_back_is_told_as_forgotten(account: Account, receiver: Receiver) -> None:
    await account.campaign(SERVICE)
    account.twilio.desk.verify(SERVICE)
    account.twilio.carriers.register(NUMBER)
    await listening(account, receiver)
    await account.call("DELETE", f"{ACCOUNT}/IncomingPhoneNumbers/{NUMBER}.json")
    assert await until_told(account, receiver, 2) == [
        "number-deregistration.pending",
        "number-deregistration.successful",
    ]


async def test_a_restart_keeps_what_was_subscribed_and_tells_nothing_twice(receiver: Receiver, tmp_path: Path) -> None:
    async with open_account(tmp_path / "twilio.json") as account:
        made = await listening(account, receiver)
        await account.call("POST", f"{SINKS}/{made}/Test")
        account.twilio.events.mail(BRAND, "email-2fa-sent")
        await until_told(account, receiver, 2)
        now = account.clock.now
    async with open_account(tmp_path / "twilio.json") as account:
        account.clock.now = now
        account.twilio.events.mail(BRAND, "email-2fa-opened")
        types = await until_told(account, receiver, 3)
    assert types[2] == "brand-registration.email-2fa-opened"


async def test_a_brands_verdicts_and_mails_are_told(account: Account, receiver: Receiver) -> None:
    await listening(account, receiver)
    brands = account.twilio.desk.brands
    brands.fail(BRAND, [30795])
    brands.approve(BRAND, "UNVERIFIED")
    brands.approve(BRAND)
    brands.approve(BRAND, "VETTED_VERIFIED")
    account.twilio.events.mail(BRAND, "email-2fa-sent")
    assert await until_told(account, receiver, 6) == [
        "brand-registration.brand-failure",
        "brand-registration.brand-registered",
        "brand-registration.brand-unverified",
        "brand-registration.brand-verified",
        "brand-registration.brand-vetted-verified",
        "brand-registration.email-2fa-sent",
    ]
    failed, registered = receiver.events[0]["data"], receiver.events[1]["data"]
    assert failed["brandregistrationerrors"][0]["registrationerrorcode"] == 30795
    assert (registered["brandstatus"], registered["identitystatus"]) == ("registered", "unverified")
    assert isinstance(registered["createddate"], int)


async def test_a_vetting_that_fails_is_told_of_its_brand(account: Account, receiver: Receiver) -> None:
    await listening(account, receiver)
    path = f"/messaging/v1/a2p/BrandRegistrations/{start_state.APPROVED_BRAND}/Vettings"
    vetting = (await account.call("POST", path, {"VettingProvider": "aegis"})).body["brand_vetting_sid"]
    account.twilio.desk.brands.vetting(vetting, "FAILED")
    assert await until_told(account, receiver, 1) == ["brand-registration.brand-secondary-vetting-failure"]


async def test_only_what_was_subscribed_is_told_and_in_the_version_that_was(
    account: Account, receiver: Receiver
) -> None:
    await listening(account, receiver, [json.dumps({"type": FAILURE})])
    await account.campaign(SERVICE)
    account.twilio.desk.verify(SERVICE)
    account.twilio.desk.reject(SERVICE, [30896])
    assert await until_told(account, receiver, 1) == ["campaign-registration.campaign-failure"]
    assert "errorcode" not in receiver.events[0]["data"]
    assert receiver.events[0]["dataschema"].endswith("/1")


async def test_a_sink_that_has_failed_hears_nothing_of_what_happens_meanwhile(
    account: Account, receiver: Receiver
) -> None:
    made = await listening(account, receiver)
    await account.campaign(SERVICE)
    account.twilio.events.set_sink(made, "failed")
    account.twilio.desk.verify(SERVICE)
    account.twilio.events.set_sink(made, "active")
    account.twilio.desk.suspend(SERVICE)
    account.twilio.desk.reject(SERVICE, [30896])
    assert await until_told(account, receiver, 1) == ["campaign-registration.campaign-failure"]


async def test_a_subaccount_has_sinks_of_its_own_signed_with_its_own_token(
    account: Account, receiver: Receiver
) -> None:
    await listening(account, receiver)
    async with open_receiver(WEST[1]) as other:
        made = await account.call(
            "POST",
            SINKS,
            {"Description": "West", "SinkConfiguration": configuration(other.destination), "SinkType": "webhook"},
            auth=WEST,
        )
        assert made.status == 201
        account.twilio.account(WEST[0]).events.set_sink(made.body["sid"], "active")
        await account.call("POST", f"{SINKS}/{made.body['sid']}/Test", auth=WEST)
        await eventually(lambda: len(other.events) == 1)
    assert receiver.events == []


async def test_an_event_that_nobody_takes_comes_again_and_is_given_up_in_the_end(
    account: Account, receiver: Receiver
) -> None:
    await listening(account, receiver)
    receiver.answers = [500, 503, 200]
    account.twilio.events.mail(BRAND, "email-2fa-opened")
    await until_told(account, receiver, 3)
    assert len({event["id"] for event in receiver.events}) == 1
    receiver.answers = [500] * 3
    account.twilio.events.mail(BRAND, "email-2fa-clicked")
    await until_told(account, receiver, 6)
    sent = [(each.attempt, each.status, each.last) for each in account.twilio.events.sent]
    assert sent == [(1, 500, False), (2, 503, False), (3, 200, True), (1, 500, False), (2, 500, False), (3, 500, True)]


async def test_events_come_in_any_order_and_any_number_of_times_when_that_is_wanted(
    account: Account, receiver: Receiver
) -> None:
    await listening(account, receiver, batch_events=False)
    events = account.twilio.events
    events.pause()
    events.switches.shuffle, events.switches.duplicate = True, 1.0
    for name in event_types.MAIL_EVENTS:
        events.mail(BRAND, name)
    held = list(events.waiting)
    assert len(held) == 2 * len(event_types.MAIL_EVENTS)
    assert receiver.requests == []
    events.resume()
    await until_told(account, receiver, len(held))
    assert {len(request) for request in receiver.requests} == {1}
    assert receiver.events != held
    assert sorted(event["id"] for event in receiver.events) == sorted(event["id"] for event in held)
    await events.deliver(held[2], held[0], held[2])
    assert [event["id"] for event in receiver.events[-3:]] == [held[2]["id"], held[0]["id"], held[2]["id"]]


async def test_an_event_that_gets_lost_is_remembered_and_never_sent(account: Account, receiver: Receiver) -> None:
    await listening(account, receiver)
    account.twilio.events.switches.drop = 1.0
    account.twilio.events.mail(BRAND, "email-2fa-sent")
    account.twilio.events.switches.drop = 0.0
    account.twilio.events.mail(BRAND, "email-2fa-opened")
    assert await until_told(account, receiver, 1) == ["brand-registration.email-2fa-opened"]
    assert [event["type"].rpartition(".")[2] for event in account.twilio.events.lost] == ["email-2fa-sent"]


async def test_a_test_event_is_sent_for_each_time_that_it_is_asked_for(account: Account, receiver: Receiver) -> None:
    made = (await sink(account, receiver.destination)).body["sid"]
    assert (await account.call("POST", f"{SINKS}/{made}/Test")).body == {"result": "submitted"}
    assert await until_told(account, receiver, 1) == ["com.twilio.eventstreams.test-event"]


async def test_nothing_is_sent_to_another_machine(account: Account) -> None:
    made = (await sink(account)).body["sid"]
    account.clock.now += 2
    await subscription(account, made, ALL)
    account.twilio.events.mail(BRAND, "email-2fa-sent")
    await eventually(lambda: len(account.twilio.events.sent) == 1)
    assert account.twilio.events.sent[0].status == 0
    assert "not on this machine" in account.twilio.events.sent[0].error


@pytest.mark.parametrize(
    ("path", "body", "http"),
    [
        ("event", {"brand_sid": BRAND, "event": "email-2fa-sent"}, 200),
        ("event", {"brand_sid": BRAND, "event": "praised"}, 400),
        ("event", {"brand_sid": "BN1", "event": "email-2fa-sent"}, 404),
        ("event", {"type": "com.twilio.unheard-of", "data": {"colour": "red"}}, 200),
        ("event", {"type": "com.twilio.unheard-of"}, 400),
        ("events", {"paused": True, "shuffle": True, "duplicate": 0.5, "drop": 0}, 200),
        ("events", {"duplicate": 2}, 400),
        ("events", {"shuffle": "yes"}, 400),
        ("events", {"colour": "red"}, 400),
        ("sink", {"sink_sid": "DG1", "status": "failed"}, 404),
    ],
)
async def test_the_desk_of_events_says_what_is_wrong(
    account: Account, path: str, body: dict[str, Any], http: int
) -> None:
    async with account.http.post(f"{account.twilio.url}/_desk/{path}", json=body) as answer:
        assert answer.status == http
    assert account.twilio.events.switches.duplicate == (0.5 if http == 200 and path == "events" else 0)


_PLAIN = configuration("https://acme.example/other")
