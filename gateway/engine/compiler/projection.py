"""Projection: a Struct with only those attributes of a record that an operation needs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from operator import attrgetter
from types import NoneType
from typing import Any, Protocol

from msgspec import Struct

from gateway.engine.compiler.declared_types import (
    replace_record,
    union_members,
    widen_to_whole_number,
)
from gateway.engine.resolvers import ComputeTogether

EMPTY_VALUES = (None, "")
"""The values of attributes that do not prove a partially projected record to be other than null."""

NARROW_STRUCT = "narrow_struct"
"""The constant of a widened Struct that names the one it was widened from."""


class CheckedRecord(Protocol):
    """A record class whose records may be checked together, which takes less time than one by one.

    Their projections are decoded without the check, so the check of another record must not read them.
    """

    @staticmethod
    def pass_check(unchecked: Sequence[Any]) -> bool:
        """Whether each of these records passes the check unchanged, and none of them is reported."""

    def __post_init__(self) -> None:
        """The check of one record; raises ValueError."""


DefineStruct = Callable[[Mapping[str, Any], Mapping[str, Any]], type[Struct]]
"""Takes the types of the attributes, and further names of the class; defines a Struct."""


@dataclass(eq=False, slots=True, weakref_slot=True)
class Projection:
    """The projection of a record: a Struct with only the needed attributes.

    Attributes:
        struct: The projected Struct; the declared one where all attributes are needed.
        field_types: The type of each attribute in the Struct.
        nested: The projection of each nested record, by attribute.
        constants: The constant attributes, by name.
        checked_record: The record whose check the values of the Struct have not passed yet.
        define_struct: Defines the Struct with other types; None where it has the declared ones.
        computed_together: The functions that compute attributes of many Structs together, by attribute.
        narrowed: The attributes that are texts, or lists of texts, in the Struct, in whose place the declaration
            accepts numbers.
        is_partial: Whether a nested record whose projected attributes are all null or empty may itself be null,
            which only the full record decides.
    """

    struct: type[Struct]
    field_types: Mapping[str, Any]
    nested: Mapping[str, "Projection"]
    constants: Mapping[str, Any]
    checked_record: type[CheckedRecord] | None = None
    define_struct: DefineStruct | None = None
    computed_together: Mapping[str, ComputeTogether] = field(default_factory=dict)
    narrowed: tuple[str, ...] = ()
    is_partial: bool = False
    _widened: "Projection | None" = None

    def widen(self) -> "Projection":
        """The projection that also accepts whole numbers in place of texts; itself where it has no texts.

        Made on demand, once: few upstreams send such numbers.
        """
        if self._widened is None:
            self._widened = self if self.define_struct is None else self._widen(self.define_struct)
        return self._widened

    def _widen(self, define_struct: DefineStruct) -> "Projection":
        nested = {name: projection.widen() for name, projection in self.nested.items()}
        types = {
            name: widen_to_whole_number(declared)
            if name in self.narrowed
            else replace_record(declared, self.nested[name].struct, nested[name].struct)
            if name in nested
            else declared
            for name, declared in self.field_types.items()
        }
        if types == self.field_types:
            return self
        struct = define_struct(types, {NARROW_STRUCT: self.struct})
        return replace(self, struct=struct, field_types=types, nested=nested)

    def nested_reader(self, name: str) -> "StructReader":
        """The reader of the nested Structs under an attribute."""
        attribute, struct = attrgetter(name), self.nested[name].struct
        if {*union_members(self.field_types[name])} <= {struct, NoneType}:
            return lambda records: list(filter(None, map(attribute, records)))

        def read(records: Iterable[Any]) -> list[Any]:
            values = chain.from_iterable(
                value if value.__class__ is list else (value,) for value in map(attribute, records)
            )
            return [value for value in values if value.__class__ is struct]

        return read


StructReader = Callable[[Iterable[Any]], list[Any]]
"""Takes records, returns the Structs under an attribute of all of them, those in lists included."""
