"""What Prometheus is shown: named by the docs, bounded, and without anything that names a person."""

import json
from collections.abc import Callable
from pathlib import Path

import promql_parser
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest

from bot.watching.metrics import Metrics
from bot.watching.page import everything, metrics_page, names
from bot.watching.words import OTHER

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/prometheus/tenfour.rules.yml"
BOARD = ROOT / "deploy/grafana/tenfour.json"
OF_PROMETHEUS = frozenset({"up"})
"""What Prometheus makes by itself."""


def rules() -> list[dict[str, str]]:
    """Every alert rule."""
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def sections() -> set[str]:
    """What can be linked to in the runbook."""
    lines = (ROOT / "docs/runbook.md").read_text().splitlines()
    return {line.lstrip("# ").lower().replace(" ", "-") for line in lines if line.startswith("#")}


def queries() -> list[str]:
    """Every query of the dashboard, with Grafana's own variables filled in."""
    panels = json.loads(BOARD.read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    return [expr.replace("$__rate_interval", "5m") for expr in asked]


def asked_for(expr: promql_parser.Expr) -> set[str]:
    """The names of all metrics in an expression. Raises what the parser raises."""
    found: set[str] = set()
    left: list[object] = [expr]
    while left:
        part = left.pop()
        if isinstance(part, promql_parser.VectorSelector) and part.name:
            found.add(part.name)
        for name in ("expr", "lhs", "rhs", "vector_selector", "vs", "args"):
            below = getattr(part, name, None)
            left += below if isinstance(below, list) else [below] if below is not None else []
    return found


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_metrics_that_there_are(rule: dict[str, str]) -> None:
    asked = asked_for(promql_parser.parse(rule["expr"]))
    assert asked
    assert asked <= names() | OF_PROMETHEUS


@pytest.mark.parametrize("query", queries())
def test_the_dashboard_asks_for_metrics_that_there_are(query: str) -> None:
    asked = asked_for(promql_parser.parse(query))
    assert asked
    assert asked <= names() | OF_PROMETHEUS


def test_a_name_that_there_is_not_would_be_found() -> None:
    nested = "histogram_quantile(0.9, sum by (le) (rate(tenfour_invented_bucket[5m]))) > 1 and max(up) == 1"
    assert asked_for(promql_parser.parse(nested)) == {"tenfour_invented_bucket", "up"}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do_and_where_that_is_written(rule: dict[str, dict[str, str]]) -> None:
    said = rule["annotations"]
    assert said["summary"]
    assert len(said["description"]) > 40
    assert said["runbook_url"].removeprefix("docs/runbook.md#") in sections()
    assert rule["labels"]["severity"] in ("page", "ticket", "info")


def test_the_page_in_docs_lists_exactly_the_metrics_of_the_registry() -> None:
    assert (ROOT / "docs/metrics.md").read_text() == metrics_page()


def test_every_metric_of_ours_begins_with_our_name_and_says_what_it_is() -> None:
    families = list(everything().registry.collect())
    ours = [f for f in families if not f.name.startswith(("process_", "python_"))]
    assert all(f.name.startswith("tenfour_") and f.documentation.endswith(".") for f in ours)
    assert len(ours) > 25


SAID: list[Callable[[Metrics, str], None]] = [
    lambda m, w: m.acknowledged(w, w, 0.1),
    lambda m, w: m.refused_at_the_door(w, w),
    lambda m, w: m.slack_called(w, w, 0.1),
    lambda m, w: m.decided(w, w),
    lambda m, w: m.ran(w),
    lambda m, w: m.looked(w, w),
    lambda m, w: m.moved(w, w),
    lambda m, w: m.announced(w, 1),
    lambda m, w: m.twilio_called(w, w, w, 0.1),
    lambda m, w: m.held(w, 1.0),
    lambda m, w: m.took_events(w, w, 1),
]


@pytest.mark.parametrize("say", SAID)
@pytest.mark.parametrize(
    "word", ["+14155550123", "AC" + "0" * 32, "U0123ABCD", "ada@example.com", "Ada Lovelace", "12-3456789"]
)
def test_what_names_somebody_never_becomes_a_label(say: Callable[[Metrics, str], None], word: str) -> None:
    metrics = Metrics(("main",), process=False)
    say(metrics, word)
    shown = generate_latest(metrics.registry).decode()
    assert word not in shown
    assert f'"{OTHER}"' in shown


@given(st.lists(st.text(max_size=20), max_size=30))
def test_new_words_make_no_new_series(words: list[str]) -> None:
    metrics = Metrics(("main",), process=False)
    metrics.moved("campaign", "VERIFIED")
    metrics.moved("campaign", "no such status")
    metrics.moved("no such kind", "no such status")
    before = generate_latest(metrics.registry).count(b"\ntenfour_transitions_total{")
    for word in words:
        metrics.moved("campaign", f"{word} ")
    assert generate_latest(metrics.registry).count(b"\ntenfour_transitions_total{") == before


def test_the_names_of_accounts_may_be_labels_and_their_first_429_is_an_increase() -> None:
    metrics = Metrics(("main", "acme-west"), process=False)
    assert metrics.registry.get_sample_value("tenfour_twilio_throttled_total", {"account": "acme-west"}) == 0.0
    metrics.twilio_called("acme-west", "GET", "throttled", 0.2)
    assert metrics.registry.get_sample_value("tenfour_twilio_throttled_total", {"account": "acme-west"}) == 1.0


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("deliveries_refused_total", {"source": "slack", "reason": "signature"}),
        ("deliveries_refused_total", {"source": "twilio_events", "reason": "credentials"}),
        ("deliveries_refused_total", {"source": "twilio_callbacks", "reason": "signature"}),
        ("deliveries_refused_total", {"source": "tcr", "reason": "credentials"}),
        ("events_total", {"account": "main", "outcome": "unknown"}),
        ("transitions_total", {"kind": "sink", "status": "SILENT"}),
    ],
)
def test_what_an_alert_waits_for_is_shown_before_it_happens(name: str, labels: dict[str, str]) -> None:
    metrics = Metrics(("main",), process=False)
    assert metrics.registry.get_sample_value(f"tenfour_{name}", labels) == 0.0


def test_a_run_that_ends_unknown_counts_as_an_unknown_step() -> None:
    metrics = Metrics(process=False)
    metrics.ran("unknown")
    metrics.ran("succeeded")
    assert metrics.registry.get_sample_value("tenfour_unknown_steps_total") == 1.0


def test_two_bots_in_one_process_count_each_for_itself() -> None:
    one, other = Metrics(process=False), Metrics(process=False)
    one.ran("unknown")
    assert other.registry.get_sample_value("tenfour_unknown_steps_total") == 0.0
