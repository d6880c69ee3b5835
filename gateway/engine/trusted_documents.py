"""Trusted documents: what a request sent, an id or a text, to the text that is run."""

import hashlib
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from gateway.engine.preparation import Prepare
from gateway.engine.request import Request
from gateway.errors import (
    BadRequest,
    DocumentNotTrusted,
    OperationError,
    OperationUnresolved,
    PersistedQueryNotFound,
    PersistedQueryNotSupported,
)
from gateway.observability.logging import event

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")


class Document(NamedTuple):
    """What a request asks to run.

    Attributes:
        text: Its text.
        trusted: Whether it is a trusted document, letter by letter.
    """

    text: str
    trusted: bool


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
        self._texts = frozenset(self._text_by_id.values())

    def document(self, request: Request) -> Document:
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
            return Document(self._text(document_id), trusted=True)
        if document_id is not None and not self._fits(document_id, text):
            raise BadRequest("The text is not that of the document with the id beside it.")
        trusted = text in self._texts
        if not trusted:
            self._refuse_or_log(text)
        return Document(text, trusted)

    def problems(self, prepare: Prepare) -> Mapping[str, str]:
        """Why documents can never run, by their ids, for those that cannot."""
        problems = {key: _problem(prepare, text) for key, text in self._text_by_id.items()}
        return {key: problem for key, problem in problems.items() if problem is not None}

    def _text(self, document_id: str | None) -> str:
        if self._mode == "off":
            raise PersistedQueryNotSupported("PersistedQueryNotSupported")
        text = self._text_by_id.get(document_id) if document_id else None
        if text is None:
            raise PersistedQueryNotFound("PersistedQueryNotFound")
        return text

    def _fits(self, document_id: str, text: str) -> bool:
        if document_id in self._text_by_id:
            return text == self._text_by_id[document_id]
        found = _SHA256.fullmatch(document_id)
        return found is None or found[1].lower() == _sha256(text)

    def _refuse_or_log(self, text: str) -> None:
        match self._mode:
            case "enforce":
                raise DocumentNotTrusted(
                    "Only documents that are known here are run, by their ids."
                )
            case "log":
                event("document.untrusted", sha256=_sha256(text))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _problem(prepare: Prepare, text: str) -> str | None:
    try:
        prepare(text, None, {})
    except OperationUnresolved:  # it has several operations: who asks for it says which
        return None
    except OperationError as error:
        return str(error)
    return None
