"""Identical fields: those of one object with the same arguments and selection, under different response keys."""

from collections.abc import Hashable

from graphql import print_ast

from gateway.engine.compiler.collect_fields import Field, Selection


class FieldIdentities:
    """Numbers the fields of one operation: identical fields have the same number."""

    def __init__(self) -> None:
        self._number_by_structure: dict[Hashable, int] = {}
        self._number_by_selection: dict[Selection, int] = {}

    def identity(self, field: Field) -> int:
        """The number of a field, which does not depend on its response key, or on its own condition."""
        node, _ = field.occurrences[0]
        arguments = {
            argument.name.value: print_ast(argument.value) for argument in node.arguments or ()
        }
        selections = map(self._selection_identity, field.selection_by_type.values())
        return self._number(
            (field.parent.name, field.name, frozenset(arguments.items()), *selections)
        )

    def _selection_identity(self, selection: Selection) -> int:
        if selection not in self._number_by_selection:
            fields = [
                (field.key, self.identity(field), condition)
                for field, condition in selection.fields
            ]
            self._number_by_selection[selection] = self._number((selection.type.name, *fields))
        return self._number_by_selection[selection]

    def _number(self, structure: Hashable) -> int:
        return self._number_by_structure.setdefault(structure, len(self._number_by_structure))
