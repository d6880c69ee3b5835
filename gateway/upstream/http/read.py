"""Read: a request for upstream data, with its caller, the key of equal reads, and the tags of its subject."""

import re
from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Generic, TypeVar
from urllib.parse import quote_plus

from msgspec import Struct

from gateway.errors import InvalidUpstreamResponse
from gateway.observability.event_loop import CooperativeSteps
from gateway.upstream.credentials import Caller
from gateway.upstream.records import links
from gateway.upstream.records.survey import Deviation

_T = TypeVar("_T")

Survey = Callable[[bytes], CooperativeSteps[Collection[Deviation]]]
"""Finds what differs from the documentation in a body in UTF-8."""

_PLACEHOLDER = re.compile(r"\{\w+\}")
"""An id in a path template or a query parameter."""


class Read(Struct, Generic[_T], frozen=True):
    """One read of the upstream.

    Attributes:
        caller: The caller of the read.
        template: The path template, as logged and counted, without ids.
        target: The request target: path and query, percent-encoded.
        key: Key of equal reads, which contains the identity of the caller.
        cache_tags: Tags of the response's subject, after those of the resources that contain it, as far as
            they are known.
        decoder: Decodes the body, in UTF-8; raises `InvalidUpstreamResponse` where it cannot.
        survey: Surveys the body where it is sampled; None where it never is.
        is_cacheable: Whether the response may be cached for `entity_cache_seconds`.
        stale_keys: Keys of the reads whose last good response may stand in for a missing one; the read's own
            key is the first. Empty where no response is stored.
        none_if_not_found: Whether the content is None where the upstream does not know the subject.
        id_names: The names of the ids in the target.
        ids: These ids, which are never logged.
    """

    caller: Caller
    template: str
    target: str
    key: Hashable
    cache_tags: tuple[Hashable, ...]
    decoder: Callable[[bytes], CooperativeSteps[_T]]
    survey: Survey | None = None
    is_cacheable: bool = False
    stale_keys: tuple[Hashable, ...] = ()
    none_if_not_found: bool = False
    id_names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


class ReadTemplate(Generic[_T]):
    """The reads of one endpoint, prepared once: their target and tags are formats that take the ids."""

    def __init__(
        self,
        path: str,
        decoder: Callable[[bytes], CooperativeSteps[_T]],
        *,
        survey: Survey | None = None,
        query: Sequence[tuple[str, str]] = (),
        is_cacheable: bool = False,
        none_if_not_found: bool = False,
    ) -> None:
        """Prepare the reads.

        Args:
            path: The path, with the names of ids in braces. It is logged; ids are not.
            decoder: As in `Read`.
            survey: As in `Read`.
            query: The query parameters; a value is a text, or the name of an id in braces.
            is_cacheable: As in `Read`.
            none_if_not_found: As in `Read`.
        """
        self.path = path
        self._decoder = decoder
        self._survey = survey
        self._is_cacheable = is_cacheable
        self._none_if_not_found = none_if_not_found
        ends = [placeholder.end() for placeholder in _PLACEHOLDER.finditer(path)]
        self._path_id_count = len(ends)
        self._id_names = tuple(
            placeholder.strip("{}")
            for text in (path, *(value for _, value in query))
            for placeholder in _PLACEHOLDER.findall(text)
        )
        self._tag_formats = tuple(
            dict.fromkeys(_PLACEHOLDER.sub("{}", path[:end]) for end in (*ends, len(path)))
        )
        parameters = "&".join(
            f"{name}={'{}' if _PLACEHOLDER.fullmatch(value) else encode_parameter(value)}"
            for name, value in query
        )
        self._query_format = f"?{parameters}" if parameters else ""

    def fill(self, caller: Caller, ids: tuple[str, ...]) -> Read[_T]:
        """The read with these ids: those in the path, in their order, and those in the query.

        Raises:
            InvalidUpstreamResponse: An id in the path cannot be one; other ids are percent-encoded.
        """
        path_ids = ids[: self._path_id_count]
        if not all(map(links.is_id, path_ids)):
            raise InvalidUpstreamResponse("The upstream returned an invalid id.")
        tags = tuple([tag.format(*path_ids) for tag in self._tag_formats])
        target = tags[-1]
        if self._query_format:
            target += self._query_format.format(*map(encode_parameter, ids[self._path_id_count :]))
        return Read(
            caller,
            self.path,
            target,
            (caller.identity, target),
            tags if self._is_cacheable else tags[-1:],
            self._decoder,
            self._survey,
            self._is_cacheable,
            none_if_not_found=self._none_if_not_found,
            id_names=self._id_names,
            ids=ids,
        )


def encode_parameter(text: str) -> str:
    """A text as a value in a query; unchanged where no request can hold it, which the attempt refuses."""
    if text.isascii() and text.isalnum():
        return text
    try:
        return quote_plus(text)
    except UnicodeEncodeError:
        return text
