"""The header `Vary`: which request headers a response depends on (RFC 9110, 12.5.5).

`Sec-Fetch-Site` and `Origin` decide only whether a response is compressed, to protect its length on the wire. A
stored response has no such length, so it may be used again whatever they are.
"""

from gateway.config.headers import RawHeader
from gateway.config.settings import Settings
from gateway.upstream.credentials import CREDENTIAL_HEADERS, is_per_request_header
from gateway.web.authentication import KEY_HEADER
from gateway.web.request_context import EXPLAIN_HEADER


def vary_by_form(settings: Settings) -> RawHeader:
    """For responses that are not stored: the headers by which callers choose the form of a response."""
    return _vary_header(_form_headers(settings))


def vary_by_everything(settings: Settings) -> RawHeader:
    """For responses that browsers may store: also the headers by which the content differs.

    Headers of tracing are left out where they are forwarded: no response depends on them.
    """
    own = [name.decode() for name in (*CREDENTIAL_HEADERS, KEY_HEADER, EXPLAIN_HEADER)]
    forwarded = [
        name
        for name in settings.forward_headers
        if name.lower() not in own and not is_per_request_header(name.lower().encode())
    ]
    return _vary_header([*_form_headers(settings), *own, *forwarded])


def _form_headers(settings: Settings) -> list[str]:
    return ["Accept", "Accept-Encoding"] if settings.compression else ["Accept"]


def _vary_header(names: list[str]) -> RawHeader:
    return b"vary", ", ".join(names).encode()
