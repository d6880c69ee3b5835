"""Bodies as they arrive: decompressed within a limit, in UTF-8, and no fuller than is honest. Pure."""

import codecs
import zlib
from collections.abc import Callable, Iterator
from encodings import aliases
from functools import cache

from gateway.errors import InvalidUpstreamResponse, ResponseTooLarge
from gateway.upstream.surprises import UNKNOWN_CHARSET, report_surprise

_GZIP = zlib.MAX_WBITS | 16
_WINDOW_BITS_BY_CODING = {
    "gzip": (_GZIP,),
    "x-gzip": (_GZIP,),
    "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS),
}
"""What zlib calls the forms. Some send "deflate" without the frame that belongs around it."""


_CHARSETS = {*aliases.aliases, *aliases.aliases.values(), "utf_8_sig"}
"""Python would remember every other name that it is asked for, and knows some that are no charsets:
`punycode` takes a time quadratic in the length."""

_WEB_CODECS = {
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

_WINDOWS_CODE_PAGES = frozenset({"cp874", *(f"cp{number}" for number in range(1250, 1259))})
_UNDEFINED_CHARACTER = "\ufffe"
"""Python's sign for a byte that stands for nothing."""

_NOT_IN_CHARSET = "The upstream's answer is not in the charset it declares."

_MAX_OUTPUT_BYTES = 1_048_576
"""So much is decompressed at once."""

_MAX_INPUT_BYTES = 16_384
"""Of so much at once: zlib copies what comes after the end of a member, and members may be small."""

_MEMBER_START = b"\x1f\x8b\x08"
_MAX_MEMBERS = 10_000
"""Some servers make a member of each piece of some kilobytes that they write."""

_DENSITY_CHECK_BYTES = 1_048_576
_MIN_BYTES_PER_VALUE = 8
"""Timelines have some 24 bytes for each comma."""


class ResponseBody:
    """A body, of which never more than `max_bytes` bytes are in memory.

    What is compressed twice is refused: only a bomb would be. A coding that nobody asked for is not
    looked at, since some name one where there is none; the content tells.
    """

    def __init__(
        self,
        content_encoding: str,
        *,
        max_bytes: int,
        reserve_bytes: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`reserve_bytes` is told of each piece before it is kept, and may refuse it.

        Raises ContractBroken: the body is compressed more than once.
        """
        coding_names = [name.strip().lower() for name in content_encoding.split(",")]
        codings = [name for name in coding_names if name in _WINDOW_BITS_BY_CODING]
        if len(codings) > 1:
            raise InvalidUpstreamResponse("The upstream's answer is compressed more than once.")
        self._window_bits = _WINDOW_BITS_BY_CODING[codings[0]] if codings else ()
        self._inflater: zlib._Decompress | None = None
        self._member_count = 1
        self._pending = b""  # what may begin a further member, while it is too short to tell
        self._has_ended = False
        self._remaining_bytes = max_bytes
        self._reserve_bytes = reserve_bytes
        self._chunks: list[bytes] = []

    def add(self, chunk: bytes) -> None:
        """Take the next bytes that were sent.

        Raises:
            ContractBroken: They are not what the coding makes.
            ResponseTooLarge: The body is larger than it may be.
        """
        for piece in self._decompress(chunk) if self._window_bits else (chunk,):
            self._use_bytes(len(piece))
            self._reserve_bytes(len(piece))
            self._chunks.append(piece)

    @property
    def size(self) -> int:
        """How many bytes there are of it so far."""
        return sum(map(len, self._chunks))

    def to_bytes(self) -> bytes:
        """All of it, kept once."""
        self._chunks = [b"".join(self._chunks)]
        return self._chunks[0]

    def _decompress(self, chunk: bytes) -> Iterator[bytes]:
        """What was sent, in pieces that are not large: a few bytes may stand for very many."""
        for begin in range(0, len(chunk), _MAX_INPUT_BYTES):
            yield from self._decompress_part(chunk[begin : begin + _MAX_INPUT_BYTES])

    def _decompress_part(self, chunk: bytes) -> Iterator[bytes]:
        while True:
            if self._inflater is not None and self._inflater.eof:
                chunk = self._next_member(chunk)
                if not chunk:
                    return
            max_bytes = min(_MAX_OUTPUT_BYTES, self._remaining_bytes + 1)
            self._inflater, piece = self._inflate(chunk, max_bytes)
            yield piece
            if self._inflater.eof:
                chunk = self._inflater.unused_data
            elif len(piece) == max_bytes:  # there may be more, though all that was sent is consumed
                chunk = self._inflater.unconsumed_tail
            else:
                return

    def _next_member(self, chunk: bytes) -> bytes:
        """What is there of a further member; nothing where that cannot be told yet, or none comes any more.

        Members follow each other (RFC 1952, 2.2). Whatever else follows is left out, as browsers do.
        """
        pending = self._pending + chunk
        self._pending = b""
        if not self._has_ended and self._window_bits == (_GZIP,):
            if pending.startswith(_MEMBER_START):
                self._member_count += 1
                if self._member_count > _MAX_MEMBERS:
                    raise ResponseTooLarge("The upstream's answer is in too many pieces.")
                self._inflater = None
                return pending
            if _MEMBER_START.startswith(pending):
                self._pending = pending
                return b""
        self._has_ended = True
        self._use_bytes(len(pending))  # zlib would keep it
        return b""

    def _inflate(self, chunk: bytes, max_bytes: int) -> "tuple[zlib._Decompress, bytes]":
        """At most so much of what was sent, and who has the rest. What comes first tells the form."""
        existing = [] if self._inflater is None else [self._inflater]
        for inflater in existing or map(zlib.decompressobj, self._window_bits):
            try:
                return inflater, inflater.decompress(chunk, max_bytes)
            except zlib.error:
                continue
        raise InvalidUpstreamResponse("The upstream's answer could not be decompressed.")

    def _use_bytes(self, size: int) -> None:
        self._remaining_bytes -= size
        if self._remaining_bytes < 0:
            raise ResponseTooLarge("The upstream's answer is larger than this gateway takes.")


def to_utf8(body: bytes, charset: str) -> bytes:
    """`body` in UTF-8, without a byte order mark.

    Raises:
        ContractBroken: It is not text in `charset`; or there is no such charset, and it is not in UTF-8.
    """
    try:
        name = _codec_name(charset)
        if name in {"utf-8", "ascii"}:
            return body.removeprefix(codecs.BOM_UTF8)
        return _decode_text(body, name).removeprefix("\ufeff").encode()
    except LookupError:  # there is no such charset
        pass
    except ValueError as error:
        raise InvalidUpstreamResponse(_NOT_IN_CHARSET) from error
    try:
        body.decode()
    except ValueError as error:
        raise InvalidUpstreamResponse(_NOT_IN_CHARSET) from error
    report_surprise(UNKNOWN_CHARSET)
    return body.removeprefix(codecs.BOM_UTF8)


def _codec_name(announced: str) -> str:
    """Python's name for a charset; raises LookupError where there is no such charset."""
    if announced.lower() in {"utf-8", "utf8"}:
        return "utf-8"
    known = announced.lower().replace("-", "_").replace(":", "_")
    if known not in _CHARSETS:
        raise LookupError("unknown charset")
    return codecs.lookup(known).name


def _decode_text(body: bytes, charset: str) -> str:
    charset = _WEB_CODECS.get(charset, charset)
    if charset in _WINDOWS_CODE_PAGES:
        return codecs.charmap_decode(body, "strict", _code_page(charset))[0]
    return body.decode(charset)


@cache
def _code_page(charset: str) -> str:
    """A code page of Windows as the web reads it.

    A byte from 0x80 to 0x9F that it leaves undefined is the control character of that number.
    """
    characters = [bytes([each]).decode(charset, "ignore") for each in range(0x100)]
    return "".join(
        one or (chr(number) if number < 0xA0 else _UNDEFINED_CHARACTER)
        for number, one in enumerate(characters)
    )


def exceeds_value_density(body: bytes) -> bool:
    """Whether a large body holds so many small values that it takes far more memory when it is read.

    A zero and its comma are 2 bytes of JSON, and some 60 in memory.
    """
    return len(body) > _DENSITY_CHECK_BYTES and body.count(b",") * _MIN_BYTES_PER_VALUE > len(body)
