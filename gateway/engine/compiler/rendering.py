"""Rendering: the parameter `run` of generated functions, which renders items and registers what is deferred."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from graphql import GraphQLError, located_error
from graphql.execution import VariableValues

from gateway.engine.compiler.collect_fields import Condition, Field, holds
from gateway.engine.compiler.fallback import ResponsePath
from gateway.engine.compiler.leaf_values import FALLBACK_ERRORS
from gateway.engine.compiler.namespace import BoundComputation, TypeDispatch
from gateway.engine.compiler.pending import (
    Deferred,
    DeferredFields,
    ElementRenderer,
    FallbackItem,
    FallbackList,
    ListElement,
    PendingFields,
)
from gateway.engine.compiler.projected_reader import ReaderCache
from gateway.engine.compiler.response_objects import assign
from gateway.engine.resolvers import Ids, InlineList, NeedsFallback, Node


class Rendering:
    """The state of one run of a compiled query, as the generated functions use it.

    Attributes:
        context: The context of resolvers and computed fields.
        condition_values: Whether each condition of the compiled query holds for the variables.
        readers: The readers of the decoded items, by decoder.
        deferred: The fields and items that wait, in the order of the response.
        awaited_elements: The awaitables among the elements of resolvers' lists, with their positions.
        errors: The errors so far, with their paths, but for those of graphql-core.
    """

    def __init__(
        self, context: Any, variables: VariableValues, conditions: Sequence[Condition]
    ) -> None:
        self.context = context
        self.condition_values = [holds(condition, variables) for condition in conditions]
        self.readers = ReaderCache()
        self.deferred: list[Deferred] = []
        self.awaited_elements: list[tuple[Awaitable[Any], ListElement]] = []
        self.errors: list[GraphQLError] = []
        self._variables = variables
        self._bound_functions: dict[BoundComputation, Callable[[Any, Any], Any]] = {}
        self._rendered_lists: dict[tuple[int, int], tuple[list[Any], list[Any]]] = {}

    def defer(
        self, deferred: DeferredFields, result: Any, node: Node[Any], path: ResponsePath
    ) -> None:
        self.deferred.append(PendingFields(deferred, result, node, path))

    def bound_function(self, computation: BoundComputation) -> Callable[[Any, Any], Any]:
        """The function of a field that has arguments, with these bound: once for all objects of the run."""
        function = self._bound_functions.get(computation)
        if function is None:
            try:
                arguments = computation.arguments.coerce(self._variables)
            except GraphQLError as error:
                raise NeedsFallback from error
            function = self._bound_functions[computation] = computation.bind(**arguments)
        return function

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
        if key in self._rendered_lists:
            return self._rendered_lists[key][1]
        before = len(self.deferred)
        results: list[Any] = []
        for index, value in enumerate(values):
            mark = len(self.deferred)
            try:
                render = type_dispatch[value.__class__]
                results.append(
                    render(value, self, (*path, index), ids)
                    if deferred.needs_path
                    else render(value, self)
                )
            except FALLBACK_ERRORS:
                del self.deferred[mark:]
                results.append(None)
                fallback_item = FallbackItem(deferred, value, results, index, (*path, index), ids)
                self.deferred.append(fallback_item)
        if not deferred.needs_path and len(self.deferred) == before:  # independent of the path
            self._rendered_lists[key] = values, results
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
        mark = len(self.deferred)
        try:
            render = type_dispatch[value.__class__]
            item = (
                render(value, self, item_path, ids) if deferred.needs_path else render(value, self)
            )
        except FALLBACK_ERRORS:
            del self.deferred[mark:]
            self.deferred.append(FallbackItem(deferred, value, result, field.key, item_path, ids))
        else:
            assign(result, field.key, item)

    def render_inline_list(
        self,
        inline_list: InlineList,
        render: Callable[[], list[Any]],
        deferred: DeferredFields,
        result: Any,
        node: Node[Any],
        path: ResponsePath,
    ) -> None:
        """Render a list that is the value of a field while its budget suffices; else defer the field.

        A list with an element that needs the fallback is left to graphql-core, without its resolver, which would
        consume budget again.
        """
        [field] = deferred.fields
        values = getattr(node.value, inline_list.attribute)
        if not inline_list.budget.consume(len(values)):
            self.defer(deferred, result, node, path)
            return
        mark = len(self.deferred)
        try:
            elements = render()
        except FALLBACK_ERRORS:
            del self.deferred[mark:]
            nodes = [node.child(value) for value in values]
            self.deferred.append(FallbackList(field, nodes, result, (*path, field.key)))
        else:
            assign(result, field.key, elements)

    def render_elements(
        self,
        values: list[Any],
        render: ElementRenderer,
        deferred: DeferredFields,
        path: ResponsePath,
    ) -> list[Any]:
        """Render each element of a resolver's list, or have it awaited; one that fails is null and affects no other."""
        results: list[Any] = [None] * len(values)
        for index, value in enumerate(values):
            element = ListElement(deferred, render, results, index, (*path, index))
            if isinstance(value, Awaitable):
                self.awaited_elements.append((value, element))
            else:
                self.render_element(element, value)
        return results

    @staticmethod
    def dispatch(type_dispatch: TypeDispatch, value: Any, *arguments: Any) -> Any:
        return type_dispatch[value.__class__](value, *arguments)

    def render_element(self, element: ListElement, value: Any) -> None:
        """Render an element of a resolver's list; `value` is a node, None, or the exception that explains a null."""
        deferred, render, result, key, path = element
        mark = len(self.deferred)
        if isinstance(value, Exception):
            self.add_error(value, deferred.fields[0], path)
        elif value is not None:
            try:
                result[key] = render(value.value, path, value.ids)
            except FALLBACK_ERRORS:
                del self.deferred[mark:]
                self.deferred.append(
                    FallbackItem(deferred, value.value, result, key, path, value.ids)
                )

    def add_error(self, error: Exception, field: Field, path: ResponsePath) -> None:
        """Report an error at the path of a field."""
        self.errors.append(located_error(error, field.nodes(self._variables), [*path]))

    def pop_deferred(self) -> list[Deferred]:
        """What was deferred so far, to be started; nothing of it is deferred any more."""
        deferred, self.deferred = self.deferred, []
        return deferred
