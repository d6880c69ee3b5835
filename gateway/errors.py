"""Everything that can go wrong, as a caller sees it.

One class per code. The message is public: it is written for the caller and never contains upstream
text, addresses, credentials, or anybody's data. What is not a `GatewayError` is a bug.

    GatewayError
    ├── RequestError                the operation never ran: no `data` in the answer
    │   ├── BadRequest              BAD_REQUEST
    │   ├── NotAcceptable           NOT_ACCEPTABLE
    │   ├── MethodNotAllowed        METHOD_NOT_ALLOWED
    │   ├── PayloadTooLarge         PAYLOAD_TOO_LARGE
    │   ├── UnsupportedMediaType    UNSUPPORTED_MEDIA_TYPE
    │   ├── PersistedQueryNotSupported  PERSISTED_QUERY_NOT_SUPPORTED
    │   ├── PersistedQueryNotFound  PERSISTED_QUERY_NOT_FOUND
    │   ├── DocumentNotTrusted      DOCUMENT_NOT_TRUSTED
    │   ├── CallerUnknown           CALLER_UNKNOWN
    │   ├── Overloaded              OVERLOADED
    │   └── OperationError          the request is well formed, what it asks for is not
    │       ├── ParseFailed         GRAPHQL_PARSE_FAILED
    │       ├── ValidationFailed    GRAPHQL_VALIDATION_FAILED
    │       ├── UnknownOperation    OPERATION_RESOLUTION_FAILURE
    │       ├── LimitExceeded       LIMIT_EXCEEDED
    │       └── InvalidVariables    BAD_USER_INPUT
    └── FieldError                  one field has no answer; everything else stands
        ├── InvalidArgument         BAD_USER_INPUT
        ├── Forbidden               FORBIDDEN
        ├── InstantUnknown          INSTANT_UNKNOWN
        ├── BudgetExceeded          UPSTREAM_BUDGET_EXCEEDED
        ├── CompanyUnknown          COMPANY_UNKNOWN
        └── UpstreamError           the upstream was called, or cannot be
            ├── Unauthenticated     UNAUTHENTICATED
            ├── NotFound            NOT_FOUND
            ├── UpstreamTimeout     UPSTREAM_TIMEOUT
            ├── RetryableError      the read may succeed after a while
            │   ├── UpstreamBusy        UPSTREAM_BUSY
            │   └── UpstreamUnavailable UPSTREAM_UNAVAILABLE
            ├── InvalidUpstreamResponse UPSTREAM_CONTRACT_BROKEN
            └── ResponseTooLarge    UPSTREAM_RESPONSE_TOO_LARGE
"""

from collections.abc import Mapping
from typing import ClassVar

INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
"""The code of what is not a `GatewayError`: our own mistake, told with an `errorId` and no details."""


_MAX_MESSAGE_CHARACTERS = 1000
"""Of a message about what a caller wrote."""


class GatewayError(Exception):
    """Something that can go wrong.

    Attributes:
        code: What `extensions.code` says.
        retryable: Whether the same request may succeed a little later.
        details: What `extensions` say besides.
    """

    code: ClassVar[str]
    retryable: bool = False
    details: Mapping[str, object] = {}

    @property
    def extensions(self) -> dict[str, object]:
        """What stands in the error's `extensions`."""
        return {
            "code": self.code,
            **({"retryable": True} if self.retryable else {}),
            **self.details,
        }


class RequestError(GatewayError):
    """The operation never ran.

    Attributes:
        status: The HTTP status.
        headers: HTTP headers that the status asks for.
    """

    status: ClassVar[int] = 400
    headers: Mapping[str, str] = {}


class BadRequest(RequestError):
    code = "BAD_REQUEST"


class NotAcceptable(RequestError):
    code = "NOT_ACCEPTABLE"
    status = 406


class MethodNotAllowed(RequestError):
    code = "METHOD_NOT_ALLOWED"
    status = 405

    def __init__(self, message: str, *, allow: str) -> None:
        super().__init__(message)
        self.headers = {"Allow": allow}


class PayloadTooLarge(RequestError):
    code = "PAYLOAD_TOO_LARGE"
    status = 413


class UnsupportedMediaType(RequestError):
    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415

    def __init__(self, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.headers = headers or {}


class PersistedQueryNotSupported(RequestError):
    """A document was asked for by its id. Clients then send the text (Apollo's convention: HTTP 200)."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"
    status = 200


class PersistedQueryNotFound(RequestError):
    """A document was asked for by an id that stands for none (the same convention)."""

    code = "PERSISTED_QUERY_NOT_FOUND"
    status = 200


class DocumentNotTrusted(RequestError):
    """A text was sent that is not among those that are run."""

    code = "DOCUMENT_NOT_TRUSTED"
    status = 403


class CallerUnknown(RequestError):
    """A caller has no key, or one that is not known, and no upstream credentials of its own."""

    code = "CALLER_UNKNOWN"
    status = 401
    headers: Mapping[str, str] = {"WWW-Authenticate": 'X-Gateway-Key realm="gateway"'}


class Overloaded(RequestError):
    """There is no room for it: too much is asked at once, or the process is about to end."""

    code = "OVERLOADED"
    status = 503
    retryable = True
    headers: Mapping[str, str] = {"Retry-After": "1"}


class OperationError(RequestError):
    """A well-formed request for something that cannot run.

    Attributes:
        problems: One formatted GraphQL error (`message`, `locations`) per problem found.
    """

    def __init__(self, problems: list[dict[str, object]]) -> None:
        self.problems = [{**each, "message": _truncate(str(each["message"]))} for each in problems]
        super().__init__(self.problems[0]["message"])


def _truncate(message: str) -> str:
    """Names that a caller chose are repeated to that caller, not a million characters of each."""
    if len(message) <= _MAX_MESSAGE_CHARACTERS:
        return message
    return f"{message[:_MAX_MESSAGE_CHARACTERS]}…"


class ParseFailed(OperationError):
    code = "GRAPHQL_PARSE_FAILED"


class ValidationFailed(OperationError):
    code = "GRAPHQL_VALIDATION_FAILED"


class UnknownOperation(OperationError):
    code = "OPERATION_RESOLUTION_FAILURE"


class LimitExceeded(OperationError):
    """An operation is larger than operations may be."""

    code = "LIMIT_EXCEEDED"

    def __init__(self, message: str, *, limit: str, measured: int, allowed: int) -> None:
        """`measured` says how large it is, or how far it was read."""
        super().__init__([{"message": message}])
        self.details = {"limit": limit, "measured": measured, "allowed": allowed}


class InvalidVariables(OperationError):
    """A variable, or a literal that a scalar of this schema refuses, has a value that it cannot have."""

    code = "BAD_USER_INPUT"


class FieldError(GatewayError):
    """One field has no answer."""


class InvalidArgument(FieldError):
    """An argument that cannot be served, found here or by the upstream."""

    code = "BAD_USER_INPUT"


class Forbidden(FieldError):
    """What the upstream, or a permission of the field, does not show to this caller."""

    code = "FORBIDDEN"

    def __init__(self, message: str, *, details: Mapping[str, object] | None = None) -> None:
        """`details` is what a permission tells besides; its `code`, if it has one, stands for this one."""
        super().__init__(message)
        self.details = details or {}


class InstantUnknown(FieldError):
    """A date has no instant that filters can compare, as where its zone is missing or unknown.

    Never raised: `completeness.missing` tells under its code what is left out for it.
    """

    code = "INSTANT_UNKNOWN"


class BudgetExceeded(FieldError):
    """An operation wants more upstream reads than one may have."""

    code = "UPSTREAM_BUDGET_EXCEEDED"


class CompanyUnknown(FieldError):
    """The path to a thing needs a company's id, and nothing says which."""

    code = "COMPANY_UNKNOWN"


class UpstreamError(FieldError):
    """The upstream refused or failed a read, or could not be called."""


class Unauthenticated(UpstreamError):
    code = "UNAUTHENTICATED"


class NotFound(UpstreamError):
    """The upstream does not know it, or knows that it is gone."""

    code = "NOT_FOUND"


class UpstreamTimeout(UpstreamError):
    code = "UPSTREAM_TIMEOUT"
    retryable = True


class RetryableError(UpstreamError):
    """What may be asked again after a while.

    Attributes:
        retry_after: Whole seconds to wait, where that is known.
    """

    retryable = True

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.details = {} if retry_after is None else {"retryAfter": retry_after}


RATE_LIMITED = "rate_limited"
LOCAL_QUEUE = "local_queue"
MEMORY_BUDGET = "memory_budget"


class UpstreamBusy(RetryableError):
    """The upstream asks for patience, or there is no room here for one more of its answers.

    Attributes:
        reason: `RATE_LIMITED` by the upstream; here, for the `LOCAL_QUEUE` or the `MEMORY_BUDGET`.
    """

    code = "UPSTREAM_BUSY"

    def __init__(self, message: str, *, reason: str, retry_after: int | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.reason = reason
        self.details = {**self.details, "reason": reason}


class UpstreamUnavailable(RetryableError):
    """The upstream fails, or cannot be reached, or is left alone since it did.

    It is not `retryable` where somebody has to do something first.
    """

    code = "UPSTREAM_UNAVAILABLE"

    def __init__(
        self, message: str, *, retry_after: int | None = None, retryable: bool = True
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.retryable = retryable


class InvalidUpstreamResponse(UpstreamError):
    """The upstream sent something that its contract does not allow."""

    code = "UPSTREAM_CONTRACT_BROKEN"

    def __init__(self, message: str, *, count: int | None = None) -> None:
        """`count` is how many items were left out for it, where it is about items."""
        super().__init__(message)
        self.details = {} if count is None else {"count": count}


class ResponseTooLarge(UpstreamError):
    code = "UPSTREAM_RESPONSE_TOO_LARGE"
