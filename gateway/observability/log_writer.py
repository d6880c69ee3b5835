"""The log's writer: a bounded queue of lines, and the thread that writes them to a file descriptor.

Code that logs neither waits for the descriptor nor gets its errors: it may be a pipe without a reader,
a closed one, or a file on a full disk. Lines that do not fit or cannot be written are dropped and counted.
"""

import os
import threading
import time
from collections.abc import Sequence
from itertools import accumulate
from queue import Empty, SimpleQueue
from select import POLLOUT, poll

MAX_QUEUED_LINES = 10_000
MAX_QUEUED_BYTES = 4_194_304
"""The limits of the queue; lines beyond them are dropped."""

_BATCH_BYTES = 4096
"""Linux writes this much to a pipe atomically: the lines of several processes do not mix."""

_BATCH_DELAY_SECONDS = 0.01
"""How long lines are batched: waking the thread for each line costs more than writing it."""


class LogWriter:
    """Writes lines in their order, to one descriptor.

    The descriptor's mode is not changed, since other processes share the descriptor. So a write may block,
    or fail for now; only the thread waits then, and no process waits for its thread at exit.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._queue: SimpleQueue[bytes | threading.Event] = SimpleQueue()
        # Reentrant, as the queue is: a finalizer may write a line while its own thread is in `write`.
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._bytes_enqueued = 0
        self._bytes_dequeued = 0
        self._overflowed_lines = 0
        self._failed_lines = 0
        self._ends_mid_line = False

    @property
    def dropped_count(self) -> int:
        """The number of lines dropped so far."""
        return self._overflowed_lines + self._failed_lines

    def start(self) -> None:
        """Start the thread, unless it runs already."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                self._thread.start()

    def write(self, text: str) -> None:
        """Queue a line, given without its end; or several, written or dropped together."""
        self.write_bytes(text.encode("utf-8", "backslashreplace"))

    def write_bytes(self, text: bytes) -> None:
        """Queue a line that is encoded already."""
        line = text + b"\n"
        with self._lock:
            queued_bytes = self._bytes_enqueued - self._bytes_dequeued
            if (
                self._queue.qsize() >= MAX_QUEUED_LINES
                or queued_bytes + len(line) > MAX_QUEUED_BYTES
            ):
                self._overflowed_lines += 1
            else:
                self._bytes_enqueued += len(line)
                self._queue.put(line)

    def flush(self, timeout_seconds: float) -> bool:
        """Whether all lines so far are written or dropped, after a wait of at most `timeout_seconds`.

        True at once where the thread was never started.
        """
        if self._thread is None:
            return True
        done = threading.Event()
        self._queue.put(done)
        return done.wait(timeout_seconds)

    def _run(self) -> None:
        while True:
            first = self._queue.get()
            if isinstance(first, bytes):
                time.sleep(_BATCH_DELAY_SECONDS)  # noqa: TID251 - the thread is for waiting
            self._drain_queue(first)

    def _drain_queue(self, first: bytes | threading.Event) -> None:
        """Write until the queue is empty, in batches of whole lines."""
        item: bytes | threading.Event | None = first
        lines: list[bytes] = []
        size = 0
        while item is not None:
            if isinstance(item, bytes):
                self._bytes_dequeued += len(item)
                if size + len(item) >= _BATCH_BYTES:
                    self._write_lines(lines)
                    lines, size = [], 0
                lines.append(item)
                size += len(item)
            else:
                self._write_lines(lines)
                lines, size = [], 0
                item.set()
            item = self._next_item()
        self._write_lines(lines)

    def _next_item(self) -> bytes | threading.Event | None:
        try:
            return self._queue.get_nowait()
        except Empty:
            return None

    def _write_lines(self, lines: Sequence[bytes]) -> None:
        """Write a batch; lines that cannot be written are dropped, and later ones are still tried."""
        begin = b"\n" if self._ends_mid_line and lines else b""  # after a line that was cut
        data = begin + b"".join(lines)
        written = 0
        try:
            while written < len(data):
                written += self._write_some(data[written:])
        except OSError:
            ends = accumulate(map(len, lines[1:]), initial=len(begin) + len(lines[0]))
            self._failed_lines += sum(end > written for end in ends)
        if written:
            self._ends_mid_line = not data.endswith(b"\n", 0, written)

    def _write_some(self, data: bytes) -> int:
        while True:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:  # another process has made the descriptor non-blocking
                writable = poll()
                writable.register(self._descriptor, POLLOUT)
                writable.poll()
