"""What records are declared with: the types of fields, and what the functions of a record say and raise."""

from collections.abc import Callable
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from msgspec import Meta, MsgspecError

_F = TypeVar("_F", bound=Callable[..., Any])
_T = TypeVar("_T")

Id = int | Annotated[str, Meta(min_length=1)]
"""Documented as text of up to 16 digits; may arrive as a number. Exact at any size, never blank."""

Text = int | float | str
"""Documented as text; a number in its place is shown as text."""

Link = Annotated[str, Meta(title="Link")]
"""The address of a resource."""

StrictText = Annotated[str, Meta(title="Prose")]
"""A text that neither a number nor an object stands for."""

NonEmptyText = int | float | Annotated[str, Meta(min_length=1)]
"""A date, an id or a name in no form that is known: a text that is never blank."""

BoundedList = Annotated[list[_T], Meta(max_length=1_000)]
"""A list in a record. Nobody has so many of anything, and each may become an error."""

Count = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
"""A number that GraphQL's Int can carry."""

UNDECODABLE = (MsgspecError, RecursionError, UnicodeError)
"""What msgspec raises over bytes that are not what was declared; two of the three are not its own."""


class EmptyObject(ValueError):
    """An object says nothing: it stands for null. Raised by the record's own check."""


def union_members(declared: Any) -> tuple[Any, ...]:
    """The members of a declared union; a type that is none is its only member."""
    return get_args(declared) if get_origin(declared) in {Union, UnionType} else (declared,)


def depends_on(*sources: str) -> Callable[[_F], _F]:
    """Says which fields of a record a property or check reads, for those who decode only a few."""

    def declare(function: _F) -> _F:
        function.sources = sources  # type: ignore[attr-defined]
        return function

    return declare
