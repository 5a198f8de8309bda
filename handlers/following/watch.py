"""`/a2p-watch`: what this channel hears about registrations, and when."""

import difflib
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from typing import Any
from zoneinfo import available_timezones

from slack_sdk.errors import SlackApiError

from bot.changes.refusal import Refusal
from bot.tracking.registration import SEVERITIES
from bot.tracking.subscriptions import KINDS_HEARD, LONGEST_QUIET, Subscription, known_zone, quiet_minutes
from handlers.acts import Act
from handlers.blocks.following.watch import MODES, OWN_ZONE, Watched, now_hears, watch_modal, watch_panel
from handlers.blocks.form import notice_modal
from handlers.commands import HELP
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk
from handlers.following import registration_acts
from handlers.following.digest import digest_now
from handlers.posts import CHANNEL_CLOSED, why

TITLE = "What is heard here"
MOST = 1000
"""Registrations that are looked through for one window."""
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,30}")
_BRAND = re.compile(r"BN[0-9a-f]{32}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


async def watch(desk: Desk, delivery: Delivery) -> Payload | None:
    """`/a2p-watch [on | off | show | digest]`: what this channel hears; alone it opens a window."""
    word = (delivery.body.get("text") or "").strip().lower()
    if not word:
        return await open_window(desk, delivery)
    if word in ("on", "off"):
        await _switch(desk, delivery, word)
    elif word == "show" or word in HELP:
        desk.later(delivery, _show(desk, delivery), members_only=True)
    elif word == "digest":
        desk.later(delivery, digest_now(desk, delivery), members_only=True)
    else:
        raise Refusal(
            f"“{word[:80]}” is not known. Type `/a2p-watch on`, `/a2p-watch off`, `/a2p-watch show`, "
            "`/a2p-watch digest`, or `/a2p-watch` alone to choose what is heard."
        )
    return None


async def open_window(desk: Desk, delivery: Delivery) -> Payload | None:
    """The window in which it is chosen; also behind a button."""
    desk.later(delivery, _open(desk, delivery))
    return None


async def switch_on(desk: Desk, delivery: Delivery) -> Payload | None:
    """The button of the panel."""
    await _switch(desk, delivery, "on")
    return None


async def switch_off(desk: Desk, delivery: Delivery) -> Payload | None:
    """The button of the panel."""
    await _switch(desk, delivery, "off")
    return None


async def unmute(desk: Desk, delivery: Delivery) -> Payload | None:
    """An Unmute button of the window."""
    channel = _channel(delivery)
    there = replace(delivery, body={**delivery.body, "channel": {"id": channel}})
    await registration_acts.unmute(desk, there)
    desk.later(delivery, _redraw(desk, delivery, channel), members_only=True)
    return None


async def submit(desk: Desk, delivery: Delivery) -> Payload | None:
    """The window."""
    channel = _channel(delivery)
    mode = str((delivery.answer("mode").get("selected_option") or {}).get("value") or "")
    severities, kinds = _ticked(delivery, "severities", SEVERITIES), _ticked(delivery, "kinds", KINDS_HEARD)
    begins, ends = _minutes(delivery, "quiet_from"), _minutes(delivery, "quiet_until")
    block = OWN_ZONE if delivery.answer(OWN_ZONE) else "zone"
    zone = str(delivery.answer(block).get("value") or "").strip()
    errors = _mistakes(mode, severities, kinds, begins, ends)
    quiet = begins is not None and ends is not None
    # of use for the digest too: a wrong one must not pass for UTC
    if (quiet or (zone and mode != "off")) and (wrong := _wrong_zone(zone)):
        errors[block] = wrong
    if errors:
        return {"response_action": "errors", "errors": errors}
    wanted = Subscription(
        channel=channel,
        accounts=tuple(a for a in _chosen(delivery, "accounts") if a in desk.accounts),
        brands=tuple(b for b in _chosen(delivery, "brands") if _BRAND.fullmatch(b)),
        kinds=() if len(kinds) == len(KINDS_HEARD) else tuple(kinds),
        severities=() if len(severities) == len(SEVERITIES) else tuple(s for s in SEVERITIES if s in severities),
        quiet_from=begins,
        quiet_until=ends,
        zone=zone or "UTC",
        digest_only=mode == "digest",
        weekly=mode == "digest" or "weekly" in _chosen(delivery, "weekly"),
    )
    how = "off" if mode == "off" else "set"
    await desk.do(delivery, "watch", how=how, to=channel, wanted=wanted.model_dump(mode="json"))
    return None


# The act that was written down, carried out


async def carry_out(desk: Desk, act: Act) -> None:
    """Store what a channel hears from now on, and say so where it was chosen."""
    if bar := await desk.changes.authority.bar(act.user):
        raise Refusal(f"{bar} Ask a full member of this workspace.")
    store, channel = desk.tracker.store, act.what["to"]
    known = (await store.subscriptions()).get(channel)
    if known and known.at > act.at:
        raise Refusal(f"Somebody has chosen anew what <#{channel}> hears, so that yours does not count. Look again.")
    wanted = _wanted(act, channel, known).model_copy(
        update={"by": act.user, "at": act.at, "off": act.what["how"] == "off"}
    )
    if not wanted.off and (no := await _shut_out(desk, act.user, channel)):
        raise Refusal(no)
    await store.subscribe(wanted)
    seen = await _seen(desk, channel)
    said = now_hears(seen, act.user, await _nobody_hears(desk))
    await desk.note(act, "watch", f"chose what {channel} hears", said["text"])
    await desk.say(act, channel, said)


def _wanted(act: Act, channel: str, known: Subscription | None) -> Subscription:
    """What was chosen in the window; a mere switch keeps what was chosen before."""
    if "wanted" in act.what:
        return Subscription.model_validate({**act.what["wanted"], "channel": channel})
    before = known or Subscription(channel=channel)
    # who switches it on wants to hear things as they happen
    return before if act.what["how"] == "off" else before.model_copy(update={"digest_only": False})


async def _nobody_hears(desk: Desk) -> bool:
    """Whether no channel hears bad news at once any more."""
    every = (await desk.tracker.subscriptions()).values()
    return not any(not s.digest_only and (not s.severities or "bad" in s.severities) for s in every)


async def _shut_out(desk: Desk, user: str, channel: str) -> str:
    """Why nothing that we post would arrive in a channel, and what to do; "" when it would."""
    try:
        if channel.startswith("D"):
            ours = await desk.client.conversations_open(users=user)
            closed = ours["channel"]["id"] != channel
        else:
            info = (await desk.client.conversations_info(channel=channel))["channel"]
            if info.get("is_archived"):
                return f"<#{channel}> is archived, so that nothing can be posted there. Choose another channel."
            closed = info.get("is_member") is False
    except SlackApiError as error:
        if why(error) == "missing_scope":
            return ""  # the first post will tell
        if why(error) not in CHANNEL_CLOSED:
            raise
        closed = True
    return (
        f"I am not in <#{channel}>, so nothing that I post would arrive there, and nothing was changed. Type "
        "`/invite @Tenfour` in it, then `/a2p-watch` again."
        if closed
        else ""
    )


# What is shown


async def _open(desk: Desk, delivery: Delivery) -> None:
    channel = _place(delivery)
    # who is not known to take part is shown nothing before they are looked up
    known = desk.people.knows(delivery.user, ()) and not desk.people.bars(delivery.user)
    seen = await _seen(desk, channel) if known else None
    view = watch_modal(seen) if seen else notice_modal(TITLE, "One moment: asking Slack…")
    view_id = await desk.open(delivery, view)
    if bar := (await desk.people.person(delivery.user)).bar:
        no = f"{bar} Ask a full member of this workspace."
        await desk.show(view_id, notice_modal(TITLE, no, level="error"), delivery.user)
        return
    zone, note = await _zone(desk, delivery.user), await _shut_out(desk, delivery.user, channel)
    better = watch_modal(seen or await _seen(desk, channel), zone=zone, note=note)
    if better != view:
        try:
            await desk.client.views_update(view_id=view_id, view=better)
        except SlackApiError as error:
            if why(error) != "not_found":  # they were quicker
                raise


async def _redraw(desk: Desk, delivery: Delivery, channel: str) -> None:
    # Slack keeps what was entered as long as the blocks keep their names
    zone = str(delivery.answer(OWN_ZONE).get("value") or "")
    view = watch_modal(await _seen(desk, channel), zone=zone, unmuting=delivery.value)
    await desk.show(delivery.view["id"], view, delivery.user)


async def _show(desk: Desk, delivery: Delivery) -> None:
    await desk.answer(delivery, watch_panel(await _seen(desk, delivery.channel)))


async def _seen(desk: Desk, channel: str) -> Watched:
    """What a channel hears and could hear, from Redis alone."""
    store = desk.tracker.store
    ids = [i for i in await store.looked_at() if i.partition("|")[0] in KINDS_HEARD]
    # brands first: they are to be chosen among
    every = (await store.many(sorted(ids, key=lambda i: not i.startswith("brand|"))[:MOST])).values()
    return Watched(
        channel=channel,
        subscription=(await desk.tracker.subscriptions()).get(channel),
        accounts=desk.account_names,
        brands={the.key: the.title for the in every if the.kind == "brand"},
        counts=Counter(i.partition("|")[0] for i in ids),
        muted=[the for the in every if channel in the.muted],
    )


async def _zone(desk: Desk, user: str) -> str:
    """The person's own time zone, "" where it is not known."""
    zone = str((await desk.client.users_info(user=user))["user"].get("tz") or "")
    return zone if known_zone(zone) else ""


# What is chosen


async def _switch(desk: Desk, delivery: Delivery, how: str) -> None:
    await desk.do(delivery, "watch", how=how, to=_place(delivery), url=delivery.response_url)


def _place(delivery: Delivery) -> str:
    if not _CHANNEL.fullmatch(delivery.channel):
        raise Refusal("This is about a channel: type `/a2p-watch` in the one that you mean.")
    return delivery.channel


def _channel(delivery: Delivery) -> str:
    """The channel that a window is about."""
    (channel,) = delivery.memo(c=str)
    if not _CHANNEL.fullmatch(channel):
        raise Refusal("This window was changed on its way here. Close it and start again.")
    return str(channel)


def _chosen(delivery: Delivery, block: str) -> list[str]:
    return [str(o.get("value") or "") for o in delivery.answer(block).get("selected_options") or []]


def _ticked(delivery: Delivery, block: str, known: Collection[Any]) -> list[Any]:
    chosen = _chosen(delivery, block)
    return [value for value in known if value in chosen]


def _minutes(delivery: Delivery, block: str) -> int | None:
    found = _TIME.fullmatch(str(delivery.answer(block).get("selected_time") or ""))
    return int(found[1]) * 60 + int(found[2]) if found else None


def _mistakes(
    mode: str, severities: list[Any], kinds: list[Any], begins: int | None, ends: int | None
) -> dict[str, str]:
    errors = {}
    if mode not in MODES:
        errors["mode"] = "Choose what is told here."
    if mode != "off" and not severities:
        errors["severities"] = "Tick at least one, or choose Nothing above."
    if mode != "off" and not kinds:
        errors["kinds"] = "Tick at least one, or choose Nothing above."
    if (begins is None) != (ends is None):
        missing = "quiet_from" if begins is None else "quiet_until"
        errors[missing] = "Quiet hours need a beginning and an end. Leave both blank for none."
    elif begins is not None and begins == ends:
        errors["quiet_until"] = "This is when they begin. Leave both blank for no quiet hours."
    elif quiet_minutes(Subscription(channel="", quiet_from=begins, quiet_until=ends)) > LONGEST_QUIET:
        hours = LONGEST_QUIET // 60
        errors["quiet_until"] = f"At most {hours} hours a day can be quiet. To hear nothing at once, choose so above."
    return errors


def _wrong_zone(zone: str) -> str:
    if not zone:
        return "Say in which time zone, such as Europe/Berlin."
    if known_zone(zone):
        return ""
    wanted = {name.lower(): name for name in available_timezones()}
    near = difflib.get_close_matches(zone.lower().replace(" ", "_"), wanted, n=1, cutoff=0.5)
    hint = f" Did you mean {wanted[near[0]]}?" if near else " Write it like Europe/Berlin."
    return f"“{zone[:40]}” is no time zone that is known here.{hint}"
