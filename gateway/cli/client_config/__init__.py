"""The configuration of a GraphQL client's normalizing cache: one TypeScript file, made from the schema."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import TypeAlias

import msgspec
from graphql import (
    GraphQLField,
    GraphQLID,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_enum_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    is_scalar_type,
    is_specified_scalar_type,
)

_LINE_LENGTH = 80
"""The length of the longest line of code: that of Prettier, which then changes nothing."""

_CONNECTION_ARGUMENTS = frozenset({"first", "after"})
"""The arguments that every connection field has."""

_PAGE_ARGUMENTS = _CONNECTION_ARGUMENTS | {"last", "before", "around", "startingAt"}
"""The arguments that choose a page of a list; all others choose the list."""

_TYPE_BY_SCALAR = {"JSON": "unknown"}
"""The TypeScript type of each custom scalar whose values are not strings."""

_ERROR_CODE_ENUM = "ErrorCode"
"""The enum that lists the values of `extensions.code`."""


class CacheClient(StrEnum):
    """A GraphQL client that has a normalizing cache."""

    APOLLO = "apollo"
    URQL = "urql"


@dataclass(frozen=True, slots=True)
class _Expression:
    """An expression in TypeScript, among values that are written as literals."""

    source: str


@dataclass(frozen=True, slots=True)
class _Call:
    """The call of a function in TypeScript with strings: each an argument, or together one list."""

    function: str
    strings: list[str]
    is_list: bool = False


_Value: TypeAlias = str | bool | _Expression | _Call | list[str] | Mapping[str, "_Value"]


def client_config(graphql_schema: GraphQLSchema, client: CacheClient) -> str:
    """The TypeScript source that configures the cache of a client.

    Args:
        graphql_schema: The schema, of which all names of types, fields and arguments are taken.
        client: The client whose cache is configured.
    """
    header = (
        f"// Written by `gateway schema client-config {client}` from the schema of the gateway.\n"
        "// Do not edit it: run the command again when the gateway has been upgraded.\n"
    )
    sections = _SECTIONS[client](graphql_schema)
    return "\n".join([header, *sections, *_common_sections(graphql_schema)])


def possible_types(graphql_schema: GraphQLSchema) -> dict[str, list[str]]:
    """The names of the object types of each interface and each union, in alphabetical order."""
    return {
        name: sorted(each.name for each in graphql_schema.get_possible_types(type_))
        for name, type_ in sorted(graphql_schema.type_map.items())
        if is_abstract_type(type_) and not name.startswith("__")
    }


def _apollo_sections(graphql_schema: GraphQLSchema) -> Iterator[str]:
    yield _template("apollo.ts")
    yield _constant(
        "possibleTypes: PossibleTypesMap",
        possible_types(graphql_schema),
        "The types of each interface and union: `new InMemoryCache({ possibleTypes, typePolicies })`.",
    )
    yield _constant(
        "typePolicies: TypePolicies",
        {
            type_.name: policy
            for type_ in _object_types(graphql_schema)
            if (policy := _type_policy(graphql_schema, type_))
        },
        "Objects without an `id` belong to the object that has them; the pages of a connection become one list.",
    )


def _type_policy(graphql_schema: GraphQLSchema, type_: GraphQLObjectType) -> dict[str, _Value]:
    """Apollo Client's policy of a type; empty where its defaults apply."""
    if type_.name in _connection_type_names(graphql_schema):
        return {}  # the policy of the connection field merges them
    policy: dict[str, _Value] = {}
    if _is_embedded(graphql_schema, type_):
        # An alias in a query, such as `id: appointmentId`, gives no identity either.
        policy |= {"keyFields": _part_key(type_) or False, "merge": True}
    field_policies = {
        name: field_policy
        for name, field in type_.fields.items()
        if (field_policy := _field_policy(type_, field))
    }
    return policy | {"fields": field_policies} if field_policies else policy


def _field_policy(type_: GraphQLObjectType, field: GraphQLField) -> _Value | None:
    """Apollo Client's policy of a field; None where its defaults apply."""
    if _is_connection_field(field):
        return _paging(field)
    if not _is_list_of_objects(field):
        return None
    # An activity has an id and an interface. What it recorded never changes; all other lists may.
    is_recorded = "id" in type_.fields and bool(type_.interfaces)
    return _Expression("recorded") if is_recorded else {"merge": False}


def _urql_sections(graphql_schema: GraphQLSchema) -> Iterator[str]:
    object_types = _object_types(graphql_schema)
    yield _template("urql.ts")
    yield _constant(
        "possibleTypes: PossibleTypesConfig",
        possible_types(graphql_schema),
        "The types of each interface and union.",
    )
    yield _constant(
        "fieldNames: Readonly<Record<string, readonly string[]>>",
        {type_.name: list(type_.fields) for type_ in object_types},
        "The fields of each type.",
        keyword="const",
    )
    roots = {
        "queryType": graphql_schema.query_type,
        "mutationType": graphql_schema.mutation_type,
        "subscriptionType": graphql_schema.subscription_type,
    }
    yield _constant(
        'schema: NonNullable<CacheExchangeOpts["schema"]>',
        {
            "__schema": {
                **{role: {"name": type_.name} for role, type_ in roots.items() if type_},
                "types": _Expression(
                    "[\n"
                    "      ...Object.entries(possibleTypes).map(abstractType),\n"
                    "      ...Object.entries(fieldNames).map(objectType),\n"
                    "    ]"
                ),
            }
        },
        "What Graphcache has to know of the schema: `cacheExchange({ keys, resolvers, schema })`.",
    )
    yield _constant(
        "keys: KeyingConfig",
        {
            type_.name: _part_key(type_) or _Expression("embedded")
            for type_ in object_types
            if _is_embedded(graphql_schema, type_)
        },
        "Objects without an `id` belong to the object that has them.",
    )
    resolvers = {type_.name: _paged_fields(type_) for type_ in object_types}
    yield _constant(
        "resolvers: ResolverConfig",
        {type_name: fields for type_name, fields in resolvers.items() if fields},
        "The pages of a connection become one list.",
    )


def _paged_fields(type_: GraphQLObjectType) -> dict[str, _Call]:
    return {
        name: _paging(field) for name, field in type_.fields.items() if _is_connection_field(field)
    }


def _paging(field: GraphQLField) -> _Call:
    """The call that makes the policy or the resolver of a connection field."""
    names = [name for name in field.args if name not in _PAGE_ARGUMENTS]
    return _Call("paging", names, is_list=True)


def _part_key(type_: GraphQLObjectType) -> _Call | None:
    """The call that makes the key of a part of an entity: a type with an id that is unique within one entity.

    None where a type has no such id, or no such entity: its objects have no identity.
    """
    ids = [
        name
        for name, field in type_.fields.items()
        if is_non_null_type(field.type) and field.type.of_type is GraphQLID
    ]
    owners = [
        name
        for name, field in type_.fields.items()
        if is_non_null_type(field.type)
        and is_object_type(field.type.of_type)
        and "id" in field.type.of_type.fields
    ]
    return _Call("partOf", [*owners, *ids]) if len(owners) == len(ids) == 1 else None


_SECTIONS: Mapping[CacheClient, Callable[[GraphQLSchema], Iterator[str]]] = {
    CacheClient.APOLLO: _apollo_sections,
    CacheClient.URQL: _urql_sections,
}


def _common_sections(graphql_schema: GraphQLSchema) -> Iterator[str]:
    yield _constant(
        "scalars",
        {
            name: _TYPE_BY_SCALAR.get(name, "string")
            for name, type_ in sorted(graphql_schema.type_map.items())
            if is_scalar_type(type_) and not is_specified_scalar_type(type_)
        },
        "The type of each custom scalar: `scalars` in the configuration of GraphQL Code Generator.",
        suffix=" as const",
    )
    error_codes = graphql_schema.type_map.get(_ERROR_CODE_ENUM)
    names = sorted(error_codes.values) if is_enum_type(error_codes) else []
    union = "".join(f"\n  | {_literal(name)}" for name in names) or " string"
    yield f"/** The values of `extensions.code` in errors. */\nexport type {_ERROR_CODE_ENUM} ={union};\n"
    yield _template("errors.ts")


def _object_types(graphql_schema: GraphQLSchema) -> list[GraphQLObjectType]:
    return [
        type_
        for name, type_ in sorted(graphql_schema.type_map.items())
        if is_object_type(type_) and not name.startswith("__")
    ]


def _is_embedded(graphql_schema: GraphQLSchema, type_: GraphQLObjectType) -> bool:
    """Whether the objects of a type have no identity of their own in a cache."""
    roots = (
        graphql_schema.query_type,
        graphql_schema.mutation_type,
        graphql_schema.subscription_type,
    )
    return "id" not in type_.fields and type_ not in roots


def _connection_type_names(graphql_schema: GraphQLSchema) -> set[str]:
    """The types of connections, of their edges and of their `pageInfo`."""
    return {
        name
        for type_ in _object_types(graphql_schema)
        if _is_connection(type_)
        for name in (
            type_.name,
            *(get_named_type(type_.fields[field].type).name for field in ("edges", "pageInfo")),
        )
    }


def _is_connection(type_: GraphQLObjectType) -> bool:
    return "edges" in type_.fields and "pageInfo" in type_.fields


def _is_connection_field(field: GraphQLField) -> bool:
    type_ = get_named_type(field.type)
    has_pages = field.args.keys() >= _CONNECTION_ARGUMENTS
    return is_object_type(type_) and _is_connection(type_) and has_pages


def _is_list_of_objects(field: GraphQLField) -> bool:
    return is_list_type(get_nullable_type(field.type)) and is_composite_type(
        get_named_type(field.type)
    )


def _template(name: str) -> str:
    """The part of the file that is the same for every schema."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _constant(
    declaration: str,
    value: Mapping[str, _Value],
    doc: str,
    *,
    keyword: str = "export const",
    suffix: str = "",
) -> str:
    return f"/** {doc} */\n{keyword} {declaration} = {_expanded(value, '')}{suffix};\n"


def _literal(value: _Value, indent: str = "", used: int = 0) -> str:
    """A value in TypeScript: on one line where that is short enough.

    Args:
        value: The value.
        indent: The indentation of the line where it begins.
        used: How many characters of that line stand before and after it.
    """
    inline = _inline(value)
    is_short = len(indent) + used + len(inline) <= _LINE_LENGTH
    return inline if is_short else _expanded(value, indent)


def _inline(value: _Value) -> str:
    match value:
        case _Expression(source):
            return source
        case _Call(function, strings, is_list):
            return (
                f"{function}({_inline(strings) if is_list else ', '.join(map(_inline, strings))})"
            )
        case str() | bool():
            return msgspec.json.encode(value).decode()
        case Mapping():
            entries = ", ".join(f"{name}: {_inline(each)}" for name, each in value.items())
            return f"{{ {entries} }}" if entries else "{}"
        case _:
            return f"[{', '.join(map(_inline, value))}]"


def _expanded(value: _Value, indent: str) -> str:
    """A value with a line of its own for each of its entries."""
    inner = indent + "  "
    match value:
        case _Call(function, strings, is_list=True):
            return f"{function}({_expanded(strings, indent)})"
        case Mapping() if value:
            entries = [
                f"{name}: {_literal(each, inner, len(f'{name}: ,'))}"
                for name, each in value.items()
            ]
            opening, closing = "{", "}"
        case list() if value:
            entries = [_inline(each) for each in value]
            opening, closing = "[", "]"
        case _:
            return _inline(value)
    lines = "".join(f"{inner}{entry},\n" for entry in entries)
    return f"{opening}\n{lines}{indent}{closing}"
