"""A field's arguments: what can be known of them before the variables are."""

from collections.abc import Mapping
from typing import Any

from graphql import FieldNode, GraphQLField, ListValueNode, ObjectValueNode, VariableNode
from graphql.execution import VariableValues, get_argument_values


class Arguments:
    """Coerces the arguments of one occurrence of a field, as graphql-core does.

    What the document gives without variables is coerced once. A variable that has a value has been
    coerced already: only where one has none does it matter what the argument says of that.
    """

    def __init__(self, field: GraphQLField, node: FieldNode) -> None:
        self._field = field
        self._node = node
        given = node.arguments or ()
        self._variables = {
            argument.name.value: argument.value.name.value
            for argument in given
            if isinstance(argument.value, VariableNode)
        }
        self._has_inner_variables = any(
            isinstance(argument.value, ListValueNode | ObjectValueNode) for argument in given
        )
        self._constants: Mapping[str, Any] | None = None

    def coerced(self, variables: VariableValues) -> dict[str, Any]:
        """The arguments by name; raises GraphQLError for what a variable made unfit."""
        values = {
            name: variables.coerced.get(variable) for name, variable in self._variables.items()
        }
        if self._constants is not None and None not in values.values():
            return {**self._constants, **values}
        coerced = get_argument_values(self._field, self._node, variables)
        if not self._has_inner_variables:
            self._constants = {
                name: value for name, value in coerced.items() if name not in self._variables
            }
        return coerced
