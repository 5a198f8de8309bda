"""The portfolio on App Home: how many stand where, what to show of them, and a page of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.tracking.portfolio import NEEDS, Choices, Filter
from bot.tracking.row import STATES, Row
from handlers.blocks import kit
from handlers.blocks.following.standing_words import holder_of, lower, standing
from handlers.blocks.kit import Block, date, inline

PAGE = 10
"""Rows of one page: with all else they stay within the hundred blocks of a view."""
ALL = "*"
"""The choice that narrows nothing."""
GROUPS: Mapping[str, str] = MappingProxyType(
    {
        NEEDS: "need somebody",
        "refused": "refused or failing",
        "review": "under review",
        "numbers": "verified, not yet known to be ready to send",
        "ready": "in order",
        "other": "in other states",
        "gone": "no longer at Twilio",
    }
)
"""What the groups of states are called, `NEEDS` among them."""
NEEDED: Mapping[str, str] = MappingProxyType(
    {
        "refused": "Was rejected.",
        "suspended": "Is suspended.",
        "failing": "Messages fail.",
        "silent": "Has fallen silent.",
        "errors": "Twilio reports errors.",
        "numbers": "Carriers did not take some of its numbers.",
        "unready": "Is verified, and something has to be mended before it can send.",
        "unseen": "Tenfour has not been able to look at it for some time.",
        "deadline": "A deadline is near.",
        "stuck": "Takes longer than usual.",
    }
)
"""Why somebody must see to a registration."""
NOTHING = "None is followed yet. Each one that is registered here is followed from then on."


@dataclass(frozen=True)
class Shelf:
    """A page of the portfolio, as somebody wants to see it.

    `total` is how many fit the filter, `counts` how many there are by group whatever state was chosen. `page` counts
    from 0. `brand` is what people call the brand that was chosen.
    """

    rows: Sequence[Row]
    total: int
    counts: Mapping[str, int]
    choices: Choices
    wanted: Filter = field(default_factory=Filter)
    page: int = 0
    brand: str = ""

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))


def portfolio_blocks(shelf: Shelf) -> list[Block]:
    """The section of App Home."""
    header = kit.header("Brands and campaigns")
    if not shelf.choices.states:
        text = NOTHING if shelf.choices.built else "The list is being put together. Open this page again in a minute."
        return [header, kit.section(text)]
    blocks = [header, kit.section(_summary(shelf.counts)), _filters(shelf)]
    if not shelf.rows:
        return [*blocks, kit.section("Nothing fits what is chosen above. *Show all* takes the choice back.")]
    return [*blocks, *map(_row, shelf.rows), *_paging(shelf)]


def _summary(counts: Mapping[str, int]) -> str:
    followed = sum(counts.get(state, 0) for state in STATES)
    told = [f"{counts[state]} {GROUPS[state]}" for state in STATES if counts.get(state)]
    needs = counts.get(NEEDS, 0)
    urgent = (
        f" *{needs} {'needs' if needs == 1 else 'need'} somebody.*"
        if needs
        else " None is rejected, failing, stuck or near a deadline."
    )
    return f"*{followed} followed*: {', '.join(told)}.{urgent}" if followed else "*0 followed* of what is chosen."


def _filters(shelf: Shelf) -> Block:
    wanted, choices = shelf.wanted, shelf.choices
    # the names of what is chosen: Slack keeps showing an old choice where a block keeps its name
    block_id = f"portfolio:{wanted.account}:{wanted.brand}:{wanted.state}:{wanted.owner}"[:255]
    accounts = [kit.option(sid, _account(sid, name)) for sid, name in sorted(choices.accounts.items(), key=_by_name)]
    states = [kit.option(name, _capital(GROUPS[name])) for name in choices.states if name in GROUPS]
    brand = kit.option(wanted.brand, shelf.brand or wanted.brand) if wanted.brand else kit.option(ALL, "All brands")
    row = [
        kit.choice_input(
            "portfolio.filter:account",
            [kit.option(ALL, "All accounts"), *accounts],
            initial=wanted.account or ALL,
        ),
        kit.lookup_input("portfolio.filter:brand", initial=[brand]),
        kit.choice_input(
            "portfolio.filter:state", [kit.option(ALL, "All states"), *states], initial=wanted.state or ALL
        ),
        kit.person_input("portfolio.filter:owner", initial=wanted.owner) | _placeholder("Anybody's"),
    ]
    clear = [kit.button("Show all", "portfolio.filter:all", label="Show all brands and campaigns")]
    return kit.actions(*row, *(clear if wanted.sets else [])) | {"block_id": block_id}


def _row(row: Row) -> Block:
    seen = row.glimpse()
    now = standing(seen)
    since = f", since {date(row.since, 'day')}" if row.since else ""
    why = f"*{NEEDED.get(row.needs, 'Needs somebody.')}*" if row.needs else ""
    holder = holder_of(seen, now)
    settled = row.state == "ready" and not row.needs  # nobody has to act, whatever may be done next
    facts = [
        why,
        "" if settled else f"It is up to {holder}",
        f"seen to by {kit.person(row.owner)}" if row.owner and (settled or kit.person(row.owner) != holder) else "",
        _account(row.account, row.account_name),
    ]
    text = f"*{inline(row.title)}*: {lower(inline(now.words))}{since}\n{' · '.join(filter(None, facts))}"
    return kit.section(text, kit.button("Open", "registration.open", row.id, label=f"Open {row.title}"))


def _paging(shelf: Shelf) -> list[Block]:
    if shelf.pages == 1:
        return []
    first = shelf.page * PAGE + 1
    turns = []
    if shelf.page > 0:
        turns.append(
            kit.button("Previous page", "portfolio.page:newer", str(shelf.page - 1), label="Show the page before")
        )
    if shelf.page + 1 < shelf.pages:
        turns.append(kit.button("Next page", "portfolio.page:older", str(shelf.page + 1), label="Show the next page"))
    where = (
        f"{first} to {first + len(shelf.rows) - 1} of {shelf.total}: what needs somebody first, then what moved last."
    )
    return [kit.context(where), kit.actions(*turns)]


def _account(sid: str, name: str) -> str:
    return name or f"{sid[:6]}…{sid[-4:]}"


def _by_name(account: tuple[str, str]) -> tuple[bool, str, str]:
    sid, name = account
    return not name, name.casefold(), sid


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _placeholder(text: str) -> Block:
    return {"placeholder": {"type": "plain_text", "text": text, "emoji": False}}
