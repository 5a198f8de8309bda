"""What the bot is made of may be used as it is."""

import pytest

from tests.licences import refused


@pytest.mark.parametrize(
    "licence", ["GPL-3.0", "GNU Affero General Public License v3", "UNKNOWN", "MIT AND GPL-2.0-only", "", "Proprietary"]
)
def test_a_licence_that_is_not_permitted_is_named(licence: str) -> None:
    assert refused([{"Name": "thing", "License": licence}]) == [f"thing: {licence}"]


@pytest.mark.parametrize("licence", ["MIT", "Apache-2.0 AND MIT", "Apache-2.0 OR BSD-3-Clause", "MIT License; GPL-3.0"])
def test_a_licence_that_is_permitted_or_left_to_choose_is_not(licence: str) -> None:
    assert refused([{"Name": "thing", "License": licence}]) == []
