from typing import Any

import pytest

from gateway.errors import ContractBroken
from gateway.schema.reading import read, readable, recorded_as, text
from gateway.upstream.records import UNREADABLE, Form, Service


def test_a_field_is_the_attribute_of_its_name():
    assert read(Service(id="11", name="Haircut"), "name") == "Haircut"


def test_what_was_not_sent_is_null():
    assert read(Service(id="11"), "name") is None


UNREADABLE_NAME: dict[str, Any] = {"name": UNREADABLE}


@pytest.mark.parametrize("reader", [read, text])
def test_what_is_unreadable_breaks_the_contract(reader):
    with pytest.raises(ContractBroken):
        reader(Service(id="11", **UNREADABLE_NAME), "name")


@pytest.mark.parametrize(("sent", "shown"), [("x", "x"), (5, "5"), (1.5, "1.5"), (None, None)])
def test_a_text_may_be_sent_as_a_number(sent, shown):
    assert text(Service(id="11", name=sent), "name") == shown


@pytest.mark.parametrize(
    ("value", "expected"), [(UNREADABLE, False), (None, True), ("", True), (0, True), ([], True)]
)
def test_only_the_stand_in_is_unreadable(value, expected):
    assert readable(value) is expected


def test_a_type_knows_the_records_of_its_class():
    is_service = recorded_as(Service)
    assert is_service(Service(id="1"), None)
    assert not is_service(Form(id="1"), None)
