"""Response body: decompression within a limit, transcoding to UTF-8, and a limit of value density. Pure."""

import codecs
import zlib
from collections.abc import Callable, Iterator
from email.message import Message
from encodings import aliases
from functools import cache, lru_cache

from gateway.errors import InvalidUpstreamResponse, ResponseTooLarge
from gateway.upstream.surprises import UNKNOWN_CHARSET, report_surprise

_GZIP = zlib.MAX_WBITS | 16
_WINDOW_BITS_BY_CODING = {
    "gzip": (_GZIP,),
    "x-gzip": (_GZIP,),
    "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS),
}
"""zlib's parameter for each content coding. Some senders omit the frame of "deflate"."""


_CHARSETS = {*aliases.aliases, *aliases.aliases.values(), "utf_8_sig"}
"""Names of charsets that are looked up. Python would cache every other name, and has codecs that are no
charsets: `punycode` takes a time quadratic in the length."""

_WEB_CODECS = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    **dict.fromkeys(("iso8859-11", "tis-620"), "cp874"),
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
"""Charsets as the web uses these names: the larger charset of the actual senders, such as a code page that
has letters and signs where the charset has control characters that are never sent (WHATWG Encoding, 4.2)."""

_WINDOWS_CODE_PAGES = frozenset({"cp874", *(f"cp{number}" for number in range(1250, 1259))})
_UNDEFINED_CHARACTER = "\ufffe"
"""Python's sign for a byte without a character."""

_NOT_IN_CHARSET = "The upstream response is not in its declared charset."

_MAX_OUTPUT_BYTES = 1_048_576
"""The most bytes of output of one call of zlib."""

_MAX_INPUT_BYTES = 16_384
"""The most bytes of input of one call: zlib copies the bytes after the end of a member, and members may be
small."""

_MEMBER_START = b"\x1f\x8b\x08"
_MAX_MEMBERS = 10_000
"""The most members of a gzip body: some servers send one for each piece of some kilobytes that they write."""

_DENSITY_CHECK_BYTES = 1_048_576
_MIN_BYTES_PER_VALUE = 8
"""The fewest bytes for each comma of a large body: timelines have some 24."""


class ResponseBody:
    """A body that is being received, of which never more than `max_bytes` bytes are in memory.

    A body that is compressed twice is refused: only a decompression bomb would be. A content coding that was
    not requested is ignored, since some senders declare one without applying it; decoding detects the others.
    """

    def __init__(
        self,
        content_encoding: str,
        *,
        max_bytes: int,
        reserve_bytes: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Start an empty body. `reserve_bytes` is called before each piece is buffered, and may raise.

        Raises:
            InvalidUpstreamResponse: The body is compressed more than once.
        """
        self._window_bits = _window_bits(content_encoding) if content_encoding else ()
        self._inflater: zlib._Decompress | None = None
        self._member_count = 1
        self._pending = b""  # a possible start of a further member, too short to decide
        self._has_ended = False
        self._remaining_bytes = max_bytes
        self._reserve_bytes = reserve_bytes
        self._chunks: list[bytes] = []

    def add(self, chunk: bytes) -> None:
        """Add the next bytes that arrived.

        Raises:
            InvalidUpstreamResponse: The bytes are not in the declared content coding.
            ResponseTooLarge: The body is larger than `max_bytes`.
        """
        for piece in self._decompress(chunk) if self._window_bits else (chunk,):
            self._use_bytes(len(piece))
            self._reserve_bytes(len(piece))
            self._chunks.append(piece)

    @property
    def size(self) -> int:
        """How many bytes have been buffered so far."""
        return sum(map(len, self._chunks))

    def to_bytes(self) -> bytes:
        """The whole body, in one piece."""
        self._chunks = [b"".join(self._chunks)]
        return self._chunks[0]

    def _decompress(self, chunk: bytes) -> Iterator[bytes]:
        """The decompressed bytes in pieces that are not large: a few bytes may expand to very many."""
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
            elif len(piece) == max_bytes:  # there may be more output, though the input is consumed
                chunk = self._inflater.unconsumed_tail
            else:
                return

    def _next_member(self, chunk: bytes) -> bytes:
        """The bytes of a further member; empty where too few have arrived to decide, or none follows.

        Members follow each other (RFC 1952, 2.2). Any other bytes after a member are ignored, as browsers do.
        """
        pending = self._pending + chunk
        self._pending = b""
        if not self._has_ended and self._window_bits == (_GZIP,):
            if pending.startswith(_MEMBER_START):
                self._member_count += 1
                if self._member_count > _MAX_MEMBERS:
                    raise ResponseTooLarge("The upstream response has too many compressed members.")
                self._inflater = None
                return pending
            if _MEMBER_START.startswith(pending):
                self._pending = pending
                return b""
        self._has_ended = True
        self._use_bytes(len(pending))  # zlib would buffer the bytes
        return b""

    def _inflate(self, chunk: bytes, max_bytes: int) -> "tuple[zlib._Decompress, bytes]":
        """Decompress at most `max_bytes` bytes; returns the inflater as well, which has the rest.

        The first bytes decide the form of "deflate".
        """
        existing = [] if self._inflater is None else [self._inflater]
        for inflater in existing or map(zlib.decompressobj, self._window_bits):
            try:
                return inflater, inflater.decompress(chunk, max_bytes)
            except zlib.error:
                continue
        raise InvalidUpstreamResponse("The upstream response could not be decompressed.")

    def _use_bytes(self, size: int) -> None:
        self._remaining_bytes -= size
        if self._remaining_bytes < 0:
            raise ResponseTooLarge("The upstream response exceeds the configured size limit.")


def _window_bits(content_encoding: str) -> tuple[int, ...]:
    coding_names = [name.strip().lower() for name in content_encoding.split(",")]
    codings = [name for name in coding_names if name in _WINDOW_BITS_BY_CODING]
    if len(codings) > 1:
        raise InvalidUpstreamResponse("The upstream response is compressed more than once.")
    return _WINDOW_BITS_BY_CODING[codings[0]] if codings else ()


@lru_cache(maxsize=16)  # every response of the upstream has the same, or one of a few
def declared_charset(content_type: str | None) -> str:
    """The charset that a Content-Type declares; by default UTF-8."""
    if content_type is None:
        return "utf-8"
    message = Message()
    message["content-type"] = content_type
    return message.get_content_charset() or "utf-8"


def to_utf8(body: bytes, charset: str) -> bytes:
    """`body` in UTF-8, without a byte order mark.

    Raises:
        InvalidUpstreamResponse: `body` is not text in `charset`; or the charset does not exist, and `body` is
            not in UTF-8.
    """
    try:
        name = _codec_name(charset)
        if name in {"utf-8", "ascii"}:
            return body.removeprefix(codecs.BOM_UTF8)
        return _decode_text(body, name).removeprefix("\ufeff").encode()
    except LookupError:  # the charset does not exist
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
    """Python's name of a charset; raises LookupError where the charset does not exist."""
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
    """A code page of Windows as the web decodes it.

    A byte from 0x80 to 0x9F that the code page leaves undefined is the control character of that number.
    """
    characters = [bytes([each]).decode(charset, "ignore") for each in range(0x100)]
    return "".join(
        one or (chr(number) if number < 0xA0 else _UNDEFINED_CHARACTER)
        for number, one in enumerate(characters)
    )


def exceeds_value_density(body: bytes) -> bool:
    """Whether a large body has so many small values that decoding takes far more memory than the body.

    A zero and its comma are 2 bytes of JSON, and some 60 in memory.
    """
    return len(body) > _DENSITY_CHECK_BYTES and body.count(b",") * _MIN_BYTES_PER_VALUE > len(body)
