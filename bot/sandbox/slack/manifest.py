"""What the app manifest grants: commands, scopes, event subscriptions, tabs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.sandbox.world import COMMANDS, SlashCommand

DEFAULT_EVENTS = frozenset({"app_home_opened", "app_mention", "message.im"})


@dataclass(frozen=True)
class Manifest:
    """The parts of an app manifest that the local Slack enforces. `scopes` None means that every scope is granted."""

    commands: tuple[SlashCommand, ...] = COMMANDS
    scopes: tuple[str, ...] | None = None
    bot_events: frozenset[str] = DEFAULT_EVENTS
    home_tab: bool = True
    messages_tab: bool = True
    messages_read_only: bool = False
    interactivity: bool = True

    @classmethod
    def read(cls, path: Path | None) -> "Manifest":
        """The manifest at `path`; the sandbox's own defaults when there is no such file."""
        if path is None or not path.is_file():
            return cls()
        return _read(path.read_text(encoding="utf-8"))

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Manifest":
        """What a manifest says."""
        features = document.get("features") or {}
        settings = document.get("settings") or {}
        home = features.get("app_home") or {}
        scopes = ((document.get("oauth_config") or {}).get("scopes") or {}).get("bot") or []
        return cls(
            commands=tuple(
                SlashCommand(
                    entry["command"],
                    entry.get("description", ""),
                    entry.get("usage_hint", ""),
                    bool(entry.get("should_escape", False)),
                )
                for entry in features.get("slash_commands") or []
            ),
            scopes=tuple(scopes),
            bot_events=frozenset((settings.get("event_subscriptions") or {}).get("bot_events") or []),
            home_tab=bool(home.get("home_tab_enabled", False)),
            messages_tab=bool(home.get("messages_tab_enabled", False)),
            messages_read_only=bool(home.get("messages_tab_read_only_enabled", False)),
            interactivity=bool((settings.get("interactivity") or {}).get("is_enabled", False)),
        )

    def command(self, name: str) -> SlashCommand | None:
        return next((entry for entry in self.commands if entry.command == name), None)

    def grants(self, scope: str) -> bool:
        return self.scopes is None or scope in self.scopes


@cache
def _read(text: str) -> Manifest:
    return Manifest.of(yaml.safe_load(text) or {})
