"""Tally: what one request came to, for its line in the log, the metrics and its trace.

Nothing in it is personal: names are those of trusted documents and caller keys, all else is counted or ours.
"""

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Self

OK = "ok"
PARTIAL = "partial"
ERROR = "error"
REJECTED = "refused"
DISCONNECTED = "left"

_SCOPE_KEY = "gateway.observability.request_stats"


@dataclass(slots=True)
class RequestStats:
    """Kept while a request is answered.

    Attributes:
        outcome: How its operation ended; None while there is none: a page, a probe.
        codes: The codes of the answer's errors, each once.
        operation: The operation's name, where it is a trusted document's. Any other is a caller's text.
        caller: The name of the caller's key, where it has one.
        compiled: Whether a plan made all of the answer.
        reads: How many upstream reads it wanted.
        calls: How often the upstream was called for it: not where a read is shared or kept.
        retries: How many of these calls were further attempts.
        trace_id: Where the operation's trace is found, if it is traced.
        status: What was answered in the application's place, if its caller was cut off.
    """

    outcome: str | None = None
    codes: tuple[str, ...] = ()
    operation: str | None = None
    caller: str | None = None
    compiled: bool = False
    reads: int = 0
    calls: int = 0
    retries: int = 0
    trace_id: str | None = None
    status: int | None = None

    @classmethod
    def from_scope(cls, scope: MutableMapping[str, Any]) -> Self:
        """The tally of an ASGI request, made where there is none yet."""
        stats: Self = scope.setdefault(_SCOPE_KEY, cls())
        return stats

    def completed(self, data: Mapping[str, object] | None, codes: Iterable[str]) -> None:
        """The operation ran: it is an error where nothing of its data could be had."""
        self.codes = tuple(sorted(set(codes)))
        if not self.codes:
            self.outcome = OK
        else:
            has_data = any(value is not None for value in (data or {}).values())
            self.outcome = PARTIAL if has_data else ERROR

    def rejected(self, code: str) -> None:
        """The operation never ran."""
        self.outcome, self.codes = REJECTED, (code,)

    def failed(self, code: str) -> None:
        """An error is all that came of it."""
        self.outcome, self.codes = ERROR, (code,)

    def aborted(self, code: str, status: int) -> None:
        """The connection was ended with this answer: to the application, its caller has left."""
        self.rejected(code)
        self.status = status

    def disconnected(self) -> None:
        """The caller did not wait for the answer, unless it was cut off."""
        if self.status is None:
            self.outcome = DISCONNECTED

    @property
    def as_log_fields(self) -> dict[str, object]:
        """What the log has of an operation."""
        if self.outcome is None:
            return {}
        fields: dict[str, object] = {
            "outcome": self.outcome,
            "planned": self.compiled,
            "reads": self.reads,
            "upstream_calls": self.calls,
            "retries": self.retries,
        }
        if self.codes:
            fields["codes"] = self.codes
        if self.operation is not None:
            fields["operation"] = self.operation
        if self.caller is not None:
            fields["caller"] = self.caller
        if self.trace_id is not None:
            fields["trace_id"] = self.trace_id
        return fields
