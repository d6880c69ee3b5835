"""Fault injection into response bodies: overwritten JSON values, padding, and nested compression."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import msgspec

from gateway.sandbox.responses import Response

ContentCoding = Literal["gzip", "deflate"]

PADDING_START, PADDING_END = b'{"items":[', b"]}"
CHUNK_BYTES = 65_536
_WINDOW_BITS_BY_CODING: Mapping[ContentCoding, int] = {
    "gzip": zlib.MAX_WBITS | 16,
    "deflate": zlib.MAX_WBITS,
}


def overwrite_json(body: bytes, json_by_path: Mapping[str, str]) -> bytes:
    """The body with other JSON, valid or not, at some paths; the segment `*` is every element or key."""
    tree = msgspec.json.decode(body)
    for path, json in json_by_path.items():
        *segments, last_segment = path.split("/")
        for container in _find_containers(tree, segments):
            for key in _matching_keys(container, last_segment):
                container[key] = msgspec.Raw(json.encode())
    return msgspec.json.encode(tree)


def compress_response(response: Response, codings: Sequence[ContentCoding]) -> Response:
    """The response, compressed by each coding in turn. Padding is never in memory as a whole."""
    chunks = (
        generate_padding(response.padding_length)
        if response.padding_length
        else iter((response.body,))
    )
    for coding in codings:
        chunks = _compress_chunks(chunks, coding)
    response = replace(response, body=b"".join(chunks), padding_length=0)
    return response.with_header("content-encoding", ", ".join(codings))


def generate_padding(length: int) -> Iterator[bytes]:
    """An empty list of items, padded with blanks to a length in bytes; only blanks for a short length."""
    blanks = length - len(PADDING_START) - len(PADDING_END)
    if blanks < 0:
        yield b" " * length
        return
    yield PADDING_START
    for offset in range(0, blanks, CHUNK_BYTES):
        yield b" " * min(CHUNK_BYTES, blanks - offset)
    yield PADDING_END


def _find_containers(tree: Any, segments: Sequence[str]) -> Iterator[Any]:
    if not segments:
        if isinstance(tree, dict | list):
            yield tree
        return
    for key in _matching_keys(tree, segments[0]):
        if isinstance(tree, list) or key in tree:
            yield from _find_containers(tree[key], segments[1:])


def _matching_keys(container: Any, segment: str) -> list[Any]:
    """The keys or indexes that one segment of a path matches."""
    if isinstance(container, list):
        indexes = range(len(container))
        return [*indexes] if segment == "*" else [each for each in indexes if str(each) == segment]
    if isinstance(container, dict):
        return [*container] if segment == "*" else [segment]
    return []


def _compress_chunks(chunks: Iterator[bytes], coding: ContentCoding) -> Iterator[bytes]:
    compressor = zlib.compressobj(9, wbits=_WINDOW_BITS_BY_CODING[coding])
    for chunk in chunks:
        yield compressor.compress(chunk)
    yield compressor.flush()
