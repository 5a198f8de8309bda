"""App Homes are drawn after what moves: once for everything that moved meanwhile, however much that is."""

import asyncio
from collections import Counter

from handlers.homes import Homes
from tests.handlers.blocks.samples import ANN, BOB, RITA


async def everybody(users: set[str]) -> set[str]:
    return users


async def approvers() -> set[str]:
    return {ANN, BOB}


async def test_a_hundred_changes_that_move_at_once_draw_each_home_twice_at_most_and_none_too_early() -> None:
    drawn: Counter[str] = Counter()
    moved = 0
    seen: dict[str, int] = {}

    async def publish(user: str) -> None:
        drawn[user] += 1
        seen[user] = moved
        await asyncio.sleep(0)

    homes = Homes(everybody, approvers, publish)

    async def move(number: int) -> None:
        nonlocal moved
        moved += 1
        await homes.redraw({f"U0R{number % 3}"})

    await asyncio.gather(*map(move, range(100)))
    assert set(drawn) == {ANN, BOB, "U0R0", "U0R1", "U0R2"}
    assert max(drawn.values()) <= 2
    assert set(seen.values()) == {100}, "nobody is left with an older picture"


async def test_a_home_that_cannot_be_drawn_keeps_no_other_from_being_drawn_and_is_drawn_the_next_time() -> None:
    drawn: list[str] = []
    trouble = [ANN]

    async def publish(user: str) -> None:
        if user in trouble:
            raise TimeoutError
        drawn.append(user)

    async def unknown() -> set[str]:
        raise TimeoutError

    await Homes(everybody, approvers, publish).redraw({RITA})
    assert drawn == [BOB, RITA]
    trouble.clear()
    await Homes(everybody, unknown, publish).redraw({ANN})
    assert drawn == [BOB, RITA, ANN]


async def test_what_nobody_decides_on_draws_the_homes_of_those_people_alone() -> None:
    drawn: list[str] = []

    async def publish(user: str) -> None:
        drawn.append(user)

    homes = Homes(everybody, approvers, publish)
    await homes.redraw_these({RITA})
    assert drawn == [RITA]
    await homes.redraw({RITA})
    assert drawn == [RITA, ANN, BOB, RITA]
