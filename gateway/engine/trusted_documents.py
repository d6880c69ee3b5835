"""Trusted documents: what a request sent, an id or a text, to the text that is run."""

import hashlib
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

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


class Document(NamedTuple):
    """What a request asks to run.

    Attributes:
        text: Its text.
        is_trusted: Whether it is a trusted document, letter by letter.
    """

    text: str
    is_trusted: bool


class TrustedDocuments:
    """The documents of a manifest. They stay what they are: nothing that a caller sends is added."""

    def __init__(
        self, mode: Literal["off", "log", "enforce"], text_by_id: Mapping[str, str]
    ) -> None:
        """Trust these documents.

        Args:
            mode: What becomes of others. `off`: any text is run, and documents have no ids. `log`: any
                text is run, and an event tells of it. `enforce`: other texts are refused.
            text_by_id: The documents. An id is matched as it is written; it need not be a hash.
        """
        self._mode = mode
        self._text_by_id = text_by_id if mode != "off" else {}
        self._trusted_texts = frozenset(self._text_by_id.values())

    def resolve(self, request: Request) -> Document:
        """The document that a request asks for by an id, by its text, or by both.

        Of both, the text is what is run, and it must be the one that the id stands for. Where the id is
        a trusted document's, that is the document's text, letter by letter. Where it is a SHA-256 in
        hexadecimal digits, alone or after `sha256:`, it is the text with that hash. Any other id says
        nothing of a text that could be checked, and is ignored beside one.

        Raises:
            BadRequest: The text is not the one that the id stands for.
            PersistedQueryNotSupported: There is but an id, and documents have none.
            PersistedQueryNotFound: There is but an id, and it is no trusted document's.
            DocumentNotTrusted: The text is no trusted document's, and no other is run.
        """
        text, document_id = request.query, request.document_id
        if text is None:
            return Document(self._text_for_id(document_id), is_trusted=True)
        if document_id is not None and not self._id_matches_text(document_id, text):
            raise BadRequest("The text is not that of the document with the id beside it.")
        is_trusted = text in self._trusted_texts
        if not is_trusted:
            self._reject_or_log(text)
        return Document(text, is_trusted)

    def validate_all(self, prepare: Preparer) -> Mapping[str, str]:
        """Why documents can never run, by their ids, for those that cannot."""
        problems = {key: _find_problem(prepare, text) for key, text in self._text_by_id.items()}
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
        return sha256_match is None or sha256_match[1].lower() == _sha256(text)

    def _reject_or_log(self, text: str) -> None:
        match self._mode:
            case "enforce":
                raise DocumentNotTrusted(
                    "Only documents that are known here are run, by their ids."
                )
            case "log":
                log_info("document.untrusted", sha256=_sha256(text))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _find_problem(prepare: Preparer, text: str) -> str | None:
    try:
        prepare(text, None, {})
    except UnknownOperation:  # it has several operations: who asks for it says which
        return None
    except OperationError as error:
        return str(error)
    return None
