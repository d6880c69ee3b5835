"""Lone surrogates in JSON: some senders truncate texts in the middle of a surrogate pair. Pure."""

import re

from gateway.observability.event_loop import CooperativeSteps

_LONE_SURROGATE = re.compile(
    rb"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD])[c-fC-F][0-9a-fA-F]{2})"
)
"""One surrogate without the other, where no backslash is escaped. The pattern begins with a text that is
searched for in C."""

_REPLACEMENT = rb"\\ufffd"
"""U+FFFD, as long as the replaced bytes, so that a text can be repaired in parts."""

_STEP_BYTES = 1_048_576
"""Bytes of one step: repairing them takes 1 millisecond, or 20 where all are lone surrogates."""

_CONTEXT_BYTES = 11
"""How far from a surrogate the bytes are that decide whether it is lone: a pair has 12 bytes."""


def replace_lone_surrogates(body: bytes) -> CooperativeSteps[bytes]:
    """JSON with U+FFFD for each lone surrogate."""
    if b"\0" in body:  # NUL is no JSON; below it stands for an escaped backslash
        return body
    sent = body.replace(rb"\\", b"\0\0")
    pieces: list[bytes] = []
    for begin in range(0, len(sent), _STEP_BYTES):
        if begin:
            yield
        before = min(begin, _CONTEXT_BYTES)
        part = _LONE_SURROGATE.sub(
            _REPLACEMENT, sent[begin - before : begin + _STEP_BYTES + _CONTEXT_BYTES]
        )
        pieces.append(part[before : before + _STEP_BYTES].replace(b"\0", b"\\"))
    return b"".join(pieces)
