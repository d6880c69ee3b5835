"""The log's writer at real descriptors: pipes, sockets and files."""

import fcntl
import os
import resource
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.observability.log_writer import MAX_QUEUED_BYTES, MAX_QUEUED_LINES, LogWriter

SECONDS = 10.0
"""Much longer than anything here takes."""


def started(descriptor: int) -> LogWriter:
    writer = LogWriter(descriptor)
    writer.start()
    return writer


class Pipe(NamedTuple):
    """A writer at one end of a pipe, and the other end.

    A reader who leaves by closing the file also sets the writer's thread free.
    """

    writer: LogWriter
    descriptor: int
    reading: int

    def read(self, size: int) -> bytes:
        """So many bytes, once they are there."""
        found = b""
        while len(found) < size:
            ready, _, _ = select.select([self.reading], [], [], SECONDS)
            assert ready, f"{len(found)} bytes of {size}"
            found += os.read(self.reading, size - len(found))
        return found

    def fill(self) -> int:
        """Write until there is no room; how much it was."""
        os.set_blocking(self.descriptor, False)
        size = 0
        try:
            while True:
                size += os.write(self.descriptor, b"." * 4096)
        except BlockingIOError:
            return size
        finally:
            os.set_blocking(self.descriptor, True)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reading, descriptor = os.pipe()
    made = Pipe(started(descriptor), descriptor, reading)
    yield made
    os.close(reading)
    assert made.writer.flush(SECONDS)
    os.close(descriptor)


def numbered(count: int, size: int = 0) -> list[str]:
    return [f"{number:06}".ljust(size, ".") for number in range(count)]


def text_of(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def test_lines_are_written_in_their_order(pipe):
    lines = numbered(3000, 50)
    for line in lines:
        pipe.writer.write(line)
    assert pipe.read(len(text_of(lines))) == text_of(lines)
    assert pipe.writer.dropped_count == 0


def test_lines_of_several_threads_are_each_whole_and_in_the_order_of_their_thread(pipe):
    def write(name: str) -> None:
        for line in numbered(1000):
            pipe.writer.write(f"{name} {line}")

    threads = [threading.Thread(target=write, args=[name]) for name in "abc"]
    for thread in threads:
        thread.start()
    written = pipe.read(3 * 1000 * len(b"a 000000\n")).decode().splitlines()
    for name in "abc":
        assert [line[2:] for line in written if line[0] == name] == numbered(1000)


def test_what_is_no_ascii_is_written_as_utf_8_and_half_a_character_escaped(pipe):
    pipe.writer.write("é\ud800")
    assert pipe.read(9) == b"\xc3\xa9\\ud800\n"


def test_nobody_waits_for_a_pipe_that_nobody_reads_and_what_fits_is_there_when_it_is_read(pipe):
    """The thread takes a few lines, before or after the queue is full."""
    filled = pipe.fill()
    lines = numbered(MAX_QUEUED_LINES + 3000, 20)
    for line in lines:
        pipe.writer.write(line)
    dropped = pipe.writer.dropped_count
    assert 0 < dropped <= 3000
    assert pipe.read(filled) == b"." * filled
    written = pipe.read(len(text_of(lines[dropped:]))).decode().splitlines()
    assert written == sorted(set(written) & set(lines))
    pipe.writer.write("later")
    assert pipe.read(6) == b"later\n"
    assert pipe.writer.dropped_count == dropped


def test_long_lines_are_bounded_by_their_bytes(pipe):
    pipe.fill()
    size = MAX_QUEUED_BYTES // 8
    for line in numbered(20, size):
        pipe.writer.write(line)
    assert (
        11 <= pipe.writer.dropped_count <= 13
    )  # one may be under way; with its end, an eighth is more
    pipe.writer.write("." * MAX_QUEUED_BYTES)
    assert 12 <= pipe.writer.dropped_count <= 14


def test_a_pipe_that_is_closed_drops_lines_and_the_next_reader_gets_the_next_ones(pipe):
    reading, descriptor = os.pipe()
    os.close(reading)
    writer = started(descriptor)
    for line in numbered(1000, 20):
        writer.write(line)
    assert writer.flush(SECONDS)
    assert writer.dropped_count == 1000
    os.dup2(pipe.descriptor, descriptor)
    writer.write("later")
    assert pipe.read(6) == b"later\n"
    assert writer.dropped_count == 1000
    os.close(descriptor)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_drops_lines():
    with Path("/dev/full").open("wb") as full:
        writer = started(full.fileno())
        for line in numbered(1000):
            writer.write(line)
        assert writer.flush(SECONDS)
    assert writer.dropped_count == 1000


def test_a_closed_descriptor_drops_lines():
    reading, descriptor = os.pipe()
    os.close(descriptor)
    writer = started(descriptor)
    writer.write("line")
    assert writer.flush(SECONDS)
    assert writer.dropped_count == 1
    os.close(reading)


def test_after_half_a_line_the_next_one_begins_on_a_line_of_its_own(tmp_path):
    """A file that may not grow, for a moment, like one on a disk that is full for a moment."""
    path = tmp_path / "log"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with path.open("wb") as file:
        writer = started(file.fileno())
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, limits[1]))
        try:
            for line in numbered(4, 19):
                writer.write(line)
            assert writer.flush(SECONDS)
            assert writer.dropped_count == 2
            assert path.stat().st_size == 50
            writer.write("none of it")
            assert writer.flush(SECONDS)
            assert writer.dropped_count == 3
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        for line in ("later", "later still"):
            writer.write(line)
            assert writer.flush(SECONDS)
    lines = numbered(3, 19)
    assert path.read_text("utf-8").splitlines() == [
        *lines[:2],
        lines[2][:10],
        "later",
        "later still",
    ]
    assert writer.dropped_count == 3


def test_a_piece_is_of_whole_lines_and_no_larger_than_a_pipe_takes_at_once():
    """A socket of packets shows what is written at once."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        theirs.settimeout(SECONDS)
        writer = started(ours.fileno())
        lines = [*numbered(100, 300), "long".ljust(9000, "."), *numbered(100, 300)]
        for line in lines:
            writer.write(line)
        pieces: list[bytes] = []
        while b"".join(pieces) != text_of(lines):
            pieces.append(theirs.recv(10_000))
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert [len(piece) for piece in pieces if len(piece) > 4096] == [9001]
    assert len(pieces) < 30  # and not of one line each


@pytest.mark.parametrize("blocks", [True, False], ids=["blocks", "does not block"])
def test_the_mode_of_the_descriptor_stays_and_a_full_pipe_is_waited_for(pipe, blocks):
    filled = pipe.fill()
    os.set_blocking(pipe.descriptor, blocks)
    before = fcntl.fcntl(pipe.descriptor, fcntl.F_GETFL)
    lines = [*numbered(100, 300), "long".ljust(200_000, ".")]
    for line in lines:
        pipe.writer.write(line)
    assert not pipe.writer.flush(0.2)
    assert fcntl.fcntl(pipe.descriptor, fcntl.F_GETFL) == before
    assert pipe.read(filled + len(text_of(lines)))[filled:] == text_of(lines)
    assert pipe.writer.flush(SECONDS)
    assert fcntl.fcntl(pipe.descriptor, fcntl.F_GETFL) == before
    assert pipe.writer.dropped_count == 0


def test_half_a_line_for_a_reader_that_leaves_is_dropped(pipe):
    """A socket that does not block takes some of a long line; whoever reads it leaves before the rest."""
    ours, theirs = socket.socketpair()
    with ours:
        ours.setblocking(False)
        writer = started(ours.fileno())
        writer.write("." * 2_000_000)
        with theirs:
            theirs.settimeout(SECONDS)
            assert theirs.recv(1) == b"."
        assert writer.flush(SECONDS)
        assert writer.dropped_count == 1
        os.dup2(pipe.descriptor, ours.fileno())
        writer.write("later")
        assert pipe.read(7) == b"\nlater\n"


def test_nothing_is_written_before_the_start(pipe):
    writer = LogWriter(pipe.descriptor)
    writer.write("first")
    assert writer.flush(SECONDS)
    assert select.select([pipe.reading], [], [], 0.05)[0] == []
    writer.start()
    writer.start()
    writer.write("second")
    assert pipe.read(13) == b"first\nsecond\n"
