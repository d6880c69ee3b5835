"""Read: what is asked of the upstream and for whom, when two reads are equal, and what they are about."""

import re
from collections.abc import Callable, Hashable, Mapping
from typing import NamedTuple, Self

from gateway.observability.event_loop import CooperativeSteps
from gateway.upstream.credentials import Caller

_ID_PLACEHOLDER = re.compile(r"\{\w+\}")
"""An id in the template of a path."""


class ParameterRoles(NamedTuple):
    """What some of the query parameters of a path are there for.

    Attributes:
        subject_parameter: The one that says of whom the answer is.
        filter_parameter: The one without which an answer holds the same, and more.
        sort_parameter: The one that changes nothing but the order: reads are equal without it.
    """

    subject_parameter: str
    filter_parameter: str
    sort_parameter: str


class Read(NamedTuple):
    """What is read.

    Attributes:
        caller: For whom.
        template: The path as it is logged and counted, without ids.
        path: The path.
        query: The query parameters.
        query_key: Those of them that make a difference to what the answer holds.
        cache_tags: What the answer is about; before it, what that is part of, as far as it is known.
        decoder: What to make of the body.
    """

    caller: Caller
    template: str
    path: str
    query: Mapping[str, str]
    query_key: tuple[tuple[str, str], ...]
    cache_tags: tuple[Hashable, ...]
    decoder: Callable[[bytes], CooperativeSteps[object]]

    @classmethod
    def of_list(
        cls,
        caller: Caller,
        path: str,
        decoder: Callable[[bytes], CooperativeSteps[object]],
        query: Mapping[str, str],
        roles: ParameterRoles,
    ) -> Self:
        """A read whose path has no ids: its query says what it is about."""
        query_key = tuple(each for each in query.items() if each[0] != roles.sort_parameter)
        return cls(
            caller, path, path, query, query_key, ((path, query[roles.subject_parameter]),), decoder
        )

    @property
    def key(self) -> Hashable:
        """What makes the answer this caller's own."""
        return self.caller.identity, self.path, self.query_key

    def without(self, parameter: str) -> Self:
        """The read that asks the same, but for a parameter."""
        query_key = tuple(each for each in self.query_key if each[0] != parameter)
        return self._replace(query_key=query_key)


def resource_paths(template: str, ids: Mapping[str, str]) -> tuple[str, ...]:
    """The paths of the things that a path leads through, each to its id, and at last the path itself."""
    ends = [
        *[placeholder.end() for placeholder in _ID_PLACEHOLDER.finditer(template)],
        len(template),
    ]
    return tuple(dict.fromkeys(template[:end].format_map(ids) for end in ends))
