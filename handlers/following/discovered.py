"""What was found at Twilio and is followed by nobody: its buttons, and the window in which one chooses."""

from bot.changes.refusal import Refusal
from handlers.acts import Act
from handlers.blocks.following.discovered import (
    choice_of,
    choices,
    choose_modal,
    declined_words,
    followed_words,
)
from handlers.blocks.kit import plural
from handlers.delivery import Delivery, Payload
from handlers.desk import Desk
from handlers.windows import open_for_member


async def follow(desk: Desk, delivery: Delivery) -> Payload | None:
    """Follow everything that was found in an account."""
    await desk.do(delivery, "discovered", how="follow", account=_account(desk, delivery.value))
    return None


async def decline(desk: Desk, delivery: Delivery) -> Payload | None:
    """Follow none of it, and do not offer it again."""
    await desk.do(delivery, "discovered", how="decline", account=_account(desk, delivery.value))
    return None


async def open_choice(desk: Desk, delivery: Delivery) -> Payload | None:
    """Open the window in which one chooses."""
    account = _account(desk, delivery.value)

    async def window() -> Payload:
        offer = await desk.discovery.offer(account)
        if not offer.found:
            raise Refusal("There is nothing left to choose: all of it is followed, or was declined.")
        return choose_modal(offer)

    desk.later(delivery, open_for_member(desk, delivery, "Follow", window))
    return None


async def offered(desk: Desk, delivery: Delivery) -> Payload | None:
    """The choices of that window."""
    account = delivery.action_id.partition(":")[2]
    if account not in desk.accounts or (await desk.people.person(delivery.user)).bar:
        return {"options": []}
    found = (await desk.discovery.offer(account)).found
    return {"options": choices(found, str(delivery.body.get("value") or ""))}


async def choose(desk: Desk, delivery: Delivery) -> Payload | None:
    """Follow what was chosen."""
    account = _account(desk, str(delivery.view.get("private_metadata") or ""))
    options = delivery.answer("chosen").get("selected_options") or []
    chosen = [str(option.get("value")) for option in options]
    await desk.do(delivery, "discovered", how="choose", account=account, chosen=chosen)
    return None


async def carry_out(desk: Desk, act: Act) -> None:
    """Follow or decline."""
    if bar := (await desk.people.person(act.user)).bar:
        raise Refusal(f"{bar} Ask a full member of this workspace.")
    account, chosen = act.what["account"], act.what.get("chosen")
    if "ids" not in act.what:
        found = (await desk.discovery.offer(account)).found
        ids = [r.id for r in found if chosen is None or choice_of(r) in chosen]
        if not ids:
            raise Refusal("None of that is left in the offer: it is followed, or was declined.")
        # written down first: carried out again after a crash, it would find nothing left, and say so
        act = act.model_copy(update={"what": act.what | {"ids": ids}})
        await desk.acts.keep(act)
    count = len(act.what["ids"])
    those = plural(count, "registration")
    if act.what["how"] == "decline":
        await desk.discovery.decline(account)
        done, said = f"declined to follow {those}", declined_words(act.user, count)
    else:
        await desk.discovery.follow(account, act.what["ids"])
        left = len((await desk.discovery.offer(account)).found)
        done, said = f"follows {those} out of an offer", followed_words(act.user, count, left)
    await desk.note(act, "watch", done, "", account)
    await desk.offers.draw(account, said)


def _account(desk: Desk, sid: str) -> str:
    # what a button carries may be forged, or of an account that is configured no more
    if sid not in desk.accounts:
        raise Refusal("This belongs to an account that Tenfour does not work in (any more).")
    return sid
