"""The static context of a value that a generated function takes: its projection, and the decoders of items."""

from dataclasses import dataclass

from graphql import get_named_type

from gateway.engine.compiler.collect_fields import Field
from gateway.engine.compiler.item_decoding import ProjectedDecoder
from gateway.engine.compiler.projection import Projection
from gateway.engine.polymorphic_lists import PolymorphicList


@dataclass(frozen=True, slots=True)
class ValueContext:
    """The static context of the value that a generated function takes.

    Attributes:
        projection: The projection of the value; None where it is a full record or no record.
        items_decoder: The decoder of the items inside the value, if any.
        own_decoder: The decoder of the value itself, where that is an item.
        entity_class: The class of the value, where that is a loaded entity.
    """

    projection: Projection | None = None
    items_decoder: ProjectedDecoder | None = None
    own_decoder: ProjectedDecoder | None = None
    entity_class: type | None = None

    def holds_items(self, field: Field) -> bool:
        """Whether the value of a field is an item or a list of items."""
        return self.items_decoder is not None and has_item_type(self.items_decoder.items, field)

    def first_attribute_if_partial(self, name: str) -> str | None:
        """The attribute whose value proves that a partially projected record is not null.

        None where the record is not partial.
        """
        projection = self.projection.nested.get(name) if self.projection else None
        return (
            projection.struct.__struct_fields__[0] if projection and projection.is_partial else None
        )


def has_item_type(items: PolymorphicList, field: Field) -> bool:
    """Whether the type of a field is that of the items, or a list of it."""
    return get_named_type(field.type).name == items.interface
