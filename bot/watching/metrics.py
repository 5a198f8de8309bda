"""Every metric that Prometheus is shown. docs/metrics.md is made from what is registered here."""

import platform
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.registry import Collector

from bot.watching.observer import Observer
from bot.watching.words import OTHER, known

ACK_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
"""Slack gives up after three seconds."""
LAG_BUCKETS = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
PROOFS = (
    ("slack", "signature"),
    ("twilio_events", "credentials"),
    ("twilio_events", "signature"),
    ("twilio_callbacks", "signature"),
    ("tcr", "credentials"),
)
"""What is refused for want of proof, and by which one."""
SINKS_LOST = ("SILENT", "failed")
"""States of a sink that brings nothing any more."""
CALL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)


class Metrics(Observer):
    """Counts what it hears in a registry of its own. `accounts` are the names that may stand in a label."""

    def __init__(self, accounts: tuple[str, ...] = (), *, process: bool = True) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._accounts = frozenset(accounts)
        self._labels: dict[str, tuple[str, ...]] = {}
        if process:  # those of the client library, under the names that everybody's dashboards know
            ProcessCollector(registry=self.registry)
            PlatformCollector(registry=self.registry)
        self._build = self._gauge("build_info", "Which Tenfour this is; always 1.", "version", "python")
        self._build.labels(version("tenfour"), platform.python_version()).set(1)
        self._acks = self._histogram(
            "ack_seconds",
            "From a delivery of Slack's reaching its handler to its ack.",
            ACK_BUCKETS,
            "kind",
            "outcome",
        )
        self._refused = self._counter(
            "deliveries_refused_total", "Requests over HTTP that were refused.", "source", "reason"
        )
        self._slack = self._counter("slack_calls_total", "Calls to Slack's Web API.", "method", "outcome")
        self._slack_seconds = self._histogram("slack_call_seconds", "How long a call to Slack took.", CALL_BUCKETS)
        self._decisions = self._counter(
            "decisions_total", "Decisions, by the state of the change after it, or refused.", "verb", "outcome"
        )
        self._runs = self._counter(
            "run_turns_total", "Turns of workers at changes, by how the change was left.", "outcome"
        )
        self._unknown = self._counter(
            "unknown_steps_total", "Calls to Twilio of which it is not known whether they took effect."
        )
        self._lag = self._histogram(
            "poll_lag_seconds", "How long after it was due a registration was taken in hand.", LAG_BUCKETS
        )
        self._looks = self._counter("looks_total", "Looks at registrations at Twilio.", "kind", "outcome")
        self._transitions = self._counter(
            "transitions_total", "Differences between looks that somebody should hear about.", "kind", "status"
        )
        self._alerts = self._counter("alerts_posted_total", "Alerts posted into channels.", "kind")
        self._twilio = self._counter("twilio_calls_total", "Calls to Twilio.", "account", "method", "outcome")
        self._twilio_seconds = self._histogram(
            "twilio_call_seconds", "How long a call to Twilio took.", CALL_BUCKETS, "account"
        )
        self._throttled = self._counter("twilio_throttled_total", "Answers 429 from Twilio.", "account")
        self._held = self._counter(
            "twilio_held_seconds_total", "For how long the calls of an account were held after a 429.", "account"
        )
        self._events = self._counter(
            "events_total", "Events of Twilio's Event Streams, by what became of them.", "account", "outcome"
        )
        self._redis_risks = self._gauge(
            "redis_risks", "What in the configuration of Redis may lose what was acknowledged, found at start."
        )
        # shown from the start, as alerts wait for them: a series that begins at 1 has no increase
        for account in accounts:
            self._throttled.labels(account)
            self._events.labels(account, "unknown")
        for source, reason in PROOFS:
            self._refused.labels(source, reason)
        for status in SINKS_LOST:
            self._transitions.labels("sink", status)

    def register(self, collector: Collector) -> None:
        """Show more than what is counted: what is read when it is asked for."""
        self.registry.register(collector)

    def labels_of(self, family: str) -> tuple[str, ...]:
        """The labels of a metric that is counted here, by the name of its family."""
        return self._labels.get(family, ())

    def at_risk(self, warnings: int) -> None:
        """So many things in the configuration of Redis may lose what was acknowledged."""
        self._redis_risks.set(warnings)

    def acknowledged(self, kind: str, outcome: str, seconds: float) -> None:
        self._acks.labels(known("delivery", kind), known("ack", outcome)).observe(seconds)

    def refused_at_the_door(self, source: str, reason: str) -> None:
        self._refused.labels(known("source", source), known("reason", reason)).inc()

    def slack_called(self, method: str, outcome: str, seconds: float) -> None:
        self._slack.labels(known("slack_method", method), known("call", outcome)).inc()
        self._slack_seconds.observe(seconds)

    def decided(self, verb: str, outcome: str) -> None:
        self._decisions.labels(known("verb", verb), known("decision", outcome)).inc()

    def ran(self, outcome: str) -> None:
        self._runs.labels(known("run", outcome)).inc()
        if outcome == "unknown":
            self._unknown.inc()

    def claimed(self, late: float) -> None:
        self._lag.observe(max(0.0, late))

    def looked(self, kind: str, outcome: str) -> None:
        self._looks.labels(known("kind", kind), known("look", outcome)).inc()

    def moved(self, kind: str, status: str) -> None:
        self._transitions.labels(known("kind", kind), known("status", status)).inc()

    def announced(self, kind: str, number: int) -> None:
        self._alerts.labels(known("kind", kind)).inc(number)

    def twilio_called(self, account: str, method: str, outcome: str, seconds: float) -> None:
        name = self._account(account)
        self._twilio.labels(name, known("method", method), known("call", outcome)).inc()
        self._twilio_seconds.labels(name).observe(seconds)
        if outcome == "throttled":
            self._throttled.labels(name).inc()

    def held(self, account: str, seconds: float | None) -> None:
        self._held.labels(self._account(account)).inc(seconds or 0.0)

    def took_events(self, account: str, outcome: str, number: int) -> None:
        self._events.labels(self._account(account), known("event", outcome)).inc(number)

    def _account(self, name: str) -> str:
        return name if name in self._accounts else OTHER

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        self._labels[f"tenfour_{name}".removesuffix("_total")] = labels
        return Counter(f"tenfour_{name}", what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        self._labels[f"tenfour_{name}"] = labels
        return Gauge(f"tenfour_{name}", what, labels, registry=self.registry)

    def _histogram(self, name: str, what: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        self._labels[f"tenfour_{name}"] = labels
        return Histogram(f"tenfour_{name}", what, labels, buckets=buckets, registry=self.registry)
