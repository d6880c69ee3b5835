"""Declared types of records: what they may hold, and the narrower ones that lean Structs have instead."""

from functools import reduce
from operator import or_
from types import NoneType, UnionType
from typing import Any, ClassVar, Union, get_args, get_origin

from msgspec import Struct


def constants_of(record: type[Struct]) -> dict[str, Any]:
    """The attributes that are the same for all records of a class."""
    return {
        name: getattr(record, name)
        for base in record.__mro__
        for name, annotation in getattr(base, "__annotations__", {}).items()
        if get_origin(annotation) is ClassVar and hasattr(record, name)
    }


def options(declared: Any) -> tuple[Any, ...]:
    """The members of a declared union; a type that is none is its only member."""
    return get_args(declared) if get_origin(declared) in {Union, UnionType} else (declared,)


def record_in(declared: Any) -> type[Struct] | None:
    """The record that a declared type holds, by itself or in a list; None where it may be one of several."""
    held = [get_args(each)[0] if get_origin(each) is list else each for each in options(declared)]
    records = {each for each in held if isinstance(each, type) and issubclass(each, Struct)}
    return records.pop() if len(records) == 1 else None


def replaced_in(declared: Any, record: type[Struct], struct: type[Struct]) -> Any:
    """A declared type with another Struct in the place of the record that it holds."""

    def replaced(option: Any) -> Any:
        if get_origin(option) is list:
            return list[replaced_in(get_args(option)[0], record, struct)]  # type: ignore[misc]
        return struct if option is record else option

    return reduce(or_, map(replaced, options(declared)))


def narrowed(declared: Any) -> Any:
    """A text that may be a number is one seldom enough to be left to the whole record."""
    if str not in options(declared):
        return declared
    return str | None if NoneType in options(declared) else str
