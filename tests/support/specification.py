"""The REST documentation of the Client Activities API, version 2.3, as a table.

A copy of the documentation is tests/scenarios/activities-api-v2.3.txt.
"""

import re
from pathlib import Path
from typing import NamedTuple

TEXT = (Path(__file__).parents[1] / "scenarios" / "activities-api-v2.3.txt").read_text("utf-8")
_ROW = re.compile(
    r"^(?P<name>[A-Za-z.]+) \|\n(?P<type>[a-z]+) \|\n(?P<description>.*) \|$", re.MULTILINE
)


class Row(NamedTuple):
    """A row of the documentation.

    Attributes:
        name: The path of a key of an activity, or the name of a query parameter.
        type: `string`, `integer`, `object` or `list`.
        description: Its text.
    """

    name: str
    type: str
    description: str

    @property
    def values(self) -> set[str]:
        """The values that the description lists, if it does."""
        _, _, listed = self.description.partition("Value")
        return set(re.findall(r"['\"](\w+)['\"]", listed.partition(".")[0]))


def _rows(text: str) -> tuple[Row, ...]:
    return tuple(Row(*match.groups()) for match in _ROW.finditer(text))


_RESPONSE, _, _REQUEST = TEXT.partition("\nRequired query parameters |")
ROWS = _rows(_RESPONSE)
PARAMETERS = _rows(_REQUEST)
