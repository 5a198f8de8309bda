"""The short version of the chaos program (`make chaos` runs the long one)."""

from pathlib import Path

import pytest

from tests.chaos.program import survive

KILLS = 50
LIMIT_SECONDS = 200.0
"""After which it reports that it hangs: many times what it takes, also beside other tests."""


@pytest.mark.long
async def test_fifty_kills_of_bots_and_redis_break_no_promise(tmp_path: Path) -> None:
    report = await survive(KILLS, seed=4, folder=tmp_path, limit=LIMIT_SECONDS)
    assert not report.broken, report.text()
    assert report.kills.total() >= KILLS
    assert report.states["succeeded"]
