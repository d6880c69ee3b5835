"""Tracing: where an operation and its upstream calls begin and end; by default nobody follows."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from gateway.observability.request_stats import Tally

Headers = tuple[tuple[str, str], ...]


class Attempt(Protocol):
    """One upstream call that is under way."""

    def headers(self, headers: Headers) -> Headers:
        """What goes along with the call, given what the caller would send."""

    def end(self, status: int | None, code: str | None) -> None:
        """It has ended, with an HTTP status if one arrived, and an error's code if it failed."""


class Tracing(Protocol):
    """Follows operations. A caller's text never gets into a trace, nor what the upstream sends."""

    def operation(self, headers: Mapping[str, str], tally: Tally) -> AbstractContextManager[None]:
        """One operation, from its request's headers to what the tally says at the end."""

    def attempt(self, path: str, number: int) -> Attempt:
        """One call for the operation that is under way: its path's template, and its number in a read."""

    def close(self) -> None:
        """Send what is still to be sent; it takes a few seconds at most."""


class Untraced:
    """Nobody follows; a caller's own trace context goes to the upstream as it came."""

    def operation(self, headers: Mapping[str, str], tally: Tally) -> AbstractContextManager[None]:
        return nullcontext()

    def attempt(self, path: str, number: int) -> Attempt:
        return _UNTRACED_ATTEMPT

    def close(self) -> None:
        """There is nothing to send."""


class _UntracedAttempt:
    def headers(self, headers: Headers) -> Headers:
        return headers

    def end(self, status: int | None, code: str | None) -> None:
        pass


_UNTRACED_ATTEMPT = _UntracedAttempt()
