"""Resolvers of fields: one declaration per field, which graphql-core and compiled queries both use."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial, wraps
from inspect import Parameter, isawaitable, signature
from typing import Any

import strawberry
from msgspec import Struct

from gateway.engine.polymorphic_lists import PolymorphicList
from gateway.engine.resolvers import (
    AttributeField,
    ComputedField,
    ComputeTogether,
    IdsField,
    InlineList,
    LoadedField,
    MappedResult,
    NeedsFallback,
    Node,
    ResolverField,
)
from gateway.errors import GatewayError, InvalidUpstreamResponse
from gateway.observability.event_loop import (
    CooperativeSteps,
    PassBudget,
    run_cooperatively,
    run_to_completion,
)
from gateway.schema.context import Context, Info
from gateway.schema.html_text import plain_text, plain_text_in_steps
from gateway.upstream.endpoints import Endpoint
from gateway.upstream.records import activities

UNEXPECTED_TYPE_MESSAGE = "The upstream returned a value of an unexpected type for this field."

FIELD_SOURCE_KEY = "field_source"
"""The key of a field's source in the field's metadata. A field without a source is a plain attribute."""

_html_budget = PassBudget(65_536)
"""Characters of HTML that are converted at once: 5 ms, or 100 ms where all is markup."""


class SchemaObject(Struct, frozen=True):
    """An object of this schema that is not an upstream record, but contains records."""


class PartialValue(NeedsFallback):
    """The value of a field is incomplete, since a part of the upstream's data could not be decoded.

    Attributes:
        value: The value of the field.
        error: The error to report for the missing part.
    """

    def __init__(self, value: Any, error: GatewayError) -> None:
        super().__init__()
        self.value = value
        self.error = error


class LongComputation(NeedsFallback):
    """The value of a field takes long to compute.

    Attributes:
        steps: The computation.
    """

    def __init__(self, steps: CooperativeSteps[Any]) -> None:
        super().__init__()
        self.steps = steps


def is_readable(value: object) -> bool:
    """Whether the upstream sent a value of the declared type: false for the marker `Unreadable`."""
    return not isinstance(value, activities.Unreadable)


def resolve_attribute(source: object, name: str) -> Any:
    """The value of a plain field: an attribute of a node's value, or of an object without a node.

    Raises:
        InvalidUpstreamResponse: The upstream sent a value of another type than the declared one.
    """
    if isinstance(source, NodeWrapper):
        source = source.__node__
    if isinstance(source, Node):
        return _wrap_children(source, _require_readable(getattr(source.value, name)))
    return _require_readable(getattr(source, name))


class NodeWrapper:
    """A node in a form that a Strawberry method takes as its object. Has no attributes of its own."""

    __slots__ = ("__node__",)

    def __init__(self, node: Node[Any]) -> None:
        self.__node__ = node


def as_node(source: Any) -> Node[Any]:
    """The node of a Strawberry method's object; an object without a node gets one to which no ids led."""
    if isinstance(source, NodeWrapper):
        return source.__node__
    return source if isinstance(source, Node) else Node(source)


def _require_readable(value: object) -> object:
    """The value, if it is readable.

    A list with an unreadable element is unreadable: the rest would pass for the whole list.
    """
    if is_readable(value) and not (isinstance(value, list) and not all(map(is_readable, value))):
        return value
    raise InvalidUpstreamResponse(UNEXPECTED_TYPE_MESSAGE)


def _wrap_children(parent: Node[Any], value: object) -> object:
    """A field's value, with the objects inside as children of the parent's node."""
    match value:
        case activities.Record() | SchemaObject():
            return parent.child(value)
        case list():
            return [_wrap_children(parent, each) for each in value]
    return value


def text_attribute(record: object, name: str) -> str | None:
    """A text attribute of a record, also where the upstream sent a number; raises as `resolve_attribute`."""
    value: Any = getattr(record, name)
    return value if value.__class__ is str or value is None else str(_require_readable(value))


def is_type_of_records(*record_types: type) -> Callable[[object, object], bool]:
    """An `is_type_of` for a type whose values are instances of some classes, exposed as `record_types`.

    Subclasses of these classes have to be listed, too: compiled queries match the exact class of a value.
    """

    def is_type_of(value: object, _info: object) -> bool:
        if isinstance(value, NodeWrapper):
            value = value.__node__
        return isinstance(value, Node) and isinstance(value.value, record_types)

    is_type_of.record_types = record_types  # type: ignore[attr-defined]
    return is_type_of


def computed_field(  # noqa: PLR0913 - one parameter per part of the declaration
    function: Callable[[Any, Context], Any],
    graphql_type: object,
    *,
    depends_on: tuple[str, ...],
    description: str,
    fast_path_attribute: str | None = None,
    value_of_null: list[str] | None = None,
    compute_together: ComputeTogether | None = None,
    may_be_long: bool = False,
    **field_options: Any,
) -> Any:  # as `strawberry.field` returns
    """A field whose value is computed from its record.

    Args:
        function: Computes the value from the record and the context; may raise as `resolve_attribute` does,
            or `PartialValue`. Its parameters with a default are the arguments of the field.
        graphql_type: The type of the field.
        depends_on: The attributes of the record that the function reads.
        description: The GraphQL description.
        fast_path_attribute: The attribute that is the value where it holds a non-empty text or a list of texts.
        value_of_null: The value where that attribute may hold a list of texts, but is null.
        compute_together: Computes the field of many records in less time than one by one: see `ComputedField`.
        may_be_long: Whether the function may also raise `LongComputation`.
        field_options: The guards of the field: `permission_classes` and `extensions` of `strawberry.field`.
    """

    def resolve(root: strawberry.Parent[Node[Any]], info: Info, **arguments: Any) -> Any:
        try:
            return _wrap_children(root, function(root.value, info.context, **arguments))
        except PartialValue as partial_value:
            info.context.report(partial_value.error, info)
            return _wrap_children(root, partial_value.value)
        except LongComputation as computation:
            return run_cooperatively(computation.steps)

    # Strawberry reads the arguments of the field from the signature.
    own = signature(resolve)
    root, info, _ = own.parameters.values()
    arguments = [
        each
        for each in signature(function).parameters.values()
        if each.default is not Parameter.empty
    ]
    resolve.__signature__ = own.replace(parameters=[root, info, *arguments])  # type: ignore[attr-defined]
    return strawberry.field(
        resolver=as_async_resolver(resolve) if may_be_long and field_options else resolve,
        graphql_type=graphql_type,
        description=description,
        metadata={
            FIELD_SOURCE_KEY: ComputedField(
                function, depends_on, fast_path_attribute, value_of_null, compute_together
            )
        },
        **field_options,
    )


def compute(node: Node[Any], field: ComputedField, context: Context) -> Any:
    """The complete value of a computed field.

    Raises:
        GatewayError: The value cannot be computed, or is incomplete.
    """
    try:
        return _wrap_children(node, field.function(node.value, context))
    except PartialValue as partial_value:
        raise partial_value.error from partial_value
    except LongComputation as computation:
        return run_to_completion(computation.steps)


def plain_text_field(name: str, *, description: str, **field_options: Any) -> Any:
    """A field with the plain text of an HTML field."""

    def resolve_plain_text(record: object, context: Context) -> str | None:
        body = text_attribute(record, name)
        if body is None:
            return None
        if not _html_budget.consume(len(body)):
            raise LongComputation(plain_text_in_steps(body))
        return plain_text(body)

    return computed_field(
        resolve_plain_text,
        str | None,
        depends_on=(name,),
        description=description,
        may_be_long=True,
        **field_options,
    )


def loaded_field(
    endpoint: Endpoint[Any],
    attribute: str,
    graphql_type: object,
    *,
    description: str,
    **field_options: Any,
) -> Any:
    """A field of an entity that a reference to the entity does not carry.

    The first such field of an entity costs a read, further ones nothing; none does where the entity itself was
    loaded. Null where the entity no longer exists.

    Args:
        endpoint: The endpoint of the entity.
        attribute: The attribute of the entity.
        graphql_type: The type of the field.
        description: The GraphQL description.
        field_options: The guards of the field: `permission_classes` and `extensions` of `strawberry.field`.
    """
    # An entity has its own id as `id`; a snapshot has it as `staff_id` and the like.
    ids = tuple("id" if name == endpoint.own_id else name for name in endpoint.ids)
    return build_loaded_field(
        LoadedField(load_function(endpoint), ids, AttributeField(attribute), endpoint.record),
        graphql_type,
        description=description,
        **field_options,
    )


def current_field(
    endpoint: Endpoint[Any], graphql_type: object, *, description: str, **field_options: Any
) -> Any:
    """The field `current` of a snapshot: the entity as it is today.

    Null, without an error or a read, where the snapshot lacks an id. The guards are those of `loaded_field`.
    """
    return entity_field(
        load_function(endpoint),
        endpoint.ids,
        graphql_type,
        description=description,
        entity_class=endpoint.record,
        **field_options,
    )


LoadFunction = Callable[..., Awaitable[Any]]
"""Takes the context and the ids, and loads an entity; None where it no longer exists."""


def entity_field(
    load: LoadFunction,
    ids: tuple[str, ...],
    graphql_type: object,
    *,
    description: str,
    entity_class: type | None = None,
    **field_options: Any,
) -> Any:
    """A field whose value is an entity, guarded as in `loaded_field`. Null where it no longer exists.

    Args:
        load: Loads the entity.
        ids: The names of the ids that the function takes.
        graphql_type: The type of the field.
        description: The GraphQL description.
        entity_class: The class of the entity, where its type has fields of `loaded_field`.
        field_options: The guards of the field.
    """
    field = LoadedField(load, ids, None, entity_class)
    return build_loaded_field(field, graphql_type, description=description, **field_options)


@cache
def load_function(endpoint: Endpoint[Any]) -> LoadFunction:
    """The load of an endpoint's entity: one function per endpoint, so that equal loads are recognized."""
    own_index = endpoint.ids.index(endpoint.own_id)

    def load_from_context(context: Context, *ids: Any) -> Awaitable[Any]:
        own_id = ids[own_index]
        if own_id is None:  # whether the other ids are readable does not matter
            return context.session.load(endpoint, *[None] * len(ids))
        readable_ids: list[Any] = [_require_readable(id_) for id_ in ids]
        load = context.session.load(endpoint, *readable_ids)
        if not endpoint.has_other_identifiers:
            return load
        return MappedResult(load, partial(_require_same_id, own_id))

    return load_from_context


def _require_same_id(id_: str, entity: Any) -> Any:
    """The loaded entity, which must have the id that the upstream sent for it."""
    if entity is not None and str(entity.id) != id_:
        raise InvalidUpstreamResponse(
            "The upstream returned a different resource than the requested one."
        )
    return entity


def build_loaded_field(
    field: LoadedField, graphql_type: object, *, description: str, **field_options: Any
) -> Any:
    """A field with a declared source, guarded as in `loaded_field`."""

    def resolve(root: strawberry.Parent[Node[Any]], info: Info) -> Any:
        if field.is_entity(root.value):
            return _loaded_value(root.value, root, field)
        load = field.load(info.context, *map(root.id, field.ids))
        return _resolve_loaded(load, root, field)

    return strawberry.field(
        resolver=as_async_resolver(resolve) if field_options else resolve,
        graphql_type=graphql_type,
        description=description,
        metadata={FIELD_SOURCE_KEY: field},
        **field_options,
    )


def ids_field(
    build: Callable[..., Any],
    ids: tuple[str, ...],
    graphql_type: object,
    *,
    description: str,
    **field_options: Any,
) -> Any:
    """A field whose value is made of the ids that led to its object; it costs nothing.

    Args:
        build: Takes the ids, each None where nothing on the way has it; returns the value.
        ids: The names of the ids.
        graphql_type: The type of the field.
        description: The GraphQL description.
        field_options: The guards of the field: `permission_classes` and `extensions` of `strawberry.field`.
    """
    field = IdsField(build, ids)

    def resolve(root: strawberry.Parent[Node[Any]]) -> Any:
        return value_of_ids(root, field)

    return strawberry.field(
        resolver=resolve,
        graphql_type=graphql_type,
        description=description,
        metadata={FIELD_SOURCE_KEY: field},
        **field_options,
    )


def value_of_ids(node: Node[Any], field: IdsField) -> Any:
    """The value of a field that is made of the ids that led to the node."""
    return _wrap_children(node, field.value(node.ids))


def as_async_resolver(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """A coroutine function for a resolver that may return an awaitable.

    Strawberry sees that it is asynchronous, so that permissions and extensions receive the awaited value.
    """

    @wraps(resolve)
    async def resolve_async(*args: Any, **kwargs: Any) -> Any:
        value = resolve(*args, **kwargs)
        return await value if isawaitable(value) else value

    return resolve_async


async def _resolve_loaded(load: Awaitable[Any], root: Node[Any], field: LoadedField) -> Any:
    """The value of a field of a loaded entity. The load has been enqueued before: see `UpstreamSession`."""
    loaded = await load
    return None if loaded is None else _loaded_value(loaded, root, field)


def _loaded_value(loaded: Any, root: Node[Any], field: LoadedField) -> Any:
    entity = root.child(loaded)
    if field.inner_source is None:
        return entity
    return resolve_attribute(entity, field.inner_source.attribute)


def resolver_metadata(
    resolve: Callable[..., Any],
    *,
    items: PolymorphicList | None = None,
    reads: bool = False,
    inline_list: InlineList | None = None,
) -> Mapping[str, Any]:
    """The metadata of a field with a resolver that compiled queries may call as well.

    Args:
        resolve: The resolver; takes `root` and `info` where it names them, and the arguments, by its own
            names. Of `info`, the resolver may use the attributes of `ResolveInfo`.
        items: The declaration of the items, where the value is a `LazyPage`.
        reads: Whether the resolver may read from the upstream.
        inline_list: The list that the resolver returns, where compiled queries may render it without a call.
    """
    return {FIELD_SOURCE_KEY: ResolverField(resolve, items, reads, inline_list)}
