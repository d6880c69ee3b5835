"""Certificates, in order and not, made anew each time; the authority is trusted by nobody but these tests."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import trustme

from tests.resilience import peer

_AUTHORITY = trustme.CA()
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

EMPTY = peer.HEAD % 12 + b'{"items":[]}'

Issued = Callable[[ssl.SSLContext], None]
"""Gives a server a certificate to show."""


def in_order() -> Issued:
    return _AUTHORITY.issue_cert("localhost").configure_cert


def for_another_host() -> Issued:
    return _AUTHORITY.issue_cert("another.example").configure_cert


def expired() -> Issued:
    return _AUTHORITY.issue_cert("localhost", not_after=_LONG_AGO).configure_cert


def of_an_unknown_authority() -> Issued:
    return trustme.CA().issue_cert("localhost").configure_cert


def signed_by_itself() -> Issued:
    unknown = trustme.CA()

    def show(context: ssl.SSLContext) -> None:
        with (
            unknown.cert_pem.tempfile() as certificate,
            unknown.private_key_pem.tempfile() as key,
        ):
            context.load_cert_chain(certificate, key)

    return show


def trusting() -> ssl.SSLContext:
    """For who calls: trusts the authority, as others that the system names."""
    context = ssl.create_default_context()
    _AUTHORITY.configure_trust(context)
    return context


def authority() -> bytes:
    """The authority's own certificate, as a file has it."""
    return _AUTHORITY.cert_pem.bytes()


def serving(issued: Issued) -> ssl.SSLContext:
    """For who is called."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued(context)
    return context


def port_showing(issue: Callable[[], Issued]) -> Callable[[], AbstractAsyncContextManager[int]]:
    """The port of a peer that shows a certificate, and would have an answer for who takes it."""

    @asynccontextmanager
    async def port() -> AsyncIterator[int]:
        async with peer.playing(peer.says(EMPTY), tls=serving(issue())) as playing:
            yield playing.port

    return port


def write_in_order(certificate: Path, key: Path) -> None:
    """Write a certificate that is in order, with the authority's, and its key, as a server's files."""
    issued = _AUTHORITY.issue_cert("localhost")
    certificate.write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
