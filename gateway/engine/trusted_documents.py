"""Trusted documents (a persisted-query safelist): resolves a request's id or text to the text to run."""

import hashlib
import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from gateway.engine.preparation import Preparer
from gateway.engine.request import Request
from gateway.errors import (
    BadRequest,
    DocumentNotTrusted,
    OperationError,
    PersistedQueryNotFound,
    PersistedQueryNotSupported,
    UnknownOperation,
)
from gateway.observability.logging import log_info

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")


class Document(Struct, frozen=True):
    """The document that a request runs.

    Attributes:
        text: The text.
        is_trusted: Whether the text equals that of a trusted document, character by character.
    """

    text: str
    is_trusted: bool


class TrustedDocuments:
    """The trusted documents of a manifest, fixed at start: callers cannot register documents."""

    def __init__(
        self, mode: Literal["off", "log", "enforce"], text_by_id: Mapping[str, str]
    ) -> None:
        """Trust these documents.

        Args:
            mode: The treatment of other documents. `off`: any text runs, and documents have no ids. `log`:
                any text runs, and a log event records it. `enforce`: other texts are rejected.
            text_by_id: The documents. Ids are compared as strings; an id need not be a hash.
        """
        self._mode = mode
        self._text_by_id = text_by_id if mode != "off" else {}
        self._trusted_texts = frozenset(self._text_by_id.values())

    def resolve(self, request: Request) -> Document:
        """The document that a request names by its id, by its text, or by both.

        With both, the text runs, and it must match the id. The id of a trusted document matches that
        document's text, character by character. An id that is a SHA-256 in hexadecimal digits, alone or after
        `sha256:`, matches the text with that hash. Any other id cannot be checked and is ignored.

        Raises:
            BadRequest: The text does not match the id.
            PersistedQueryNotSupported: Only an id was sent, and the mode is `off`.
            PersistedQueryNotFound: Only an id was sent, and no trusted document has it.
            DocumentNotTrusted: The text is not that of a trusted document, and the mode is `enforce`.
        """
        text, document_id = request.query, request.document_id
        if text is None:
            return Document(self._text_for_id(document_id), is_trusted=True)
        if document_id is not None and not self._id_matches_text(document_id, text):
            raise BadRequest("`query` does not match the document with this id.")
        is_trusted = text in self._trusted_texts
        if not is_trusted:
            self._reject_or_log(text)
        return Document(text, is_trusted)

    def validate_all(self, preparer: Preparer) -> Mapping[str, str]:
        """The trusted documents that can never run: by id, the message of the error."""
        problems = {key: _find_problem(preparer, text) for key, text in self._text_by_id.items()}
        return {key: problem for key, problem in problems.items() if problem is not None}

    def _text_for_id(self, document_id: str | None) -> str:
        if self._mode == "off":
            raise PersistedQueryNotSupported("PersistedQueryNotSupported")
        text = self._text_by_id.get(document_id) if document_id else None
        if text is None:
            raise PersistedQueryNotFound("PersistedQueryNotFound")
        return text

    def _id_matches_text(self, document_id: str, text: str) -> bool:
        if document_id in self._text_by_id:
            return text == self._text_by_id[document_id]
        sha256_match = _SHA256.fullmatch(document_id)
        return sha256_match is None or sha256_match[1].lower() == sha256_of(text)

    def _reject_or_log(self, text: str) -> None:
        match self._mode:
            case "enforce":
                raise DocumentNotTrusted("Only trusted documents are accepted: send a document id.")
            case "log":
                log_info("document.untrusted", sha256=sha256_of(text))


def sha256_of(text: str) -> str:
    """The hash of a document's text, as manifests and persisted queries have it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _find_problem(preparer: Preparer, text: str) -> str | None:
    try:
        preparer.prepare_now(text, None, {})
    except UnknownOperation:  # several operations: the request names one by `operationName`
        return None
    except OperationError as error:
        return str(error)
    return None
