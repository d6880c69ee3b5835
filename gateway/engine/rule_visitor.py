"""Visits a document with all validation rules at once: graphql-core's rules and errors, in less time.

graphql-core looks up the methods of its rules anew for each document, calls its visitors for every name, and
visits all of a document again for the few variables in it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any, NamedTuple

from graphql import (
    SKIP,
    ASTValidationRule,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    ListValueNode,
    Node,
    ObjectValueNode,
    SelectionSetNode,
    TypeInfo,
    ValidationContext,
    VariableNode,
    Visitor,
    visit,
)
from graphql.language.visitor import BREAK, EnterLeaveVisitor
from graphql.pyutils import RefMap
from graphql.validation.validate import (
    FragmentNestingVisitor,
    ValidationAbortedError,
    query_document_keys_to_validate,
)
from graphql.validation.validation_context import VariableUsage

_VISITED_KEYS = {
    kind: tuple(key for key in keys if key not in {"alias", "name"})
    for kind, keys in query_document_keys_to_validate.items()
}
"""The attributes with the nodes to visit. No rule visits a name: it reads the name of the node around it."""

_Method = Callable[..., Any]


class _MethodNames(NamedTuple):
    """The methods of all rules for one kind of node: the index of each rule and the names, None where absent."""

    enter: Sequence[tuple[int, str]]
    leave: Sequence[tuple[int, str | None]]

    @classmethod
    def of(cls, visitors: Sequence[type[Visitor]], kind: str) -> "_MethodNames":
        visitor: Any  # for mypy, no class with an own `__hash__` is hashable
        enter, leave = [], []
        for index, visitor in enumerate(visitors):
            enter_name = _method_name(visitor, "enter", kind)
            leave_name = _method_name(visitor, "leave", kind)
            if enter_name is not None:
                enter.append((index, enter_name))
            if enter_name is not None or leave_name is not None:
                leave.append((index, leave_name))
        return cls(enter, leave)


@cache  # for all rule sets of the process: there are as many entries as methods that rules may have
def _method_name(visitor: type[Visitor], prefix: str, kind: str) -> str | None:
    names = (f"{prefix}_{kind}", prefix)
    return next((name for name in names if hasattr(visitor, name)), None)


class RuleSet:
    """Validation rules, whose methods for each kind of node are looked up once for all documents."""

    def __init__(self, rules: Collection[type[ASTValidationRule]]) -> None:
        self._rules = rules
        visitors: list[type[Visitor]] = [FragmentNestingVisitor, *rules]
        self._method_names = cache(partial(_MethodNames.of, visitors))

    def validate(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        *,
        max_errors: int,
        hide_suggestions: bool,
    ) -> list[GraphQLError]:
        """The errors of a document, as graphql-core's `validate` returns them.

        Args:
            schema: The schema, which is valid.
            document: The document.
            max_errors: The maximum number of errors, to which another error is added where there are more.
            hide_suggestions: Whether errors suggest no names from the schema.
        """
        errors: list[GraphQLError] = []

        def add_error(error: GraphQLError) -> None:
            if len(errors) >= max_errors:
                raise ValidationAbortedError(
                    "Too many validation errors, error limit reached. Validation aborted."
                )
            errors.append(error)

        type_info = TypeInfo(schema)
        context = _Context(schema, document, type_info, add_error, hide_suggestions)
        fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        nesting = FragmentNestingVisitor(fragments)
        visitor = _RuleVisitor(
            self._method_names, [nesting, *(rule(context) for rule in self._rules)], type_info
        )
        if not fragments:
            visitor.skipped[0] = BREAK
        try:
            visit(document, visitor, _VISITED_KEYS)
        except ValidationAbortedError as error:
            error.__context__ = None  # a reference to the frames of the validation
            errors.append(error.with_traceback(None))
        except RecursionError:
            errors.append(ValidationAbortedError("Validation aborted."))
        return errors


class _RuleVisitor(Visitor):
    """A visitor that calls all rules at each node, and keeps the type information up to date.

    Attributes:
        skipped: For each rule the node whose inner nodes it skips; `BREAK` where it skips all further nodes.
    """

    def __init__(
        self,
        method_names: Callable[[str], _MethodNames],
        visitors: Sequence[Visitor],
        type_info: TypeInfo,
    ) -> None:
        super().__init__()
        self.skipped: list[object] = [None] * len(visitors)
        self._method_names = method_names
        self._visitors = visitors
        self._type_info = type_info

    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        methods = self.enter_leave_map.get(kind)
        if methods is None:
            methods = EnterLeaveVisitor(self._enter_method(kind), self._leave_method(kind))
            self.enter_leave_map[kind] = methods
        return methods

    def _enter_method(self, kind: str) -> _Method:
        enter_type = getattr(self._type_info, f"enter_{kind}", None)
        rules = [
            (index, getattr(self._visitors[index], name))
            for index, name in self._method_names(kind).enter
        ]
        skipped = self.skipped

        def enter(node: Node, *location: Any) -> None:
            if enter_type is not None:
                enter_type(node)
            for index, enter_rule in rules:
                if skipped[index] is None:
                    action = enter_rule(node, *location)
                    if action is not None:
                        skipped[index] = node if action is SKIP or action is False else BREAK

        return enter

    def _leave_method(self, kind: str) -> _Method:
        leave_type = getattr(self._type_info, f"leave_{kind}", None)
        rules = [
            (index, None if name is None else getattr(self._visitors[index], name))
            for index, name in self._method_names(kind).leave
        ]
        skipped = self.skipped

        def leave(node: Node, *location: Any) -> None:
            for index, leave_rule in rules:
                if skipped[index] is None:
                    action = None if leave_rule is None else leave_rule(node, *location)
                    if action is BREAK or action is True:
                        skipped[index] = BREAK
                elif skipped[index] is node:
                    skipped[index] = None
            if leave_type is not None:
                leave_type()

        return leave


class _Context(ValidationContext):
    """A validation context that compares nodes by identity, and looks for variables only where there are any."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        # Dicts would compute the hash of all inner nodes at each look-up.
        caches: list[Any] = [RefMap(), RefMap(), RefMap()]
        self._fragment_spreads, self._variable_usages, self._recursive_variable_usages = caches

    def get_variable_usages(self, node: Any) -> list[VariableUsage]:
        usages = self._variable_usages.get(node)
        if usages is None:
            part = _part_with_variables(node)
            usages = [] if part is None else super().get_variable_usages(part)
            self._variable_usages[node] = usages
        return usages


def _part_with_variables(node: Any) -> Any:
    """A copy of a definition or a selection without inner selections that use no variables; None if none is left."""
    selection_set = getattr(node, "selection_set", None)
    selections = () if selection_set is None else selection_set.selections
    parts = [part for each in selections if (part := _part_with_variables(each)) is not None]
    if not parts and not _may_use_variables(node):
        return None
    if selection_set is None:
        return node
    return replace(node, selection_set=SelectionSetNode(selections=tuple(parts)))


def _may_use_variables(node: Any) -> bool:
    """Whether an argument of a node itself, or of its directives, is a variable, or may contain one."""
    return any(
        isinstance(argument.value, VariableNode | ListValueNode | ObjectValueNode)
        for each in (node, *(node.directives or ()))
        for argument in getattr(each, "arguments", None) or ()
    )
