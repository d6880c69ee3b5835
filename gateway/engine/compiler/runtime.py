"""Runs a compiled query for one request: has it rendered, then fills in what was deferred."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from graphql import Executor, FragmentDefinitionNode, GraphQLError, is_non_null_type
from graphql.execution import VariableValues
from msgspec import Raw

from gateway.engine.compiler.collect_fields import Condition
from gateway.engine.compiler.fallback import GraphQLCoreFallback, to_graphql_path
from gateway.engine.compiler.leaf_values import FALLBACK_ERRORS
from gateway.engine.compiler.pending import (
    Deferred,
    DeferredFields,
    FallbackItem,
    FallbackList,
    ListElement,
    PendingFields,
    PendingLoad,
)
from gateway.engine.compiler.pending_results import PendingResults
from gateway.engine.compiler.rendering import Rendering
from gateway.engine.compiler.response_objects import assign
from gateway.engine.resolvers import NO_IDS, LoadedField, Node, ResolveInfo, ResolverField
from gateway.errors import GatewayError


class OperationNeedsFallback(Exception):
    """Requests the fallback of the whole operation: a null has to propagate from a non-null field."""


class CompiledRun:
    """One run of a compiled query: calls the generated functions, and delivers what they deferred.

    Attributes:
        fallback: graphql-core, for the parts that a compiled query cannot answer.
    """

    def __init__(
        self,
        context: Any,
        variables: VariableValues,
        conditions: Sequence[Condition],
        fragments: Mapping[str, FragmentDefinitionNode],
        build_executor: Callable[[], Executor[Any]],
    ) -> None:
        self.fallback = GraphQLCoreFallback(build_executor, variables)
        self._fragments = fragments
        self._context = context
        self._variables = variables
        self._rendering = Rendering(context, variables, conditions)
        self._results = PendingResults()
        self._pending_loads: dict[tuple[Any, ...], PendingLoad] = {}

    async def execute(self, root_function: Any) -> Any:
        """The `data` of the operation, given the generated function of the root type.

        Raises:
            OperationNeedsFallback: graphql-core has to execute all of the operation.
        """
        try:
            data = root_function(None, self._rendering, (), NO_IDS)
            self._expect_elements()
            self._start_deferred(self._rendering.pop_deferred())
            await self._results.join()
        except Exception as error:
            self._expect_elements()  # those of a function that failed run to their end as well
            self._results.detach()
            if isinstance(error, FALLBACK_ERRORS):
                raise OperationNeedsFallback from error
            raise
        except BaseException:
            await self._results.cancel()
            raise
        return data

    @property
    def errors(self) -> list[GraphQLError]:
        """The errors so far, with their paths."""
        return self._rendering.errors + self.fallback.errors

    def _start_deferred(self, deferred: Sequence[Deferred]) -> None:
        """Start loads and resolvers in the order of graphql-core, so that limits reject the same loads."""
        for pending in deferred:
            match pending:
                case FallbackItem():
                    self._fallback_item(pending)
                case FallbackList():
                    self._fallback_list(pending)
                case PendingFields(
                    deferred=DeferredFields(field_source=LoadedField() as field_source)
                ):
                    self._load(pending, field_source)
                case PendingFields(
                    deferred=DeferredFields(field_source=ResolverField() as field_source)
                ):
                    self._resolve(pending, field_source)
                case PendingFields():
                    self._fallback_fields(pending)

    def _expect_elements(self) -> None:
        """Expect the elements that generated functions have met, in their order."""
        elements = self._rendering.awaited_elements
        if elements:
            self._rendering.awaited_elements = []
            for value, element in elements:
                self._results.expect(value, partial(self._deliver_element, element))

    def _load(self, pending: PendingFields, field_source: LoadedField) -> None:
        if field_source.is_entity(pending.node.value):
            self._deliver(pending, pending.node.value, len(self._context.reported_errors))
            return
        ids = tuple(map(pending.node.id, field_source.ids))
        key = (field_source.load, ids)
        pending_load = self._pending_loads.get(key)
        if pending_load is None:
            pending_load = self._pending_loads[key] = PendingLoad()
            try:
                load = field_source.load(self._context, *ids)
            except Exception as error:  # noqa: BLE001 - reported at the field's path, as graphql-core does
                pending_load.error, pending_load.waiters = error, None
            else:
                self._results.expect(load, partial(self._end_load, pending_load))
        if pending_load.waiters is None:
            self._deliver_loaded(pending, pending_load)
        else:
            pending_load.waiters.append(pending)

    def _end_load(self, pending_load: PendingLoad, value: Any, error: Exception | None) -> None:
        pending_load.value, pending_load.error = value, error
        waiters, pending_load.waiters = pending_load.waiters or [], None
        for pending in waiters:
            self._deliver_loaded(pending, pending_load)

    def _deliver_loaded(self, pending: PendingFields, pending_load: PendingLoad) -> None:
        if pending_load.error is not None or pending_load.value is None:
            self._set_null(pending, pending_load.error)
        elif pending.deferred in pending_load.rendered:
            _assign_fields(pending, pending_load.rendered[pending.deferred])
        else:
            rendered = self._deliver(
                pending, pending_load.value, len(self._context.reported_errors)
            )
            if rendered is not None and not pending.deferred.needs_path:
                pending_load.rendered[pending.deferred] = rendered

    def _resolve(self, pending: PendingFields, field_source: ResolverField) -> None:
        [field] = pending.deferred.fields
        path = to_graphql_path((*pending.path, field.key))
        nodes = field.nodes(self._variables)
        info = ResolveInfo(self._context, path, nodes, self._fragments, self._variables)
        try:
            arguments = field.arguments.coerce(self._variables)
        except GraphQLError:
            for each in (pending, *pending.identical()):
                self._fallback_fields(each)
            return
        reported_count = len(self._context.reported_errors)
        try:
            value = field_source.resolve(pending.node, info, **arguments)
        except Exception as error:  # noqa: BLE001 - reported at the field's path, as graphql-core does
            self._set_all_null(pending, error)
            return
        if isinstance(value, Awaitable):
            self._results.expect(value, partial(self._deliver_awaited, pending, reported_count))
        else:
            self._deliver_resolved(pending, value, reported_count)

    def _deliver_awaited(
        self, pending: PendingFields, reported_count: int, value: Any, error: Exception | None
    ) -> None:
        decoder = pending.deferred.items_decoder
        if error is not None:
            self._set_all_null(pending, error)
            return
        decoding = None
        if decoder is not None and value is not None:
            try:
                decoding = self._rendering.readers.decode_ahead(decoder, value)
            except GatewayError as refusal:
                self._set_all_null(pending, refusal)
                return
        if decoding is None:
            self._deliver_resolved(pending, value, reported_count)
        else:
            deliver = partial(self._deliver_decoded, pending, reported_count, value)
            self._results.expect(decoding, deliver)

    def _deliver_decoded(
        self,
        pending: PendingFields,
        reported_count: int,
        value: Any,
        _: None,
        error: Exception | None,
    ) -> None:
        if isinstance(error, GatewayError):
            self._set_all_null(pending, error)
        elif error is not None:
            raise error
        else:
            self._deliver_resolved(pending, value, reported_count)

    def _deliver_resolved(self, pending: PendingFields, value: Any, reported_count: int) -> None:
        """Deliver a resolved value: to identical fields as it is encoded, if it is the same at any path.

        Args:
            pending: The deferred fields.
            value: The value.
            reported_count: The number of errors reported before the resolver was called.
        """
        if value is None:
            self._set_all_null(pending, None)
            return
        mark = len(self._context.reported_errors)
        if pending.deferred.items_decoder is not None:
            reader = self._rendering.readers[pending.deferred.items_decoder]
            try:
                value = Node(value.value.to_connection(reader), value.ids)
            except GatewayError as error:
                self._set_all_null(pending, error)
                return
        rendered = self._deliver(pending, value, mark)
        if not pending.deferred.identical:
            return
        if rendered is not None and len(self._context.reported_errors) == reported_count:
            encoded = (Raw(msgspec.json.encode(rendered[0])),)
            for each in (pending, *pending.identical()):
                _assign_fields(each, encoded)
        else:  # their loads are those of the first: nothing is read twice
            self._start_deferred([*pending.identical()])

    def _deliver(
        self, pending: PendingFields, value: Any, reported_count: int
    ) -> tuple[Any, ...] | None:
        """Render the deferred fields into the result.

        Returns their values in order; None where these have errors or deferred fields of their own.

        Args:
            pending: The deferred fields.
            value: The loaded or resolved value.
            reported_count: The number of errors reported before; later ones are dropped in a fallback, since
                graphql-core reports them again.
        """
        rendering = self._rendering
        outer = rendering.pop_deferred()
        rendered: tuple[Any, ...] | None
        try:
            rendered = pending.deferred.render(
                value, rendering, pending.path, pending.node.inner_ids
            )
        except FALLBACK_ERRORS:
            rendered = None
        inner, rendering.deferred = rendering.deferred, outer
        self._expect_elements()
        if rendered is None:
            del self._context.reported_errors[reported_count:]
            self._fallback_fields(pending)
            return None
        _assign_fields(pending, rendered)
        self._start_deferred(inner)
        return None if inner else rendered

    def _deliver_element(self, element: ListElement, value: Any, error: Exception | None) -> None:
        self._rendering.render_element(element, error or value)
        self._expect_elements()
        self._start_deferred(self._rendering.pop_deferred())

    def _set_all_null(self, pending: PendingFields, error: Exception | None) -> None:
        """Set fields to null, and identical ones: each with the error at its own path."""
        for each in (pending, *pending.identical()):
            self._set_null(each, error)

    def _set_null(self, pending: PendingFields, error: Exception | None) -> None:
        for field in pending.deferred.fields:
            if is_non_null_type(field.type):
                raise OperationNeedsFallback
            assign(pending.result, field.key, None)
            if error is not None:
                self._rendering.add_error(error, field, (*pending.path, field.key))

    def _fallback_fields(self, pending: PendingFields) -> None:
        source = None if pending.node.value is None else pending.node
        for field in pending.deferred.fields:
            self._assign(
                pending.result,
                field.key,
                partial(self.fallback.execute_field, field, source, pending.path),
            )

    def _fallback_item(self, item: FallbackItem) -> None:
        [field] = item.deferred.fields
        decoder = item.deferred.items_decoder
        full_record = (
            item.value
            if decoder is None
            else self._rendering.readers[decoder].full_record(item.value)
        )
        value = None if full_record is None else Node(full_record, item.ids)
        self._assign(
            item.result, item.key, partial(self.fallback.complete_item, field, value, item.path)
        )

    def _fallback_list(self, pending: FallbackList) -> None:
        field, path = pending.field, pending.path
        self._assign(
            pending.result,
            field.key,
            partial(self.fallback.complete_list, field, pending.nodes, path),
        )

    def _assign(self, result: Any, key: str | int, execute: Callable[[], Any]) -> None:
        try:
            value = execute()
        except Exception as error:
            raise OperationNeedsFallback from error
        if isinstance(value, Awaitable):
            self._results.expect(value, partial(self._assign_awaited, result, key))
        else:
            assign(result, key, value)

    @staticmethod
    def _assign_awaited(result: Any, key: str | int, value: Any, error: Exception | None) -> None:
        if error is not None:
            raise OperationNeedsFallback from error
        assign(result, key, value)


def _assign_fields(pending: PendingFields, values: tuple[Any, ...]) -> None:
    for field, value in zip(pending.deferred.fields, values, strict=True):
        assign(pending.result, field.key, value)
