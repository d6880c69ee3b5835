"""What a plan cannot deliver at once: fields that wait, items that may not be plain."""

from dataclasses import dataclass, replace
from typing import Any

from graphql import get_named_type

from gateway.operations.fields import Items, Loaded, NotPlain, Resolved
from gateway.operations.plan.selections import Field
from gateway.operations.plan.shapes import Lean, Shape


@dataclass(eq=False, slots=True)
class Part:
    """Fields of one object that wait for the same, or the items that a field leads to.

    Attributes:
        fields: The fields.
        reading: How they are read; None where only graphql-core can.
        show: Of what is loaded or resolved: the fields, by response key.
        lean: How items are decoded, where there are any.
        is_open: Whether what is shown depends on where it is shown.
    """

    fields: tuple[Field, ...]
    reading: Loaded | Resolved | None = None
    show: Any = None
    lean: Lean | None = None
    is_open: bool = True

    def __post_init__(self) -> None:
        """What is selected further inside is in the functions: a plan need not remember it."""
        self.fields = tuple(replace(field, of={}) for field in self.fields)


class Kinds(dict[type, Any]):
    """The function for each class that a value may have."""

    def __missing__(self, kind: type) -> Any:
        raise NotPlain


@dataclass(frozen=True, slots=True)
class Where:
    """What is known of the value that a function takes.

    Attributes:
        shape: Its shape; None where it is whole, or no record.
        lean: How the items are decoded that it leads to, if it does.
        item: How it was decoded, if it is an item.
    """

    shape: Shape | None = None
    lean: Lean | None = None
    item: Lean | None = None

    def holds_items(self, field: Field) -> bool:
        """Whether a field of the value is an item, or a list of them."""
        return self.lean is not None and is_of(self.lean.items, field)

    def first_of_part(self, name: str) -> str | None:
        """The first attribute of a record right in an item; None where what is read of it is all that counts."""
        shape = self.shape.inside.get(name) if self.shape and self.item else None
        return shape.struct.__struct_fields__[0] if shape and shape.is_partial else None


def is_of(items: Items, field: Field) -> bool:
    """Whether a field is one of such items, or a list of them."""
    return get_named_type(field.type).name == items.interface


@dataclass(frozen=True, slots=True)
class Function:
    """A written function: its name, and whether it is an open one."""

    name: str
    is_open: bool
