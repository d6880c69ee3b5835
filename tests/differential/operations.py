"""Operations: valid ones, with what their variables are given."""

from dataclasses import dataclass
from typing import Any

from graphql import GraphQLSchema

from tests.differential.drafts import Draft
from tests.differential.draws import Draws


@dataclass(frozen=True)
class Operation:
    """A document of one operation, and what its variables are given.

    Attributes:
        document: The text.
        variables: What is given.
        cursors: The names of variables that cursors of an earlier answer fit.
        conditions: The names of variables that decide what is selected.
        entities: Whether it may ask for more than timelines.
    """

    document: str
    variables: dict[str, Any]
    cursors: tuple[str, ...]
    conditions: tuple[str, ...]
    entities: bool


def operation(draws: Draws, schema: GraphQLSchema) -> Operation:
    draft = Draft(draws, schema, entities=(entities := draws.chance(35)))
    root = draft.root()
    declared = ", ".join(map(str, draft.inputs.variables))
    head = f"query ({declared}) {root}" if declared else root
    tail = [
        f"fragment {each.name} on {each.on.name} {each.selection_set}" for each in draft.fragments
    ]
    return Operation(
        document="\n".join([head, *tail]),
        variables=draft.inputs.values,
        cursors=tuple(draft.inputs.cursors),
        conditions=tuple(draft.inputs.conditions),
        entities=entities,
    )
