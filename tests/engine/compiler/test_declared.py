from typing import Annotated, ClassVar, Optional

from msgspec import Meta, Struct

from gateway.engine.compiler.projection import (
    constants_of,
    narrowed,
    options,
    record_in,
    replaced_in,
)


class Inner(Struct):
    word: ClassVar[str] = "inner"


class Outer(Inner):
    other: ClassVar[int]
    size: ClassVar[int] = 5


class Lean(Struct):
    pass


def test_the_options_of_a_type_are_the_members_of_its_union():
    assert options(int | None) == (int, type(None))
    assert options(Optional[int]) == (int, type(None))  # noqa: UP045 - another class of union
    assert options(list[int | None]) == (list[int | None],)


def test_the_record_in_a_type_is_found_by_itself_and_in_a_list():
    assert record_in(Inner | None) is Inner
    assert record_in(list[Inner] | None) is Inner
    assert record_in(Inner | list[Inner]) is Inner
    assert record_in(Inner | Lean) is None
    assert record_in(list[int] | str) is None


def test_a_record_is_replaced_wherever_it_stands():
    assert replaced_in(Inner | None, Inner, Lean) == Lean | None
    assert replaced_in(list[Inner | None], Inner, Lean) == list[Lean | None]
    assert replaced_in(int, Inner, Lean) is int


def test_a_text_that_may_be_a_number_is_narrowed_to_a_text():
    assert narrowed(int | float | str) is str
    assert narrowed(int | str | None) == str | None
    assert narrowed(int | None) == int | None
    assert narrowed(Annotated[str, Meta(min_length=1)]) == Annotated[str, Meta(min_length=1)]


def test_constants_are_those_that_have_a_value():
    assert constants_of(Outer) == {"word": "inner", "size": 5}
