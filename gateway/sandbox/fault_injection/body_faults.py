"""What becomes of a body: something else in a place of its JSON, or compression upon compression."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import msgspec

from gateway.sandbox.responses import Answer

Coding = Literal["gzip", "deflate"]

PADDING_START, PADDING_END = b'{"items":[', b"]}"
PIECE = 65_536
_WINDOWS: Mapping[Coding, int] = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


def put(body: bytes, json_by_place: Mapping[str, str]) -> bytes:
    """The JSON with other JSON in some places, which need not be any; `*` is every element or key."""
    tree = msgspec.json.decode(body)
    for place, json in json_by_place.items():
        *steps, last = place.split("/")
        for inside in _reached(tree, steps):
            for key in _keys(inside, last):
                inside[key] = msgspec.Raw(json.encode())
    return msgspec.json.encode(tree)


def compressed(answer: Answer, codings: Sequence[Coding]) -> Answer:
    """The answer compressed by one coding after the other; of padding there is never much in memory."""
    pieces = padding(answer.padding) if answer.padding else iter((answer.body,))
    for coding in codings:
        pieces = _compressed(pieces, coding)
    answer = replace(answer, body=b"".join(pieces), padding=0)
    return answer.with_header("content-encoding", ", ".join(codings))


def padding(length: int) -> Iterator[bytes]:
    """An empty list of items, as long as you like: blanks alone where JSON does not fit."""
    blanks = length - len(PADDING_START) - len(PADDING_END)
    if blanks < 0:
        yield b" " * length
        return
    yield PADDING_START
    for sent in range(0, blanks, PIECE):
        yield b" " * min(PIECE, blanks - sent)
    yield PADDING_END


def _reached(tree: Any, steps: Sequence[str]) -> Iterator[Any]:
    if not steps:
        if isinstance(tree, dict | list):
            yield tree
        return
    for key in _keys(tree, steps[0]):
        if isinstance(tree, list) or key in tree:
            yield from _reached(tree[key], steps[1:])


def _keys(inside: Any, step: str) -> list[Any]:
    """The keys or indexes that a step of a place stands for."""
    if isinstance(inside, list):
        indexes = range(len(inside))
        return [*indexes] if step == "*" else [each for each in indexes if str(each) == step]
    if isinstance(inside, dict):
        return [*inside] if step == "*" else [step]
    return []


def _compressed(pieces: Iterator[bytes], coding: Coding) -> Iterator[bytes]:
    compressor = zlib.compressobj(9, wbits=_WINDOWS[coding])
    for piece in pieces:
        yield compressor.compress(piece)
    yield compressor.flush()
