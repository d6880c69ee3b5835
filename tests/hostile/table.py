"""All rows, by theme and name."""

from tests.hostile.bodies import BODIES
from tests.hostile.documents import DOCUMENTS
from tests.hostile.heads import HEADS
from tests.hostile.peers import PEERS
from tests.hostile.row import Row
from tests.hostile.variables import VARIABLES

THEMES: dict[str, list[Row]] = {
    "bodies": BODIES,
    "documents": DOCUMENTS,
    "variables": VARIABLES,
    "heads": HEADS,
    "peers": PEERS,
}
ROWS = {f"{theme}: {row.name}": row for theme, rows in THEMES.items() for row in rows}
