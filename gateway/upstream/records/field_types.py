"""Field types: the declared types of record fields, and what a record's properties and checks depend on."""

from collections.abc import Callable
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from msgspec import Meta, MsgspecError

_F = TypeVar("_F", bound=Callable[..., Any])
_T = TypeVar("_T")

Id = int | Annotated[str, Meta(min_length=1)]
"""An id: documented as text of up to 16 digits; may arrive as a number. Exact at any size, never blank."""

Text = int | float | str
"""A text, documented as such; a number in its place is returned as text."""

Word = Annotated[str, Meta(min_length=1, title="Word")]
"""A word that stands for a member of an enum, as sent; see `MemberByWord`."""

Link = Annotated[str, Meta(title="Link")]
"""The URL of a resource."""

StrictText = Annotated[str, Meta(title="StrictText")]
"""A text for which neither a number nor an object is accepted."""

NonEmptyText = int | float | Annotated[str, Meta(min_length=1)]
"""A date, an id or a name in no known form: a text that is never blank."""

BoundedList = Annotated[list[_T], Meta(max_length=1_000)]
"""A list in a record. No plausible list is longer, and each element may become an error."""

Count = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
"""A number in the range of GraphQL's Int."""

UNDECODABLE = (MsgspecError, RecursionError, UnicodeError)
"""Exceptions of decoding bytes that do not fit the declaration; two of the three are not msgspec's own."""


class EmptyObject(ValueError):
    """An object without content, which stands for null. Raised by the record's own check."""


def union_members(declared: Any) -> tuple[Any, ...]:
    """The members of a declared union; any other type is its only member."""
    return get_args(declared) if get_origin(declared) in {Union, UnionType} else (declared,)


def depends_on(*dependencies: str) -> Callable[[_F], _F]:
    """Declare which fields of a record a property or check reads, for projections of a few fields."""

    def declare(function: _F) -> _F:
        function.dependencies = dependencies  # type: ignore[attr-defined]
        return function

    return declare
