"""The plan of an operation: all passes put together, and what is remembered of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    Executor,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution import VariableValues

from gateway.engine.compiler.codegen import Source
from gateway.engine.compiler.collect_fields import Condition, NotPlannable, Selections
from gateway.engine.compiler.pending import Kinds, Part
from gateway.engine.compiler.projection import Shapes
from gateway.engine.compiler.runtime import NotPlanned, Run
from gateway.engine.resolvers import Fields


class Answered(NamedTuple):
    """What came of a run.

    Attributes:
        data: The data.
        errors: What went wrong, at its places.
        wholly: Whether nothing was left to graphql-core.
    """

    data: dict[str, Any]
    errors: list[GraphQLError]
    wholly: bool


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """How to answer one operation.

    Attributes:
        text: The Python source of its functions.
    """

    text: str
    _namespace: dict[str, Any]
    _operation: Callable[..., Any]
    _conditions: list[Condition]
    _deciding: frozenset[str]
    _constants: "Constants | None"

    def __del__(self) -> None:
        """Let go of the functions, each of which refers to all others: a plan that is forgotten is freed."""
        self._namespace.clear()

    async def answer(
        self, context: Any, variables: VariableValues, executor: Callable[[], Executor[Any]]
    ) -> Answered | None:
        """What the operation asks for, or None where graphql-core has to answer it as a whole.

        Args:
            context: What resolvers get.
            variables: The variables, coerced.
            executor: Makes graphql-core's executor, for what only that can answer.
        """
        if self._constants is not None and (known := self._constants.get(self)):
            return known
        if not all(type(variables.coerced.get(name)) is bool for name in self._deciding):
            return None  # a null for a directive that takes none
        try:
            run = Run(context, variables, self._conditions, executor)
            data = await run.answer(self._operation)
        except NotPlanned:
            return None
        answered = Answered(data, run.errors, wholly=not run.rest.is_used)
        if self._constants is not None:
            self._constants[self] = answered
        return answered


Constants = LRUCache[Plan, Answered]
"""Answers that are always the same: about the schema itself. Few, since they can be large."""


def planner(
    schema: GraphQLSchema, fields: Fields
) -> Callable[[DocumentNode, OperationDefinitionNode], Plan | None]:
    """How operations on a schema are planned: those that are no queries, too large or too deep, are not."""
    return partial(_plan, schema, fields, Shapes(fields), Constants(maxsize=4))


def _plan(
    schema: GraphQLSchema,
    fields: Fields,
    shapes: Shapes,
    constants: Constants,
    document: DocumentNode,
    operation: OperationDefinitionNode,
) -> Plan | None:
    if operation.operation is not OperationType.QUERY:
        return None
    try:
        selections = Selections(schema, document)
        selection = selections.of_operation(operation)
        source = Source(fields, shapes)
        name = source.operation(selection)
    except (NotPlannable, RecursionError):  # nested too deeply
        return None
    _load(source.text, source.namespace)
    about_the_schema = all(field.name.startswith("__") for field in selection.merged())
    is_constant = about_the_schema and not operation.variable_definitions
    return Plan(
        source.text,
        source.namespace,
        source.namespace[name],
        source.conditions,
        frozenset(selections.variables),
        constants if is_constant else None,
    )


def _load(text: str, namespace: dict[str, Any]) -> None:
    """Put the functions into the namespace, in the place of their names."""
    exec(compile(text, "<plan>", "exec"), namespace)  # noqa: S102 - our own text: names are checked by the parser
    for value in list(namespace.values()):
        if isinstance(value, Kinds):
            value.update({kind: namespace[name] for kind, name in value.items()})
        elif isinstance(value, Part) and value.show is not None:
            value.show = namespace[value.show]
