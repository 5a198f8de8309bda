"""People who left, were deactivated, are guests, bots, or come from another workspace decide nothing and see nothing.

Every action, submission and command of the map is tried by each of them, with a genuine button of another's change.
"""

import time
from dataclasses import dataclass, replace

from bot.catalog import catalog
from bot.changes.change import Change, State
from bot.sandbox.twilio import start_state
from handlers import ACTIONS, COMMANDS, OPTIONS, SUBMISSIONS
from handlers.blocks.tokens import memo, ticket
from tests.e2e.answers import SERVICE
from tests.e2e.world import A2P, ANN, APPROVALS, BOB, RITA, World, shown
from tests.security import payloads
from tests.security.outsiders import (
    NED,
    OUTSIDERS,
    REGISTRATION,
    STEPS,
    Outsider,
    changes_of_rita,
    gather,
    record,
    written,
)

WHY = "why they take no part"
"""The person is told what stands in the directory about them."""


@dataclass(frozen=True)
class Button:
    """A button of a card: on a change in which state, and what is answered to people whom it does not concern.

    `told` are the words for outsiders; `member` those for a full member who is in no group. A full member whom nothing
    keeps from it has none, and `because` says why that is right.
    """

    state: State | None = None
    value: str = ""
    told: str = WHY
    member: str = ""
    because: str = ""


ASKED = "Only people who asked for"
BUTTONS: dict[str, Button] = {
    "change.approve": Button("pending", member="You cannot decide on"),
    "change.reject": Button("pending", because="it only asks for the reason; whose word counts is looked at after it"),
    "change.details": Button("pending", because="full members may look: nothing secret stands in a plan"),
    "change.why": Button("pending", because="full members may look: it says who may approve, and by which rule"),
    "change.cancel": Button("pending", told="can withdraw it", member="can withdraw it"),
    "change.ask_again": Button("stale", told="can ask again", member="can ask again"),
    "change.retry": Button("failed", told=ASKED, member=ASKED),
    "change.abandon": Button("failed", told=ASKED, member=ASKED),
    "change.skip": Button("failed", told=ASKED, member=ASKED),
    "change.happened": Button("unknown", because="it only asks for the SID; whose word counts is looked at after it"),
    "change.did_not": Button("unknown", told="Only people who may approve it", member="Only people who may approve it"),
    "change.done": Button("waiting", told=ASKED, member=ASKED),
    "change.undo": Button("succeeded", told=ASKED, member=ASKED),
    "change.amend": Button("pending", told="can open its form", member="can open its form"),
    "change.break_glass": Button("pending", member="You may not break glass"),
    "change.sign_off": Button("pending", told="does not wait to be signed off", member="does not wait to be signed"),
    "change.form": Button("pending", told="can open its form", member="can open its form"),
    "registration.check": Button(value=REGISTRATION.id, because="a look changes nothing, and full members may look"),
    "registration.resubmit": Button(value=REGISTRATION.id, because="any full member may ask; others must approve"),
    "registration.open": Button(value=REGISTRATION.id, because="it is the card, and full members may look"),
    "registration.ticket": Button(value=REGISTRATION.id, because="it sends nothing, and full members may look"),
    "registration.assign": Button(value=REGISTRATION.id, because="any full member may see to something"),
    "registration.mute": Button(value=REGISTRATION.id, because="what a channel hears is for the people in it"),
    "registration.unmute": Button(value=REGISTRATION.id, because="what a channel hears is for the people in it"),
    "watch.open": Button(value=APPROVALS, because="what a channel hears is for the people in it"),
    "watch.unmute": Button(
        value=REGISTRATION.id,
        told="changed on its way here",
        because="it stands in a window that names its channel; what a channel hears is for the people in it",
    ),
    "watch.on": Button(value=APPROVALS, because="what a channel hears is for the people in it"),
    "watch.off": Button(value=APPROVALS, because="what a channel hears is for the people in it"),
    "freeze.lift": Button(value=f"{start_state.ACCOUNT_SID}:1.0", member="neither freeze nor lift"),
    "away.open": Button(member="in no group whose approval"),
    "away.back": Button(told="You are not away", member="You are not away"),
    "discovered.follow": Button(value=start_state.ACCOUNT_SID, because="any full member may have something followed"),
    "discovered.choose": Button(value=start_state.ACCOUNT_SID, because="any full member may have something followed"),
    "discovered.decline": Button(value=start_state.ACCOUNT_SID, because="it can be found again by whoever wants it"),
    "portfolio.filter": Button(told="This choice is none", because="it changes what one sees on one's own Home"),
    "portfolio.page": Button(value="1", because="it changes what one sees on one's own Home"),
    "home.start": Button(value="service.create", because="any full member may ask; others must approve"),
}
OF_ONES_OWN_FORM = frozenset({"field", "lookup", "form.back", "form.resume", "form.account"})
"""They act on the clicker's own draft, and on nothing else: tried here with somebody else's."""
SHOWS_NOTHING = {"/a2p": "the help is the same for everybody, and says what one may not do"}
"""Commands that everybody may type."""
TYPED = {
    "/a2p-account": "use main",
    "/a2p-approvals": "",
    "/a2p-watch": "on",
    "/a2p-audit": "",
    "/a2p-freeze": "off account=all",
}
"""What is typed after the commands that are no operation's."""


FREEZE = {
    "account": {"account": {"type": "static_select", "selected_option": {"value": "*"}}},
    "until": {"until": {"type": "datetimepicker", "selected_date_time": int(time.time()) + 86400}},
    "reason": {"reason": {"type": "plain_text_input", "value": "No"}},
}
AWAY = {
    "to": {"to": {"type": "users_select", "selected_user": RITA}},
    "until": {
        "until": {"type": "datepicker", "selected_date": time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400))}
    },
}
"""What somebody would enter who wants to stop everything, or to give away a seat that they do not have."""


async def test_nothing_that_can_be_clicked_or_typed_is_left_out() -> None:
    advice = "think about who may use it, and say so in this file"
    assert set(ACTIONS) == BUTTONS.keys() | OF_ONES_OWN_FORM, advice
    assert set(SUBMISSIONS) == {
        "form",
        "preview",
        "reject",
        "happened",
        "break_glass",
        "sign_off",
        "freeze",
        "away",
        "watch",
        "discovered",
    }, advice
    assert set(OPTIONS) == {"lookup", "discovered", "portfolio.filter"}, advice
    operated = {entry.command for entry in catalog().entries}
    assert COMMANDS.keys() - operated == SHOWS_NOTHING.keys() | TYPED.keys(), advice


async def test_no_button_moves_anything_for_an_outsider_and_each_says_why(world: World) -> None:
    await gather(world)
    changes = await changes_of_rita(world)
    before, asked = await record(world, changes), written(world)
    for outsider in OUTSIDERS:
        for action, button in BUTTONS.items():
            said = await answered(world, outsider, action, value_of(button, changes))
            words = outsider.why if button.told == WHY or outsider.of_the_envelope else button.told
            assert words in said, f"{outsider.id} clicks {action} and reads {said}"
            assert "Quiet campaign" not in said
    assert await record(world, changes) == before
    assert written(world) == asked


async def test_no_button_moves_anything_for_a_member_who_is_in_no_group(world: World) -> None:
    await gather(world)
    changes = await changes_of_rita(world)
    before, asked = await record(world, changes), written(world)
    for action, button in BUTTONS.items():
        if button.member:
            said = await answered(world, NED, action, value_of(button, changes))
            assert button.member in said, f"a member clicks {action} and reads {said}"
        else:
            assert button.because, action
    pending, unknown = changes["pending"], changes["unknown"]
    await world.slack.deliver(payloads.click_on_card(world, NED.id, "change.reject", ticket(pending)))
    await world.sees(NED.id, "Why not?")
    await world.slack.submit(NED.id, {"reason": "I would rather not"})
    await world.told(NED.id, "You cannot decide on")
    value = ticket(unknown, STEPS["unknown"])
    await world.slack.deliver(payloads.click_on_card(world, NED.id, "change.happened", value))
    await world.sees(NED.id, "SID of what it made")
    await world.slack.submit(NED.id, {"sid": "MG" + "1b" * 16})
    await world.told(NED.id, "Only people who may approve it")
    assert await record(world, changes) == before
    assert written(world) == asked


async def test_no_window_moves_anything_for_an_outsider(world: World) -> None:
    """Windows that an outsider cannot have opened, with what the genuine ones carry."""
    await gather(world)
    changes = await changes_of_rita(world)
    await world.fill(RITA, "/a2p-service", "create", *SERVICE)
    preview = world.view(RITA)
    before, asked = await record(world, changes), written(world)
    pending, unknown = changes["pending"], changes["unknown"]
    reason = {"reason": {"reason": {"type": "plain_text_input", "value": "No"}}}
    sid = {"sid": {"sid": {"type": "plain_text_input", "value": "MG" + "1b" * 16}}}
    for outsider in (*OUTSIDERS[:-1], NED):  # somebody whom Slack does not know cannot be written to either
        envelope = {"team": outsider.team, "origin": outsider.origin}
        for view in (
            payloads.view("reject", memo(n=pending.number, g=pending.digest), reason),
            payloads.view("happened", memo(n=unknown.number, s=STEPS["unknown"]), sid),
            payloads.view("freeze", "{}", FREEZE),
            payloads.view("away", "{}", AWAY),
            payloads.view("discovered", start_state.ACCOUNT_SID, {}),
        ):
            said = await told_after(world, outsider, payloads.submission(world, outsider.id, view, **envelope))
            assert any(words in said for words in (outsider.why, ASKED, "Only people who may approve it")), said
        for callback in ("form", "preview"):
            view = {**preview, "callback_id": callback}
            sent = await world.slack.deliver(payloads.submission(world, outsider.id, view, **envelope))
            assert "not yours" in str(sent.ack) or outsider.why in str(sent.ack)
        sent = await world.slack.deliver(payloads.options(world, outsider.id, "lookup:services", preview, **envelope))
        assert sent.ack == {"options": []}
        for source in (f"discovered:{start_state.ACCOUNT_SID}", "portfolio.filter:brand"):
            asked_for = payloads.options(world, outsider.id, source, preview, **envelope)
            choices = (await world.slack.deliver(asked_for)).ack
            assert choices == {"options": []} or outsider is NED, source
    assert not [m for m in world.slack.messages(APPROVALS) if "has frozen" in m["text"] or "is away" in m["text"]]
    assert await record(world, changes) == before
    assert written(world) == asked


async def answered(world: World, person: Outsider, action: str, value: str) -> str:
    """What the person reads after a click on a button of the approvals channel, or in a window that opens."""
    heard = len(world.slack.ephemerals(person.id, APPROVALS))
    envelope = {"team": person.team, "origin": person.origin}
    click = payloads.click_on_card(world, person.id, action, value, **envelope)
    assert (await world.slack.deliver(click)).status == "acked"

    def look() -> str:
        notices = final_notices(world, person.id)
        return " ".join(map(shown, [*world.slack.ephemerals(person.id, APPROVALS)[heard:], *notices]))

    said: str = await world.until(look, f"words for {person.id} about {action}")
    world.slack.reload(person.id)
    return said


def final_notices(world: World, user: str) -> list[payloads.Json]:
    """The windows that say something to a person; not those that say so only until more is known."""
    views = [v for v in world.slack.views(user) if v["callback_id"] == "notice"]
    return [view for view in views if "One moment" not in shown(view)]


async def told_after(world: World, person: Outsider, submission: payloads.Json) -> str:
    """What the person reads after a submission: in its answer, or else by direct message."""
    channel = "D" + person.id[1:]
    heard = len(world.slack.messages(channel))
    sent = await world.slack.deliver(submission)
    if sent.ack:
        return shown(sent.ack["view"])
    said = await world.until(lambda: world.slack.messages(channel)[heard:], f"words for {person.id}")
    return " ".join(map(shown, said))


def value_of(button: Button, changes: dict[State, Change]) -> str:
    """What the genuine button carries."""
    return ticket(changes[button.state], STEPS.get(button.state, "")) if button.state else button.value


async def test_no_command_shows_or_opens_anything_for_an_outsider(world: World) -> None:
    await gather(world)
    changes = await changes_of_rita(world)
    before, asked = await record(world, changes), written(world)
    for outsider in OUTSIDERS:
        for name, text in operations() if outsider is OUTSIDERS[0] else (*TYPED.items(), ("/a2p-service", "create")):
            said = await typed(world, outsider, name, text)
            assert outsider.why in said, f"{outsider.id} types {name} {text} and reads {said}"
            assert "Quiet campaign" not in said
        await world.slack.deliver(payloads.command(world, outsider.id, "/a2p", "", team=outsider.team))
        home = payloads.home_opened(outsider.id)
        await world.slack.deliver(home)
    await world.until(lambda: world.slack.home(OUTSIDERS[0].id), "a home")
    for outsider in OUTSIDERS:
        if world.slack.home(outsider.id) and outsider.known:
            assert "Quiet campaign" not in shown(world.slack.home(outsider.id) or {})
    assert await record(world, changes) == before
    assert written(world) == asked


async def test_an_approver_who_left_after_the_card_was_drawn_decides_nothing(world: World) -> None:
    number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
    await met(world, ANN, BOB)
    world.slack.change_person(ANN, deleted=True)
    world.slack.change_person(BOB, is_restricted=True)
    await world.approve(ANN, number)
    await world.hears(APPROVALS, "has been deactivated", user=ANN)
    await world.approve(BOB, number)
    await world.hears(APPROVALS, "Guests take no part", user=BOB)
    world.slack.change_person(ANN, deleted=False)
    world.slack.change_person(BOB, is_restricted=False)
    world.slack.remove_member(APPROVALS, BOB)
    await press(world, BOB, "change.approve", f"{number}:{await world.digest(number)}", "You cannot decide on")
    assert "change.approve" in shown(await world.card(number))
    assert written(world) == []
    await world.approve(ANN, number)
    await world.done(number)


async def test_who_leaves_a_user_group_decides_nothing_though_the_group_is_still_remembered(empty_world: World) -> None:
    world = empty_world
    policy = world.state.with_name("policy.toml")
    policy.write_text(BY_GROUP)
    async with world.bot(TENFOUR_POLICY=str(policy)):
        number = await world.request(RITA, "/a2p-service", "create", *SERVICE)
        await met(world, ANN, BOB)
        group = world.slack.store.groups["S0APPROVERS"]
        world.slack.store.groups["S0APPROVERS"] = replace(group, members=(BOB,))  # Slack's event has not come yet
        await world.approve(ANN, number)
        await world.hears(APPROVALS, "You cannot decide on", user=ANN)
        await world.slack.change_group("S0APPROVERS", removed=[BOB], added=[ANN])
        await world.approve(BOB, number)
        await world.hears(APPROVALS, "You cannot decide on", user=BOB)
        assert written(world) == []
        await world.approve(ANN, number)
        await world.done(number)


async def test_who_becomes_a_guest_while_filling_in_a_form_is_shown_nothing_more_of_twilio(world: World) -> None:
    await world.slack.command(BOB, A2P, "/a2p-service", "update")
    await world.page(BOB, 1)
    await world.slack.suggest(BOB, "lookup:services", "")
    world.slack.change_person(BOB, is_restricted=True)
    await world.slack.change_group("S0APPROVERS", removed=[BOB])  # what was remembered is forgotten
    view = world.view(BOB)
    found = await world.slack.deliver(payloads.options(world, BOB, "lookup:services", view))
    assert found.ack == {"options": []}
    await world.slack.submit(BOB, {"service_sid": start_state.SUPPORT_SERVICE})
    assert "Guests take no part" in shown(await world.sees(BOB, "Guests take no part"))
    assert "friendly_name" not in shown(world.view(BOB))


BY_GROUP = """
[group.approvers]
label = "the approvers"
usergroup = "S0APPROVERS"

[[rule]]
name = "the group"
effect = "require"
approvals = { approvers = 1 }
"""


async def met(world: World, *users: str) -> None:
    """The bot has looked these people and their groups up a moment ago."""
    for user in users:
        await world.slack.open_home(user)
    await world.until(
        lambda: all("Waits for you (1)" in shown(world.slack.home(user) or {}) for user in users), "their homes"
    )


async def press(world: World, user: str, action: str, value: str, words: str) -> None:
    """A click by somebody who does not see the channel any more, on the card that their client still shows."""
    await world.slack.deliver(payloads.click_on_card(world, user, action, value))
    await world.until(lambda: words in str(world.slack.ephemerals(user, APPROVALS)), words)


async def typed(world: World, person: Outsider, name: str, text: str) -> str:
    """What the person reads after a command: in its answer, privately, or in a window that opens."""
    heard = len(world.slack.ephemerals(person.id))
    payload = payloads.command(world, person.id, name, text, team=person.origin or person.team)
    sent = await world.slack.deliver(payload)
    if sent.ack:
        return shown(sent.ack)

    def look() -> str:
        notices = final_notices(world, person.id)
        return " ".join(map(shown, [*world.slack.ephemerals(person.id)[heard:], *notices]))

    said: str = await world.until(look, f"words for {person.id} about {name} {text}")
    world.slack.reload(person.id)
    return said


def operations() -> list[tuple[str, str]]:
    """Every command with every word of it, plain, and the other commands."""
    return [*TYPED.items(), *((e.command, e.word) for e in catalog().entries if e.command)]
