"""Read: what is asked of the upstream and for whom, when two reads are equal, and what they are about."""

import re
from collections.abc import Callable, Hashable, Mapping
from typing import NamedTuple, Self

from gateway.observability.event_loop import Steps
from gateway.upstream.credentials import Caller

_ID = re.compile(r"\{\w+\}")
"""An id in the template of a path."""


class Meaning(NamedTuple):
    """What some of the query parameters of a path are there for.

    Attributes:
        about: The one that says of whom the answer is.
        narrowed_by: The one without which an answer holds the same, and more.
        ordered_by: The one that changes nothing but the order: reads are equal without it.
    """

    about: str
    narrowed_by: str
    ordered_by: str


class Read(NamedTuple):
    """What is read.

    Attributes:
        caller: For whom.
        template: The path as it is logged and counted, without ids.
        path: The path.
        query: The query parameters.
        question: Those of them that make a difference to what the answer holds.
        things: What the answer is about; before it, what that is part of, as far as it is known.
        decoded: What to make of the body.
    """

    caller: Caller
    template: str
    path: str
    query: Mapping[str, str]
    question: tuple[tuple[str, str], ...]
    things: tuple[Hashable, ...]
    decoded: Callable[[bytes], Steps[object]]

    @classmethod
    def of_list(
        cls,
        caller: Caller,
        path: str,
        decoded: Callable[[bytes], Steps[object]],
        query: Mapping[str, str],
        meaning: Meaning,
    ) -> Self:
        """A read whose path has no ids: its query says what it is about."""
        question = tuple(each for each in query.items() if each[0] != meaning.ordered_by)
        return cls(caller, path, path, query, question, ((path, query[meaning.about]),), decoded)

    @property
    def key(self) -> Hashable:
        """What makes the answer this caller's own."""
        return self.caller.identity, self.path, self.question

    def without(self, parameter: str) -> Self:
        """The read that asks the same, but for a parameter."""
        question = tuple(each for each in self.question if each[0] != parameter)
        return self._replace(question=question)


def things(template: str, ids: Mapping[str, str]) -> tuple[str, ...]:
    """The paths of the things that a path leads through, each to its id, and at last the path itself."""
    ends = [*[found.end() for found in _ID.finditer(template)], len(template)]
    return tuple(dict.fromkeys(template[:end].format_map(ids) for end in ends))
