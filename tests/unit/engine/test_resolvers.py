from typing import Any, ClassVar

import pytest
from msgspec import Struct

from gateway.engine.resolvers import NO_IDS, AttributeField, FieldSources, Node


class Salon(Struct):
    """Chairs in it are reached by its id."""

    inner_id_names: ClassVar[tuple[str, ...]] = ("salon_id",)

    salon_id: str | int | None = None
    name: str | None = None


class Chair(Struct):
    """It has ids, but nothing in it is reached by them."""

    chair_id: str | int | None = None
    salon_id: str | int | None = None


class Branch(Salon):
    """What is in it is reached by its town as well, and by the street, which is derived from the town."""

    inner_id_names: ClassVar[tuple[str, ...]] = ("salon_id", "town_id", "street_id")

    town_id: str | None = None

    @property
    def street_id(self) -> str | None:
        return None if self.town_id is None else f"{self.town_id}/1"


class Unreadable:
    """Marker of a value that could not be decoded."""


UNREADABLE: Any = Unreadable()


def test_a_value_at_the_root_is_reached_by_no_ids():
    assert Node(Salon("3")).ids == NO_IDS == {}
    with pytest.raises(TypeError):
        NO_IDS["salon_id"] = "3"  # type: ignore[index]


def test_a_value_is_reached_by_the_ids_that_lead_into_the_object_around_it():
    chair = Node(Salon("3")).child(Chair("5"))
    assert chair == Node(Chair("5"), {"salon_id": "3"})
    assert chair != Node(Salon("4")).child(Chair("5"))


def test_a_node_cannot_be_changed():
    reached: Any = Node(Salon())
    with pytest.raises(AttributeError):
        reached.value = Salon("3")
    with pytest.raises(AttributeError):
        reached.ids = {}


INNER_IDS: dict[str, tuple[Node[Any], dict[str, Any]]] = {
    "an object that names an id": (Node(Salon("3")), {"salon_id": "3"}),
    "an object that names none": (Node(Chair("5", "4"), {"salon_id": "3"}), {"salon_id": "3"}),
    "a value that is no object": (Node("x", {"salon_id": "3"}), {"salon_id": "3"}),
    "an id in place of another": (Node(Salon("4"), {"salon_id": "3"}), {"salon_id": "4"}),
    "a null beside an id": (Node(Salon(), {"salon_id": "3"}), {"salon_id": "3"}),
    "nothing but a null": (Node(Salon()), {}),
    "ids beside others": (
        Node(Branch("3", town_id="t"), {"client_id": "7"}),
        {"client_id": "7", "salon_id": "3", "town_id": "t", "street_id": "t/1"},
    ),
    "some that are null": (Node(Branch("4"), {"town_id": "t"}), {"salon_id": "4", "town_id": "t"}),
    "an unreadable id": (Node(Salon(UNREADABLE), {"salon_id": "3"}), {"salon_id": UNREADABLE}),
}


@pytest.mark.parametrize(("node", "ids"), INNER_IDS.values(), ids=INNER_IDS)
def test_the_ids_that_lead_into_an_object_are_those_that_led_to_it_and_those_it_names(node, ids):
    before = dict(node.ids)
    assert node.inner_ids == node.child(None).ids == ids
    assert node.ids == before


def test_ids_are_passed_on_without_a_copy_where_an_object_adds_none():
    ids = {"salon_id": "3"}
    node: Node[Any] = Node(Chair("5"), ids)
    assert node.inner_ids is ids
    assert Node(Salon(), ids).inner_ids is ids


FOUND: dict[str, tuple[Node[Any], str, Any]] = {
    "its own": (Node(Chair("5")), "chair_id", "5"),
    "a property": (Node(Branch(town_id="t")), "street_id", "t/1"),
    "one that led to it": (Node(Salon("3")).child(Chair("5")), "salon_id", "3"),
    "its own before one that led to it": (
        Node(Salon("3")).child(Chair("5", "4")),
        "salon_id",
        "4",
    ),
    "the nearer of two that led to it": (
        Node(Salon("3")).child(Salon("4")).child(Chair("5")),
        "salon_id",
        "4",
    ),
    "one beyond an object without it": (
        Node(Salon("3")).child("no id").child(Chair("5")),
        "salon_id",
        "3",
    ),
    "one beyond a null": (Node(Salon("3")).child(Salon()).child(Chair()), "salon_id", "3"),
    "none beyond an object that does not name its own": (
        Node(Chair("5", "4")).child(Chair("6")),
        "salon_id",
        None,
    ),
    "a number, as text": (Node(Salon(2**70)), "salon_id", str(2**70)),
    "a number of zero": (Node(Salon("3")).child(Salon(0)), "salon_id", "0"),
    "an unreadable one before one that led to it": (
        Node(Salon("3")).child(Chair(UNREADABLE, UNREADABLE)),
        "salon_id",
        UNREADABLE,
    ),
    "none at all": (Node(Salon("3")).child(Chair("5")), "form_id", None),
    "nulls alone": (Node(Salon()).child(Chair()), "salon_id", None),
}


@pytest.mark.parametrize(("node", "name", "id_"), FOUND.values(), ids=FOUND)
def test_an_id_is_an_attribute_of_the_value_else_one_that_led_to_it(node, name, id_):
    assert node.id(name) == id_


def test_an_id_is_found_however_deep_an_object_is():
    reached: Node[Any] = Node(Salon("3"))
    for _ in range(10_000):
        reached = reached.child(Chair())
    assert reached.id("salon_id") == "3"


def test_a_field_is_read_as_it_is_declared_for_its_type():
    fields = FieldSources({("Salon", "name"): AttributeField("name")}, {}, type(None))
    assert fields.compilable_source("Salon", "name") == AttributeField("name")
    assert fields.compilable_source("Salon", "id") is None
    assert fields.compilable_source("Chair", "name") is None
