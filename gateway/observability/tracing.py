"""Tracing: where an operation and its upstream calls begin and end; by default nobody follows."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from gateway.observability.request_stats import RequestStats

HeaderPairs = tuple[tuple[str, str], ...]


class UpstreamSpan(Protocol):
    """One upstream call that is under way."""

    def inject(self, headers: HeaderPairs) -> HeaderPairs:
        """What goes along with the call, given what the caller would send."""

    def end(self, status: int | None, code: str | None) -> None:
        """It has ended, with an HTTP status if one arrived, and an error's code if it failed."""


class Tracing(Protocol):
    """Follows operations. A caller's text never gets into a trace, nor what the upstream sends."""

    def operation_span(
        self, headers: Mapping[str, str], stats: RequestStats
    ) -> AbstractContextManager[None]:
        """One operation, from its request's headers to what the tally says at the end."""

    def start_upstream_span(self, path: str, attempt_number: int) -> UpstreamSpan:
        """One call for the operation that is under way: its path's template, and its number in a read."""

    def close(self) -> None:
        """Send what is still to be sent; it takes a few seconds at most."""


class NoopTracing:
    """Nobody follows; a caller's own trace context goes to the upstream as it came."""

    def operation_span(
        self, headers: Mapping[str, str], stats: RequestStats
    ) -> AbstractContextManager[None]:
        return nullcontext()

    def start_upstream_span(self, path: str, attempt_number: int) -> UpstreamSpan:
        return _NOOP_UPSTREAM_SPAN

    def close(self) -> None:
        """There is nothing to send."""


class _NoopSpan:
    def inject(self, headers: HeaderPairs) -> HeaderPairs:
        return headers

    def end(self, status: int | None, code: str | None) -> None:
        pass


_NOOP_UPSTREAM_SPAN = _NoopSpan()
