"""Whether a document is valid, found out in bounded time and told in a bounded number of words."""

import gc
from collections.abc import Callable
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
    specified_rules,
    validate,
)
from graphql.utilities import validate_input_literal
from graphql.validation.validate import ValidationAbortedError

from gateway.engine.complexity.limits import Limits, comparisons_exceeded
from gateway.errors import InvalidVariables, ValidationFailed

_MAX_ERRORS = 20
_INVALID_VALUE_EXTENSIONS = {"code": InvalidVariables.code}

DocumentValidator = Callable[[DocumentNode], None]
"""Raises ValidationFailed for a document that is not valid, VariablesRefused where only values in it are not,
and LimitExceeded where to find out would take too long."""


def build_validator(
    schema: GraphQLSchema, limits: Limits, *, introspection: bool
) -> DocumentValidator:
    """How documents are validated.

    Args:
        schema: What they are validated against.
        limits: How many fields and fragments may be compared, of those that meet in the answer.
        introspection: Whether they may ask for the schema itself, and errors suggest names of it.
    """
    replacement_by_rule: dict[type[ASTValidationRule], type[ASTValidationRule]] = {
        OverlappingFieldsCanBeMergedRule: _bounded_overlap_rule(limits),
        ValuesOfCorrectTypeRule: _LiteralValuesRule,
    }
    rules = [replacement_by_rule.get(rule, rule) for rule in specified_rules]
    if not introspection:
        rules.append(NoSchemaIntrospectionCustomRule)

    def validate_document(document: DocumentNode) -> None:
        try:
            errors = validate(
                schema, document, rules, max_errors=_MAX_ERRORS, hide_suggestions=not introspection
            )
        finally:
            collect_validation_garbage()
        if errors:
            only_invalid_values = all(
                problem.extensions == _INVALID_VALUE_EXTENSIONS for problem in errors
            )
            error_class = InvalidVariables if only_invalid_values else ValidationFailed
            raise error_class([{**problem.formatted} for problem in errors])

    return validate_document


class _LiteralValuesRule(ValuesOfCorrectTypeRule):
    """Whether literals fit. What a scalar of the schema refuses is told like the value of a variable."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._message_prefix = ""

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        self._message_prefix = f"Argument '{node.name.value}' has invalid value"

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        self._message_prefix = f"Variable '${node.variable.name.value}' has invalid default value"

    def is_valid_value_node(
        self, node: ValueNode, input_type: GraphQLInputType | None
    ) -> VisitorAction:
        def report(error: GraphQLError, _path: object) -> None:
            if error.nodes:
                self.report_error(error)
            else:  # a scalar does not know where it stands
                message = f"{self._message_prefix}: {error.message}"
                self.report_error(GraphQLError(message, node, extensions=_INVALID_VALUE_EXTENSIONS))

        if input_type is not None:
            hide_suggestions = self.context.hide_suggestions
            validate_input_literal(node, input_type, report, None, None, hide_suggestions)
        return SKIP  # what is inside is looked at already


def _bounded_overlap_rule(limits: Limits) -> type[ASTValidationRule]:
    """The one rule that compares everything with everything, with less patience.

    It counts for itself, and by default gives up after as much as takes a second.
    """

    class FewOverlappingFields(OverlappingFieldsCanBeMergedRule):
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self.rule_context.remaining_complexity_budget = limits.comparisons

        def enter_selection_set(self, *place: Any) -> None:
            try:
                super().enter_selection_set(*place)
            except ValidationAbortedError:
                if self.rule_context.remaining_complexity_budget < 0:
                    raise comparisons_exceeded(limits) from None
                raise  # there were too many errors

    return FewOverlappingFields


_FREQUENCY_FACTOR = 20
"""How many times as often as the collector's own are collections here: they count for as much less."""


def collect_validation_garbage() -> None:
    """Collect the youngest objects, or those of middle age as well where that is due.

    To validate a document leaves thousands of objects in cycles. Just now they take half a millisecond;
    when there are as many as the collector waits for, they hold up everybody for fifty. But it counts
    from the last time: whoever collects keeps it from coming. So the others have their turns here too,
    and when it is that of the oldest, nothing is done: the collector comes, and knows whether it pays.
    """
    _, young_collections, middle_collections = gc.get_count()
    _, most_young, most_middle = gc.get_threshold()
    if young_collections <= _FREQUENCY_FACTOR * most_young:
        gc.collect(0)
    elif middle_collections <= most_middle:
        gc.collect(1)
