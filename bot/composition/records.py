"""What is written down in Redis about changes, decisions and acts; each part made once."""

import os
import socket
from dataclasses import dataclass
from typing import Self

from bot.audit.log import AuditLog
from bot.audit.trail import AuditTrail
from bot.changes.budget import Budget
from bot.changes.delegations import Delegations
from bot.changes.freezes import Freezes
from bot.changes.store import ChangeStore
from bot.composition.ground import Ground
from bot.maintenance.settled import Retention, SettledChanges
from bot.redis.lease import Leases
from bot.runs.ledger import RunLedger


@dataclass(frozen=True)
class Records:
    """All of it over one Redis."""

    store: ChangeStore
    ledger: RunLedger
    leases: Leases
    trail: AuditTrail
    delegations: Delegations
    freezes: Freezes
    budget: Budget
    retention: Retention

    @classmethod
    def of(cls, ground: Ground) -> Self:
        """The records of this process, under its own name."""
        redis, keys, vault, clock = ground.redis.client, ground.keys, ground.vault, ground.clock
        store = ChangeStore(redis, keys, vault)
        trail = AuditTrail(redis, keys, AuditLog(redis, keys, vault), store, clock, ground.settings.audit_days)
        settled = SettledChanges(redis, keys, vault, store, trail)
        return cls(
            store,
            RunLedger(redis, keys, f"{socket.gethostname()}:{os.getpid()}", ground.tempo.lease),
            Leases(redis, ground.tempo.hold),
            trail,
            Delegations(redis, keys, vault, clock),
            Freezes(redis, keys, vault, clock),
            Budget(redis, keys, clock),
            Retention(redis, keys, store, settled, clock, ground.settings.keep_changes_days),
        )
