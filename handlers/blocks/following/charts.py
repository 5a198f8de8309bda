"""Slack's own charts (slack.md 2.4): at most two in a message, and the same numbers always in text beside them."""

from collections.abc import Mapping, Sequence

from handlers.blocks.kit import Block, cut
from handlers.blocks.mrkdwn import straight

TITLE, LABEL, AXIS, SEGMENTS, POINTS = 50, 20, 50, 12, 20


def pie(title: str, parts: Mapping[str, int]) -> Block:
    """Shares of a whole; what is zero is left out, and the smallest of very many too."""
    shown = sorted(((n, label) for label, n in parts.items() if n > 0), reverse=True)[:SEGMENTS]
    segments = [
        {"label": label, "value": n} for (n, _), label in zip(shown, _labels([w for _, w in shown]), strict=True)
    ]
    return _chart(title, {"type": "pie", "segments": segments})


def bars(title: str, counted: str, values: Mapping[str, int], x: str, y: str) -> Block:
    """One bar for each value, in their order; `counted` says of what, `x` and `y` name the axes."""
    return _chart(title, _series("bar", counted, list(values.items()), x, y))


def line(title: str, counted: str, values: Mapping[str, float], x: str, y: str) -> Block:
    """One point for each value, in their order."""
    return _chart(title, _series("line", counted, list(values.items()), x, y))


def _chart(title: str, chart: Block) -> Block:
    return {"type": "data_visualization", "title": cut(straight(title), TITLE), "chart": chart}


def _series(kind: str, name: str, values: Sequence[tuple[str, float]], x: str, y: str) -> Block:
    shown = values[:POINTS]
    labels = _labels([label for label, _ in shown])
    data = [{"label": label, "value": value} for label, (_, value) in zip(labels, shown, strict=True)]
    return {
        "type": kind,
        "series": [{"name": cut(name, LABEL), "data": data}],
        "axis_config": {"categories": labels, "x_label": cut(x, AXIS), "y_label": cut(y, AXIS)},
    }


def _labels(words: Sequence[str]) -> list[str]:
    """Labels of at most 20 characters that stay apart."""
    found: list[str] = []
    for word in words:
        label = cut(straight(" ".join(word.split())), LABEL) or "-"
        found.append(label if label not in found else f"{cut(label, LABEL - 4)} {len(found) + 1}")
    return found
