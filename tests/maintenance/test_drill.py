"""The runbook's drill with the real bot: a copy while it runs, Redis lost, put back, compared, lifted; an erasure."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest_asyncio
from cryptography.fernet import Fernet

from bot.changes.freezes import ALL, Freeze, Freezes
from bot.redis.connection import open_redis
from bot.redis.embedded import run_embedded_redis
from bot.redis.keys import Keys
from bot.vault import Vault
from tests.e2e.test_cli import tenfour
from tests.e2e.world import ANN, APPROVALS, RITA, World, open_world, shown

KEY = Fernet.generate_key().decode()
CREATE = 'create friendly_name="Jane Doe alerts"'


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as world:
        yield world


@asynccontextmanager
async def freezes(world: World) -> AsyncIterator[Freezes]:
    async with open_redis(world.redis_url, world.state) as redis:
        yield Freezes(redis.client, Keys(), Vault([KEY]), time.time)


async def test_what_ran_after_the_copy_is_not_run_again_when_it_is_put_back(world: World, tmp_path: Path) -> None:
    copy, main = str(tmp_path / "copy"), world.twilio.account_sid
    async with world.bot(TENFOUR_ENCRYPTION_KEY=KEY), freezes(world) as held:
        now = time.time()
        await held.begin(Freeze(account=main, user=ANN, reason="later", at=now, until=now + 600))
        number = await world.request(RITA, "/a2p-service", CREATE)
        await world.approve(ANN, number)
        await world.card(number, "later")
        memory = world.environment(TENFOUR_ENCRYPTION_KEY=KEY)
        code, said = await tenfour("backup", copy, **memory)
        assert (code, "It needs the encryption key" in said) == (0, True)
        code, said = await tenfour("restore", copy, "--by", ANN, **memory)
        assert (code, "Bots are running on this Redis" in said) == (2, True)
        await held.lift(main)
        await world.done(number)
    async with run_embedded_redis(tmp_path / "new") as world.redis:
        memory = world.environment(TENFOUR_ENCRYPTION_KEY=KEY)
        code, said = await tenfour("restore", copy, "--by", ANN, **memory)
        assert (code, f"#{number} service.create: approved" in said) == (0, True)
        async with world.bot(TENFOUR_ENCRYPTION_KEY=KEY), freezes(world) as held:
            card = await world.card(number, "put back from the backup")
            # it is at Twilio already: whoever compares sees that, and the freeze leaves them the time
            await world.slack.click(RITA, "change.cancel", channel=APPROVALS, ts=card["ts"])
            await world.card(number, "Withdrawn")
            for account in (main, ALL):
                await held.lift(account)
        assert len(world.twilio.created("service")) == 1


async def test_what_was_erased_is_gone_from_the_card_in_slack_too(world: World) -> None:
    async with world.bot(TENFOUR_ENCRYPTION_KEY=KEY):
        number = await world.request(RITA, "/a2p-service", CREATE)
        await world.approve(ANN, number)
        await world.done(number)
        memory = world.environment(TENFOUR_ENCRYPTION_KEY=KEY)
        code, said = await tenfour("erase", "--change", str(number), **memory)
        assert (code, "nothing was; add --really" in said) == (0, True)
        told = world.slack.messages("D0RITA")
        code, _ = await tenfour("erase", "--change", str(number), "--really", **memory)
        assert code == 0
        card = await world.card(number, "(erased)")
        assert "Jane Doe" not in shown(card)
        assert "What they were has been erased" in shown(card)
        code, said = await tenfour("reseal", "--look", **memory)
        assert (code, "0 values are to be sealed anew" in said) == (0, True)
        code, said = await tenfour("erase", "rita", **memory)
        assert (code, "no Slack member id" in said) == (2, True)
        code, said = await tenfour("erase", RITA, **memory)
        assert (code, "What would be done" in said, f"{APPROVALS} stays" in said) == (0, True, False)
        assert world.slack.messages("D0RITA") == told, "that it was erased is no news of how it ended"
        code, said = await tenfour("audit", "verify", **memory)
        assert code == 0
