"""Control characters: escapes those that texts in JSON contain unescaped. Pure.

Some senders put line ends and tabs into a text without escaping them; msgspec refuses the whole body. Not
`json.loads(strict=False)`: it reads lone surrogates, NaN and nesting otherwise than msgspec, and blocks the
event loop. The escaped text is decoded by msgspec like any other body.
"""

import re

from gateway.observability.event_loop import CooperativeSteps

MAX_BYTES = 4_194_304
"""The largest body that is escaped; the result has at most twice as many bytes."""

_STEP_BYTES = 262_144
"""Bytes of one step, of some 5 milliseconds; the first of a large body, which is about all of it, takes some
20."""

_CONTROL = re.compile(rb"[\x00-\x1f]")
_ESCAPES = {bytes([each]): b"\\u%04x" % each for each in range(0x20)} | {
    b"\b": rb"\b",
    b"\t": rb"\t",
    b"\n": rb"\n",
    b"\f": rb"\f",
    b"\r": rb"\r",
}
_BACKSLASH_BEFORE_CONTROL = re.compile(rb"\\[\x00-\x1f]")
"""A backslash before a control character: escaping the control character would escape the backslash."""

_NON_UTF8_BYTES = [bytes([each]) for each in (0xC0, 0xC1, *range(0xF5, 0x100))]
"""Bytes that never occur in UTF-8."""


def escape_control_characters(body: bytes) -> CooperativeSteps[bytes | None]:
    """Escape the control characters in the strings of a JSON text; None where nothing can be escaped.

    Bytes between strings are not changed: invalid ones stay invalid.
    """
    if len(body) > MAX_BYTES or not _CONTROL.search(body):
        return None
    unused = [each for each in _NON_UTF8_BYTES if each not in body][:2]
    if len(unused) < 2:
        return None
    # Once these two escapes are replaced, each quotation mark begins or ends a string.
    backslash, quote = unused
    plain = body.replace(rb"\\", backslash).replace(rb"\"", quote)
    if _BACKSLASH_BEFORE_CONTROL.search(plain):
        return None
    pieces: list[bytes] = []
    is_in_string, size = False, 0
    for begin in range(0, len(plain), _STEP_BYTES):
        if begin:
            yield
        parts = plain[begin : begin + _STEP_BYTES].split(b'"')
        string_slice = slice(0 if is_in_string else 1, None, 2)
        parts[string_slice] = _escape_strings(parts[string_slice])
        is_in_string ^= len(parts) % 2 == 0
        piece = b'"'.join(parts).replace(quote, rb"\"").replace(backslash, rb"\\")
        size += len(piece)
        if size > 2 * MAX_BYTES:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _escape_strings(strings: list[bytes]) -> list[bytes]:
    if not strings:
        return strings
    joined = b'"'.join(strings)
    for control, escape in _ESCAPES.items():
        joined = joined.replace(control, escape)
    return joined.split(b'"')
