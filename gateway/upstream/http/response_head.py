"""Response head: reduces several equal Content-Lengths to one. Pure.

Some proxies add a second one to that of an application. aiohttp refuses any repetition, though equal ones are
unambiguous: a recipient may replace them by one (RFC 9110, 8.6). Unequal ones, and one beside a
Transfer-Encoding, are left for aiohttp to refuse: with these, two recipients could disagree on where a
response ends.
"""

import re

HEAD_END = re.compile(rb"\n\r?\n")
"""The end of a head: an empty line."""

_CONTENT_LENGTH_START = b"\ncontent-length"
_CONTENT_LENGTH_LINE = re.compile(
    rb"(?<=\n)content-length:[ \t]*(\d+(?:[ \t]*,[ \t]*\d+)*)[ \t]*\r?\n(?![ \t])", re.IGNORECASE
)
_TRANSFER_ENCODING_START = b"\ntransfer-encoding"


def deduplicate_content_length(head: bytes) -> bytes:
    """The head, or all of it from some line on, without repetitions of its Content-Length."""
    lower = head.lower()
    header_count = lower.count(_CONTENT_LENGTH_START)
    if not header_count or (header_count == 1 and not _is_list(lower)):
        return head
    lines = list(_CONTENT_LENGTH_LINE.finditer(head))
    lengths = [each.strip() for line in lines for each in line[1].split(b",")]
    if (
        len(lengths) < 2
        or len(lines) != header_count
        or len(set(lengths)) > 1
        or _TRANSFER_ENCODING_START in lower
    ):
        return head
    first = lines[0].start()
    only = b"Content-Length: " + lengths[0] + b"\r\n"
    return head[:first] + only + _CONTENT_LENGTH_LINE.sub(b"", head)[first:]


def is_final(head: bytes) -> bool:
    """Whether no further head follows, as far as is known.

    An interim head is followed by another one (RFC 9110, 15.2).
    """
    return head.startswith(b"HTTP/") and head[9:10] != b"1"


def undecided_offset(text: bytes) -> int:
    """The offset from which on more bytes are needed to decide how a head is parsed.

    The offset is that of the first Content-Length; or of the last end of line, after which there may be one;
    or the end of the text.
    """
    begin = text.lower().find(_CONTENT_LENGTH_START)
    if begin < 0:
        begin = text.rfind(b"\n")
    return len(text) if begin < 0 else begin


def _is_list(lower: bytes) -> bool:
    begin = lower.find(_CONTENT_LENGTH_START)
    return lower.find(b",", begin, lower.find(b"\n", begin + 1)) >= 0
