"""How one schema became another: each change is safe, dangerous or breaking for those who call."""

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
    """What a change means for documents that are written, and for apps that are installed."""

    BREAKING = "breaking"
    """A document that was valid is not, or an answer has what its caller was promised it would not."""
    DANGEROUS = "dangerous"
    """Documents stay valid, but answers may hold what an app never met: a new kind, a new enum value."""
    SAFE = "safe"
    """Nobody who calls can tell, but by asking for more."""


_REMOVALS = {
    BreakingChangeType.TYPE_REMOVED,
    BreakingChangeType.FIELD_REMOVED,
    BreakingChangeType.ARG_REMOVED,
    BreakingChangeType.VALUE_REMOVED_FROM_ENUM,
}


class ClassifiedChange(NamedTuple):
    """One difference between two schemas, in words."""

    criticality: Criticality
    text: str

    def __str__(self) -> str:
        return f"{self.criticality}: {self.text}"


def classify_changes(old: str, new: str) -> list[ClassifiedChange]:
    """What happened between two schemas, the worst first.

    What was deprecated in the old one may go: that was announced, and is dangerous only.
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
    """New types of interfaces that are there already: graphql-core has them as types, safely added."""
    for name, type_ in after.type_map.items():
        if is_object_type(type_) and name not in before.type_map:
            for interface in type_.interfaces:
                if interface.name in before.type_map:
                    yield f"{name} was added to interface {interface.name}."


def _deprecations(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[str]:
    """What is deprecated, or no longer, of what both have: graphql-core does not tell."""
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
    """Why each member of a schema is deprecated, or that it is not."""
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
    """Takes what is deprecated out of a document, with all that is in it."""

    def enter(self, node: Node, *_: object) -> object:
        directives: tuple[DirectiveNode, ...] = getattr(node, "directives", None) or ()
        return REMOVE if any(each.name.value == "deprecated" for each in directives) else None


def _without_deprecated(document: DocumentNode) -> GraphQLSchema:
    """A schema without what is deprecated, and without the types that only this led to."""
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
