"""`/a2p-freeze`: stop what would be sent to Twilio, for an account or for all, and let it go on again."""

import math
from collections.abc import Collection
from types import MappingProxyType

from bot.changes.freezes import ALL, LONGEST_SECONDS, Freeze
from bot.changes.refusal import Refusal
from handlers.accounts import account_for
from handlers.acts import Act
from handlers.blocks.form import notice_modal
from handlers.blocks.freeze import (
    EVERY,
    account_words,
    begun,
    freeze_help,
    freeze_lines,
    freeze_list,
    freeze_modal,
    lifted,
)
from handlers.blocks.kit import Message
from handlers.commands import HELP, nearest, split
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk

DAY_SECONDS = 86400.0
_TAKES = MappingProxyType({"on": ("account", "hours", "reason"), "off": ("account",)})
_DAYS = int(LONGEST_SECONDS // DAY_SECONDS)


async def freeze(desk: Desk, delivery: Delivery) -> Payload | None:
    """`/a2p-freeze [list | on account=main hours=4 reason="…" | off account=main]`; alone it opens a window."""
    words = split(delivery.body.get("text") or "")
    verb = words[0].lower() if words else ""
    if verb in HELP:
        return {"response_type": "ephemeral", **freeze_help()}
    if not verb:
        desk.later(delivery, _open(desk, delivery))
    elif verb == "list" and len(words) == 1:
        desk.later(delivery, _list(desk, delivery), members_only=True)
    elif verb in _TAKES:
        typed = _typed(words[1:], _TAKES[verb])
        named = typed["account"].lower()
        account = ALL if named == EVERY else (await account_for(desk, delivery.channel, named)).sid
        if verb == "on":
            until = desk.clock() + _hours(typed["hours"]) * 3600
            await desk.do(delivery, "freeze", how="on", account=account, until=until, reason=typed["reason"])
        else:
            await desk.do(delivery, "freeze", how="off", account=account, seen=desk.clock())
    else:
        raise Refusal(f"“{' '.join(words)[:80]}” is not known. Type `/a2p-freeze help` for what there is.")
    return None


async def submit(desk: Desk, delivery: Delivery) -> Payload | None:
    """The form of the window."""
    account = (delivery.answer("account").get("selected_option") or {}).get("value") or ""
    until = float(delivery.answer("until").get("selected_date_time") or 0)
    reason = (delivery.answer("reason").get("value") or "").strip()
    errors = {}
    if account != ALL and account not in desk.accounts:
        errors["account"] = "Choose an account, or all of them."
    if wrong := _wrong_end(until - desk.clock()):
        errors["until"] = wrong
    if not reason:
        errors["reason"] = "Say why: it is shown on every card that waits."
    if errors:
        return {"response_action": "errors", "errors": errors}
    await desk.do(delivery, "freeze", how="on", account=account, until=until, reason=reason)
    return None


async def lift(desk: Desk, delivery: Delivery) -> Payload | None:
    """A Lift button of the window."""
    account, _, at = delivery.value.partition(":")
    try:
        seen = float(at)
    except ValueError:
        seen = math.nan
    if not account or not math.isfinite(seen):
        raise Refusal("This button carries something that is not a freeze. Type `/a2p-freeze` again.")
    await desk.do(delivery, "freeze", how="off", account=account, seen=seen)
    if delivery.view.get("id"):
        desk.later(delivery, _redraw(desk, delivery, account, seen))
    return None


async def refusal(desk: Desk, user: str) -> str:
    """Why this person may not freeze and lift, freshly read; "" when they may."""
    authority = desk.changes.authority
    if bar := await authority.bar(user):
        return f"{bar} Ask a full member of this workspace."
    if await authority.has(user, "freeze"):
        return ""
    return f"You may neither freeze nor lift what is frozen: by policy that is for {await authority.holders('freeze')}."


# The act that was written down, carried out


async def carry_out(desk: Desk, act: Act) -> None:
    """Freeze or lift."""
    if no := await refusal(desk, act.user):
        raise Refusal(no)
    await (_begin if act.what["how"] == "on" else _lift)(desk, act)


async def _begin(desk: Desk, act: Act) -> None:
    account, until = act.what["account"], act.what["until"]
    name = desk.account_names.get(account, "")
    what = account_words(account, name)
    if until <= desk.clock():
        raise Refusal(f"The freeze of {what} was to end before it could begin, so nothing was frozen. Freeze anew.")
    earlier = [f for f in await desk.freezes.standing() if f.account == account and f.at != act.at]
    new = Freeze(account=account, user=act.user, reason=act.what["reason"], at=act.at, until=until)
    if await desk.freezes.begin(new, act.id) == "later":
        raise Refusal(f"Somebody has frozen {what} or lifted that after you, so yours does not count. Look again.")
    await desk.changes.freeze_moved(account)
    await desk.note(act, "freeze", f"froze {what}", new.reason, account)
    await _tell(desk, act, begun(new, name, earlier[0] if earlier else None))


async def _lift(desk: Desk, act: Act) -> None:
    account = act.what["account"]
    name = desk.account_names.get(account, "")
    what = account_words(account, name)
    was = next((f for f in await desk.freezes.standing() if f.account == account), None)
    outcome = await desk.freezes.lift(account, act.id, at=act.at, seen=min(act.what["seen"], act.at))
    if outcome == "later":
        raise Refusal(f"Somebody has frozen {what} anew, so that was not lifted. Look again: `/a2p-freeze`")
    standing = await desk.freezes.standing()
    if outcome == "nothing" or (outcome == "said" and was is None):
        others = [account_words(f.account, desk.account_names.get(f.account, "")) for f in standing]
        still = f" Frozen now: {', '.join(others)}." if others else " Nothing is frozen now."
        raise Refusal(f"There is no freeze of {what} to lift.{still}")
    await desk.changes.freeze_moved(account)
    await desk.note(act, "freeze", f"lifted the freeze of {what}", was.reason if was else "", account)
    touching = [f for f in standing if ALL in (account, f.account)]
    await _tell(desk, act, lifted(act.user, account, name, was, freeze_lines(touching, desk.account_names)))


async def _tell(desk: Desk, act: Act, message: Message) -> None:
    """The approvals channel, and whoever did it: they may have been elsewhere."""
    await desk.announcements.to_approvers(act, message)
    await desk.announcements.to(act.user, act, message)


# What is shown


async def _open(desk: Desk, delivery: Delivery) -> None:
    standing, until = await desk.freezes.standing(), _tomorrow(desk)
    # who is not known to take part is shown nothing before they are looked up
    known = desk.people.knows(delivery.user, ()) and not desk.people.bars(delivery.user)
    full = freeze_modal(standing, desk.account_names, until=until)
    view = full if known else notice_modal("Freeze", "One moment: asking Slack who you are…")
    opened = await desk.client.views_open(trigger_id=delivery.trigger, view=view)
    if no := await refusal(desk, delivery.user):
        if desk.people.bars(delivery.user):  # what is frozen, and why, is not for guests
            view = notice_modal("Freeze", no, level="error")
        else:
            view = freeze_modal(standing, desk.account_names, until=until, refused=no)
        await desk.show(opened["view"]["id"], view, delivery.user)
    elif not known:
        await desk.show(opened["view"]["id"], full, delivery.user)


async def _redraw(desk: Desk, delivery: Delivery, account: str, seen: float) -> None:
    standing = await desk.freezes.standing()
    lifting = next((f for f in standing if (f.account, f.at) == (account, seen)), None)
    view = freeze_modal(standing, desk.account_names, until=_tomorrow(desk), lifting=lifting)
    await desk.show(delivery.view["id"], view, delivery.user)


async def _list(desk: Desk, delivery: Delivery) -> None:
    await desk.answer(delivery, freeze_list(await desk.freezes.standing(), desk.account_names))


def _tomorrow(desk: Desk) -> float:
    return (desk.clock() + DAY_SECONDS) // 3600 * 3600


# What is typed


def _typed(words: Collection[str], known: Collection[str]) -> dict[str, str]:
    """Values by name, all of `known`. Raises `Refusal` naming what is missing or the nearest for what is not known."""
    typed: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        name = name.lower()
        if not equals or name not in known:
            near = nearest(name, known)
            hint = f" Did you mean {near}=?" if near else ""
            raise Refusal(f"“{word[:80]}” is not known here.{hint} Write {', '.join(f'{k}=…' for k in known)}.")
        if name in typed:
            raise Refusal(f"{name} is given twice.")
        typed[name] = value.strip()
    if missing := [name for name in known if not typed.get(name)]:
        raise Refusal(
            f"Say {' and '.join(f'{name}=…' for name in missing)} too. For example: "
            '`/a2p-freeze on account=main hours=4 reason="Carrier outage"`, `/a2p-freeze off account=main`'
        )
    return typed


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = math.nan
    wrong = "" if math.isfinite(hours) else "not a number"
    if wrong or (wrong := _wrong_end(hours * 3600)):
        raise Refusal(f"hours={text[:20]}: {wrong} Write how many hours it lasts, at most {_DAYS * 24}.")
    return hours


def _wrong_end(seconds: float) -> str:
    """What is wrong with a freeze that lasts this long from now; "" when nothing is."""
    if seconds <= 0:
        return "This has passed already: choose a time to come."
    return f"This is too far off: at most {_DAYS} days from now." if seconds > LONGEST_SECONDS else ""
