import pytest

from gateway.operations.fields import NotPlain
from gateway.operations.plan.parts import Kinds, Part, Where


def test_a_class_has_its_function():
    assert Kinds({int: "number"})[int] == "number"


@pytest.mark.parametrize("kind", [bool, str, type(None)])
def test_a_value_of_no_such_class_is_not_plain(kind):
    """Nor is one of a class inside one: types are told by the class itself."""
    with pytest.raises(NotPlain):
        Kinds({int: "number"})[kind]


def test_parts_differ_even_where_they_hold_the_same():
    """What is shown is remembered by part."""
    assert len({Part(()), Part(())}) == 2


def test_a_part_depends_on_its_place_until_it_is_known_not_to():
    assert Part(()).is_open


def test_places_where_the_same_is_known_are_the_same():
    """Functions are found by them."""
    assert len({Where(), Where(None, None, None)}) == 1
