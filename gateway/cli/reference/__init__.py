"""Generated pages of docs/: each is a template beside this file, filled in with tables from the code."""

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files

_MARKER = re.compile(r"^{{ (\w+) }}$", re.MULTILINE)
"""A line of a template in whose place a part of the page is written."""

_NOTICE = "<!-- Written by `make docs`. Edit gateway/cli/reference/{name}, or the code that its tables come from. -->"


def render_page(name: str, parts: Mapping[str, str]) -> str:
    """The page of this name, with each part in place of its marker, such as `{{ settings }}`.

    Raises:
        ValueError: The markers of the template are not the names of the parts.
    """
    template = files(__name__).joinpath(name).read_text(encoding="utf-8")
    if sorted(_MARKER.findall(template)) != sorted(parts):
        raise ValueError(f"{name} must have each of these markers once: {', '.join(parts)}")
    page = _MARKER.sub(lambda marker: parts[marker[1]], template)
    return f"{_NOTICE.format(name=name)}\n\n{page}"


def markdown_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown, without a line break at its end."""
    columns = list(columns)
    lines = [columns, ["---"] * len(columns), *([_cell(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
