"""The error tree: every error that a caller can receive, one class per `extensions.code`.

The message is public: it is written for the caller and never contains upstream text, addresses, credentials
or personal data. An exception that is not a `GatewayError` is a bug.

    GatewayError
    ├── RequestError                the operation never ran: no `data` in the response
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
    │   └── OperationError          the request is well formed, its operation cannot run
    │       ├── ParseFailed         GRAPHQL_PARSE_FAILED
    │       ├── ValidationFailed    GRAPHQL_VALIDATION_FAILED
    │       ├── UnknownOperation    OPERATION_RESOLUTION_FAILURE
    │       ├── LimitExceeded       LIMIT_EXCEEDED
    │       └── InvalidVariables    BAD_USER_INPUT
    └── FieldError                  one field has no value; the rest of the response is unaffected
        ├── InvalidArgument         BAD_USER_INPUT
        ├── Forbidden               FORBIDDEN
        ├── InstantUnknown          INSTANT_UNKNOWN
        ├── BudgetExceeded          UPSTREAM_BUDGET_EXCEEDED
        ├── CompanyUnknown          COMPANY_UNKNOWN
        ├── ActivityNotFound        NOT_FOUND
        └── UpstreamError           the upstream failed or refused a read, or cannot be called
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
from typing import ClassVar, NamedTuple

INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
"""The code of a bug, which is any other exception: the response has an `errorId` and no details."""


class CodeWithoutClass(NamedTuple):
    """A code that no class of the tree has.

    Attributes:
        description: What it is, for the schema.
        when: When callers get it, as `GatewayError.when`.
        http_status: The HTTP status of the response, in words.
    """

    description: str
    when: str
    http_status: str


CODES_WITHOUT_CLASS: Mapping[str, CodeWithoutClass] = {
    INTERNAL_SERVER_ERROR: CodeWithoutClass(
        description="An error in the gateway; its operators find the details by `errorId`.",
        when="an error in the gateway itself; its log has the details under `errorId`",
        http_status="500, or 200 and a path",
    ),
    "SUBSCRIPTIONS_DISABLED": CodeWithoutClass(
        description="A reserved code, which no response has: there are no subscriptions.",
        when="reserved: no response has it, since there are no subscriptions",
        http_status="-",
    ),
}
"""The codes that no class of the tree has."""

_MAX_MESSAGE_CHARACTERS = 1000
"""The maximum length of a message that quotes a caller's document."""


class GatewayError(Exception):
    """The root of the error tree: an expected failure with a public message.

    Attributes:
        code: The value of `extensions.code`.
        when: When callers get the code, in Markdown: docs/errors.md and GraphiQL's guide have it.
        retryable: Whether the same request may succeed a little later.
        details: Further entries of `extensions`.
    """

    code: ClassVar[str]
    when: ClassVar[str]
    retryable: bool = False
    details: Mapping[str, object] = {}

    @property
    def extensions(self) -> dict[str, object]:
        """The `extensions` of the GraphQL error."""
        return {
            "code": self.code,
            **({"retryable": True} if self.retryable else {}),
            **self.details,
        }


class RequestError(GatewayError):
    """A GraphQL request error: the operation never ran, and the response has no `data`.

    Attributes:
        status: The HTTP status.
        headers: The HTTP headers that the status requires.
    """

    status: ClassVar[int] = 400
    headers: Mapping[str, str] = {}


class BadRequest(RequestError):
    """The HTTP request is not a well-formed GraphQL request (GraphQL over HTTP)."""

    code = "BAD_REQUEST"
    when = (
        "the HTTP request is invalid or contains no GraphQL request, is received too slowly "
        "(408), its URI (414) or headers (431) are too long, its version is not supported (505), "
        "or `query` does not match the document id"
    )


class NotAcceptable(RequestError):
    """Content negotiation failed: `Accept` allows no media type that the gateway can send."""

    code = "NOT_ACCEPTABLE"
    when = (
        "`Accept` allows neither `application/graphql-response+json` nor `application/json`; a GET "
        "that prefers `text/html` gets GraphiQL's page in place of this error, whatever its `query` is"
    )
    status = 406


class MethodNotAllowed(RequestError):
    """The HTTP method is not allowed for this resource or this operation type."""

    code = "METHOD_NOT_ALLOWED"
    when = (
        "the method is none of GET, HEAD and POST, or a GET or HEAD has an operation that is no "
        "query; the header `Allow` lists the methods"
    )
    status = 405

    def __init__(self, message: str, *, allow: str) -> None:
        super().__init__(message)
        self.headers = {"Allow": allow}


class PayloadTooLarge(RequestError):
    """The request body exceeds the size limit."""

    code = "PAYLOAD_TOO_LARGE"
    when = "the request body exceeds `GATEWAY_MAX_BODY_BYTES`"
    status = 413


class UnsupportedMediaType(RequestError):
    """The media type, charset or content encoding of the request body is not supported."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    when = "the request body is not `application/json` in UTF-8, or has a `Content-Encoding`"
    status = 415

    def __init__(self, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.headers = headers or {}


class PersistedQueryNotSupported(RequestError):
    """A request names a document by id, and documents have no ids here.

    Client libraries then send the text (the convention of Apollo's persisted queries: HTTP 200).
    """

    code = "PERSISTED_QUERY_NOT_SUPPORTED"
    when = "the request has a document id, and no trusted documents are configured: send the text"
    status = 200


class PersistedQueryNotFound(RequestError):
    """A request names a document by an unknown id (the same convention: HTTP 200)."""

    code = "PERSISTED_QUERY_NOT_FOUND"
    when = "the document id is not in the manifest"
    status = 200


class DocumentNotTrusted(RequestError):
    """The document is not a trusted document, and no other documents are accepted."""

    code = "DOCUMENT_NOT_TRUSTED"
    when = "the text is not in the manifest, and only trusted documents are accepted"
    status = 403


class CallerUnknown(RequestError):
    """Authentication failed: no gateway key or an unknown one, and no upstream credentials."""

    code = "CALLER_UNKNOWN"
    when = (
        "the gateway has caller keys, and the request has no known key and no upstream credentials"
    )
    status = 401
    headers: Mapping[str, str] = {"WWW-Authenticate": 'X-Gateway-Key realm="gateway"'}


class Overloaded(RequestError):
    """Load shedding: the concurrency limit is reached, or a graceful shutdown is in progress."""

    code = "OVERLOADED"
    when = "the gateway is at capacity, or is shutting down"
    status = 503
    retryable = True
    headers: Mapping[str, str] = {"Retry-After": "1"}


class OperationError(RequestError):
    """A well-formed request whose operation cannot run.

    Attributes:
        problems: One formatted GraphQL error (`message`, `locations`) per problem found.
    """

    def __init__(self, problems: list[dict[str, object]]) -> None:
        self.problems = [{**each, "message": _truncate(str(each["message"]))} for each in problems]
        super().__init__(self.problems[0]["message"])


def _truncate(message: str) -> str:
    """A message of bounded length: graphql-core quotes names from the document, however long they are."""
    if len(message) <= _MAX_MESSAGE_CHARACTERS:
        return message
    return f"{message[:_MAX_MESSAGE_CHARACTERS]}…"


class ParseFailed(OperationError):
    """The document has a syntax error."""

    code = "GRAPHQL_PARSE_FAILED"
    when = "the document has a syntax error"


class ValidationFailed(OperationError):
    """The document does not pass GraphQL validation against the schema."""

    code = "GRAPHQL_VALIDATION_FAILED"
    when = (
        "the document is not valid against the schema: for example, a field does not exist, or a "
        'literal has the wrong type, such as `first: "x"`'
    )


class UnknownOperation(OperationError):
    """No operation of the document is selected: `operationName` is missing or matches none."""

    code = "OPERATION_RESOLUTION_FAILURE"
    when = "`operationName` is unknown, or missing among several operations"


class LimitExceeded(OperationError):
    """A document or an operation exceeds a limit, for example of query complexity."""

    code = "LIMIT_EXCEEDED"
    when = (
        "the operation exceeds a limit: `limit`, `measured` and `allowed` say which one and by "
        "how much"
    )

    def __init__(self, message: str, *, limit: str, measured: int, allowed: int) -> None:
        """Name the limit.

        Args:
            message: The public message.
            limit: The name of the limit.
            measured: The measured value, or the value at which measuring stopped.
            allowed: The maximum.
        """
        super().__init__([{"message": message}])
        self.details = {"limit": limit, "measured": measured, "allowed": allowed}


class InvalidVariables(OperationError):
    """A variable has an invalid value, or a scalar of the schema rejects a literal."""

    code = "BAD_USER_INPUT"
    when = (
        "a variable has an invalid value, or a literal of a custom scalar has one, such as a "
        "`DateTime` without an offset; the message names it"
    )


class FieldError(GatewayError):
    """A GraphQL execution error: one field has no value; the rest of the response is unaffected."""


class InvalidArgument(FieldError):
    """An argument has an invalid value, detected by the gateway or by the upstream."""

    code = "BAD_USER_INPUT"
    when = (
        "an argument has an invalid value, for the gateway or for the upstream; `argument` names "
        "it, such as `clientId` or `filter.from`"
    )

    def __init__(self, message: str, *, argument: str | None = None) -> None:
        """Refuse an argument.

        Args:
            message: The public message.
            argument: The path of the argument, such as `filter.from`; None where the upstream refused it.
        """
        super().__init__(message)
        self.details = {} if argument is None else {"argument": argument}


class Forbidden(FieldError):
    """The upstream or a permission of the field denies this caller access."""

    code = "FORBIDDEN"
    when = (
        "the credentials, or a permission of the field, do not give access to the resource; a "
        "permission may have a `code` of its own"
    )

    def __init__(self, message: str, *, details: Mapping[str, object] | None = None) -> None:
        """Deny access.

        Args:
            message: The public message.
            details: Further `extensions` from a permission; a `code` among them replaces `FORBIDDEN`.
        """
        super().__init__(message)
        self.details = details or {}


class InstantUnknown(FieldError):
    """A date has no instant that filters can compare, for example where its time zone is missing or unknown.

    Never raised: entries of `completeness.missing` use its code for the activities that a filter omits.
    """

    code = "INSTANT_UNKNOWN"
    when = (
        "only in `completeness.missing`: `from` or `to` omitted activities with a date whose "
        "instant is unknown"
    )


class BudgetExceeded(FieldError):
    """The operation exceeds the limit of upstream reads per operation."""

    code = "UPSTREAM_BUDGET_EXCEEDED"
    when = "the operation needs more upstream reads than `GATEWAY_MAX_UPSTREAM_READS`"


class CompanyUnknown(FieldError):
    """The URL of an upstream resource needs a company id, which neither the data nor a setting provides."""

    code = "COMPANY_UNKNOWN"
    when = (
        "the company of an appointment, a member of staff or a service is unknown. Operators of the "
        "gateway can set `GATEWAY_COMPANY_ID`"
    )


class ActivityNotFound(FieldError):
    """A list has no activity with the id in an argument."""

    code = "NOT_FOUND"
    when = "the list has no activity with the id in `around`: `argument` is then `around`"

    def __init__(self, message: str, *, argument: str) -> None:
        super().__init__(message)
        self.details = {"argument": argument}


class UpstreamError(FieldError):
    """The upstream refused or failed a read, or could not be called."""


class Unauthenticated(UpstreamError):
    """The upstream rejected the credentials, or there are none."""

    code = "UNAUTHENTICATED"
    when = (
        "the upstream rejected the credentials, or requires some and none were sent: the message "
        "says which headers"
    )


class NotFound(UpstreamError):
    """The upstream resource does not exist, or no longer exists (404, 410)."""

    code = "NOT_FOUND"
    when = "the upstream has no such client's timeline, or no staff or services of this company"


class UpstreamTimeout(UpstreamError):
    """The upstream did not respond within the timeout."""

    code = "UPSTREAM_TIMEOUT"
    when = "the upstream did not respond in time, or not before the operation's deadline"
    retryable = True


class RetryableError(UpstreamError):
    """A read that may succeed when it is retried later.

    Attributes:
        retry_after: Seconds to wait before a retry, a whole number; None where unknown.
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
    """The upstream's rate limit was reached, or the gateway has no capacity for one more upstream response.

    Attributes:
        reason: `RATE_LIMITED` by the upstream, or by a limit of the gateway: `LOCAL_QUEUE`, `MEMORY_BUDGET`.
    """

    code = "UPSTREAM_BUSY"
    when = (
        "a limit of upstream requests was reached. `reason` says which: `rate_limited`, the rate "
        "limit of the upstream; `local_queue`, too many requests wait in the gateway; "
        "`memory_budget`, the gateway holds too many bytes of upstream responses. `retryAfter` is "
        "the number of seconds to wait, where it is known"
    )

    def __init__(self, message: str, *, reason: str, retry_after: int | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.reason = reason
        self.details = {**self.details, "reason": reason}


class UpstreamUnavailable(RetryableError):
    """The upstream fails, cannot be reached, or is not called because its circuit breaker is open.

    Not `retryable` where an operator has to act first.
    """

    code = "UPSTREAM_UNAVAILABLE"
    when = (
        "the upstream could not be reached or failed to serve the request, or the circuit breaker "
        "is open. `retryAfter` is the number of seconds to wait, where it is known; not `retryable` "
        "where the upstream's TLS certificate could not be verified"
    )

    def __init__(
        self, message: str, *, retry_after: int | None = None, retryable: bool = True
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.retryable = retryable


class InvalidUpstreamResponse(UpstreamError):
    """The upstream response breaks the upstream's contract, for example by a value of an unexpected type."""

    code = "UPSTREAM_CONTRACT_BROKEN"
    when = (
        "the upstream returned a response or a value that violates its contract; `count` says how "
        "many items were omitted, where some were"
    )

    def __init__(self, message: str, *, count: int | None = None) -> None:
        """Report a breach of contract.

        Args:
            message: The public message.
            count: The number of items that were omitted because of it; None where it is not about items.
        """
        super().__init__(message)
        self.count = count
        self.details = {} if count is None else {"count": count}


class ResponseTooLarge(UpstreamError):
    """The upstream response exceeds the size limit."""

    code = "UPSTREAM_RESPONSE_TOO_LARGE"
    when = "an upstream response exceeds `GATEWAY_MAX_UPSTREAM_BYTES`, or its head exceeds 64 kB"
