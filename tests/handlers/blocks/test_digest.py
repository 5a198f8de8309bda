"""The weekly digest: Slack takes it, its charts say nothing that its words do not, and an empty week is short."""

from decimal import Decimal
from typing import Any

import pytest

from bot.tracking.statistics import Share, Statistics, Typically, Unsent, Weekly
from handlers.blocks.following.digest import Digest, digest_message
from tests.handlers.blocks.judge import sound_message, words
from tests.handlers.blocks.samples import NOW, STRANGE

DAY = 86400.0
NOTHING = Statistics(
    span=(NOW - 7 * DAY, NOW),
    states={},
    needs=0,
    verified=(),
    refused=(),
    to_verdict=Weekly(None, None),
    to_ready=Weekly(None, None),
    first_pass=Share(0, 0),
    first_pass_before=Share(0, 0),
    codes={},
    weeks=(),
    unsent=(),
    failing=(),
)


def full(text: str = "Acme alerts", many: int = 1) -> Statistics:
    return Statistics(
        span=(NOW - 7 * DAY, NOW),
        states={"refused": 1, "review": 4, "numbers": 1, "ready": 30, "other": 1, "gone": 1},
        needs=3,
        verified=(text,) * many,
        refused=(text,) * many,
        to_verdict=Weekly(Typically(5 * DAY, 4), Typically(6 * DAY, 1)),
        to_ready=Weekly(Typically(3600.0, 1), None),
        first_pass=Share(3, 4),
        first_pass_before=Share(1, 2),
        codes={f"{text}{n}": n for n in range(many, 0, -1)} | {"30896": 1},
        weeks=tuple((NOW - n * 7 * DAY, Typically(n * DAY, n)) for n in range(8, 0, -1)),
        unsent=(Unsent(text, ("+15035550100",) * many, 2),) * many,
        failing=(text,) * many,
    )


def charts(message: Any) -> list[dict[str, Any]]:
    return [block for block in message["blocks"] if block["type"] == "data_visualization"]


@pytest.mark.parametrize("text", ["Acme alerts", *STRANGE])
@pytest.mark.parametrize("with_charts", [True, False])
def test_a_week_full_of_everything_fits(text: str, with_charts: bool) -> None:
    spent = {text or "-": Decimal("41.50")} | {f"{text}{n}": Decimal(n) for n in range(30)}
    message = sound_message(digest_message(Digest(full(text, 40), spent), charts=with_charts))
    assert len(charts(message)) == (2 if with_charts else 0)
    assert "left out" not in words(message)


def test_every_figure_stands_in_words_beside_the_charts() -> None:
    message = sound_message(digest_message(Digest(full(), {"main": Decimal("41.50")})))
    shown = words(message)
    assert message["text"].startswith("Last week: 1 approved or verified, 1 rejected, 1 became ready to send.")
    for said in (
        "38 registrations followed",
        "3 need somebody",
        "half of 4 within 5 days; the week before 6 days in one case",
        "1 hour in one case; the week before there was none",
        "3 of 4 campaigns (75 %); the week before 1 of 2",
        "|30896> (1)",
        "(1, not in our guide)",
        "carriers did not take `+15035550100`; 2 numbers still wait",
        "$41.50 in main",
    ):
        assert said in shown


def test_without_refusals_the_charts_show_how_long_verdicts_took_and_what_stands() -> None:
    quiet = full()
    message = digest_message(Digest(Statistics(**{**vars(quiet), "codes": {}})))
    assert [c["chart"]["type"] for c in charts(message)] == ["line", "pie"]
    few = digest_message(Digest(Statistics(**{**vars(quiet), "weeks": quiet.weeks[:2]})))
    assert [c["chart"]["type"] for c in charts(few)] == ["bar", "pie"]


def test_a_week_without_news_is_one_short_honest_sentence() -> None:
    nothing = sound_message(digest_message(Digest(NOTHING, narrowed=True)))
    assert nothing["text"] == "Last week: nothing to report, as no registration is followed here."
    assert len(nothing["blocks"]) == 3
    calm = Statistics(**{**vars(NOTHING), "states": {"ready": 2}})
    said = digest_message(Digest(calm, so_far=True))["text"]
    assert said.startswith("This week so far: nothing to report. No verdict came, and nothing needs anybody.")
