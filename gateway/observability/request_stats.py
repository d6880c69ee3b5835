"""Statistics of one request, for the access log, metrics and traces.

Names are those of trusted documents and caller keys, and what a client application calls itself, which is the
only text of a caller; the rest is counted or constant.
"""

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from gateway.observability.client_application import ClientApplication

OK = "ok"
PARTIAL = "partial"
ERROR = "error"
REJECTED = "rejected"
DISCONNECTED = "disconnected"

_SCOPE_KEY = "gateway.observability.request_stats"


class LoggedRead(Protocol):
    """An upstream read of an operation, as far as the log has it."""

    @property
    def milliseconds(self) -> float:
        """How long the operation waited for it."""

    @property
    def log_fields(self) -> dict[str, object]:
        """The log fields of the read, without the ids in its path."""


@dataclass(slots=True)
class RequestStats:
    """The statistics of one request, collected while it is answered.

    Attributes:
        outcome: The outcome of its operation; None where there is none: a page, a health check.
        codes: The error codes of the response, each once.
        operation_type: The operation's type, such as "query"; None before it is known.
        operation: The operation's name, where it is a trusted document's. Any other is text of the caller.
        caller: The name of the caller key, if any.
        client_application: The client application that sent the request, if it names itself.
        compiled: Whether a compiled query produced the whole response.
        reads: The number of upstream reads of the operation.
        calls: The number of upstream calls for these reads; a coalesced or cached read has none.
        retries: The number of these calls that were further attempts.
        trace_id: The id of the operation's trace, if it is traced.
        document_text: The text of the document, of which the log may have the hash; None before it is known.
        read_log: The upstream reads, in the order in which they ended.
        status: The status that the server sent in the application's place, if it ended the connection.
    """

    outcome: str | None = None
    codes: tuple[str, ...] = ()
    operation_type: str | None = None
    operation: str | None = None
    caller: str | None = None
    client_application: ClientApplication | None = None
    compiled: bool = False
    reads: int = 0
    calls: int = 0
    retries: int = 0
    trace_id: str | None = None
    document_text: str | None = field(default=None, repr=False)
    read_log: Sequence[LoggedRead] = ()
    status: int | None = None

    @classmethod
    def from_scope(cls, scope: MutableMapping[str, Any]) -> Self:
        """The statistics of an ASGI request, created where there are none yet."""
        stats: Self | None = scope.get(_SCOPE_KEY)
        if stats is None:
            stats = scope[_SCOPE_KEY] = cls()
        return stats

    def record_completion(self, codes: Iterable[str], *, compiled: bool, has_data: bool) -> None:
        """Record that the operation ran; its outcome is an error where none of its data is available."""
        self.compiled = compiled
        self.codes = tuple(sorted(set(codes)))
        if not self.codes:
            self.outcome = OK
        else:
            self.outcome = PARTIAL if has_data else ERROR

    def record_rejection(self, code: str) -> None:
        """Record that the operation never ran."""
        self.outcome, self.codes = REJECTED, (code,)

    def record_failure(self, code: str) -> None:
        """Record that the operation failed, with an error and without data."""
        self.outcome, self.codes = ERROR, (code,)

    def record_abort(self, code: str, status: int) -> None:
        """Record the status with which the server ended the connection; the application sees a disconnect."""
        self.record_rejection(code)
        self.status = status

    def record_disconnect(self) -> None:
        """Record that the caller disconnected before the response, unless the server ended the connection."""
        if self.status is None:
            self.outcome = DISCONNECTED

    @property
    def log_fields(self) -> dict[str, object]:
        """The log fields of an operation."""
        if self.outcome is None:
            return {}
        fields: dict[str, object] = {
            "outcome": self.outcome,
            "compiled": self.compiled,
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
        if self.client_application is not None:
            fields["client_application"] = self.client_application.name
            if self.client_application.version is not None:
                fields["client_application_version"] = self.client_application.version
        if self.trace_id is not None:
            fields["trace_id"] = self.trace_id
        return fields
