"""HTTP headers as they are on the wire: names and values in bytes, in the order of their lines."""

from collections.abc import Sequence

RawHeaders = Sequence[tuple[bytes, bytes]]
"""The name and the value of each line. In ASGI, the names are in lower case."""
