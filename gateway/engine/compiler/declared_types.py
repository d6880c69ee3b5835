"""Declared types: the types of a record's attributes, and those of the Structs that are derived from it."""

from collections.abc import Callable
from functools import reduce
from operator import or_
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

from msgspec import Struct

_NUMBERS = (int, float)


def constants_of(record: type[Struct]) -> dict[str, Any]:
    """The constant attributes (`ClassVar`) of a record class, by name."""
    return {
        name: getattr(record, name)
        for base in record.__mro__
        for name, annotation in getattr(base, "__annotations__", {}).items()
        if get_origin(annotation) is ClassVar and hasattr(record, name)
    }


def union_members(declared: Any) -> tuple[Any, ...]:
    """The members of a declared union; any other type is its only member."""
    return get_args(declared) if get_origin(declared) in {Union, UnionType} else (declared,)


def record_type_in(declared: Any) -> type[Struct] | None:
    """The record class in a declared type, directly or in a list; None where that has none or several."""
    candidates = [
        get_args(each)[0] if get_origin(each) is list else each for each in union_members(declared)
    ]
    records = {each for each in candidates if isinstance(each, type) and issubclass(each, Struct)}
    return records.pop() if len(records) == 1 else None


def replace_record(declared: Any, record: type[Struct], struct: type[Struct]) -> Any:
    """A declared type with its record class replaced by another Struct."""

    def substitute(option: Any) -> Any:
        if get_origin(option) is list:
            return list[replace_record(get_args(option)[0], record, struct)]  # type: ignore[misc]
        return struct if option is record else option

    return reduce(or_, map(substitute, union_members(declared)))


def narrow_to_text(declared: Any) -> Any:
    """Narrow a declared text, in whose place numbers are accepted, to `str`: it is the response unchanged.

    A declared list of such texts is narrowed likewise.
    """
    members = union_members(declared)
    if any(map(_is_text, members)) and int in members:
        return reduce(or_, [each for each in members if each not in _NUMBERS])
    return reduce(or_, [_replace_element(each, narrow_to_text) for each in members])


def widen_to_whole_number(declared: Any) -> Any:
    """Widen a narrowed text, or list of texts, so that it accepts whole numbers in place of texts."""
    members = union_members(declared)
    if any(map(_is_text, members)):
        return int | declared
    return reduce(or_, [_replace_element(each, widen_to_whole_number) for each in members])


def is_list_of_texts(declared: Any) -> bool:
    """Whether a declared type is a list whose elements are all texts, or null."""
    lists = [_strip_annotation(each) for each in union_members(declared) if each is not NoneType]
    return [get_origin(each) for each in lists] == [list] and _is_text(get_args(lists[0])[0])


def _replace_element(declared: Any, replace: Callable[[Any], Any]) -> Any:
    """A declared list with its type of elements replaced; any other type unchanged."""
    list_type = _strip_annotation(declared)
    if get_origin(list_type) is not list:
        return declared
    (element,) = get_args(list_type)
    replaced = GenericAlias(list, (replace(element),))
    return replaced if list_type is declared else Annotated[replaced, *declared.__metadata__]


def _is_text(declared: Any) -> bool:
    return _strip_annotation(declared) is str


def _strip_annotation(declared: Any) -> Any:
    return get_args(declared)[0] if get_origin(declared) is Annotated else declared
