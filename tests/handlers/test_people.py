"""What the bot makes of people and groups that Slack does not tell it of."""

import time

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.changes.refusal import Refusal
from bot.policy.policy import Group
from bot.sandbox.world import BOT_TOKEN, TEAM_ID
from handlers.people import People
from tests.sandbox.slack_fixtures import running


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("plan_upgrade_required", "user groups need a paid Slack plan: whoever keeps the policy must list people"),
        ("no_such_subteam", "Slack knows none of that id"),
        ("missing_scope", "usergroups:read"),
    ],
)
async def test_a_user_group_that_cannot_be_read_is_refused_with_what_mends_it(error: str, words: str) -> None:
    async with running(rate_limits=False) as slack:
        client = AsyncWebClient(BOT_TOKEN, base_url=f"{slack.url}/api/", retry_handlers=[])
        people = People(client, TEAM_ID, "C0APPROVALS", "U0TENFOUR", time.time)
        slack.faults.add(method="usergroups.users.list", error=error)
        with pytest.raises(Refusal, match=f"names the user group S0MSGOPS, but .*{words}"):
            await people.members(Group(usergroup="S0MSGOPS"))


async def test_listed_people_need_nothing_of_slack() -> None:
    async with running(rate_limits=False) as slack:
        client = AsyncWebClient(BOT_TOKEN, base_url=f"{slack.url}/api/", retry_handlers=[])
        people = People(client, TEAM_ID, "C0APPROVALS", "U0TENFOUR", time.time)
        assert await people.members(Group(users=("U0ANN",), quiet=("U0BOB",))) == {"U0ANN", "U0BOB"}
        assert slack.calls("usergroups.users.list") == []
