"""Keeps the workspace on disk: one JSON file, replaced atomically, written a moment after the last change."""

import asyncio
import json
import os
from pathlib import Path

from bot.sandbox.slack.store import Changed, Store

DEBOUNCE_SECONDS = 0.2


class StateFile:
    """Loads the store from `path` at the start and saves it after changes; `path` None keeps everything in memory."""

    def __init__(self, path: Path | None, store: Store) -> None:
        self._path = path
        self._store = store
        self._timer: asyncio.TimerHandle | None = None

    def load(self) -> None:
        """Raises ValueError when the file is there but is not a state file: it is never overwritten silently."""
        if self._path is None or not self._path.exists():
            return
        try:
            self._store.restore(json.loads(self._path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError, AttributeError) as broken:
            raise ValueError(f"{self._path} is not a state file of the local Slack; move it away") from broken

    def watch(self) -> None:
        if self._path is not None:
            self._store.listeners.append(self._schedule)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.save()

    def save(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(self._path.name + ".new")
        draft.write_text(json.dumps(self._store.snapshot(), ensure_ascii=False), encoding="utf-8")
        os.replace(draft, self._path)

    def _schedule(self, _changed: Changed) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DEBOUNCE_SECONDS, self._fire)

    def _fire(self) -> None:
        self._timer = None
        self.save()
