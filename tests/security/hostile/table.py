"""All rows, by theme and name."""

from tests.security.hostile.bodies import BODIES
from tests.security.hostile.documents import DOCUMENTS
from tests.security.hostile.heads import HEADS
from tests.security.hostile.peers import PEERS
from tests.security.hostile.row import Row
from tests.security.hostile.variables import VARIABLES

THEMES: dict[str, list[Row]] = {
    "bodies": BODIES,
    "documents": DOCUMENTS,
    "variables": VARIABLES,
    "heads": HEADS,
    "peers": PEERS,
}
ROWS = {f"{theme}: {row.name}": row for theme, rows in THEMES.items() for row in rows}
