"""Runs a compiled query for one request: renders available values, then fills in deferred fields."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import msgspec
from graphql import Executor, GraphQLError, is_non_null_type, located_error
from graphql.execution import VariableValues
from msgspec import Raw

from gateway.engine.compiler.collect_fields import Condition, Field, holds
from gateway.engine.compiler.fallback import GraphQLCoreFallback, ResponsePath, to_graphql_path
from gateway.engine.compiler.item_decoding import ReaderCache
from gateway.engine.compiler.leaf_values import FALLBACK_ERRORS
from gateway.engine.compiler.pending import (
    DeferredFields,
    ElementRenderer,
    FallbackItem,
    ListElement,
    PendingFields,
    PendingLoad,
    TypeDispatch,
)
from gateway.engine.compiler.pending_results import PendingResults
from gateway.engine.compiler.response_objects import assign
from gateway.engine.resolvers import NO_IDS, Ids, LoadedField, Node, ResolveInfo, ResolverField


class OperationNeedsFallback(Exception):
    """Requests the fallback of the whole operation: a null has to propagate from a non-null field."""


class CompiledRun:
    """One run of a compiled query: the interface of the generated functions and the state of the run.

    Generated functions call the public methods and read `context`, `condition_values` and `readers`.

    Attributes:
        context: The context of resolvers and computed fields.
        condition_values: Whether each condition of the compiled query holds for the variables.
        fallback: graphql-core, for the parts that a compiled query cannot answer.
        readers: The readers of the decoded items, by decoder.
    """

    def __init__(
        self,
        context: Any,
        variables: VariableValues,
        conditions: Sequence[Condition],
        build_executor: Callable[[], Executor[Any]],
    ) -> None:
        self.context = context
        self.fallback = GraphQLCoreFallback(build_executor, variables)
        self._variables = variables
        self.condition_values = [holds(condition, variables) for condition in conditions]
        self._errors: list[GraphQLError] = []
        self._deferred: list[PendingFields | FallbackItem] = []
        self._results = PendingResults()
        self._pending_loads: dict[tuple[Any, ...], PendingLoad] = {}
        self.readers = ReaderCache()
        self._projected_lists: dict[tuple[int, int], tuple[list[Any], list[Any]]] = {}

    async def execute(self, root_function: Any) -> Any:
        """The `data` of the operation, given the generated function of the root type.

        Raises:
            OperationNeedsFallback: graphql-core has to execute all of the operation.
        """
        try:
            data = root_function(None, self, (), NO_IDS)
            self._start_deferred(self._pop_deferred())
            await self._results.join()
        except Exception as error:
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
        return self._errors + self.fallback.errors

    def defer(
        self, deferred: DeferredFields, result: Any, node: Node[Any], path: ResponsePath
    ) -> None:
        self._deferred.append(PendingFields(deferred, result, node, path))

    def render_items(
        self,
        values: list[Any],
        type_dispatch: TypeDispatch,
        deferred: DeferredFields,
        path: ResponsePath,
        ids: Ids,
    ) -> list[Any]:
        """Render each item of a list; an item that needs the fallback is deferred to graphql-core."""
        key = (id(values), id(type_dispatch))
        if key in self._projected_lists:
            return self._projected_lists[key][1]
        before = len(self._deferred)
        results: list[Any] = []
        for index, value in enumerate(values):
            mark = len(self._deferred)
            try:
                render = type_dispatch[value.__class__]
                results.append(
                    render(value, self, (*path, index), ids)
                    if deferred.needs_path
                    else render(value, self)
                )
            except FALLBACK_ERRORS:
                del self._deferred[mark:]
                results.append(None)
                fallback_item = FallbackItem(deferred, value, results, index, (*path, index), ids)
                self._deferred.append(fallback_item)
        if not deferred.needs_path and len(self._deferred) == before:  # independent of the path
            self._projected_lists[key] = values, results
        return results

    def render_item(
        self,
        value: Any,
        type_dispatch: TypeDispatch,
        deferred: DeferredFields,
        result: Any,
        ids: Ids,
        path: ResponsePath,
    ) -> None:
        """Render an item that is the value of a field, as `render_items` does."""
        [field] = deferred.fields
        item_path = (*path, field.key)
        mark = len(self._deferred)
        try:
            render = type_dispatch[value.__class__]
            item = (
                render(value, self, item_path, ids) if deferred.needs_path else render(value, self)
            )
        except FALLBACK_ERRORS:
            del self._deferred[mark:]
            self._deferred.append(FallbackItem(deferred, value, result, field.key, item_path, ids))
        else:
            assign(result, field.key, item)

    def render_elements(
        self,
        values: list[Any],
        render: ElementRenderer,
        deferred: DeferredFields,
        path: ResponsePath,
    ) -> list[Any]:
        """Render or await each element of a resolver's list; one that fails is null and affects no other."""
        results: list[Any] = [None] * len(values)
        for index, value in enumerate(values):
            element = ListElement(deferred, render, results, index, (*path, index))
            if isinstance(value, Awaitable):
                self._results.expect(value, partial(self._deliver_awaited_element, element))
            else:
                self._deliver_element(element, value)
        return results

    @staticmethod
    def dispatch(type_dispatch: TypeDispatch, value: Any, *arguments: Any) -> Any:
        return type_dispatch[value.__class__](value, *arguments)

    def _pop_deferred(self) -> list[PendingFields | FallbackItem]:
        deferred, self._deferred = self._deferred, []
        return deferred

    def _start_deferred(self, deferred: Sequence[PendingFields | FallbackItem]) -> None:
        """Start loads and resolvers in the order of graphql-core, so that limits reject the same loads."""
        for pending in deferred:
            match pending:
                case FallbackItem():
                    self._fallback_item(pending)
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

    def _load(self, pending: PendingFields, field_source: LoadedField) -> None:
        if field_source.is_entity(pending.node.value):
            self._deliver(pending, pending.node.value, len(self.context.reported_errors))
            return
        ids = tuple(map(pending.node.id, field_source.ids))
        key = (field_source.load, ids)
        pending_load = self._pending_loads.get(key)
        if pending_load is None:
            pending_load = self._pending_loads[key] = PendingLoad()
            try:
                load = field_source.load(self.context, *ids)
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
            rendered = self._deliver(pending, pending_load.value, len(self.context.reported_errors))
            if rendered is not None and not pending.deferred.needs_path:
                pending_load.rendered[pending.deferred] = rendered

    def _resolve(self, pending: PendingFields, field_source: ResolverField) -> None:
        [field] = pending.deferred.fields
        path = to_graphql_path((*pending.path, field.key))
        info = ResolveInfo(self.context, path, field.nodes(self._variables))
        try:
            arguments = field.arguments.coerce(self._variables)
        except GraphQLError:
            for each in (pending, *pending.identical()):
                self._fallback_fields(each)
            return
        reported = len(self.context.reported_errors)
        try:
            value = field_source.resolve(pending.node, info, **arguments)
        except Exception as error:  # noqa: BLE001 - reported at the field's path, as graphql-core does
            self._set_all_null(pending, error)
            return
        if isinstance(value, Awaitable):
            self._results.expect(value, partial(self._deliver_awaited, pending, reported))
        else:
            self._deliver_resolved(pending, value, reported)

    def _deliver_awaited(
        self, pending: PendingFields, reported: int, value: Any, error: Exception | None
    ) -> None:
        decoder = pending.deferred.items_decoder
        if error is not None:
            self._set_all_null(pending, error)
            return
        decoding = None
        if decoder is not None and value is not None:
            decoding = self.readers.decode_ahead(decoder, value)
        if decoding is None:
            self._deliver_resolved(pending, value, reported)
        else:
            deliver = partial(self._deliver_decoded, pending, reported, value)
            self._results.expect(decoding, deliver)

    def _deliver_decoded(
        self, pending: PendingFields, reported: int, value: Any, _: None, error: Exception | None
    ) -> None:
        if error is not None:
            raise error
        self._deliver_resolved(pending, value, reported)

    def _deliver_resolved(self, pending: PendingFields, value: Any, reported: int) -> None:
        """Deliver a resolved value: to identical fields as it is encoded, if it is the same at any path.

        Args:
            pending: The deferred fields.
            value: The value.
            reported: The number of errors reported before the resolver was called.
        """
        if value is None:
            self._set_all_null(pending, None)
            return
        mark = len(self.context.reported_errors)
        if pending.deferred.items_decoder is not None:
            value = Node(
                value.value.to_connection(self.readers[pending.deferred.items_decoder]),
                value.ids,
            )
        rendered = self._deliver(pending, value, mark)
        if not pending.deferred.identical:
            return
        if rendered is not None and len(self.context.reported_errors) == reported:
            encoded = (Raw(msgspec.json.encode(rendered[0])),)
            for each in (pending, *pending.identical()):
                _assign_fields(each, encoded)
        else:  # their loads are those of the first: nothing is read twice
            self._start_deferred([*pending.identical()])

    def _deliver(self, pending: PendingFields, value: Any, reported: int) -> tuple[Any, ...] | None:
        """Render the deferred fields into the result.

        Returns their values in order; None where these have errors or deferred fields of their own.

        Args:
            pending: The deferred fields.
            value: The loaded or resolved value.
            reported: The number of errors reported before; later ones are dropped in a fallback, since
                graphql-core reports them again.
        """
        outer = self._pop_deferred()
        try:
            rendered: tuple[Any, ...] = pending.deferred.render(
                value, self, pending.path, pending.node.inner_ids
            )
        except FALLBACK_ERRORS:
            self._deferred = outer
            del self.context.reported_errors[reported:]
            self._fallback_fields(pending)
            return None
        inner, self._deferred = self._deferred, outer
        _assign_fields(pending, rendered)
        self._start_deferred(inner)
        return None if inner else rendered

    def _deliver_awaited_element(
        self, element: ListElement, value: Any, error: Exception | None
    ) -> None:
        self._deliver_element(element, error or value)
        self._start_deferred(self._pop_deferred())

    def _deliver_element(self, element: ListElement, value: Any) -> None:
        deferred, render, result, key, path = element
        mark = len(self._deferred)
        if isinstance(value, Exception):
            self._add_error(value, deferred.fields[0], path)
        elif value is not None:
            try:
                result[key] = render(value.value, path, value.ids)
            except FALLBACK_ERRORS:
                del self._deferred[mark:]
                self._deferred.append(
                    FallbackItem(deferred, value.value, result, key, path, value.ids)
                )

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
                self._add_error(error, field, (*pending.path, field.key))

    def _add_error(self, error: Exception, field: Field, path: ResponsePath) -> None:
        self._errors.append(located_error(error, field.nodes(self._variables), [*path]))

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
            item.value if decoder is None else self.readers[decoder].full_record(item.value)
        )
        value = None if full_record is None else Node(full_record, item.ids)
        self._assign(
            item.result, item.key, partial(self.fallback.complete_item, field, value, item.path)
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
