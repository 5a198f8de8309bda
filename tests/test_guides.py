"""What the README and the guides tell people to type is what the bot understands."""

import re
from pathlib import Path

import pytest

from bot.catalog import catalog
from handlers.commands import HELP, arguments, split

REPOSITORY = Path(__file__).parent.parent
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs" / "guides").glob("*.md"))]
KNOWN = catalog()


def commands(page: Path) -> list[str]:
    """The commands of the catalogue that stand on a line of their own in a block of code."""
    blocks = re.findall(r"^ *```\n(.*?)^ *```", page.read_text(), re.DOTALL | re.MULTILINE)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.split(" ")[0] in KNOWN.commands]


TYPED = [(page.stem, line) for page in PAGES for line in commands(page)]


def test_the_guides_show_what_to_type() -> None:
    assert {page for page, _ in TYPED} == {page.stem for page in PAGES}


@pytest.mark.parametrize(("page", "line"), TYPED)
def test_every_command_of_the_guides_is_understood(page: str, line: str) -> None:
    command, _, text = line.partition(" ")
    word, *rest = split(text)
    if word not in HELP:
        arguments(rest, KNOWN.under(command)[word])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_that_is_linked_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
