from typing import Annotated, ClassVar, Optional

from msgspec import Meta, Struct

from gateway.engine.compiler.declared_types import (
    constants_of,
    narrow_to_text,
    record_type_in,
    replace_record,
    union_members,
)


class Inner(Struct):
    word: ClassVar[str] = "inner"


class Outer(Inner):
    other: ClassVar[int]
    size: ClassVar[int] = 5


class Lean(Struct):
    pass


def test_the_options_of_a_type_are_the_members_of_its_union():
    assert union_members(int | None) == (int, type(None))
    assert union_members(Optional[int]) == (int, type(None))  # noqa: UP045 - another class of union
    assert union_members(list[int | None]) == (list[int | None],)


def test_the_record_in_a_type_is_found_by_itself_and_in_a_list():
    assert record_type_in(Inner | None) is Inner
    assert record_type_in(list[Inner] | None) is Inner
    assert record_type_in(Inner | list[Inner]) is Inner
    assert record_type_in(Inner | Lean) is None
    assert record_type_in(list[int] | str) is None


def test_a_record_is_replaced_wherever_it_stands():
    assert replace_record(Inner | None, Inner, Lean) == Lean | None
    assert replace_record(list[Inner | None], Inner, Lean) == list[Lean | None]
    assert replace_record(int, Inner, Lean) is int


def test_a_text_that_may_be_a_number_is_narrowed_to_a_text():
    assert narrow_to_text(int | float | str) is str
    assert narrow_to_text(int | str | None) == str | None
    assert narrow_to_text(int | None) == int | None
    assert narrow_to_text(Annotated[str, Meta(min_length=1)]) == Annotated[str, Meta(min_length=1)]


def test_constants_are_those_that_have_a_value():
    assert constants_of(Outer) == {"word": "inner", "size": 5}
