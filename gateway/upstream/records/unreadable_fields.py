"""Unreadable fields: the documented paths of the values in a record that do not fit their declaration."""

from collections.abc import Iterator, Sequence
from functools import cache

from msgspec import Struct, structs

from gateway.upstream.records.activities import Unreadable

MAX_DEPTH = 6
"""The most objects inside each other that are examined: forms have sections in sections without end."""


def unreadable_fields(record: Struct, prefix: str = "", depth: int = MAX_DEPTH) -> Iterator[str]:
    """The path of each value in a record that is unreadable. Elements of a list have the path of the list."""
    for name, key in _fields(type(record)):
        value = getattr(record, name)
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, Unreadable):
                yield prefix + key
            elif isinstance(each, Struct) and depth:
                yield from unreadable_fields(each, f"{prefix}{key}.", depth - 1)


@cache
def _fields(record: type[Struct]) -> Sequence[tuple[str, str]]:
    """The attributes and keys of a record, cached: msgspec's inspection takes longer than the decoding."""
    return [(info.name, info.encode_name) for info in structs.fields(record)]
