"""Trusted documents (a persisted-query safelist): resolves a request's id or text to the text to run."""

import hashlib
import re
from collections.abc import Mapping
from functools import partial
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


class UnusableDocuments(Exception):
    """Trusted documents that can never run.

    Attributes:
        code_by_id: The code of each document's error, by the id of the document.
    """

    def __init__(self, code_by_id: Mapping[str, str]) -> None:
        super().__init__(f"{len(code_by_id)} documents can never run")
        self.code_by_id = code_by_id


class _DocumentSet(Struct, frozen=True):
    """The documents that are trusted at one time.

    Attributes:
        text_by_id: The documents, by their ids.
        texts: The documents.
    """

    text_by_id: Mapping[str, str]
    texts: frozenset[str]


class TrustedDocuments:
    """The trusted documents of a manifest, which only another manifest replaces: callers cannot register any."""

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
        self._current = _document_set(text_by_id if mode != "off" else {})

    def __len__(self) -> int:
        """How many documents are trusted, by their ids."""
        return len(self._current.text_by_id)

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
        is_trusted = text in self._current.texts
        if not is_trusted:
            self._reject_or_log(text)
        return Document(text, is_trusted)

    def validate_all(self, preparer: Preparer) -> Mapping[str, str]:
        """The trusted documents that can never run: by id, the message of the error."""
        problems = {
            key: _find_problem(preparer, text) for key, text in self._current.text_by_id.items()
        }
        return {key: problem for key, problem in problems.items() if problem is not None}

    async def replace(self, text_by_id: Mapping[str, str], preparer: Preparer) -> bool:
        """Trust these documents instead, all at once, as soon as the new ones are prepared.

        They are prepared by the schedule of requests, one by one. Requests under way keep the documents that
        they began with. What is cached of documents that are not trusted any more is dropped.

        Returns:
            Whether these documents differ from those before.

        Raises:
            UnusableDocuments: Some can never run, and nothing has changed.
        """
        before, after = self._current, _document_set(text_by_id)
        if after.text_by_id == before.text_by_id:
            return False
        code_by_id = {}
        for key, text in text_by_id.items():
            if text not in before.texts:
                code = await preparer.scheduler.run(partial(_prepare, preparer, text))
                if code is not None:
                    code_by_id[key] = code
        if not code_by_id:
            self._current = after
        unused = (before.texts | after.texts) - self._current.texts
        # After the preparations of requests that arrived before: none of them caches a dropped document again.
        await preparer.scheduler.run(partial(preparer.discard, unused))
        if code_by_id:
            raise UnusableDocuments(code_by_id)
        return True

    def _text_for_id(self, document_id: str | None) -> str:
        if self._mode == "off":
            raise PersistedQueryNotSupported("PersistedQueryNotSupported")
        text = self._current.text_by_id.get(document_id) if document_id else None
        if text is None:
            raise PersistedQueryNotFound("PersistedQueryNotFound")
        return text

    def _id_matches_text(self, document_id: str, text: str) -> bool:
        text_by_id = self._current.text_by_id
        if document_id in text_by_id:
            return text == text_by_id[document_id]
        sha256_match = _SHA256.fullmatch(document_id)
        return sha256_match is None or sha256_match[1].lower() == sha256_of(text)

    def _reject_or_log(self, text: str) -> None:
        match self._mode:
            case "enforce":
                raise DocumentNotTrusted("Only trusted documents are accepted: send a document id.")
            case "log":
                log_info("document.untrusted", sha256=sha256_of(text))


def _document_set(text_by_id: Mapping[str, str]) -> _DocumentSet:
    return _DocumentSet(text_by_id, frozenset(text_by_id.values()))


def _prepare(preparer: Preparer, text: str) -> str | None:
    """Prepare a document for its requests; returns the code of the error of one that can never run."""
    try:
        preparer.prepare_document(text)
    except OperationError as error:
        return error.code
    return None


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
