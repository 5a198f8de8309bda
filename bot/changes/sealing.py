"""What people typed, or Twilio repeated of it, is sealed inside the records of a change; what scripts read is not."""

from typing import Any

from bot.changes.change import Decision, Event, StepRun
from bot.vault import Vault

_RESULT = "sealed"


class Sealer:
    """Seals and opens the free text of events, decisions and step runs. `opened_*` raise `SealedWithOtherKeyError`."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def text(self, text: str) -> str:
        """`text` sealed; nothing stays nothing."""
        return self._vault.seal(text) if text else ""

    def opened_text(self, token: str) -> str:
        """What `text` sealed."""
        return str(self._vault.open(token)) if token else ""

    def event(self, event: Event) -> Event:
        """An event as it is stored."""
        return event.model_copy(update={"detail": self.text(event.detail)})

    def opened_event(self, raw: str) -> Event:
        """A stored event."""
        event = Event.model_validate_json(raw)
        return event.model_copy(update={"detail": self.opened_text(event.detail)})

    def decision(self, decision: Decision) -> Decision:
        """A decision as it is stored: the script that counts a quorum reads all but the reason."""
        return decision.model_copy(update={"reason": self.text(decision.reason)})

    def opened_decision(self, raw: str) -> Decision:
        """A stored decision."""
        decision = Decision.model_validate_json(raw)
        return decision.model_copy(update={"reason": self.opened_text(decision.reason)})

    def run(self, run: StepRun) -> StepRun:
        """How far a step is, as it is stored: the script that settles an unknown outcome reads the state."""
        result: dict[str, Any] = {_RESULT: self._vault.seal(run.result)} if run.result else {}
        return run.model_copy(update={"result": result, "error": self.text(run.error)})

    def opened_run(self, raw: str) -> StepRun:
        """How far a step is, from what is stored."""
        run = StepRun.model_validate_json(raw)
        result = self._vault.open(run.result[_RESULT]) if run.result else {}
        return run.model_copy(update={"result": result, "error": self.opened_text(run.error)})
