import pytest

from gateway.engine.compiler.namespace import Namespace, TypeDispatch
from gateway.engine.compiler.response_objects import ResponseClassCache
from gateway.engine.resolvers import NeedsFallback


class Unreadable:
    """The marker of values that could not be decoded."""


@pytest.fixture
def namespace() -> Namespace:
    return Namespace(Unreadable, ResponseClassCache())


def test_a_class_has_its_function():
    assert TypeDispatch({int: "number"})[int] == "number"


@pytest.mark.parametrize("class_", [bool, str, type(None)])
def test_a_class_without_a_function_needs_the_fallback(class_):
    """A subclass, too."""
    with pytest.raises(NeedsFallback):
        TypeDispatch({int: "number"})[class_]


def test_a_taken_name_gets_a_number(namespace):
    names = [namespace.add("Book", value) for value in (1, 2, 3)]
    assert names == ["Book", "Book_2", "Book_3"]
    assert [namespace.values[name] for name in names] == [1, 2, 3]


@pytest.mark.parametrize("name", ["class", "record", "v"])
def test_keywords_and_variables_are_no_names_of_values(namespace, name):
    assert namespace.add(name, None) == f"{name}_2"


def test_objects_with_equal_keys_share_a_response_class(namespace):
    names = [
        namespace.response_class_name(("id", "title"), "Book"),
        namespace.response_class_name(("id", "title"), "Disc"),
        namespace.response_class_name(("title", "id"), "Book"),
    ]
    assert names == ["Book_object", "Book_object", "Book_object_2"]
    assert namespace.response_class_count == 2
