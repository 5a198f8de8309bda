"""Every channel hears what it wants to hear, once and in the order in which it happened, whatever dies in between."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.audit.export import newest
from bot.audit.filter import Filter
from bot.audit.log import AuditLog
from bot.audit.trail import AuditTrail
from bot.changes.store import ChangeStore
from bot.checks.guide import Guide
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.world import BOT_TOKEN
from bot.tracking.history import History
from bot.tracking.memory import Memory
from bot.tracking.registration import Mute, Registration, Severity, Transition
from bot.tracking.store import RegistrationStore
from bot.tracking.subscriptions import Subscription, addressed, hearers
from bot.vault import Vault
from handlers.background import Background
from handlers.blocks.following.catch_up import LINES
from handlers.following.catch_up import THREADED, CatchUps
from handlers.following.channels import REFUSED_MOST, Channels
from handlers.following.showing import Showing
from handlers.following.threads import Threads
from handlers.posts import Posts
from tests.conftest import Clock
from tests.handlers.mortal_slack import mortal_redis, mortal_slack, slot_of
from tests.runs.mortal import Died, Life
from tests.sandbox.slack_fixtures import running

ALERTS, A2P = "C0ALERTS", "C0A2P"
GUIDE = Guide.load()
HOUR = 3600.0


@dataclass
class Process:
    """One replica, as far as it draws threads."""

    threads: Threads
    channels: Channels
    background: Background

    async def draw(self, ids: Sequence[str]) -> None:
        """What the engine says, carried out to its end."""
        for registration_id in ids:
            await self.threads.registration_moved(registration_id)
        await self.finish()

    async def tell(self, channel: str) -> None:
        """Tell one channel, and do nothing else."""
        self.channels.tell(channel)
        await self.finish()

    async def finish(self) -> None:
        """Raises what has ended the work."""
        failed: list[BaseException] = []
        while tasks := list(self.background._tasks):
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            failed += [o for o in outcomes if isinstance(o, BaseException)]
            await asyncio.sleep(0)
        if failed:
            raise failed[0]


class Passing(Clock):
    """A clock on which a moment passes with each look at it."""

    def __call__(self) -> float:
        self.advance(0.0001)
        return self.now


class Quiet(Background):
    """Says nothing of work that has failed: the test does."""

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)


@dataclass
class Office:
    """Registrations, channels that hear of them, and a local Slack."""

    slack: LocalSlack
    redis: Redis
    keys: Keys
    vault: Vault
    clock: Clock

    @property
    def trail(self) -> AuditTrail:
        changes = ChangeStore(self.redis, self.keys, self.vault)
        return AuditTrail(self.redis, self.keys, AuditLog(self.redis, self.keys, self.vault), changes, self.clock, 90)

    @property
    def store(self) -> RegistrationStore:
        return RegistrationStore(self.redis, self.keys)

    def process(self, life: Life | None = None) -> Process:
        life = life or Life()
        redis, keys = mortal_redis(self.redis, life), self.keys
        client = mortal_slack(AsyncWebClient(BOT_TOKEN, base_url=f"{self.slack.url}/api/", retry_handlers=[]), life)
        store, posts, background = RegistrationStore(redis, keys), Posts(client, redis), Quiet()
        showing = Showing(store, History(redis, keys), Memory(redis, keys), GUIDE, self.clock)
        leases, catch_ups = Leases(self.redis), CatchUps(redis, keys, posts)
        channels = Channels(
            keys, store, posts, catch_ups, showing, background, leases, self.trail, ALERTS, self.clock, pace=0.0
        )
        threads = Threads(keys, store, posts, showing, channels, background, leases, self._homes, self.clock)
        return Process(threads, channels, background)

    async def _homes(self, users: set[str]) -> None:
        """Nobody has opened their Home."""

    async def begun(self, key: str, **fields: Any) -> Registration:
        """A registration that is followed and looked at."""
        known = {"kind": "campaign", "account": "AC" + "5a" * 16, "key": key, "title": f"Campaign {key}"}
        the = Registration.model_validate({**known, "started_at": self.clock(), **fields})
        await self.store.begin(the)
        return await self.seen(the)

    async def seen(self, the: Registration, *news: Severity, status: str = "PENDING") -> Registration:
        """A look, and what it brings; returns what is known then."""
        known, now = await self.store.load(the.id) or the, self.clock()
        seen = known.model_copy(update={"status": status, "since": now, "fetched_at": now})
        moved = [
            Transition(id=known.version + 1, before=known.status, after=status, at=now, severity=s, snapshot={})
            for s in news
        ]
        channels = hearers(await self.store.subscriptions(), ALERTS).values()
        assert await self.store.observe(seen, moved, addressed(moved, seen, channels, now), tell=True)
        return await self.store.load(the.id) or seen

    async def sweep(self, process: Process | None = None) -> None:
        """What a sweep announces."""
        await (process or self.process()).draw(await self.store.untold(self.clock()))

    def posted(self, channel: str) -> list[str]:
        """The slots of what stands in a channel, oldest first."""
        return [slot_of(m) for m in self.slack.messages(channel)]

    def loud(self, channel: str) -> list[str]:
        """The same, of what is broadcast from a thread."""
        return [slot_of(m) for m in self.slack.messages(channel) if m.get("subtype") == "thread_broadcast"]


@pytest_asyncio.fixture
async def office(redis: Redis, keys: Keys, vault: Vault) -> AsyncIterator[Office]:
    async with running(rate_limits=False) as slack:
        yield Office(slack, redis, keys, vault, Passing())


async def outage(office: Office, campaigns: int = 4, each: int = 3) -> list[str]:
    """A day on which much happened and nothing was told. Returns the slots in the order in which they must come."""
    known = [await office.begun(f"MG{n}") for n in range(campaigns)]
    slots = []
    for turn in range(each):
        for n, the in enumerate(reversed(known) if turn % 2 else known):
            office.clock.advance(60)
            severity: Severity = ("bad", "info", "good", "warn")[(turn + n) % 4]
            seen = await office.seen(the, severity, status=f"TURN_{turn}")
            slots.append(f"{seen.version}:{ALERTS}")
    office.clock.advance(HOUR)
    return [slot.partition(":")[0] for slot in slots]


def told(office: Office, channel: str = ALERTS) -> list[str]:
    return [s.partition(":")[0] for s in office.posted(channel) if not s.startswith(("root:", "summary:"))]


def named(office: Office, channel: str = ALERTS) -> list[str]:
    """The registrations that the summaries in a channel name, in order."""
    pages = [m for m in office.slack.messages(channel) if slot_of(m).startswith("summary:")]
    blocks = [block for page in pages for block in page["blocks"] if "accessory" in block]
    return [block["accessory"]["value"].rpartition("|")[2] for block in blocks]


@pytest.mark.parametrize("stride", [7, 8, 9, 11, 13])
async def test_whatever_dies_in_a_catch_up_everything_is_told_once_and_in_order(office: Office, stride: int) -> None:
    await outage(office, campaigns=10, each=1)
    deaths, alive = 0, True
    while alive:
        try:
            await office.process(Life(left=stride)).tell(ALERTS)
            alive = False
        except Died:
            deaths += 1
            assert deaths < 100, "it gets nowhere"
    assert deaths > 5
    await office.sweep()
    slots = office.posted(ALERTS)
    assert named(office) == [f"MG{n}" for n in (0, 4, 8, 3, 7, 2, 6, 1, 5, 9)], "bad news first, and what came first"
    assert slots[0].startswith("summary:")
    assert [s.partition(":")[0] for s in slots[1:]] == ["root", "2"] * 3, "threads for what is bad alone"
    assert office.loud(ALERTS) == []
    assert await office.store.untold(office.clock()) == []
    assert await office.redis.exists(office.keys.plain(f"catch-up:{ALERTS}")) == 0


@pytest.mark.parametrize("steps", range(1, 22))
async def test_whatever_dies_as_one_reply_tells_several_things_none_is_repeated_and_none_is_lost(
    office: Office, steps: int
) -> None:
    await outage(office, campaigns=1, each=2)
    with suppress(Died):
        await office.process(Life(left=steps)).tell(ALERTS)
    known = await office.store.load("campaign|AC" + "5a" * 16 + "|MG0")
    assert known is not None
    await office.seen(known, "bad", status="FAILED")
    for _ in range(2):
        await office.sweep()
    assert told(office) in (["2-3", "4"], ["2-4"])
    assert [s.partition(":")[0] for s in office.posted(ALERTS)].count("root") == 1
    assert await office.store.untold(office.clock()) == []


async def test_what_piles_up_for_one_thread_is_one_reply_that_names_each_in_order_and_the_last_in_full(
    office: Office,
) -> None:
    await outage(office, campaigns=1, each=5)
    await office.sweep()
    _, reply = office.slack.messages(ALERTS)
    turns = [str(reply["blocks"]).index(f"“TURN_{n}”") for n in range(5)]
    assert turns == sorted(turns)
    assert reply["text"].startswith("Campaign MG0: 5 things happened, in this order. Campaign MG0: Twilio says")
    assert "Campaign MG0: Twilio says “TURN_4”" in str(reply["blocks"])
    assert reply["subtype"] == "thread_broadcast"


async def test_what_piles_up_for_a_channel_is_summed_up_in_as_few_messages_as_hold_it(office: Office) -> None:
    known = [await office.begun(f"MG{n:03}") for n in range(3 * LINES - 5)]
    for the in known:
        await office.seen(the, "good", status="VERIFIED")
    await office.sweep()
    assert named(office) == [the.key for the in known]
    first, *others = office.slack.messages(ALERTS)
    assert len(others) == 2
    assert first["text"].startswith("Within a short time, ")
    assert "115 things happened to 115 registrations: 115 pieces of good news. It goes on in this thread" in str(
        first["blocks"]
    )
    assert [m["thread_ts"] for m in others] == [first["ts"]] * 2
    assert office.loud(ALERTS) == []
    assert await office.store.untold(office.clock()) == []


async def test_what_is_bad_beyond_a_bound_is_named_and_begins_no_thread_of_its_own(office: Office) -> None:
    for n in range(THREADED + 3):
        await office.seen(await office.begun(f"MG{n:03}"), "bad", status="FAILED")
    await office.sweep()
    assert len(named(office)) == THREADED + 3
    assert len(told(office)) == THREADED
    assert await office.store.untold(office.clock()) == []


async def test_a_summary_that_slack_takes_in_no_way_is_told_in_the_threads_loudly(office: Office) -> None:
    await outage(office, campaigns=9, each=1)
    office.slack.faults.add("chat.postMessage", error="msg_blocks_too_long")
    await office.sweep()
    assert named(office) == []
    assert len(told(office)) == 9
    assert len(office.loud(ALERTS)) == 7, "not the two that are mere progress"


@pytest.mark.parametrize("steps", range(6))
async def test_whatever_dies_as_a_card_is_drawn_what_is_to_be_told_stays_on_the_list(
    office: Office, steps: int
) -> None:
    the = await office.begun("MG1", change=7)
    with pytest.raises(Died):
        await office.process(Life(left=steps)).draw([the.id])
    assert await office.store.untold(office.clock()) == [the.id]
    await office.sweep()
    assert office.posted(ALERTS) == [f"root:{ALERTS}"]


async def test_after_an_outage_one_summary_comes_first_and_leads_to_every_thread_with_bad_news(office: Office) -> None:
    await outage(office, campaigns=9, each=1)
    office.slack.faults.add("chat.postMessage", status=503, times=3)
    for _ in range(5):
        await office.sweep()
    summary = office.slack.messages(ALERTS)[0]
    assert "While nothing could be posted here, from" in summary["text"]
    counts = "3 pieces of bad news, 2 warnings, 2 pieces of good news, 2 steps of progress"
    assert f"9 things happened to 9 registrations: {counts}." in summary["text"]
    roots = [m["ts"].replace(".", "") for m in office.slack.messages(ALERTS) if slot_of(m).startswith("root:")]
    assert len(roots) == 3
    assert all(f".slack.com/archives/{ALERTS}/p{ts}|" in str(summary["blocks"]) for ts in roots)
    assert "Twilio says “TURN_0”" in str(summary["blocks"])


async def test_a_few_late_ones_are_told_as_if_nothing_had_been(office: Office) -> None:
    await outage(office, campaigns=2, each=2)
    await asyncio.gather(*(office.sweep() for _ in range(3)))
    await office.sweep()
    assert told(office) == ["2-3", "2-3"]
    assert len(office.loud(ALERTS)) == 1, "not what is mere progress"
    assert not any(s.startswith("summary:") for s in office.posted(ALERTS))


async def test_a_message_whose_answer_was_lost_is_not_posted_again(office: Office) -> None:
    the = await office.begun("MG1")
    await office.seen(the, "bad", status="FAILED")
    office.slack.faults.add("chat.postMessage", drop_response=True, times=2)
    for _ in range(4):
        await office.sweep()
    assert office.posted(ALERTS) == [f"root:{ALERTS}", f"2:{ALERTS}"]
    assert await office.store.untold(office.clock()) == []


async def test_quiet_hours_hold_what_happens_and_the_card_goes_on_silently(office: Office) -> None:
    the = await office.begun("MG1", change=7)
    await office.sweep()
    assert office.posted(ALERTS) == [f"root:{ALERTS}"]
    minute = int(office.clock() % 86400 // 60)
    quiet = Subscription(channel=ALERTS, quiet_from=minute - 60, quiet_until=minute + 60)
    await office.store.subscribe(quiet)
    await office.seen(the, "bad", status="SUSPENDED")
    await office.sweep()
    assert office.posted(ALERTS) == [f"root:{ALERTS}"]
    assert "SUSPENDED" in str(office.slack.messages(ALERTS)) or "suspended" in str(office.slack.messages(ALERTS))
    assert await office.store.untold(office.clock()) == []
    office.clock.now = quiet.opens_at(office.clock()) - 1
    await office.sweep()
    assert told(office) == []
    office.clock.advance(1)
    await office.sweep()
    assert told(office) == ["2"]


async def test_what_a_night_has_brought_is_summed_up_in_the_morning(office: Office) -> None:
    minute = int(office.clock() % 86400 // 60)
    await office.store.subscribe(Subscription(channel=ALERTS, quiet_from=minute - 1, quiet_until=minute + 200))
    await outage(office, campaigns=12)
    await office.sweep()
    assert office.posted(ALERTS) == []
    office.clock.advance(5 * HOUR)
    await office.sweep()
    assert "During quiet hours, from" in office.slack.messages(ALERTS)[0]["text"]
    assert "36 things happened to 12 registrations" in office.slack.messages(ALERTS)[0]["text"]
    assert len(named(office)) == 12


async def test_quiet_hours_that_were_chosen_since_hold_what_waits_already(office: Office) -> None:
    the = await office.begun("MG1")
    await office.seen(the, "bad", status="FAILED")
    minute = int(office.clock() % 86400 // 60)
    await office.store.subscribe(Subscription(channel=ALERTS, quiet_from=minute - 1, quiet_until=minute + 60))
    await office.sweep()
    await office.sweep()
    assert (office.posted(ALERTS), await office.store.untold(office.clock())) == ([], [])
    office.clock.advance(2 * HOUR)
    await office.sweep()
    assert told(office) == ["2"]


async def test_a_channel_that_is_muted_or_switched_off_since_hears_nothing_of_what_waited(office: Office) -> None:
    await office.store.subscribe(Subscription(channel=A2P, by="U0RITA"))
    one, other = await office.begun("MG1"), await office.begun("MG2")
    for the in (one, other):
        await office.seen(the, "bad", status="FAILED")
    await office.store.mute(one.id, ALERTS, Mute(by="U0RITA", at=office.clock()))
    await office.store.unsubscribe(A2P)
    await office.sweep()
    assert office.posted(A2P) == []
    assert [m["text"][:12] for m in office.slack.messages(ALERTS)] == ["Campaign MG2"] * 2
    assert await office.store.announcements(one.id) == []


async def test_a_card_comes_with_the_first_news_or_with_what_a_change_has_begun_where_it_is_wanted(
    office: Office,
) -> None:
    account = "AC" + "0b" * 16
    await office.store.subscribe(Subscription(channel=A2P, accounts=(account,)))
    await office.begun("MG1")
    await office.begun("MG2", change=7)
    await office.begun("MG3", change=8, kind="message")
    bad_only = Subscription(channel="C0APPROVALS", severities=("bad",))
    await office.store.subscribe(bad_only)
    await office.sweep()
    assert [m["text"][:12] for m in office.slack.messages(ALERTS)] == ["Campaign MG2"]
    assert (office.posted(A2P), office.posted("C0APPROVALS")) == ([], [])
    assert await office.store.untold(office.clock()) == []


async def test_what_slack_refuses_for_good_holds_up_its_own_thread_alone(office: Office) -> None:
    for key in ("MG1", "MG2"):
        await office.seen(await office.begun(key), "bad", status="FAILED")
    office.slack.faults.add("chat.postMessage", error="invalid_blocks")
    await office.sweep()
    titles = [m["text"].partition(" was")[0].partition(":")[0] for m in office.slack.messages(ALERTS)]
    assert titles == ["Campaign MG2"] * 2 + ["Campaign MG1"] * 2


async def test_a_channel_that_we_were_put_out_of_is_unsubscribed_once_its_subscriber_was_told(office: Office) -> None:
    await office.store.subscribe(Subscription(channel=A2P, by="U0RITA"))
    await outage(office)
    office.slack.remove_member(A2P, "U0TENFOUR")
    for _ in range(2):
        await office.sweep()
    assert [m["text"][:60] for m in office.slack.messages("D0RITA")] == [
        f"<#{A2P}> does not hear about verdicts any more: Slack says not_in"[:60]
    ]
    assert await office.store.subscriptions() == {}
    assert len(told(office)) == 4
    assert await office.store.untold(office.clock()) == []
    rows = await newest(office.trail.log, Filter(), 5)
    assert [(r.kind, r.what) for r in rows] == [("watch", f"stopped telling {A2P}, which is closed to Tenfour")]


async def test_while_slack_asks_for_patience_news_is_told_and_cards_are_drawn_later(office: Office) -> None:
    the = await office.begun("MG1", change=7)
    await office.sweep()
    office.slack.faults.add("chat.update", retry_after=1, times=9)
    await office.seen(the, "bad", status="SUSPENDED")
    replica = office.process()
    await office.sweep(replica)
    assert told(office) == ["2"]
    assert await office.store.untold(office.clock()) == [the.id]
    updates = len(office.slack.calls("chat.update"))
    await office.sweep(replica)
    assert len(office.slack.calls("chat.update")) == updates
    office.slack.faults.clear()
    office.clock.advance(60)
    await office.sweep(replica)
    assert await office.store.untold(office.clock()) == []
    assert len(office.slack.calls("chat.update")) == updates + 1


async def test_a_thread_whose_card_was_deleted_since_it_was_drawn_begins_anew(office: Office) -> None:
    the = await office.begun("MG1", change=7)
    await office.sweep()
    (card,) = office.slack.messages(ALERTS)
    morning = await quiet_hours(office, ALERTS)
    await office.seen(the, "bad", status="FAILED")
    await office.sweep()
    client = AsyncWebClient(BOT_TOKEN, base_url=f"{office.slack.url}/api/")
    await client.chat_delete(channel=ALERTS, ts=card["ts"])
    office.clock.now = morning
    await office.sweep()
    assert office.posted(ALERTS) == [f"root:{ALERTS}", f"2:{ALERTS}"]
    root, reply = office.slack.messages(ALERTS)
    assert reply["thread_ts"] == root["ts"] != card["ts"]
    assert await office.store.untold(office.clock()) == []


async def test_what_was_muted_or_switched_off_in_the_night_is_not_told_in_the_morning(office: Office) -> None:
    await quiet_hours(office, A2P)
    morning = await quiet_hours(office, ALERTS)
    one, other = await office.begun("MG1"), await office.begun("MG2")
    for the in (one, other):
        await office.seen(the, "bad", status="FAILED")
    await office.sweep()
    await office.store.mute(one.id, ALERTS, Mute(by="U0RITA", at=office.clock()))
    await office.store.subscribe(Subscription(channel=A2P, off=True))
    office.clock.now = morning
    for _ in range(2):
        await office.sweep()
    assert office.posted(A2P) == []
    assert [m["text"][:12] for m in office.slack.messages(ALERTS)] == ["Campaign MG2"] * 2
    assert [await office.store.announcements(the.id) for the in (one, other)] == [[], []]
    assert await office.store.untold(office.clock()) == []


async def test_while_one_channel_takes_nothing_the_cards_of_others_are_not_drawn_again_and_again(
    office: Office,
) -> None:
    await office.store.subscribe(Subscription(channel=A2P, by="U0RITA"))
    the = await office.begun("MG1", change=7)
    await office.sweep()
    await office.seen(the, "bad", status="FAILED")
    office.slack.faults.add("chat.postMessage", error="restricted_action", times=99)
    await office.sweep()
    drawn = len(office.slack.calls("chat.update"))
    assert drawn == 2
    for _ in range(3):
        await office.sweep()
    assert len(office.slack.calls("chat.update")) == drawn
    office.slack.faults.clear()
    await office.sweep()
    assert [told(office, channel) for channel in (ALERTS, A2P)] == [["2"], ["2"]]


async def test_a_channel_that_takes_nothing_is_left_alone_for_a_moment(office: Office) -> None:
    known = [await office.begun(f"MG{n}") for n in range(6)]
    for the in known:
        await office.seen(the, "bad", status="FAILED")
    office.slack.faults.add("chat.postMessage", error="restricted_action", times=99)
    replica = office.process()
    await office.sweep(replica)
    assert len(office.slack.calls("chat.postMessage")) == REFUSED_MOST + 1
    office.slack.faults.clear()
    office.clock.advance(60)
    await office.sweep(replica)
    assert len(told(office)) == 6


async def quiet_hours(office: Office, channel: str) -> float:
    """Quiet hours that have just begun; returns when they end."""
    minute = int(office.clock() % 86400 // 60)
    quiet = Subscription(channel=channel, quiet_from=minute - 1, quiet_until=minute + 60)
    await office.store.subscribe(quiet)
    return quiet.opens_at(office.clock())
