"""`python -m tests.security.hostile.attack PORT NAME…`: sends rows of the table, one after another, until it is ended.

A process of its own, so that it does not share a processor's time with whoever measures.
"""

import itertools
import socket
import sys
from collections.abc import Sequence

from tests.security.hostile.row import Row
from tests.security.hostile.table import ROWS


def attack(port: int, rows: Sequence[Row]) -> None:
    """Each as soon as the last is answered, on a new connection."""
    for number in itertools.count():
        for row in rows:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                try:
                    for part in row.parts(number):
                        connection.sendall(part)
                    while connection.recv(65_536):
                        pass
                except ConnectionError:
                    pass  # it was told to stop


if __name__ == "__main__":
    attack(int(sys.argv[1]), [ROWS[name] for name in sys.argv[2:]])
