import msgspec
import pytest
from msgspec import json

from gateway.upstream.records.field_types import (
    BoundedList,
    Count,
    EmptyObject,
    Id,
    NonEmptyText,
    Text,
    depends_on,
)


def fits(value: object, declared: object) -> bool:
    """Whether a value is decoded as a declared type, as it is."""
    try:
        return bool(json.decode(json.encode(value), type=declared) == value)
    except msgspec.ValidationError:
        return False


@pytest.mark.parametrize(
    ("value", "fitting"),
    [
        ("", "Text"),
        (" ", "Text Stated Id"),
        ("7", "Text Stated Id"),
        (7, "Text Stated Id Count"),
        (1.5, "Text Stated"),
        (2**31, "Text Stated Id"),
        (10**30, "Text Stated Id"),
        (None, ""),
        (True, ""),
        ({}, ""),
        ([], "Several"),
        (["a", 7], "Several"),
        ([None], ""),
        (["a"] * 1_000, "Several"),
        (["a"] * 1_001, ""),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_value_fits_where_it_belongs(value, fitting):
    declared = {
        "Id": Id,
        "Text": Text,
        "Stated": NonEmptyText,
        "Count": Count,
        "Several": BoundedList[Text],
    }
    assert {name for name, type_ in declared.items() if fits(value, type_)} == {*fitting.split()}


def test_nothing_is_what_a_check_of_a_record_may_raise():
    """msgspec takes only a ValueError or TypeError for a value that does not fit."""
    assert issubclass(EmptyObject, ValueError)


def test_what_is_derived_says_from_what():
    @depends_on("one", "two")
    def derived(record: object) -> int:
        return 3

    assert derived.dependencies == ("one", "two")  # type: ignore[attr-defined]
    assert derived(None) == 3
