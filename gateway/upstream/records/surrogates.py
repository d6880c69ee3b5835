"""Half characters in JSON: some senders cut texts blindly, in the middle of a surrogate pair. Pure."""

import re

from gateway.observability.event_loop import CooperativeSteps

_LONE_SURROGATE = re.compile(
    rb"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD])[c-fC-F][0-9a-fA-F]{2})"
)
"""A half without the other, where no backslash is escaped. It begins with what is searched for in C."""

_REPLACEMENT = rb"\\ufffd"
"""As long as what it replaces: so a text can be mended in parts."""

_STEP_BYTES = 1_048_576
"""So many are one step: mending them takes 1 millisecond, or 20 where all are halves."""

_CONTEXT_BYTES = 11
"""How far from the bytes of one half those are that decide: a pair has 12."""


def replace_lone_surrogates(body: bytes) -> CooperativeSteps[bytes]:
    """JSON with U+FFFD for each half of a character."""
    if b"\0" in body:  # which is no JSON; below it stands for an escaped backslash
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
