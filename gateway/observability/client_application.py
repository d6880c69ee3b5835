"""The client application of a request: the program that sends it, as it names itself in two headers."""

from typing import NamedTuple, Self

from gateway.config.headers import RawHeaders
from gateway.config.types import MAX_CLIENT_APPLICATION_CHARACTERS

_FORMS = (
    (b"graphql-client-name", b"graphql-client-version"),
    (b"apollographql-client-name", b"apollographql-client-version"),
)
"""The headers of the name and the version. The first form takes precedence: some of Apollo's libraries send the
second by themselves, so an application that sends the first as well means that one."""

HEADER_NAMES = frozenset(name for form in _FORMS for name in form)

_CLEAN_BYTES = bytes(byte if 0x20 <= byte <= 0x7E else ord("?") for byte in range(256))
"""The replacement of each byte: control characters would end lines, and other bytes have no known charset."""


class ClientApplication(NamedTuple):
    """A client application: text of the caller, in printable ASCII and of bounded length.

    Attributes:
        name: The name, which is not empty.
        version: The version, if any.
    """

    name: str
    version: str | None

    @classmethod
    def from_headers(cls, headers: RawHeaders) -> Self | None:
        """The client application that these headers name, if any.

        A version without a name is ignored, and so are further lines of a header.
        """
        value_by_name = {name: value for name, value in reversed(headers) if name in HEADER_NAMES}
        for name_header, version_header in _FORMS:
            name = _clean(value_by_name.get(name_header, b""))
            if name:
                return cls(name, _clean(value_by_name.get(version_header, b"")) or None)
        return None


def _clean(value: bytes) -> str:
    """The text of a header, cut off at the greatest length."""
    bounded = value.strip(b" \t")[:MAX_CLIENT_APPLICATION_CHARACTERS]
    return bounded.translate(_CLEAN_BYTES).decode("ascii")
