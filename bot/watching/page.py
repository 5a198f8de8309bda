"""The page about metrics, docs/metrics.md, made from the registry itself."""

import sys

from prometheus_client import Metric

from bot.watching.depths import Depths
from bot.watching.metrics import Metrics
from bot.watching.readiness import Readiness

HEAD = """\
# What can be watched

<!-- Made by `make docs` from bot/watching/; change those files, not this one. -->

With `TENFOUR_OPS_PORT` each process, whatever its role, serves three paths on that port, on every address of the
machine and without asking who is there: keep the port in your own network.

| path | answers | for |
|---|---|---|
| `/healthz` | 200 while the process lives and its loop turns; nothing else counts | liveness: else start it again |
| `/readyz` | 200 or 503, with each part in JSON and why it is not well | readiness, and people |
| `/metrics` | the metrics below, in the format of Prometheus or OpenMetrics | Prometheus |

`/readyz` is 503 while the bot starts, and at once after SIGTERM, so that nothing more is sent to it. In between it asks
each part that this process has at that moment: `redis` answers a ping, `scheduler` has ticked in the last half minute,
`engine` works on tasks, and Slack is connected or listened to. Work that all replicas share is shown with
`"counts": false`: no process is at fault for what none of them does. Without the port, `tenfour health` still tells a
living bot from a dead one, by a file in its state folder, with more patience.

Alert rules lie in `deploy/prometheus/tenfour.rules.yml`, beside them how to scrape under the job that they ask for
(`scrape.yml`), a dashboard in `deploy/grafana/tenfour.json`.

## Labels

No label holds a SID, a number, or anybody's name. An `account` is the name that the settings give to it. Every other
label has a closed set of values (`bot/watching/words.py`); a word that is not in it, such as a status that Twilio has
newly made up, is counted as `other`, and stands as it is in the log and in Slack.

What is read from Redis (queues, registrations, changes) is the same in every process: use `max`, not `sum`. It is read
when Prometheus asks, at most once in three seconds, and is absent while Redis does not answer.

## Logs

One line of JSON for each thing that happened, on standard error, pretty on a terminal, from `TENFOUR_LOG_LEVEL` on;
lines of libraries take the same form and are never written below `warning`. `request` is one delivery of Slack's, one
webhook or one task; `change`, `registration` and `account` name what it was about, also on the lines of work that it
started. What looks like a secret or a person's data is masked in every value, and no error is quoted: its kind is
logged, and where it came about. What ends a process is its last line (`ended_by_an_error`).

## Traces

With `OTEL_EXPORTER_OTLP_ENDPOINT` set and the extra `otel` installed, spans go to that collector over OTLP on HTTP: one
for each delivery of Slack's, each task, and each call to Slack or Twilio, with the ids that the log carries, and with
neither what was typed nor the words of an error.

## Every metric
"""


def metrics_page() -> str:
    """docs/metrics.md, made from what is registered."""
    rows = [f"| `{name}` | {kind} | {labels} | {what} |" for name, kind, labels, what in _rows()]
    return "\n".join([HEAD, "| metric | type | labels | what it says |", "|---|---|---|---|", *rows]) + "\n"


def everything() -> Metrics:
    """A registry with all that a bot shows, for an account called `main`."""
    metrics = Metrics(("main",))
    metrics.register(Depths({}, lambda: 0.0))
    metrics.register(Readiness())
    return metrics


def names() -> frozenset[str]:
    """The names of all series that Prometheus may be asked for, those of histograms and counters included."""
    found: set[str] = set()
    for family in everything().registry.collect():
        endings = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
        found |= {family.name + ending for ending in endings}
    return frozenset(found)


def _rows() -> list[tuple[str, str, str, str]]:
    metrics = everything()
    rows = []
    for family in sorted(metrics.registry.collect(), key=lambda f: (not f.name.startswith("tenfour_"), f.name)):
        name = family.name + ("_total" if family.type == "counter" else "")
        rows.append((name, family.type, _labels(family, metrics), family.documentation.replace("|", "\\|")))
    return rows


def _labels(family: Metric, metrics: Metrics) -> str:
    shown = next((tuple(sample.labels) for sample in family.samples), ()) if family.type == "gauge" else ()
    found = metrics.labels_of(family.name) or getattr(family, "_labelnames", shown)
    return ", ".join(f"`{label}`" for label in found)


if __name__ == "__main__":
    sys.stdout.write(metrics_page())
