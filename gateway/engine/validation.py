"""GraphQL validation with limits on its time and its errors; frees the memory that it leaves behind."""

import gc
from collections.abc import Callable, Sequence
from typing import Any

from graphql import (
    SKIP,
    ArgumentNode,
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLInputType,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    VisitorAction,
    assert_valid_schema,
    specified_rules,
)
from graphql.utilities import validate_input_literal
from graphql.validation.validate import ValidationAbortedError

from gateway.engine.complexity.limits import Limits, comparisons_exceeded
from gateway.engine.rule_visitor import RuleSet
from gateway.errors import InvalidVariables, ValidationFailed

_MAX_ERRORS = 20

DocumentValidator = Callable[[DocumentNode], None]
"""Raises `ValidationFailed` for an invalid document, `InvalidVariables` where only values in it are invalid,
and `LimitExceeded` where validation would take too long."""


def build_validator(
    schema: GraphQLSchema, limits: Limits, *, introspection: bool
) -> DocumentValidator:
    """Build the validator of documents against a schema.

    Args:
        schema: The schema.
        limits: The maximum number of comparisons of fields and fragments that share a response key.
        introspection: Whether documents may query the schema itself, and errors suggest names from it.
    """
    replacement_by_rule: dict[type[ASTValidationRule], type[ASTValidationRule]] = {
        OverlappingFieldsCanBeMergedRule: _bounded_overlap_rule(limits),
        ValuesOfCorrectTypeRule: _LiteralValuesRule,
    }
    rules = RuleSet(
        [
            *(replacement_by_rule.get(rule, rule) for rule in specified_rules),
            *([] if introspection else [NoSchemaIntrospectionCustomRule]),
        ]
    )
    assert_valid_schema(schema)

    def validate_document(document: DocumentNode) -> None:
        try:
            errors = rules.validate(
                schema, document, max_errors=_MAX_ERRORS, hide_suggestions=not introspection
            )
        finally:
            collect_validation_garbage()
        if errors:
            only_invalid_values = all(
                (problem.extensions or {}).get("code") == InvalidVariables.code
                for problem in errors
            )
            error_class = InvalidVariables if only_invalid_values else ValidationFailed
            raise error_class([{**problem.formatted} for problem in errors])

    return validate_document


class _LiteralValuesRule(ValuesOfCorrectTypeRule):
    """Validates literals. A literal that a scalar rejects is reported like an invalid value of a variable."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._argument: str | None = None
        self._variable = ""

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        self._argument = node.name.value

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        self._argument, self._variable = None, node.variable.name.value

    def is_valid_value_node(
        self, node: ValueNode, input_type: GraphQLInputType | None
    ) -> VisitorAction:
        def report(error: GraphQLError, path: Sequence[str | int]) -> None:
            if error.nodes:
                self.report_error(error)
                return
            # From a scalar, which does not know the location.
            extensions = {"code": InvalidVariables.code}
            if self._argument is None:
                prefix = f"Variable '${self._variable}' has invalid default value"
            else:
                keys = [key for key in path if isinstance(key, str)]
                extensions["argument"] = argument = ".".join([self._argument, *keys])
                prefix = f"Argument '{argument}' has invalid value"
            message = f"{prefix}: {error.message}"
            self.report_error(GraphQLError(message, node, extensions=extensions))

        if input_type is not None:
            hide_suggestions = self.context.hide_suggestions
            validate_input_literal(node, input_type, report, None, None, hide_suggestions)
        return SKIP  # inner values are validated already


def _bounded_overlap_rule(limits: Limits) -> type[ASTValidationRule]:
    """OverlappingFieldsCanBeMerged, the one rule of quadratic time, with a lower limit of comparisons.

    graphql-core's rule counts comparisons itself; its default limit allows about a second of work.
    """

    class FewOverlappingFields(OverlappingFieldsCanBeMergedRule):
        """OverlappingFieldsCanBeMerged within the limit of comparisons."""

        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self.rule_context.remaining_complexity_budget = limits.comparisons

        def enter_selection_set(self, *location: Any) -> None:
            try:
                super().enter_selection_set(*location)
            except ValidationAbortedError:
                if self.rule_context.remaining_complexity_budget < 0:
                    raise comparisons_exceeded(limits) from None
                raise  # for another reason: too many errors

    return FewOverlappingFields


_FREQUENCY_FACTOR = 20
"""How many times as often as the garbage collector on its own; each collection finds as much less."""


def collect_validation_garbage() -> None:
    """Collect the reference cycles created by validation while they are still young.

    Validating a document leaves thousands of objects in cycles. Collecting these at once takes half a
    millisecond; at the garbage collector's own threshold, a collection blocks the event loop for 50 ms. But
    a manual collection resets the counter that triggers automatic ones. So the middle generation is collected
    here, too, when due. When the oldest generation is due, nothing is collected here: an automatic collection
    follows and decides whether a full collection pays.
    """
    _, young_collections, middle_collections = gc.get_count()
    _, young_threshold, middle_threshold = gc.get_threshold()
    if young_collections <= _FREQUENCY_FACTOR * young_threshold:
        gc.collect(0)
    elif middle_collections <= middle_threshold:
        gc.collect(1)
