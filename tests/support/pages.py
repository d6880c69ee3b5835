"""The pages of the documentation, and the examples on them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def page(name: str) -> str:
    """The text of a page in docs/, such as `errors`."""
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def documented_metrics() -> dict[str, tuple[str, set[str]]]:
    """The type and the labels of each metric, as the operations page has them."""
    rows = [
        line.split("|") for line in page("operations").splitlines() if line[:11] == "| `gateway_"
    ]
    return {
        name.strip(" `"): (kind.strip(), set(re.findall(r"`(\w+)`", labels)))
        for _, name, kind, labels, *_ in rows
    }


def code_blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


_GUIDES = {
    "README": README,
    "CONTRIBUTING": (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
    **{path.stem: page(path.stem) for path in sorted((ROOT / "docs").glob("*.md"))},
}
"""All that readers follow step by step; the changelog also has queries of the past."""

COMMAND_BLOCKS = {
    f"{name} {number}": block
    for name, text in _GUIDES.items()
    for number, block in enumerate(code_blocks(text, "sh"), 1)
}
QUERIES = {
    **{
        f"{name} {number}": query
        for name, text in _GUIDES.items()
        for number, query in enumerate(code_blocks(text, "graphql"), 1)
    },
    **{
        query: query
        for block in COMMAND_BLOCKS.values()
        for query in re.findall(r"query=(\{[^\']*\})", block)
    },
}
