"""HTTP headers as they are on the wire: names and values in bytes, in the order of their lines."""

from collections.abc import Sequence

RawHeader = tuple[bytes, bytes]
"""The name and the value of a line. In ASGI, the name is in lower case."""

RawHeaders = Sequence[RawHeader]
