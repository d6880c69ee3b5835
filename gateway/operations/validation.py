"""Whether a document is valid, found out in bounded time and told in a bounded number of words."""

from collections.abc import Callable
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    specified_rules,
    validate,
)
from graphql.validation.validate import ValidationAbortedError

from gateway.errors import ValidationFailed
from gateway.operations import garbage
from gateway.operations.limits import Limits, too_many_comparisons

_MOST_ERRORS = 20

Validate = Callable[[DocumentNode], None]
"""Raises ValidationFailed for a document that is not valid, LimitExceeded where that would take too long."""


def validator(schema: GraphQLSchema, limits: Limits, *, introspection: bool) -> Validate:
    """How documents are validated.

    Args:
        schema: What they are validated against.
        limits: How many fields and fragments may be compared, of those that meet in the answer.
        introspection: Whether they may ask for the schema itself, and errors suggest names of it.
    """
    rules = [_bounded(rule, limits) for rule in specified_rules]
    if not introspection:
        rules.append(NoSchemaIntrospectionCustomRule)

    def refuse_invalid(document: DocumentNode) -> None:
        try:
            problems = validate(
                schema, document, rules, max_errors=_MOST_ERRORS, hide_suggestions=not introspection
            )
        finally:
            garbage.collect()
        if problems:
            raise ValidationFailed([{**problem.formatted} for problem in problems])

    return refuse_invalid


def _bounded(rule: type[ASTValidationRule], limits: Limits) -> type[ASTValidationRule]:
    """The one rule that compares everything with everything, with less patience.

    It counts for itself, and by default gives up after as much as takes a second.
    """
    if rule is not OverlappingFieldsCanBeMergedRule:
        return rule

    class FewOverlappingFields(OverlappingFieldsCanBeMergedRule):
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self.rule_context.remaining_complexity_budget = limits.comparisons

        def enter_selection_set(self, *place: Any) -> None:
            try:
                super().enter_selection_set(*place)
            except ValidationAbortedError:
                if self.rule_context.remaining_complexity_budget < 0:
                    raise too_many_comparisons(limits) from None
                raise  # there were too many errors

    return FewOverlappingFields
