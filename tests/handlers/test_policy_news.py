"""What the approvals channel hears of the policy file: once for all replicas, against what it heard last."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.policy.file import Rulebook, Surroundings
from bot.redis.keys import Keys
from bot.redis.lease import Leases
from bot.sandbox.slack.server import LocalSlack
from bot.sandbox.world import BOT, BOT_TOKEN
from handlers.policy_news import REST, PolicyNews
from handlers.posts import Posts
from tests.e2e.test_policy import save
from tests.e2e.world import APPROVALS, shown

ONE = '[[rule]]\nname = "one"\neffect = "allow"\n'
OTHER = '[[rule]]\nname = "other"\neffect = "deny"\n'

Start = Callable[[], PolicyNews]


@pytest_asyncio.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    server = LocalSlack(rate_limits=False)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "policy.toml"
    file.write_text(ONE)
    return file


@pytest.fixture
def start(slack: LocalSlack, redis: Redis, keys: Keys, file: Path) -> Start:
    """Starts a replica."""

    def started() -> PolicyNews:
        posts = Posts(AsyncWebClient(token=BOT_TOKEN, base_url=f"{slack.url}/api/"), redis)
        return PolicyNews(posts, redis, keys, Leases(redis), Rulebook.of(file, Surroundings()), APPROVALS)

    return started


async def look(*replicas: PolicyNews, times: int = 2) -> None:
    """Two looks take what is changed."""
    for _ in range(times):
        for replica in replicas:
            await replica.look()


def heard(slack: LocalSlack) -> list[str]:
    """Everything that the channel was told."""
    return [shown(message) for message in slack.messages(APPROVALS)]


async def test_two_replicas_say_one_thing_once_and_a_policy_that_comes_back_again(
    slack: LocalSlack, start: Start, file: Path
) -> None:
    replicas = start(), start()
    await look(*replicas)
    assert heard(slack) == []
    for text in (OTHER, ONE, OTHER):
        save(file, text)
        await look(*replicas)
    assert ["“other”: " in said for said in heard(slack)] == [True, False, True]


async def test_a_policy_that_was_changed_while_no_bot_ran_is_told_by_the_next_one(
    slack: LocalSlack, start: Start, file: Path
) -> None:
    await look(start())
    save(file, ONE + OTHER)
    await look(start(), start())
    [said] = heard(slack)
    assert "Rule added: “other”" in said
    assert "one" not in said.partition("Rule added")[2]


async def test_a_replica_that_the_new_file_has_not_reached_is_behind(start: Start, file: Path) -> None:
    early, late = start(), start()
    await look(early, late)
    assert (await early.in_force(), await late.in_force()) == (True, True)
    save(file, OTHER)
    await look(early)
    assert (await early.in_force(), await late.in_force()) == (True, False)
    await look(late)
    assert await late.in_force()


async def test_a_file_that_breaks_for_one_that_was_behind_does_not_bring_the_older_policy_back(
    start: Start, file: Path
) -> None:
    early, late = start(), start()
    await look(early, late)
    save(file, OTHER)
    await look(early)
    save(file, "[[rules]]")
    await look(late)
    assert (await early.in_force(), await late.in_force()) == (True, False)


async def test_a_broken_file_leaves_the_policy_in_force_and_is_told_once_for_each_version_of_it(
    slack: LocalSlack, start: Start, file: Path
) -> None:
    replica = start()
    await look(replica)
    for text in ("[[rule]]\nname = 1", "[[rule]]\nname = 1\n# the same mistake", "[[rules]]", ONE):
        save(file, text)
        await look(replica, times=4)
    assert await replica.in_force()
    first, second, mended = heard(slack)
    assert "line 2: rule.1.name: must be text in quotes" in first
    assert "line 1: 'rules' is not known; write [[rule]]" in second
    assert "can be used again. The policy says what it said before." in mended


async def test_news_that_slack_refused_is_in_force_at_once_and_told_later(
    slack: LocalSlack, start: Start, file: Path
) -> None:
    replica = start()
    await look(replica)
    slack.remove_member(APPROVALS, BOT.id)
    save(file, OTHER)
    await look(replica)
    assert await replica.in_force()
    slack.store.channels[APPROVALS].members.append(BOT.id)
    await look(replica, times=REST - 2)
    assert heard(slack) == []
    await look(replica)
    assert len(heard(slack)) == 1


async def test_what_stands_in_a_policy_takes_no_effect_in_slack(slack: LocalSlack, start: Start, file: Path) -> None:
    replica = start()
    await look(replica)
    save(file, ONE.replace('"one"', '"<!channel> <https://evil.example|click> *loud*"'))
    await look(replica)
    [message] = slack.messages(APPROVALS)
    elements = [block["type"] for block in message["blocks"] if "evil" in shown({"blocks": [block]})]
    assert elements == ["rich_text"]
    assert "evil" not in message["text"]
