"""What a run waits for, and where it belongs."""

from collections.abc import Callable
from typing import Any, NamedTuple

from gateway.operations.fields import Reached
from gateway.operations.plan.parts import Part
from gateway.operations.plan.rest import Steps


class Wait(NamedTuple):
    """Fields of an object that are waited for."""

    part: Part
    out: dict[str, Any]
    here: Reached[Any]
    at: Steps


class Item(NamedTuple):
    """An item that is not plain, and where it belongs."""

    part: Part
    value: Any
    out: Any
    key: str | int
    at: Steps
    through: Reached[Any]


Deliver = Callable[[Any, Steps, Any], Any]
"""Of a value, its path and what it was reached through: what is delivered."""


class Element(NamedTuple):
    """The place of an element of a list that a resolver gives."""

    part: Part
    deliver: Deliver
    out: list[Any]
    key: int
    at: Steps


class Loading:
    """Something that is loaded, and who waits for it.

    Attributes:
        found: What was found, once that is known.
        error: Why nothing was.
        waiting: Who waits; None once it is known.
        shown: What parts show of it, wherever they stand.
    """

    __slots__ = ("error", "found", "shown", "waiting")

    def __init__(self) -> None:
        self.found: Any = None
        self.error: Exception | None = None
        self.waiting: list[Wait] | None = []
        self.shown: dict[Part, dict[str, Any]] = {}
