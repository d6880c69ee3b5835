"""Schema diff: classifies each change between two schemas as safe, dangerous or breaking for callers."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from graphql import (
    BreakingChange,
    BreakingChangeType,
    DangerousChange,
    DirectiveNode,
    DocumentNode,
    GraphQLNamedType,
    GraphQLSchema,
    Node,
    SchemaChange,
    Visitor,
    assert_valid_schema,
    build_ast_schema,
    find_schema_changes,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
    parse,
    visit,
)
from graphql.language import REMOVE


class Criticality(StrEnum):
    """The effect of a change on existing documents and on installed client applications."""

    BREAKING = "breaking"
    """A valid document becomes invalid, or a response may have a value that the old schema ruled out."""
    DANGEROUS = "dangerous"
    """Documents stay valid, but responses may have values new to an application: a new kind or enum value.

    New optional arguments and input fields count as dangerous as well.
    """
    SAFE = "safe"
    """Not observable by existing client applications."""


_REMOVALS = {
    BreakingChangeType.TYPE_REMOVED,
    BreakingChangeType.FIELD_REMOVED,
    BreakingChangeType.ARG_REMOVED,
    BreakingChangeType.VALUE_REMOVED_FROM_ENUM,
}


class ClassifiedChange(NamedTuple):
    """One change between two schemas, with a description."""

    criticality: Criticality
    text: str

    def __str__(self) -> str:
        return f"{self.criticality}: {self.text}"


def classify_changes(old: str, new: str) -> list[ClassifiedChange]:
    """The changes between two schemas in SDL, the most critical first.

    A removal of a member that the old schema deprecates was announced, so it is only dangerous.
    """
    documents = parse(old), parse(new)
    before, after = (build_ast_schema(document) for document in documents)
    for each in (before, after):
        assert_valid_schema(each)
    schema_changes = find_schema_changes(before, after)
    undeprecated_changes = find_schema_changes(_without_deprecated(documents[0]), after)
    unannounced = {change.description for change in undeprecated_changes}
    classified = [
        *(
            ClassifiedChange(_criticality(each, unannounced), _single_line(each.description))
            for each in schema_changes
        ),
        *(
            ClassifiedChange(Criticality.DANGEROUS, text)
            for text in _new_implementations(before, after)
        ),
        *(ClassifiedChange(Criticality.SAFE, text) for text in _deprecations(before, after)),
    ]
    order = list(Criticality)
    return sorted(classified, key=lambda each: order.index(each.criticality))


def _criticality(change: SchemaChange, unannounced: set[str]) -> Criticality:
    match change:
        case BreakingChange(type=type_, description=text):
            announced = type_ in _REMOVALS and text not in unannounced
            return Criticality.DANGEROUS if announced else Criticality.BREAKING
        case DangerousChange():
            return Criticality.DANGEROUS
    return Criticality.SAFE


def _single_line(text: str) -> str:
    return " ".join(text.split())


def _new_implementations(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[str]:
    """New implementations of existing interfaces, which graphql-core reports as safely added types."""
    for name, type_ in after.type_map.items():
        if is_object_type(type_) and name not in before.type_map:
            for interface in type_.interfaces:
                if interface.name in before.type_map:
                    yield f"{name} was added to interface {interface.name}."


def _deprecations(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[str]:
    """Deprecations added, changed or removed on existing members, which graphql-core does not report."""
    old_reasons, new_reasons = _reasons(before), _reasons(after)
    for coordinate in old_reasons.keys() & new_reasons.keys():
        if old_reasons[coordinate] != new_reasons[coordinate]:
            reason = new_reasons[coordinate]
            yield (
                f"{coordinate} is not deprecated any more."
                if reason is None
                else (f"{coordinate} is deprecated: {_single_line(reason)}")
            )


def _reasons(schema: GraphQLSchema) -> dict[str, str | None]:
    """The deprecation reason of each member of a schema; None where the member is not deprecated."""
    return {
        f"{name}.{member}": reason
        for name, type_ in schema.type_map.items()
        for member, reason in _members(type_)
    }


def _members(type_: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    if is_enum_type(type_):
        yield from ((name, value.deprecation_reason) for name, value in type_.values.items())
    elif is_input_object_type(type_):
        yield from ((name, field.deprecation_reason) for name, field in type_.fields.items())
    elif is_object_type(type_) or is_interface_type(type_):
        for name, field in type_.fields.items():
            yield name, field.deprecation_reason
            for argument, definition in field.args.items():
                yield f"{name}({argument}:)", definition.deprecation_reason


class _DeprecationRemover(Visitor):
    """Removes deprecated definitions from a document, with their content."""

    def enter(self, node: Node, *_: object) -> object:
        directives: tuple[DirectiveNode, ...] = getattr(node, "directives", None) or ()
        return REMOVE if any(each.name.value == "deprecated" for each in directives) else None


def _without_deprecated(document: DocumentNode) -> GraphQLSchema:
    """The schema without deprecated members, and without types that only these members lead to."""
    full = build_ast_schema(visit(document, _DeprecationRemover()), assume_valid=True)
    implementations: list[GraphQLNamedType] = []
    while True:
        schema = GraphQLSchema(
            full.query_type,
            full.mutation_type,
            full.subscription_type,
            types=implementations,
            directives=full.directives,
            assume_valid=True,
        )
        reachable_types = schema.type_map
        missing = [
            type_
            for name, type_ in full.type_map.items()
            if name not in reachable_types
            and is_object_type(type_)
            and any(interface.name in reachable_types for interface in type_.interfaces)
        ]
        if not missing:
            return schema
        implementations += missing
