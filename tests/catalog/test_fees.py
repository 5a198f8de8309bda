"""Fees are dated data with sources, and are never passed off as certain."""

import pytest

from bot.catalog.fees import Fees

NAMES = (
    "brand_low_volume", "brand_standard", "brand_sole_proprietor", "brand_vetting", "brand_appeal", "campaign_vetting",
    "campaign_resubmission", "campaign_monthly", "campaign_monthly_low_volume", "campaign_monthly_sole_proprietor",
)  # fmt: skip
FEES = Fees.load()


def test_an_unknown_fee_is_an_error_and_not_zero() -> None:
    with pytest.raises(KeyError):
        FEES.cost("campaign_gift")


@pytest.mark.parametrize("name", NAMES)
def test_every_fee_has_a_source_a_date_and_a_sane_range(name: str) -> None:
    fee = FEES[name]
    cost = FEES.cost(name)
    assert 0 <= fee.low <= fee.high
    assert fee.source
    assert FEES.checked.isoformat() in cost.source
    assert cost.certain is False
    assert cost.usd == fee.high


def test_a_range_is_spelled_out() -> None:
    assert FEES.cost("campaign_monthly").what == "Campaign (1.50 to 10.00, the upper end is shown)"
    assert FEES.cost("campaign_vetting").what == "Campaign vetting"
