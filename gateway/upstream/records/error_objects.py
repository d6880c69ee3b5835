"""Error objects, in the two forms that a response may have instead of the requested data. Pure."""

import re
from typing import NamedTuple

from msgspec import Raw, json

from gateway.upstream.records.activities import Record
from gateway.upstream.records.field_types import UNDECODABLE

_NULL = b"null"
_NO_ERROR_VALUES = {_NULL, b"false", b'""'}

_NO_ITEMS = re.compile(rb"null|\[\s*\]")

_MAX_BYTES = 16_384
"""An error object that is the whole response is not longer: longer responses avoid a second search."""


class ErrorObject(NamedTuple):
    """The upstream's error object, which may have any status, 200 included."""

    code: int | None


class ErrorEnvelope(Record, frozen=True):
    """The keys that decide whether a response is an error: one under `error`, or as the whole response."""

    error: Raw = Raw(_NULL)
    message: Raw = Raw(_NULL)
    status_code: Raw = Raw(_NULL)
    fields: Raw = Raw(_NULL)
    id: Raw = Raw(_NULL)
    items: Raw = Raw(_NULL)

    def extract_error(self) -> ErrorObject | None:
        """The error, or None. Its code is the one under `error`, if there is one."""
        top_level_code = self._top_level_code()
        if bytes(self.error) in _NO_ERROR_VALUES:
            return None if top_level_code is None else ErrorObject(top_level_code)
        try:
            inside = json.decode(self.error, type=_ErrorCode, strict=False)
            code = inside.status_code if inside.code is None else inside.code
        except UNDECODABLE:
            code = None
        return ErrorObject(top_level_code if code is None else code)

    def _top_level_code(self) -> int | None:
        """The status beside a message or a list of fields, if it is that of a failure.

        Resources may have a message as well, but they have an id, and lists have items. Nor is a response an
        error that has `"statusCode": 200` before the requested data.
        """
        has_error_details = bytes(self.message).startswith(b'"') or bytes(self.fields).startswith(
            b"["
        )
        has_content = bytes(self.id) != _NULL or not _NO_ITEMS.fullmatch(self.items)
        if has_content or not has_error_details:
            return None
        try:
            code = json.decode(self.status_code, type=int, strict=False)
        except UNDECODABLE:
            return None
        return code if 400 <= code < 600 else None


def may_contain_error(body: bytes) -> bool:
    """Whether the keys of a response have to be examined for an error."""
    # The search for the mere word is several times as fast: quotes are frequent.
    has_error_key = b"error" in body and b'"error"' in body
    return has_error_key or (len(body) <= _MAX_BYTES and b'"statusCode"' in body)


class _ErrorCode(Record, frozen=True):
    """The code of an error object, under either of its keys."""

    code: int | None = None
    status_code: int | None = None
