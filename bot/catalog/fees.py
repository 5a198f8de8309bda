"""A2P fees: kept as dated data, because no API of Twilio names them (twilio.md 10)."""

import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Self

from bot.plans.cost import Cost, Period
from bot.plans.values import Value


class Fee(Value):
    """One fee in US dollars, from `low` to `high`."""

    what: str
    low: Decimal
    high: Decimal
    period: Period
    source: str

    def cost(self, checked: date) -> Cost:
        """The fee as a cost: its upper end, never certain."""
        span = f" ({self.low} to {self.high}, the upper end is shown)" if self.low != self.high else ""
        source = f"{self.source}; as known on {checked.isoformat()}"
        return Cost(what=self.what + span, usd=self.high, period=self.period, source=source, certain=False)


class Fees:
    """Every fee by name, and the day on which the amounts were last looked over."""

    def __init__(self, checked: date, fees: dict[str, Fee]) -> None:
        self.checked = checked
        self._fees = MappingProxyType(fees)

    @classmethod
    @cache
    def load(cls) -> Self:
        """The fees that come with this version (`fees.toml`)."""
        data = tomllib.loads((files("bot.catalog") / "fees.toml").read_text("utf-8"))
        checked: date = data.pop("checked")
        return cls(checked, {name: Fee.model_validate(fee) for name, fee in data.items()})

    def __getitem__(self, name: str) -> Fee:
        return self._fees[name]

    def cost(self, name: str) -> Cost:
        """One fee as a cost. Raises `KeyError` for a name that `fees.toml` does not have."""
        return self[name].cost(self.checked)
