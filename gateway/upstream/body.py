"""Bodies as they arrive: decompressed within a limit, in UTF-8, and no fuller than is honest. Pure."""

import codecs
import zlib
from encodings import aliases

from gateway.errors import ContractBroken, ResponseTooLarge

_GZIP = zlib.MAX_WBITS | 16
_WINDOWS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}
"""What zlib calls the forms. Some send "deflate" without the frame that belongs around it."""


_CHARSETS = {*aliases.aliases, *aliases.aliases.values(), "utf_8_sig"}
"""Python would remember every other name that it is asked for, and knows some that are no charsets:
`punycode` takes a time quadratic in the length."""

_ROOMY_BYTES = 1_048_576
_BYTES_PER_VALUE = 8
"""Timelines have some 24 bytes for each comma."""


class Body:
    """A body, of which never more than `most` bytes are in memory.

    What is compressed twice is refused: only a bomb would be. A coding that nobody asked for is not
    looked at, since some name one where there is none; the content tells.
    """

    def __init__(self, content_encoding: str, *, most: int) -> None:
        """Raises ContractBroken: the body is compressed more than once."""
        named = [name.strip().lower() for name in content_encoding.split(",")]
        codings = [name for name in named if name in _WINDOWS]
        if len(codings) > 1:
            raise ContractBroken("The upstream's answer is compressed more than once.")
        self._windows = _WINDOWS[codings[0]] if codings else ()
        self._inflater: zlib._Decompress | None = None
        self._left = most
        self._chunks: list[bytes] = []

    def add(self, sent: bytes) -> None:
        """Take the next bytes that were sent.

        Raises:
            ContractBroken: They are not what the coding makes.
            ResponseTooLarge: The body is larger than it may be.
        """
        chunk = self._decompressed(sent) if self._windows else sent
        self._count(len(chunk))
        self._chunks.append(chunk)

    @property
    def size(self) -> int:
        """How many bytes there are of it so far."""
        return sum(map(len, self._chunks))

    def whole(self) -> bytes:
        return b"".join(self._chunks)

    def _decompressed(self, sent: bytes) -> bytes:
        if self._inflater is None:
            return self._first(sent)
        if self._inflater.eof:  # zlib would keep what comes after the end
            self._count(len(sent))
            return b""
        try:
            return self._inflater.decompress(sent, self._left + 1)
        except zlib.error as error:
            raise ContractBroken("The upstream's answer could not be decompressed.") from error

    def _first(self, sent: bytes) -> bytes:
        if not sent:
            return b""
        for window in self._windows:
            self._inflater = zlib.decompressobj(window)
            try:
                return self._inflater.decompress(sent, self._left + 1)
            except zlib.error:
                continue
        raise ContractBroken("The upstream's answer could not be decompressed.")

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise ResponseTooLarge("The upstream's answer is larger than this gateway takes.")


def utf8(body: bytes, charset: str) -> bytes:
    """`body` in UTF-8, without a byte order mark.

    Raises:
        ContractBroken: It is not text in `charset`, or there is no such charset.
    """
    try:
        name = _charset(charset)
        if name in {"utf-8", "ascii"}:
            return body.removeprefix(codecs.BOM_UTF8)
        return body.decode(name).removeprefix("\ufeff").encode()
    except (LookupError, ValueError) as error:
        raise ContractBroken("The upstream's answer is not in the charset it declares.") from error


def _charset(announced: str) -> str:
    """Python's name for a charset; raises LookupError where there is no such charset."""
    if announced.lower() in {"utf-8", "utf8"}:
        return "utf-8"
    known = announced.lower().replace("-", "_")
    if known not in _CHARSETS:
        raise LookupError("unknown charset")
    return codecs.lookup(known).name


def is_crowded(body: bytes) -> bool:
    """Whether a large body holds so many small values that it takes far more memory when it is read.

    A zero and its comma are 2 bytes of JSON, and some 60 in memory.
    """
    return len(body) > _ROOMY_BYTES and body.count(b",") * _BYTES_PER_VALUE > len(body)
