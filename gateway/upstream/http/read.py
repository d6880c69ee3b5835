"""Read: a request for upstream data, with its caller, the key of equal reads, and the tags of its subject."""

import re
from collections.abc import Callable, Hashable, Mapping
from typing import NamedTuple, Self

from gateway.observability.event_loop import CooperativeSteps
from gateway.upstream.credentials import Caller

_ID_PLACEHOLDER = re.compile(r"\{\w+\}")
"""An id in a path template."""


class ParameterRoles(NamedTuple):
    """Roles of some query parameters of a path.

    Attributes:
        subject_parameter: The parameter that identifies the subject of the response.
        filter_parameter: The parameter without which a response contains the same, and more.
        sort_parameter: The parameter that affects only the order: reads are equal without it.
    """

    subject_parameter: str
    filter_parameter: str
    sort_parameter: str


class Read(NamedTuple):
    """One read of the upstream.

    Attributes:
        caller: The caller of the read.
        template: The path template, as logged and counted, without ids.
        path: The path.
        query: The query parameters.
        query_key: The query parameters that affect the content of the response.
        cache_tags: Tags of the response's subject, after those of the resources that contain it, as far as
            they are known.
        decoder: Decodes the body.
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
        """A read whose path has no ids: a query parameter identifies its subject."""
        query_key = tuple(each for each in query.items() if each[0] != roles.sort_parameter)
        return cls(
            caller, path, path, query, query_key, ((path, query[roles.subject_parameter]),), decoder
        )

    @property
    def key(self) -> Hashable:
        """Key of equal reads, which contains the identity of the caller."""
        return self.caller.identity, self.path, self.query_key

    def without(self, parameter: str) -> Self:
        """The read without a parameter in its key."""
        query_key = tuple(each for each in self.query_key if each[0] != parameter)
        return self._replace(query_key=query_key)


def resource_paths(template: str, ids: Mapping[str, str]) -> tuple[str, ...]:
    """The paths of the resources along a path, each up to its id, and finally the path itself."""
    ends = [
        *[placeholder.end() for placeholder in _ID_PLACEHOLDER.finditer(template)],
        len(template),
    ]
    return tuple(dict.fromkeys(template[:end].format_map(ids) for end in ends))
