"""Reasons of failures: why a read has no response, in words for operators that quote nothing."""

import errno
from enum import StrEnum

import aiohttp

from gateway.observability import metrics


class FailureReason(StrEnum):
    """Why an attempt has no complete response: a closed set of words, which the log has."""

    NAME_NOT_RESOLVED = "name_not_resolved"
    CONNECTION_REFUSED = "connection_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_FAILED = "connect_failed"
    """No connection for another reason, such as an unreachable network."""
    PROXY_FAILED = "proxy_failed"
    """The proxy of upstream calls cannot be reached, or does not connect."""
    TLS_FAILED = "tls_failed"
    CERTIFICATE_NOT_VERIFIED = "certificate_not_verified"
    CONNECTION_LOST = "connection_lost"
    TIMEOUT = "timeout"
    INCOMPLETE_RESPONSE = "incomplete_response"
    INVALID_HTTP = "invalid_http"
    CIRCUIT_OPEN = metrics.CIRCUIT_OPEN
    CONCURRENCY_LIMIT = metrics.CONCURRENCY_LIMIT
    MEMORY_BUDGET = metrics.MEMORY_BUDGET


def connect_failure_reason(error: aiohttp.ClientConnectorError) -> FailureReason:
    """Why there is no connection."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return FailureReason.NAME_NOT_RESOLVED
        case aiohttp.ClientProxyConnectionError():
            return FailureReason.PROXY_FAILED
        case aiohttp.ClientSSLError():
            return FailureReason.TLS_FAILED
    is_refused = error.os_error.errno == errno.ECONNREFUSED
    return FailureReason.CONNECTION_REFUSED if is_refused else FailureReason.CONNECT_FAILED
