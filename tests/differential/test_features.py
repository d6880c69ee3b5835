import pytest

from tests.differential.features import FEATURES, features
from tests.differential.operations import Operation

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
    "{ activities(clientId: 7, filter: {kinds: [NOTE], from: null}) { totalCount } }": {
        *("filters by a literal", "kinds", "from", "totalCount"),
    },
    "query ($filter: F = {to: 1}, $e: [E]) { a(filter: $filter) b(filter: {events: $e, to: 2}) }": {
        *("variables", "defaults of variables", "variables left out", "filters by a variable"),
        *("filters by a literal", "variables inside of filters", "events", "to"),
    },
    "query ($given: F = {to: 1}) { a(filter: $given) }": {
        *("variables", "defaults of variables", "filters by a variable", "appointmentId"),
    },
    PAGE % "client { id } eventRaw changes { before { ... on IntValue { value } } }": {
        *("nodes", "clients of activities", "words of the upstream", "inline fragments"),
        "fragments on changed values",
    },
    PAGE % "... on NoteActivity { note { current { id } } }": {
        *("nodes", "inline fragments", "fragments on kinds", "today's entities"),
    },
    PAGE % "action": {"nodes", "action"},
    "{ client(id: 7) { appointmentThreads(phases: []) { nodes { latest { notes } steps { id } } } } }": {
        *("appointmentThreads", "phases", "nodes", "latest", "steps"),
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
    "{ id __typename @skip(if: false) }": {
        *("__typename", "@skip by a literal", "@skip on __typename"),
    },
    "{ id a: id }": {"aliases", "aliases of one attribute"},
    "{ id a: name }": {"aliases"},
    "{ a: id(of: 1) b: id(of: 2) }": {"aliases"},
    "{ id ... @include(if: true) { a: id } }": {
        *("aliases", "aliases of one attribute", "aliases of one attribute under a condition"),
        *("inline fragments", "fragments on no type"),
        *("@include by a literal", "@include on inline fragments"),
    },
    "{ id ...F id @skip(if: true) } fragment F on Query { ... { id } }": {
        *("fragment spreads", "inline fragments", "fragments on no type"),
        *("keys both always and under a condition", "@skip by a literal", "@skip on fields"),
    },
    "{ id ... @include(if: true) { ... @include(if: true) { name } } }": {
        *("inline fragments", "fragments on no type", "conditional fragments in conditional ones"),
        *("@include by a literal", "@include on inline fragments"),
    },
    "{ id ... @include(if: true) { of { ... @include(if: true) { name } } } }": {
        *("inline fragments", "fragments on no type"),
        *("@include by a literal", "@include on inline fragments"),
    },
    "{ id of { } }": {"empty selection sets"},
    "query ($n: Boolean!, $left: Boolean! = true) { of @skip(if: $n) { id @skip(if: $left) } }": {
        *("variables", "defaults of variables", "variables left out"),
        *("@skip by a variable", "@skip on fields", "selection sets that conditions leave empty"),
    },
    "query ($n: Boolean!) { ...F } fragment F on Query { ... @include(if: $n) { id } }": {
        *("variables", "fragment spreads", "inline fragments", "fragments on no type"),
        *("@include by a variable", "@include on inline fragments"),
    },
}


@pytest.mark.parametrize("document", TABLE)
def test_features_are_read_off_a_document(document):
    given = {"n": True, "null": None, "given": {"appointmentId": "7"}}
    operation = Operation(document, given, (), (), entities=False)
    assert features(operation) == TABLE[document]


def test_an_operation_may_ask_for_entities():
    operation = Operation("{ id }", {}, (), (), entities=True)
    assert features(operation) == {"entities"}


def test_every_feature_has_its_name_once():
    assert len({*FEATURES}) == len(FEATURES)
