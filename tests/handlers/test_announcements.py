"""What somebody did is announced once, and not lost to a Slack that gives no clear answer."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.redis.keys import Keys
from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.world import BOT_TOKEN, TEAM_ID
from handlers.acts import Act
from handlers.announcements import Announcements
from handlers.blocks.help import refusal
from handlers.posts import Posts
from tests.handlers.blocks.samples import ANN, NOW
from tests.sandbox.slack_fixtures import running

APPROVALS = "C0APPROVALS"
ACT = Act(id="act-1", kind="freeze", user=ANN, team=TEAM_ID, at=NOW, what={})
SAID = refusal("Ann has frozen main.")


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with running(rate_limits=False) as server:
        yield server


@pytest.fixture
def announcements(slack: LocalSlack, redis: Redis, keys: Keys) -> Announcements:
    client = AsyncWebClient(BOT_TOKEN, base_url=f"{slack.url}/api/", retry_handlers=[])
    return Announcements(Posts(client, redis), redis, keys, APPROVALS)


@pytest.mark.parametrize("fault", [{"error": "internal_error"}, {"status": 500}, {"retry_after": 1}])
async def test_what_slack_did_not_answer_clearly_is_left_to_be_told_again(
    slack: LocalSlack, announcements: Announcements, fault: dict[str, str | int]
) -> None:
    slack.faults.add("chat.postMessage", **fault)  # type: ignore[arg-type]
    with pytest.raises(SlackApiError):
        await announcements.to_approvers(ACT, SAID)
    assert [await announcements.to_approvers(ACT, SAID) for _ in range(2)] == [True, True]
    assert len(slack.messages(APPROVALS)) == 1


async def test_a_channel_that_is_closed_keeps_nothing_from_being_done(
    slack: LocalSlack, announcements: Announcements
) -> None:
    slack.faults.add("chat.postMessage", error="is_archived")
    assert not await announcements.to_approvers(ACT, SAID)
    assert slack.messages(APPROVALS) == []
