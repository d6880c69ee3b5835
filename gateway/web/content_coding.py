"""Content codings of responses, and which of them a caller prefers (RFC 9110, 12.5.3)."""

import re
import sys
import zlib
from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

import brotli  # type: ignore[import-untyped] # no stubs are published

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_GZIP_WINDOW_BITS = 31
"""The largest window, in the format of gzip."""

_ELEMENT = re.compile(
    r"(?P<coding>[!#$%&'*+\-.^_`|~0-9A-Za-z]+)"
    r"(?:[ \t]*;[ \t]*[qQ]=(?P<quality>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?"
)
_ALIASES = {"x-gzip": "gzip"}
"""Names that mean another coding (RFC 9110, 8.4.1.3)."""

_MAX_HEADER_BYTES = 256
_MAX_MEMOS = 256


class ContentCoding(NamedTuple):
    """A coding that responses can have.

    Attributes:
        name: Its name in `Content-Encoding`.
        compress: Compresses a whole body.
    """

    name: str
    compress: Callable[[bytes], bytes]


class Preference(NamedTuple):
    """What a caller prefers.

    Attributes:
        coding: The coding; None for uncompressed responses.
        rejects_identity: Whether the caller rejects uncompressed responses, so that small ones are compressed too.
    """

    coding: ContentCoding | None
    rejects_identity: bool


# docs/decisions/0009-compression.md has what each level costs.
CODINGS = (
    ContentCoding("zstd", partial(zstd.compress, level=3)),
    ContentCoding("br", partial(brotli.compress, quality=4)),
    ContentCoding("gzip", partial(zlib.compress, level=5, wbits=_GZIP_WINDOW_BITS)),
)
"""All codings; of those with the same quality, the first is used."""

_UNCOMPRESSED = Preference(None, rejects_identity=False)


def preference(accept_encoding: bytes) -> Preference:
    """What an `Accept-Encoding` header prefers.

    An element that is malformed is ignored, and so is a header longer than any client's. A caller that rejects
    all codings and uncompressed responses gets the latter: a response helps it more than 406.
    """
    if len(accept_encoding) > _MAX_HEADER_BYTES:
        return _UNCOMPRESSED
    return _negotiate(accept_encoding)


def accepts_gzip(accept_encoding: bytes) -> bool:
    """Whether an `Accept-Encoding` header accepts gzip."""
    if len(accept_encoding) > _MAX_HEADER_BYTES:
        return False
    quality_by_name = _qualities(accept_encoding)
    return quality_by_name.get("gzip", quality_by_name.get("*", 0.0)) > 0


@lru_cache(_MAX_MEMOS)
def _negotiate(accept_encoding: bytes) -> Preference:
    quality_by_name = _qualities(accept_encoding)
    others = quality_by_name.get("*")

    def quality_of(coding: ContentCoding) -> float:
        return quality_by_name.get(coding.name, others or 0.0)

    best = max(CODINGS, key=quality_of)
    # Uncompressed responses are acceptable unless excluded, but are preferred only where they are named.
    identity = quality_by_name.get("identity", others)
    if not quality_of(best) or (identity or 0.0) > quality_of(best):
        return _UNCOMPRESSED
    return Preference(best, rejects_identity=identity == 0)


def _qualities(accept_encoding: bytes) -> dict[str, float]:
    """The quality of each coding that the header names, `*` among them."""
    quality_by_name: dict[str, float] = {}
    for element in accept_encoding.decode("latin-1").split(","):
        if match := _ELEMENT.fullmatch(element.strip(" \t")):
            name = match["coding"].lower()
            name = _ALIASES.get(name, name)
            quality = float(match["quality"] or 1)
            quality_by_name[name] = max(quality, quality_by_name.get(name, 0.0))
    return quality_by_name
