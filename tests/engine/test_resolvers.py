from typing import Any

import pytest
from msgspec import Struct

from gateway.engine.resolvers import Fields, Plain, Reached


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
    salon = Reached(Salon())
    chair = salon.to(Chair(chair_id="5"))
    assert chair.value == Chair(chair_id="5")
    assert chair.through is salon
    assert salon.through is None


def test_what_is_reached_the_same_way_is_the_same():
    assert Reached(Salon("3")).to(Chair("5")) == Reached(Chair("5"), Reached(Salon("3")))
    assert Reached(Salon("3")).to(Chair("5")) != Reached(Salon("4")).to(Chair("5"))


def test_what_was_reached_stays_as_it_was():
    reached: Any = Reached(Salon())
    with pytest.raises(AttributeError):
        reached.value = Salon("3")


NEAREST = {
    "its own": (Reached(Chair("5")), "chair_id", "5"),
    "a property": (Reached(Chair("5")), "owner_id", "owner of 5"),
    "one above": (Reached(Salon("3")).to(Chair("5")), "salon_id", "3"),
    "its own before one above": (Reached(Salon("3")).to(Chair("5", "4")), "salon_id", "4"),
    "the nearer of two above": (
        Reached(Salon("3")).to(Salon("4")).to(Chair("5")),
        "salon_id",
        "4",
    ),
    "one beyond a value without it": (
        Reached(Salon("3")).to("no id").to(Chair("5")),
        "salon_id",
        "3",
    ),
    "one beyond a null": (Reached(Salon("3")).to(Salon()).to(Chair()), "salon_id", "3"),
    "a number": (Reached(Salon(2**70)), "salon_id", str(2**70)),
    "a number of zero": (Reached(Salon("3")).to(Salon(0)), "salon_id", "0"),
    "none at all": (Reached(Salon("3")).to(Chair("5")), "form_id", None),
    "nulls alone": (Reached(Salon()).to(Chair()), "salon_id", None),
}


@pytest.mark.parametrize(("reached", "name", "id_"), NEAREST.values(), ids=NEAREST)
def test_the_nearest_id_is_the_first_there_is_on_the_way_up(reached, name, id_):
    assert reached.nearest(name) == id_


def test_the_nearest_id_is_found_however_far_up():
    reached: Reached[Any] = Reached(Salon("3"))
    for _ in range(10_000):
        reached = reached.to(Chair())
    assert reached.nearest("salon_id") == "3"


def test_a_field_is_read_as_it_is_declared_for_its_type():
    fields = Fields({("Salon", "name"): Plain("name")}, {}, type(None))
    assert fields.reading("Salon", "name") == Plain("name")
    assert fields.reading("Salon", "id") is None
    assert fields.reading("Chair", "name") is None
