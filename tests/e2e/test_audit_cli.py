"""Whoever has Redis and the keys can prove the audit and take it out, without any of Slack's or Twilio's settings."""

import csv
import json
import os
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from redis.asyncio import Redis

from bot.audit.log import AuditLog
from bot.audit.row import Row
from bot.redis.connection import open_redis
from bot.redis.keys import Keys
from bot.vault import Vault
from tests.e2e.test_cli import tenfour

DAY = 1_793_577_600.0  # 2026-11-02


@pytest.fixture
async def memory(redis_url: str, tmp_path: Path) -> dict[str, str]:
    """What a person on the server has. The log of this installation has two rows."""
    key = Fernet.generate_key().decode()
    async with open_redis(redis_url, tmp_path) as handle:
        await _forget(handle.client)
        log = AuditLog(handle.client, Keys(), Vault([key]))
        await log.append([Row(at=DAY + n * 86400, kind="refused", what=f"act {n}", who="U0RITA") for n in range(2)])
    return {"REDIS_URL": redis_url, "TENFOUR_ENCRYPTION_KEY": key, "TENFOUR_STATE": str(tmp_path)}


async def _forget(client: Redis) -> None:
    await client.delete(*map(Keys().audit, ("log", "head", "base", "copied")))


async def test_a_sound_log_is_told_from_one_in_which_a_row_is_missing(memory: dict[str, str], tmp_path: Path) -> None:
    code, output = await tenfour("audit", "verify", **memory)
    assert (code, "2 rows, from 1 to 2" in output) == (0, True)
    written = output.split()[-1]
    async with open_redis(memory["REDIS_URL"], tmp_path) as handle:
        await handle.client.xdel(Keys().audit("log"), "1-0")
    code, output = await tenfour("audit", "verify", "--expect", written, **memory)
    assert code == 1
    assert "Row 1 is missing" in output
    assert "Traceback" not in output


async def test_the_rows_of_a_time_are_written_and_that_is_written_down_too(
    memory: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "audit.csv"
    words = (
        "audit",
        "export",
        "--since",
        "2026-11-03",
        "--until",
        "2026-11-03",
        "--format",
        "csv",
        "--output",
        str(file),
    )
    code, _ = await tenfour(*words, **memory)
    assert code == 0
    assert [row["what"] for row in csv.DictReader(file.open())] == ["act 1"]
    assert file.stat().st_mode & 0o077 == 0
    code, output = await tenfour("audit", "export", **memory)
    assert [json.loads(line)["kind"] for line in output.splitlines()] == ["refused", "refused", "exported", "exported"]


@pytest.mark.parametrize(
    ("words", "wrong", "told"),
    [
        (("export", "--since", "yesterday"), {}, "2026-11-01"),
        (("verify",), {"REDIS_URL": ""}, "REDIS_URL: not set"),
        (("verify",), {"TENFOUR_ENCRYPTION_KEY": ""}, "no key file"),
    ],
    ids=["day", "no-redis", "no-key"],
)
async def test_what_is_wrong_is_named_and_nothing_is_made_in_its_place(
    tmp_path: Path, words: tuple[str, ...], wrong: dict[str, str], told: str
) -> None:
    good = {"REDIS_URL": "redis://127.0.0.1:9/0", "TENFOUR_ENCRYPTION_KEY": Fernet.generate_key().decode()}
    code, output = await tenfour("audit", *words, **(good | {"TENFOUR_STATE": str(tmp_path)} | wrong))
    assert code == 2
    assert told in output
    assert os.listdir(tmp_path) == []
