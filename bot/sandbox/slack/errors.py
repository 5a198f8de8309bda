"""The refusal that every part of the local Slack raises."""

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]


class SlackError(Exception):
    """A Web API call that Slack refuses.

    `messages` become `response_metadata.messages`; `extra` is merged into the answer; `retry_after` (seconds) makes
    it HTTP 429.
    """

    def __init__(
        self,
        error: str,
        messages: Sequence[str] = (),
        *,
        extra: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(error, *messages)
        self.error = error
        self.messages = list(messages)
        self.extra = dict(extra or {})
        self.retry_after = retry_after

    def answer(self) -> Json:
        body: Json = {"ok": False, "error": self.error, **self.extra}
        if self.messages:
            body["response_metadata"] = {"messages": self.messages}
        return body
