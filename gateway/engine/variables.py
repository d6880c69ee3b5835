"""Coercion of an operation's variables as graphql-core does it, by functions that are made once per operation."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    VariableDefinitionNode,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)
from graphql.execution import VariableValues
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import VariableValueSource
from graphql.pyutils import is_iterable
from graphql.utilities.coerce_input_value import coerce_default_value

_Coerce = Callable[[Any], Any]
"""Takes a value as sent, returns the coerced value; `Undefined` where the value is invalid."""

_UNCHANGED_CLASSES: Mapping[GraphQLLeafType, type] = {
    GraphQLString: str,
    GraphQLID: str,
    GraphQLBoolean: bool,
}
"""The class of values that coercion leaves unchanged, by scalar."""

_MAX_DEPTH = 20
"""The maximum nesting of input types; graphql-core limits the nesting of values."""


class _NeedsGraphQLCore(Exception):
    """The variables cannot be coerced by prepared functions."""


class _Variable(NamedTuple):
    """A variable of an operation.

    Attributes:
        signature: The name and the type.
        coerce: Coerces a value of the variable.
        default: The coerced default value; `Undefined` where there is none.
        absent_source: The source of the variable's value where none is sent.
        may_be_absent: Whether the variable has no value where none is sent.
    """

    signature: GraphQLVariableSignature
    coerce: _Coerce
    default: Any
    absent_source: VariableValueSource
    may_be_absent: bool

    @classmethod
    def of(cls, schema: GraphQLSchema, definition: VariableDefinitionNode) -> "_Variable":
        signature = get_variable_signature(schema, definition)
        if isinstance(signature, GraphQLError):
            raise _NeedsGraphQLCore
        return cls(
            signature,
            _coercer(signature.type),
            _default(signature),
            VariableValueSource(signature),
            not is_non_null_type(signature.type),
        )


class VariableCoercer:
    """Coerces the variables of one operation."""

    def __init__(
        self, schema: GraphQLSchema, definitions: Iterable[VariableDefinitionNode] | None
    ) -> None:
        self._variables: list[_Variable] | None
        try:
            self._variables = [_Variable.of(schema, each) for each in definitions or ()]
        except _NeedsGraphQLCore:
            self._variables = None

    def coerce(self, inputs: Mapping[str, Any]) -> VariableValues | None:
        """The coerced variables; None where graphql-core has to coerce them, since a value is invalid."""
        if self._variables is None:
            return None
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for signature, coerce, default, absent_source, may_be_absent in self._variables:
            name = signature.name
            sent = inputs.get(name, Undefined)
            if sent is not Undefined:
                sources[name] = VariableValueSource(signature, sent)
                value = coerced[name] = coerce(sent)
                if value is Undefined:
                    return None
                continue
            sources[name] = absent_source
            if default is not Undefined:
                coerced[name] = default
            elif not may_be_absent:
                return None
        return VariableValues(sources, coerced)


def _coercer(type_: GraphQLInputType, depth: int = 0) -> _Coerce:
    """The function that coerces values of a type."""
    if depth > _MAX_DEPTH:  # a recursive type
        raise _NeedsGraphQLCore
    if is_non_null_type(type_):
        return _non_null_coercer(_coercer(type_.of_type, depth))
    if is_list_type(type_):
        return _list_coercer(_coercer(type_.of_type, depth + 1))
    if is_input_object_type(type_):
        return _object_coercer(type_, depth)
    if type_ is GraphQLInt:
        return _coerce_int
    assert is_leaf_type(type_)
    return _leaf_coercer(type_)


def _non_null_coercer(coerce_nullable: _Coerce) -> _Coerce:
    def coerce(value: Any) -> Any:
        return Undefined if value is None else coerce_nullable(value)

    return coerce


def _list_coercer(coerce_item: _Coerce) -> _Coerce:
    def coerce(value: Any) -> Any:
        if value is None:
            return None
        items = []
        for each in value if is_iterable(value) else (value,):
            item = coerce_item(each)
            if item is Undefined:
                return Undefined
            items.append(item)
        return items

    return coerce


class _ObjectField(NamedTuple):
    """A field of an input object.

    Attributes:
        name: The name of the field.
        key: The key in the coerced object.
        coerce: Coerces a value of the field.
        default: The coerced default value; `Undefined` where there is none.
    """

    name: str
    key: str
    coerce: _Coerce
    default: Any


def _object_coercer(type_: GraphQLInputObjectType, depth: int) -> _Coerce:
    if type_.is_one_of:
        raise _NeedsGraphQLCore
    names = type_.fields.keys()
    required_names = {name for name in names if is_required_input_field(type_.fields[name])}
    fields = [
        _ObjectField(name, field.out_name or name, _coercer(field.type, depth + 1), _default(field))
        for name, field in type_.fields.items()
    ]

    def coerce(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict) or not required_names <= value.keys() <= names:
            return Undefined
        result = {}
        for name, key, coerce_field, default in fields:
            is_sent = name in value
            field_value = coerce_field(value[name]) if is_sent else default
            if field_value is not Undefined:
                result[key] = field_value
            elif is_sent:
                return Undefined
        return type_.out_type(result)

    return coerce


def _coerce_int(value: Any) -> Any:
    if value is None or (value.__class__ is int and GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT):
        return value
    return _coerce_leaf(GraphQLInt, value)


def _leaf_coercer(leaf: GraphQLLeafType) -> _Coerce:
    unchanged_class = _UNCHANGED_CLASSES.get(leaf)

    def coerce(value: Any) -> Any:
        if value is None or value.__class__ is unchanged_class:
            return value
        return _coerce_leaf(leaf, value)

    return coerce


def _coerce_leaf(leaf: GraphQLLeafType, value: Any) -> Any:
    try:
        return leaf.coerce_input_value(value)
    except Exception:  # noqa: BLE001 - as graphql-core does, which then reports the error
        return Undefined


def _default(input_value: GraphQLInputField | GraphQLVariableSignature) -> Any:
    try:
        return coerce_default_value(input_value)
    except TypeError:  # an invalid default value
        raise _NeedsGraphQLCore from None
