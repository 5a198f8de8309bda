"""The portfolio on App Home: what needs somebody stands out, and every choice can be taken back."""

from typing import Any, get_args

import pytest

from bot.tracking.portfolio import NEEDS, Choices
from bot.tracking.row import STATES, Needs
from handlers.blocks import kit
from handlers.blocks.following.portfolio import ALL, GROUPS, NEEDED, PAGE, Shelf, portfolio_blocks
from tests.handlers.blocks.judge import elements, sound_view, words
from tests.handlers.blocks.samples import ACCOUNT, ANN, RITA, STRANGE, registration
from tests.handlers.blocks.shelves import shelf

BRAND = "BN" + "1a" * 16


def drawn(the: Shelf) -> dict[str, Any]:
    return sound_view(kit.home(portfolio_blocks(the)))


def test_every_group_and_every_need_has_words() -> None:
    assert set(GROUPS) == {NEEDS, *STATES}
    assert set(NEEDED) == set(get_args(Needs)) - {""}


def test_a_row_says_its_state_why_it_needs_somebody_and_whose_turn_it_is() -> None:
    view = drawn(shelf(registration("FAILED"), registration()))
    shown = words(view)
    assert "*2 followed*: 1 refused or failing, 1 under review. *1 needs somebody.*" in shown
    assert "Was rejected." in shown
    assert f"seen to by <@{RITA}>" in shown
    assert elements(view)["registration.open"]["value"] == registration().id
    assert "Show all" not in shown


def test_what_is_chosen_stands_in_the_choices_and_can_be_taken_back() -> None:
    view = drawn(shelf(registration(), account=ACCOUNT, brand=BRAND, state="review", owner=ANN, text="Acme"))
    found = elements(view)
    assert found["portfolio.filter:account"]["initial_option"]["value"] == ACCOUNT
    assert found["portfolio.filter:brand"]["initial_option"]["text"]["text"] == "Acme"
    assert found["portfolio.filter:state"]["initial_option"]["value"] == "review"
    assert found["portfolio.filter:owner"]["initial_user"] == ANN
    assert "portfolio.filter:all" in found


def test_without_a_choice_every_choice_says_all() -> None:
    found = elements(drawn(shelf(registration())))
    chosen = [found[f"portfolio.filter:{name}"]["initial_option"]["value"] for name in ("account", "brand", "state")]
    assert chosen == [ALL] * 3
    assert "portfolio.filter:all" not in found


def test_a_choice_that_fits_nothing_says_so_and_how_to_take_it_back() -> None:
    empty = Shelf([], 0, {}, shelf(registration()).choices, shelf(owner=ANN).wanted)
    view = drawn(empty)
    assert "Nothing fits" in words(view)
    assert "portfolio.filter:all" in elements(view)


@pytest.mark.parametrize(
    ("page", "turns"), [(0, {"older": "1"}), (1, {"newer": "0", "older": "2"}), (2, {"newer": "1"})]
)
def test_pages_can_be_turned_where_there_are_more(page: int, turns: dict[str, str]) -> None:
    found = elements(drawn(shelf(*[registration()] * (PAGE if page < 2 else 5), total=25, page=page)))
    values = {name.partition(":")[2]: e["value"] for name, e in found.items() if name.startswith("portfolio.page")}
    assert values == turns


def test_a_list_that_is_being_put_together_does_not_say_that_nothing_is_followed() -> None:
    assert "None is followed yet" in words(drawn(shelf()))
    building = Shelf([], 0, {}, Choices({}, (), (), built=False))
    assert "being put together" in words(drawn(building))


@pytest.mark.parametrize("text", STRANGE)
@pytest.mark.parametrize("kind", ["campaign", "brand", "sink", "of_a_newer_version"])
def test_rows_take_any_text(text: str, kind: str) -> None:
    strange = registration(text or "?", title=text or "-", kind=kind)
    drawn(shelf(*[strange] * PAGE, total=999, text=text, account=ACCOUNT, brand=BRAND))
