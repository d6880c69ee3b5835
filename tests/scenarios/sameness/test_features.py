import pytest

from tests.scenarios.sameness.features import FEATURES, features
from tests.scenarios.sameness.operations import Operation

PAGE = "{ activities(clientId: 7) { nodes { %s } } }"

TABLE = {
    "{ client(id: 7) { id } }": set(),
    "query ($id: ID) { a: client(id: $id) { id } }": {
        *("variables", "variables left out", "aliases"),
    },
    "query ($n: ID! = 7) { client(id: $n) { id } }": {"variables", "defaults of variables"},
    "query ($null: ID) { client(id: $null) { id } }": {"variables", "variables that are null"},
    "{ __typename __schema { queryType { name } } }": {"__typename", "introspection"},
    "{ client(id: 7) { activities(first: 1, sort: ASC) { edges { cursor } } } }": {
        *("first", "sort", "edges", "arguments below the root"),
    },
    PAGE % "date { instant } date { timeZone }": {"nodes", "merged selections"},
    PAGE % "date { instant } date { instant }": {"nodes"},
    PAGE % "date { instant } ... { date { ...F } }" + " fragment F on ZonedDateTime { timeZone }": {
        *("nodes", "merged selections", "inline fragments", "fragments on no type"),
        "fragment spreads",
    },
    PAGE % "... on Activity { ... on NoteActivity { id } }": {
        *("nodes", "inline fragments", "fragments on the interface", "fragments on kinds"),
    },
    "{ ...F } fragment F on Query { ...G } fragment G on NoteActivity { id }": {
        *("fragment spreads", "nested fragment spreads", "fragments on kinds"),
    },
    "query ($n: Boolean!) { id @skip(if: $n) ... @include(if: true) { id } }": {
        *("variables", "@skip by a variable", "@skip on fields"),
        *("@include by a literal", "@include on inline fragments"),
        *("inline fragments", "fragments on no type"),
    },
    "{ ...F @skip(if: false) } fragment F on Query { id }": {
        *("fragment spreads", "@skip by a literal", "@skip on fragment spreads"),
    },
}


@pytest.mark.parametrize("document", TABLE)
def test_features_are_read_off_a_document(document):
    operation = Operation(document, {"n": True, "null": None}, cursors=(), entities=False)
    assert features(operation) == TABLE[document]


def test_an_operation_may_ask_for_entities():
    operation = Operation("{ id }", {}, cursors=(), entities=True)
    assert features(operation) == {"entities"}


def test_every_feature_has_its_name_once():
    assert len({*FEATURES}) == len(FEATURES)
