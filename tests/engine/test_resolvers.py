from typing import Any

import pytest
from msgspec import Struct

from gateway.engine.resolvers import AttributeField, FieldSources, Node


class Salon(Struct):
    salon_id: str | int | None = None
    name: str | None = None


class Chair(Struct):
    chair_id: str | int | None = None
    salon_id: str | int | None = None

    @property
    def owner_id(self) -> str | None:
        return None if self.chair_id is None else f"owner of {self.chair_id}"


def test_a_value_is_reached_through_another():
    salon = Node(Salon())
    chair = salon.child(Chair(chair_id="5"))
    assert chair.value == Chair(chair_id="5")
    assert chair.parent is salon
    assert salon.parent is None


def test_what_is_reached_the_same_way_is_the_same():
    assert Node(Salon("3")).child(Chair("5")) == Node(Chair("5"), Node(Salon("3")))
    assert Node(Salon("3")).child(Chair("5")) != Node(Salon("4")).child(Chair("5"))


def test_what_was_reached_stays_as_it_was():
    reached: Any = Node(Salon())
    with pytest.raises(AttributeError):
        reached.value = Salon("3")


NEAREST = {
    "its own": (Node(Chair("5")), "chair_id", "5"),
    "a property": (Node(Chair("5")), "owner_id", "owner of 5"),
    "one above": (Node(Salon("3")).child(Chair("5")), "salon_id", "3"),
    "its own before one above": (Node(Salon("3")).child(Chair("5", "4")), "salon_id", "4"),
    "the nearer of two above": (
        Node(Salon("3")).child(Salon("4")).child(Chair("5")),
        "salon_id",
        "4",
    ),
    "one beyond a value without it": (
        Node(Salon("3")).child("no id").child(Chair("5")),
        "salon_id",
        "3",
    ),
    "one beyond a null": (Node(Salon("3")).child(Salon()).child(Chair()), "salon_id", "3"),
    "a number": (Node(Salon(2**70)), "salon_id", str(2**70)),
    "a number of zero": (Node(Salon("3")).child(Salon(0)), "salon_id", "0"),
    "none at all": (Node(Salon("3")).child(Chair("5")), "form_id", None),
    "nulls alone": (Node(Salon()).child(Chair()), "salon_id", None),
}


@pytest.mark.parametrize(("reached", "name", "id_"), NEAREST.values(), ids=NEAREST)
def test_the_nearest_id_is_the_first_there_is_on_the_way_up(reached, name, id_):
    assert reached.ancestor_id(name) == id_


def test_the_nearest_id_is_found_however_far_up():
    reached: Node[Any] = Node(Salon("3"))
    for _ in range(10_000):
        reached = reached.child(Chair())
    assert reached.ancestor_id("salon_id") == "3"


def test_a_field_is_read_as_it_is_declared_for_its_type():
    fields = FieldSources({("Salon", "name"): AttributeField("name")}, {}, type(None))
    assert fields.compilable_source("Salon", "name") == AttributeField("name")
    assert fields.compilable_source("Salon", "id") is None
    assert fields.compilable_source("Chair", "name") is None
