from typing import Annotated, Any

import pytest
from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLScalarType,
    GraphQLString,
)
from msgspec import Meta

from gateway.engine.compiler.leaf_values import (
    ComputedEnumNameCache,
    EnumNameCache,
    leaf_serializer,
    serializes_text_unchanged,
    serializes_unchanged,
)
from gateway.engine.resolvers import NeedsFallback
from tests.unit.engine.compiler.library import UNREADABLE, Count, Unreadable

LINK = GraphQLScalarType("Link", serialize=str)
SHOUT = GraphQLScalarType("Shout", serialize=lambda value: value.upper())
SILENT = GraphQLScalarType("Silent", serialize=lambda value: None)
KIND = GraphQLEnumType("Kind", {"BOOK": 1, "DISC": "round"})


def delivered(leaf: GraphQLLeafType, value: Any, *, nullable: bool = False) -> Any:
    deliver = leaf_serializer(leaf, nullable=nullable, unreadable=Unreadable)
    return deliver(value)


@pytest.mark.parametrize("leaf", [GraphQLString, GraphQLID, LINK], ids=str)
def test_each_text_is_delivered_as_it_is(leaf):
    assert serializes_text_unchanged(leaf)
    assert serializes_unchanged(leaf, str)
    assert serializes_unchanged(leaf, Annotated[str, Meta(min_length=1)])


@pytest.mark.parametrize("leaf", [SHOUT, KIND, GraphQLInt], ids=str)
def test_what_a_type_changes_is_no_text(leaf):
    assert not serializes_text_unchanged(leaf)
    assert not serializes_unchanged(leaf, str)


AS_THEY_ARE: dict[str, tuple[GraphQLLeafType, Any]] = {
    "a boolean": (GraphQLBoolean, bool),
    "a fraction": (GraphQLFloat, float),
    "a number with its bounds": (GraphQLInt, Count),
}


@pytest.mark.parametrize(("leaf", "declared"), AS_THEY_ARE.values(), ids=AS_THEY_ARE)
def test_what_is_declared_as_its_type_is_delivered_as_it_is(leaf, declared):
    assert serializes_unchanged(leaf, declared)


THROUGH_THEIR_TYPE: dict[str, tuple[GraphQLLeafType, Any]] = {
    "a number of any size": (GraphQLInt, int),
    "a whole number for a fraction": (GraphQLFloat, int),
    "a fraction for a whole number": (GraphQLInt, float),
    "a number for a text": (GraphQLString, int),
    "a number with its bounds, for a text": (GraphQLString, Count),
    "a number for a boolean": (GraphQLBoolean, int),
    "anything": (GraphQLString, Any),
}


@pytest.mark.parametrize(("leaf", "declared"), THROUGH_THEIR_TYPE.values(), ids=THROUGH_THEIR_TYPE)
def test_anything_else_goes_through_its_type(leaf, declared):
    assert not serializes_unchanged(leaf, declared)


DELIVERED: dict[str, tuple[GraphQLLeafType, Any, Any]] = {
    "a text": (GraphQLString, "A", "A"),
    "a number for a text": (GraphQLString, 5, "5"),
    "a number for an id": (GraphQLID, 2**70, str(2**70)),
    "a whole fraction for a number": (GraphQLInt, 5.0, 5),
    "what a type makes of it": (SHOUT, "a", "A"),
    "zero": (GraphQLInt, 0, 0),
    "false": (GraphQLBoolean, False, False),
    "a word": (KIND, 1, "BOOK"),
    "another word": (KIND, "round", "DISC"),
}


@pytest.mark.parametrize(("leaf", "value", "expected"), DELIVERED.values(), ids=DELIVERED)
@pytest.mark.parametrize("nullable", [False, True])
def test_a_value_is_delivered_as_its_type_says(leaf, value, expected, nullable):
    found = delivered(leaf, value, nullable=nullable)
    assert found == expected
    assert type(found) is type(expected)


REFUSED: dict[str, tuple[GraphQLLeafType, Any]] = {
    "an object for a text": (GraphQLString, {}),
    "a text for a number": (GraphQLInt, "five"),
    "too large a number": (GraphQLInt, 2**31),
    "what is no fraction": (GraphQLFloat, float("nan")),
    "an unknown word": (KIND, "square"),
    "what a type cannot take": (SHOUT, 5),
    "what a type makes nothing of": (SILENT, "x"),
    "something unreadable": (GraphQLString, UNREADABLE),
    "an unreadable word": (KIND, UNREADABLE),
    "something unreadable as a link": (LINK, UNREADABLE),
}


@pytest.mark.parametrize(("leaf", "value"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("nullable", [False, True])
def test_what_is_no_value_of_its_type_is_not_plain(leaf, value, nullable):
    with pytest.raises(NeedsFallback):
        delivered(leaf, value, nullable=nullable)


@pytest.mark.parametrize("leaf", [GraphQLString, KIND, SHOUT], ids=str)
def test_a_null_is_plain_where_it_is_allowed(leaf):
    assert delivered(leaf, None, nullable=True) is None
    with pytest.raises(NeedsFallback):
        delivered(leaf, None)


def test_a_word_is_asked_for_once():
    asked = []

    def deliver(value: Any) -> Any:
        asked.append(value)
        return str(value).upper()

    names = EnumNameCache(deliver)
    assert [names["a"], names("a"), names["b"]] == ["A", "A", "B"]
    assert asked == ["a", "b"]


def test_an_unknown_word_is_not_remembered():
    def deliver(value: Any) -> Any:
        raise NeedsFallback

    names = EnumNameCache(deliver)
    for _ in range(2):
        with pytest.raises(NeedsFallback):
            names("a")
    assert not names


def names_by_word(asked: list[object]) -> ComputedEnumNameCache:
    """Names of the enum's values that a property computes of the attribute `word`."""

    def compute(record: Any) -> Any:
        asked.append(record.word)
        return None if record.word is None else f"<{record.word}>"

    def serialize(value: Any) -> Any:
        if value == "<broken>":
            raise NeedsFallback
        return value and value.upper()

    return ComputedEnumNameCache("word", compute, serialize)


def test_a_name_is_computed_once_of_the_attribute_that_decides_it():
    asked: list[object] = []
    names = names_by_word(asked)
    assert [names[word] for word in ("a", None, "a", None)] == ["<A>", None, "<A>", None]
    assert asked == ["a", None]


def test_a_name_that_needs_the_fallback_is_computed_each_time():
    asked: list[object] = []
    names = names_by_word(asked)
    for _ in range(2):
        with pytest.raises(NeedsFallback):
            names["broken"]
    assert asked == ["broken", "broken"]


def test_of_any_number_of_words_few_are_remembered():
    names = names_by_word([])
    assert [names[str(word)] for word in range(1_500)] == [f"<{word}>" for word in range(1_500)]
    assert len(names) == 100


def test_no_long_word_is_remembered():
    names = names_by_word([])
    assert names["a" * 65] == f"<{'A' * 65}>"
    assert not names
    assert names["a" * 64] == f"<{'A' * 64}>"
    assert len(names) == 1
