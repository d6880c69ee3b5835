"""Bodies as they arrive: decompressed within a limit, in UTF-8, and no fuller than is honest. Pure."""

import codecs
import zlib
from collections.abc import Callable, Iterator
from encodings import aliases
from functools import cache

from gateway.errors import ContractBroken, ResponseTooLarge
from gateway.upstream.surprises import UNKNOWN_CHARSET, surprised

_GZIP = zlib.MAX_WBITS | 16
_WINDOWS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}
"""What zlib calls the forms. Some send "deflate" without the frame that belongs around it."""


_CHARSETS = {*aliases.aliases, *aliases.aliases.values(), "utf_8_sig"}
"""Python would remember every other name that it is asked for, and knows some that are no charsets:
`punycode` takes a time quadratic in the length."""

_WEB = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    **dict.fromkeys(("iso8859-11", "tis-620"), "cp874"),
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
"""What these names mean on the web: the larger one of those who send them, such as a code page that has letters
and signs where the charset has control characters that nobody sends (WHATWG Encoding, 4.2)."""

_WINDOWS_PAGES = frozenset({"cp874", *(f"cp{number}" for number in range(1250, 1259))})
_UNDEFINED = "\ufffe"
"""Python's sign for a byte that stands for nothing."""

_NOT_IN_CHARSET = "The upstream's answer is not in the charset it declares."

_PIECE_BYTES = 1_048_576
"""So much is decompressed at once."""

_SENT_BYTES = 16_384
"""Of so much at once: zlib copies what comes after the end of a member, and members may be small."""

_MEMBER_START = b"\x1f\x8b\x08"
_MOST_MEMBERS = 10_000
"""Some servers make a member of each piece of some kilobytes that they write."""

_ROOMY_BYTES = 1_048_576
_BYTES_PER_VALUE = 8
"""Timelines have some 24 bytes for each comma."""


class Body:
    """A body, of which never more than `most` bytes are in memory.

    What is compressed twice is refused: only a bomb would be. A coding that nobody asked for is not
    looked at, since some name one where there is none; the content tells.
    """

    def __init__(
        self, content_encoding: str, *, most: int, take: Callable[[int], None] = lambda _: None
    ) -> None:
        """`take` is told of each piece before it is kept, and may refuse it.

        Raises ContractBroken: the body is compressed more than once.
        """
        named = [name.strip().lower() for name in content_encoding.split(",")]
        codings = [name for name in named if name in _WINDOWS]
        if len(codings) > 1:
            raise ContractBroken("The upstream's answer is compressed more than once.")
        self._windows = _WINDOWS[codings[0]] if codings else ()
        self._inflater: zlib._Decompress | None = None
        self._members = 1
        self._begun = b""  # what may begin a further member, while it is too short to tell
        self._is_over = False
        self._left = most
        self._take = take
        self._chunks: list[bytes] = []

    def add(self, sent: bytes) -> None:
        """Take the next bytes that were sent.

        Raises:
            ContractBroken: They are not what the coding makes.
            ResponseTooLarge: The body is larger than it may be.
        """
        for piece in self._decompressed(sent) if self._windows else (sent,):
            self._count(len(piece))
            self._take(len(piece))
            self._chunks.append(piece)

    @property
    def size(self) -> int:
        """How many bytes there are of it so far."""
        return sum(map(len, self._chunks))

    def whole(self) -> bytes:
        """All of it, kept once."""
        self._chunks = [b"".join(self._chunks)]
        return self._chunks[0]

    def _decompressed(self, sent: bytes) -> Iterator[bytes]:
        """What was sent, in pieces that are not large: a few bytes may stand for very many."""
        for begin in range(0, len(sent), _SENT_BYTES):
            yield from self._decompressed_part(sent[begin : begin + _SENT_BYTES])

    def _decompressed_part(self, sent: bytes) -> Iterator[bytes]:
        while True:
            if self._inflater is not None and self._inflater.eof:
                sent = self._next_member(sent)
                if not sent:
                    return
            most = min(_PIECE_BYTES, self._left + 1)
            self._inflater, piece = self._inflated(sent, most)
            yield piece
            if self._inflater.eof:
                sent = self._inflater.unused_data
            elif len(piece) == most:  # there may be more, though all that was sent is consumed
                sent = self._inflater.unconsumed_tail
            else:
                return

    def _next_member(self, sent: bytes) -> bytes:
        """What is there of a further member; nothing where that cannot be told yet, or none comes any more.

        Members follow each other (RFC 1952, 2.2). Whatever else follows is left out, as browsers do.
        """
        begun = self._begun + sent
        self._begun = b""
        if not self._is_over and self._windows == (_GZIP,):
            if begun.startswith(_MEMBER_START):
                self._members += 1
                if self._members > _MOST_MEMBERS:
                    raise ResponseTooLarge("The upstream's answer is in too many pieces.")
                self._inflater = None
                return begun
            if _MEMBER_START.startswith(begun):
                self._begun = begun
                return b""
        self._is_over = True
        self._count(len(begun))  # zlib would keep it
        return b""

    def _inflated(self, sent: bytes, most: int) -> "tuple[zlib._Decompress, bytes]":
        """At most so much of what was sent, and who has the rest. What comes first tells the form."""
        known = [] if self._inflater is None else [self._inflater]
        for inflater in known or map(zlib.decompressobj, self._windows):
            try:
                return inflater, inflater.decompress(sent, most)
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
        ContractBroken: It is not text in `charset`; or there is no such charset, and it is not in UTF-8.
    """
    try:
        name = _charset(charset)
        if name in {"utf-8", "ascii"}:
            return body.removeprefix(codecs.BOM_UTF8)
        return _text(body, name).removeprefix("\ufeff").encode()
    except LookupError:  # there is no such charset
        pass
    except ValueError as error:
        raise ContractBroken(_NOT_IN_CHARSET) from error
    try:
        body.decode()
    except ValueError as error:
        raise ContractBroken(_NOT_IN_CHARSET) from error
    surprised(UNKNOWN_CHARSET)
    return body.removeprefix(codecs.BOM_UTF8)


def _charset(announced: str) -> str:
    """Python's name for a charset; raises LookupError where there is no such charset."""
    if announced.lower() in {"utf-8", "utf8"}:
        return "utf-8"
    known = announced.lower().replace("-", "_").replace(":", "_")
    if known not in _CHARSETS:
        raise LookupError("unknown charset")
    return codecs.lookup(known).name


def _text(body: bytes, charset: str) -> str:
    charset = _WEB.get(charset, charset)
    if charset in _WINDOWS_PAGES:
        return codecs.charmap_decode(body, "strict", _page(charset))[0]
    return body.decode(charset)


@cache
def _page(charset: str) -> str:
    """A code page of Windows as the web reads it.

    A byte from 0x80 to 0x9F that it leaves undefined is the control character of that number.
    """
    read = [bytes([each]).decode(charset, "ignore") for each in range(0x100)]
    return "".join(
        one or (chr(number) if number < 0xA0 else _UNDEFINED) for number, one in enumerate(read)
    )


def is_crowded(body: bytes) -> bool:
    """Whether a large body holds so many small values that it takes far more memory when it is read.

    A zero and its comma are 2 bytes of JSON, and some 60 in memory.
    """
    return len(body) > _ROOMY_BYTES and body.count(b",") * _BYTES_PER_VALUE > len(body)
