"""What people hear of a change beside its card: each of them once, whatever fails in between."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
import pytest_asyncio
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.changes.change import AMENDED, APPROVED, Change, Event
from bot.redis.keys import Keys
from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.world import BOT_TOKEN
from handlers.news import MOST_TOLD, News
from handlers.posts import Posts
from tests.handlers.blocks.samples import ANN, BOB, NOW, RITA, broken, change
from tests.sandbox.slack_fixtures import running

APPROVALS = "C0APPROVALS"


@dataclass
class Desk:
    """News told on a local Slack, to `concerned`."""

    slack: LocalSlack
    redis: Redis
    book: str
    concerned: list[str] = field(default_factory=lambda: [ANN, BOB, RITA])

    async def tell(self, the: Change) -> None:
        client = AsyncWebClient(BOT_TOKEN, base_url=f"{self.slack.url}/api/", retry_handlers=[])
        await News(Posts(client, self.redis), self.redis, APPROVALS, self.members).tell(self.book, the, "")

    async def members(self, _change: Change, most: int) -> list[str]:
        return self.concerned[:most]

    def heard(self, channel: str) -> list[str]:
        return [m["text"] for m in self.slack.messages(channel)]


@pytest_asyncio.fixture
async def news(redis: Redis, keys: Keys) -> AsyncIterator[Desk]:
    async with running(rate_limits=False) as slack:
        yield Desk(slack, redis, keys.change(142, "posts"))


async def test_one_who_cannot_be_told_now_keeps_nobody_else_from_hearing_and_hears_later(news: Desk) -> None:
    news.slack.faults.add("conversations.open", error="internal_error")
    with pytest.raises(SlackApiError):
        await news.tell(broken())
    assert [len(news.heard(c)) for c in (APPROVALS, "D0BOB", "D0RITA")] == [1, 0, 1]
    for _ in range(2):
        await news.tell(broken())
    assert [len(news.heard(c)) for c in (APPROVALS, "D0BOB", "D0RITA")] == [1, 1, 1]
    assert news.heard("D0ANN") == [], "who broke it knows"


async def test_a_message_whose_answer_was_lost_is_not_sent_again(news: Desk) -> None:
    news.slack.faults.add("chat.postMessage", drop_response=True)
    with pytest.raises(aiohttp.ClientError):
        await news.tell(broken())
    await news.tell(broken())
    assert [len(news.heard(c)) for c in (APPROVALS, "D0BOB", "D0RITA")] == [1, 1, 1]


async def test_what_was_signed_off_before_anybody_heard_of_it_is_told_without_a_button_to_sign_it_off(
    news: Desk,
) -> None:
    await news.tell(broken(review="signed"))
    (said,) = news.slack.messages(APPROVALS)
    assert "change.sign_off" not in str(said)
    assert "Signed off by" in str(said)


async def test_who_joins_the_group_later_hears_nothing_of_what_was_before(news: Desk) -> None:
    news.concerned = [BOB]
    await news.tell(broken())
    news.concerned = [BOB, RITA]
    await news.tell(broken())
    assert news.heard("D0RITA") == []


async def test_a_large_group_is_told_up_to_a_bound(news: Desk) -> None:
    news.concerned = [f"U0MANY{n:03}" for n in range(3 * MOST_TOLD)]
    await news.tell(broken())
    slots = [str(slot) for slot in await news.redis.hkeys(news.book)]
    assert sum(slot.startswith("glass:1:") for slot in slots) == MOST_TOLD


async def test_those_whose_approval_is_void_hear_it_once(news: Desk) -> None:
    the = change()
    said = (Event(at=NOW, who=BOB, what=APPROVED, digest="old"), Event(at=NOW, who=RITA, what=AMENDED, digest="new"))
    amended = the.model_copy(update={"timeline": (*the.timeline, *said)})
    for _ in range(2):
        await news.tell(amended)
    assert [len(news.heard(c)) for c in ("D0BOB", "D0ANN", APPROVALS)] == [1, 0, 0]
    assert "your approval is void" in news.heard("D0BOB")[0]


async def test_who_broke_the_glass_hears_that_it_was_signed_off(news: Desk) -> None:
    await news.tell(broken())
    for _ in range(2):
        await news.tell(broken(review="signed"))
    assert "change.sign_off" not in str(news.slack.messages(APPROVALS)), "it would only refuse"
    assert len(news.heard(APPROVALS)) == 1
    assert [text.startswith("<@U0BOB> signed off #142") for text in news.heard("D0ANN")] == [True]
