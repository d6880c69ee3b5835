"""Every promise of docs/schema.md has a scenario, which quotes it.

A promise is an element of a list, a row of a table, or a sentence that neither ends with a colon nor begins with a link.
A scenario quotes it in a list after `Promises of [SECTION](../../docs/schema.md#ANCHOR):`. Whoever changes a promise changes
its quotations as well, and reads whether the scenarios still prove it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

SCENARIOS = sorted(Path(__file__).parent.glob("*.md"))
PAGE = (Path(__file__).parents[2] / "docs/schema.md").read_text(encoding="utf-8")

NO_PROMISES = {
    "schema": "what the page is about",
    "a-comparison-with-rest": "test_entities_by_hand.py counts and compares",
}
"""The sections without a promise that one scenario can prove."""

_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^#+ (.+)\n((?:(?!^#).*\n)*)", re.MULTILINE)
_ITEM = re.compile(r"^(?:-|\d+\.) (.+(?:\n +.+)*)", re.MULTILINE)
_TABLE = re.compile(r"^\|.*\n\|[-:| ]+\|\n((?:\|.*\n)+)", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_QUOTATIONS = re.compile(
    r"^Promises of \[[^\]]+\]\(\.\./\.\./docs/schema\.md#([\w-]+)\):\n\n((?:[- ] .*\n)+)",
    re.MULTILINE,
)


def text_of(markdown: str) -> str:
    """Markdown on one line, without its links."""
    return " ".join(_LINK.sub(r"\1", markdown).split())


def promises() -> Iterator[tuple[str, str]]:
    """The promises of docs/schema.md, each with the anchor of its section."""
    for title, content in _SECTION.findall(_CODE.sub("", PAGE)):
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        rows = [row.strip("| ") for table in _TABLE.findall(content) for row in table.splitlines()]
        prose = _ITEM.sub("\n", _TABLE.sub("\n", content))
        for each in (*_ITEM.findall(content), *rows, *sentences(prose)):
            if anchor not in NO_PROMISES:
                yield anchor, text_of(each)


def sentences(prose: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\n+", prose):
        for each in re.split(r"(?<=[.:])\s+(?=[A-Z`[])", paragraph.strip()):
            if each and not each.endswith(":") and not each.startswith("["):
                yield each


def quotations(path: Path) -> Iterator[tuple[str, str]]:
    """The promises that a scenario quotes, each with the anchor of its section."""
    for anchor, items in _QUOTATIONS.findall(path.read_text(encoding="utf-8")):
        for each in _ITEM.findall(items):
            yield anchor, text_of(each)


QUOTED = {each for path in SCENARIOS for each in quotations(path)}


def test_every_promise_has_a_scenario():
    assert set(promises()) - QUOTED == set()


def test_scenarios_quote_the_page_as_it_is():
    assert QUOTED - set(promises()) == set()


def test_scenarios_quote_in_the_form_that_is_read():
    texts = [path.read_text(encoding="utf-8") for path in SCENARIOS]
    other = [
        text for text in texts if text.count("docs/schema.md") != len(_QUOTATIONS.findall(text))
    ]
    assert other == []
