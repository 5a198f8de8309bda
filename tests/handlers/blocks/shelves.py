"""Pages of the portfolio to draw, from the ordinary to the hostile."""

from bot.tracking.portfolio import NEEDS, Choices, Filter
from bot.tracking.registration import Registration
from bot.tracking.row import STATES, row_of
from handlers.blocks.following.portfolio import Shelf
from tests.handlers.blocks.samples import ACCOUNT, ANN, NOW, RITA


def shelf(*registrations: Registration, total: int = 0, page: int = 0, text: str = "main", **wanted: str) -> Shelf:
    """A page that shows these registrations; `text` is the name of everything that can be chosen."""
    rows = [row_of(r, NOW) for r in registrations]
    counts: dict[str, int] = {state: sum(r.state == state for r in rows) for state in STATES}
    counts[NEEDS] = sum(bool(r.needs) for r in rows)
    choices = Choices({ACCOUNT: text}, (ANN, RITA), (NEEDS, *STATES) if rows or total else (), built=True)
    return Shelf(rows, total or len(rows), counts, choices, Filter(**wanted), page, text)
