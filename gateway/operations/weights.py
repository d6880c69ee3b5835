"""What the fields of a schema weigh, and how many values they have: what costs are reckoned from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from graphql import (
    GraphQLField,
    GraphQLSchema,
    OperationType,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_interface_type,
    is_list_type,
    is_object_type,
)

from gateway.operations.cost import Length

_USUAL_ITEMS = 10
"""How many items a list counts as having where no argument says."""

FieldName = tuple[str, str]
"""The names of a type and of a field of it."""


class Weight(NamedTuple):
    """What a field weighs, and what is selected of it.

    Attributes:
        own: What the field itself costs, each time.
        each: What each of its values costs besides what is selected of it.
        times: How often what is selected of it is counted: so often, or as often as its arguments say.
        page: Where its value holds a page of lists: how many items these have.
        is_paged: Whether it is such a list: what is selected of it counts as the page says.
        type: The type of its value, where something is selected of that.
    """

    own: int = 1
    each: int = 0
    times: Length | int = 1
    page: Length | None = None
    is_paged: bool = False
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """What is known of a schema before a document is known to fit it.

    Attributes:
        fields: What fields weigh; those that are not there weigh 1.
        roots: The names of the types that operations start from.
    """

    fields: Mapping[FieldName, Weight] = field(default_factory=dict)
    roots: Mapping[OperationType, str] = field(default_factory=dict)


def weights(schema: GraphQLSchema, said: Mapping[FieldName, Weight]) -> Weights:
    """The weights of all fields of a schema.

    Args:
        schema: Says of what types fields are, and which are lists: of ten items, if nothing else is said.
        said: What fields weigh that weigh more than 1, or have as many values as arguments say.
    """
    roots = {
        operation: type_.name
        for operation in OperationType
        if (type_ := schema.get_root_type(operation))
    }
    return Weights(dict(_weights(schema, said)), roots)


def _weights(
    schema: GraphQLSchema, said: Mapping[FieldName, Weight]
) -> Iterator[tuple[FieldName, Weight]]:
    for type_ in schema.type_map.values():
        if is_object_type(type_):
            for name, definition in type_.fields.items():
                yield (type_.name, name), _filled(definition, said.get((type_.name, name)))
        elif is_interface_type(type_):
            possible = [each.name for each in schema.get_possible_types(type_)]
            for name, definition in type_.fields.items():
                own = max(said.get((each, name), Weight()).own for each in possible)
                yield (type_.name, name), _filled(definition, Weight(own))
    if schema.query_type is not None:
        yield (schema.query_type.name, "__schema"), Weight(type="__Schema")
        yield (schema.query_type.name, "__type"), Weight(type="__Type")


def _filled(definition: GraphQLField, said: Weight | None) -> Weight:
    weight = said or Weight()
    named = get_named_type(definition.type)
    is_list = is_list_type(get_nullable_type(definition.type))
    if is_list and weight.times == 1 and not weight.is_paged:
        weight = weight._replace(times=_USUAL_ITEMS)
    return weight._replace(type=named.name) if is_composite_type(named) else weight
