"""What is said of what a channel hears, and the window in which it is chosen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.inputs import STATE_KEYS
from bot.tracking.registration import SEVERITIES, Mute
from bot.tracking.subscriptions import KINDS_HEARD, Subscription
from handlers.blocks.following.catch_up import CatchUp, Line, catch_up, pages_of
from handlers.blocks.following.watch import OWN_ZONE, Watched, hears, now_hears, watch_modal, watch_panel
from tests.handlers.blocks.judge import block, elements, sound_message, sound_view, words
from tests.handlers.blocks.samples import ANN, HOSTILE, NOW, STRANGE, registration

A2P = "C0A2P"
MAIN, OTHER = "AC" + "5a" * 16, "AC" + "0b" * 16
ACME = "BN" + "1c" * 16
NAMES = {"accounts": {MAIN: "main", OTHER: "other"}, "brands": {ACME: "Acme Inc"}}


def said(**chosen: object) -> str:
    return hears(
        Watched(A2P, Subscription.model_validate({"channel": A2P, **chosen}), NAMES["accounts"], NAMES["brands"])
    )


@pytest.mark.parametrize(
    ("chosen", "words_"),
    [
        ({}, "hears everything about registrations. A weekly digest comes too."),
        ({"weekly": False}, "hears everything about registrations."),
        (
            {
                "severities": ["bad", "warn"],
                "kinds": ["campaign", "brand"],
                "accounts": [MAIN],
                "quiet_from": 1200,
                "quiet_until": 420,
                "zone": "Europe/Berlin",
                "weekly": False,
            },
            "hears bad news and warnings about campaigns and brands of main, not between 20:00 and 07:00 "
            "Europe/Berlin: what happens then is told when they end.",
        ),
        ({"brands": [ACME], "weekly": False}, "hears everything about registrations, of the brand Acme Inc."),
        ({"digest_only": True, "kinds": ["sink"]}, "hears only once a week, in a digest, about event sinks."),
        ({"off": True}, "hears nothing about registrations. `/a2p-watch` in it changes that."),
        (
            {"quiet_from": 0, "quiet_until": 60, "zone": "Mars/Base", "weekly": False},
            "hears everything about registrations, not between 00:00 and 01:00 Mars/Base: what happens then is told "
            "when they end. The time zone `Mars/Base` is not known here, so that these are hours in UTC.",
        ),
    ],
)
def test_what_a_channel_hears_is_said_in_a_plain_sentence(chosen: dict[str, object], words_: str) -> None:
    assert said(**chosen) == f"<#{A2P}> {words_}"


@pytest.mark.parametrize("text", ["Acme", HOSTILE, *STRANGE])
def test_every_window_and_answer_takes_any_text_and_any_number_of_brands(text: str) -> None:
    muted = [registration(title=text).model_copy(update={"muted": {A2P: Mute(by=ANN, at=NOW)}})] * 30
    brands = {f"BN{n:032x}": text for n in range(150)}
    the = Subscription(channel=A2P, brands=(*list(brands)[140:], "BN" + "f" * 32), zone=text[:40])
    for subscription in (None, the, the.model_copy(update={"quiet_from": 1, "quiet_until": 2})):
        seen = Watched(A2P, subscription, {MAIN: text, OTHER: text}, brands, {text: 3, "campaign": 2}, muted)
        view = sound_view(watch_modal(seen, zone="Europe/Berlin", note=text[:500]))
        chosen = {o["value"] for o in block(view, "brands")["element"].get("initial_options", [])}
        assert chosen == set(subscription.brands if subscription else ())
        sound_message(watch_panel(seen))
        sound_message(now_hears(seen, ANN, nobody=True))


@given(
    st.sets(st.sampled_from(SEVERITIES), min_size=1), st.sets(st.sampled_from(KINDS_HEARD), min_size=1), st.booleans()
)
def test_the_window_shows_what_is_chosen_and_everything_where_nothing_was(
    severities: set[str], kinds: set[str], digest: bool
) -> None:
    chosen = {"severities": sorted(severities), "kinds": sorted(kinds), "digest_only": digest, "quiet_from": 61}
    the = Subscription.model_validate({"channel": A2P, **chosen, "quiet_until": 0, "zone": "Asia/Kathmandu"})
    view = watch_modal(Watched(A2P, the), zone="Europe/Berlin")
    shown = elements(view)
    for name, of in (("severities", severities), ("kinds", kinds)):
        assert {o["value"] for o in shown[name]["initial_options"]} == of
    assert shown["mode"]["initial_option"]["value"] == ("digest" if digest else "on")
    whole = elements(watch_modal(Watched(A2P, Subscription(channel=A2P)), zone="Europe/Berlin"))
    assert len(whole["severities"]["initial_options"]) == len(SEVERITIES)
    assert whole["zone"]["initial_value"] == "Europe/Berlin"
    assert {e["type"] for e in shown.values()} <= STATE_KEYS.keys()


def test_the_zone_of_whoever_looks_fills_a_block_of_its_own_and_not_over_what_was_chosen() -> None:
    quiet = Subscription(channel=A2P, quiet_from=60, quiet_until=120, zone="Asia/Kathmandu")
    assert block(watch_modal(Watched(A2P, quiet), zone="UTC"), "zone")["element"]["initial_value"] == "Asia/Kathmandu"
    assert block(watch_modal(Watched(A2P), zone="UTC"), OWN_ZONE)["element"]["initial_value"] == "UTC"
    digest = Subscription(channel=A2P, zone="Asia/Kathmandu", digest_only=True)
    assert block(watch_modal(Watched(A2P, digest), zone="UTC"), "zone")["element"]["initial_value"] == "Asia/Kathmandu"


def test_a_panel_offers_the_switch_that_makes_sense_and_to_unmute() -> None:
    muted = registration().model_copy(update={"muted": {A2P: Mute(by=ANN, at=NOW)}})
    on = watch_panel(Watched(A2P, Subscription(channel=A2P), counts={"campaign": 2, "brand": 1}, muted=[muted]))
    assert {"watch.open", "watch.off", "registration.unmute:0"} == elements(on).keys()
    assert "Followed: 1 brand and 2 campaigns." in words(on)
    assert {"watch.open", "watch.on"} == elements(watch_panel(Watched(A2P))).keys()
    assert "Nothing is followed yet." in words(watch_panel(Watched(A2P)))


@pytest.mark.parametrize("text", ["Acme", HOSTILE, *STRANGE])
def test_a_summary_takes_any_text_and_links_only_to_slack(text: str) -> None:
    lines = [
        Line(registration=f"r{n}", title=text, key="", words=(text, text, "verified"), rows=("1", "2", "3"), severity=s)
        for n, s in enumerate(("bad", "bad", "warn", "good", "info") * 20)
    ]
    pages = pages_of(sorted(lines, key=lambda line: SEVERITIES.index(line.severity)))
    batch = CatchUp(
        id="1",
        began=NOW,
        ended=NOW,
        why="quiet",
        counts={"bad": 29, "warn": 1, "info": 7},
        registrations=100,
        pages=len(pages),
    )
    threads = {"r1": "https://evil.example/archives/C1/p1", "r2": text}
    messages = [sound_message(catch_up(batch, n, page, threads)) for n, page in enumerate(pages)]
    assert (
        "37 things happened to 100 registrations: 29 pieces of bad news, 1 warning, 7 steps of progress."
        in messages[0]["text"]
    )
    assert not any("what follows was left out" in words(message) for message in messages)
    assert sum(str(message).count("'registration.open:") for message in messages) == 100
    linked = catch_up(batch, 0, pages[0], {"r0": "https://acme.slack.com/archives/C0A2P/p1795000000000100"})
    assert words(linked).count("<https://acme.slack.com/archives/C0A2P/p1795000000000100|") == 1


def test_a_summary_names_all_that_happened_to_a_registration_and_counts_what_came_again() -> None:
    line = Line(
        registration="r", title="Orders", key="", words=("rejected", "rejected", "verified"), rows=(), severity="good"
    )
    batch = CatchUp(id="1", began=NOW, ended=NOW, why="rush", counts={"good": 3}, registrations=1, pages=1)
    assert "*Orders*: rejected (2 times), then verified" in words(catch_up(batch, 0, [line], {}))


def test_what_happened_in_one_moment_is_not_told_as_from_when_to_when() -> None:
    line = Line(registration="r", title="Orders", key="", words=("rejected",), rows=("1",), severity="bad")
    batch = CatchUp(id="1", began=NOW, ended=NOW + 1, why="rush", counts={"bad": 1}, registrations=1, pages=1)
    text = words(catch_up(batch, 0, [line], {}))
    assert " from " not in text
    assert "1 thing happened to 1 registration: 1 piece of bad news." in text


def test_a_summary_says_where_not_all_that_is_bad_gets_a_thread_of_its_own() -> None:
    line = Line(registration="r", title="Orders", key="", words=("rejected",), rows=("1",), severity="bad")
    batch = CatchUp(id="1", began=NOW, ended=NOW, why="rush", counts={"bad": 51}, registrations=51, pages=2)
    assert "The first of what somebody must act on is told" in words(catch_up(batch, 1, [line], {}))
    threaded = line.model_copy(update={"threaded": True})
    assert "What somebody must act on is told" in words(catch_up(batch, 0, [threaded], {}))
