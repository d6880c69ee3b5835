import pytest

from gateway.engine.request import Request
from gateway.errors import BadRequest

QUERY = "{ a }"

READ = {
    "a query alone": ({"query": QUERY}, Request(QUERY, None, {})),
    "all parameters": (
        {
            "query": QUERY,
            "operationName": "A",
            "variables": {"n": None},
            "extensions": {"x": 1},
        },
        Request(QUERY, "A", {"n": None}),
    ),
    "parameters of null": (
        {"query": QUERY, "operationName": None, "variables": None, "extensions": None},
        Request(QUERY, None, {}),
    ),
    "an empty name": ({"query": QUERY, "operationName": ""}, Request(QUERY, None, {})),
    "an empty query": ({"query": ""}, Request("", None, {})),
    "other parameters": ({"query": QUERY, "id": 5, "batch": []}, Request(QUERY, None, {})),
    "an id": ({"documentId": "x"}, Request(None, None, {}, "x")),
    "an id as Apollo sends it": (
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "x"}}},
        Request(None, None, {}, "x"),
    ),
    "an id as urql sends it again": (
        {"query": QUERY, "extensions": {"persistedQuery": {"sha256Hash": "x", "miss": True}}},
        Request(QUERY, None, {}, "x"),
    ),
    "an id at both places": (
        {"documentId": "x", "extensions": {"persistedQuery": {"sha256Hash": "x"}}},
        Request(None, None, {}, "x"),
    ),
    "an id as it is written": ({"documentId": " X:é "}, Request(None, None, {}, " X:é ")),
    "a query and its id": ({"query": QUERY, "documentId": "x"}, Request(QUERY, None, {}, "x")),
    "an empty query and an id": ({"query": "", "documentId": "x"}, Request("", None, {}, "x")),
    "an empty id": ({"query": QUERY, "documentId": ""}, Request(QUERY, None, {})),
    "ids of null": (
        {"query": QUERY, "documentId": None, "extensions": {"persistedQuery": None}},
        Request(QUERY, None, {}),
    ),
    "everything beside an id": (
        {"documentId": "x", "operationName": "A", "variables": {"n": 1}},
        Request(None, "A", {"n": 1}, "x"),
    ),
}


@pytest.mark.parametrize(("parameters", "request_"), READ.values(), ids=READ)
def test_parameters_describe_a_request(parameters, request_):
    assert Request.from_parameters(parameters) == request_


REFUSED: dict[str, object] = {
    "nothing": None,
    "a text": QUERY,
    "a number": 5,
    "no parameters": {},
    "a query of null": {"query": None},
    "a query that is a number": {"query": 5},
    "a query that is a list": {"query": [QUERY]},
    "a query that is an object": {"query": {"text": QUERY}},
    "a name that is a number": {"query": QUERY, "operationName": 5},
    "a name that is false": {"query": QUERY, "operationName": False},
    "a name that is an object": {"query": QUERY, "operationName": {}},
    "variables that are a text": {"query": QUERY, "variables": "{}"},
    "variables that are a list": {"query": QUERY, "variables": []},
    "variables that are zero": {"query": QUERY, "variables": 0},
    "extensions that are a text": {"query": QUERY, "extensions": ""},
    "extensions that are a list": {"query": QUERY, "extensions": []},
    "an empty id alone": {"documentId": ""},
    "an id of null alone": {"documentId": None},
    "an id that is a number": {"query": QUERY, "documentId": 5},
    "an id that is an object": {"documentId": {}},
    "a persisted query that is a text": {"query": QUERY, "extensions": {"persistedQuery": "x"}},
    "a persisted query that is true": {"query": QUERY, "extensions": {"persistedQuery": True}},
    "a persisted query without a hash": {"extensions": {"persistedQuery": {"version": 1}}},
    "a query and no hash": {"query": QUERY, "extensions": {"persistedQuery": {}}},
    "a hash that is a number": {"extensions": {"persistedQuery": {"sha256Hash": 5}}},
    "two ids": {"documentId": "x", "extensions": {"persistedQuery": {"sha256Hash": "y"}}},
}


@pytest.mark.parametrize("parameters", REFUSED.values(), ids=REFUSED)
def test_parameters_of_wrong_types_are_refused(parameters):
    with pytest.raises(BadRequest):
        Request.from_parameters(parameters)


@pytest.mark.parametrize(
    "name", ["operationName", "variables", "extensions", "query", "documentId"]
)
def test_a_refusal_names_the_parameter_and_not_its_value(name):
    with pytest.raises(BadRequest, match=f"`{name}`") as refused:
        Request.from_parameters({"query": QUERY, name: 12345})
    assert "12345" not in str(refused.value)


@pytest.mark.parametrize("operations", [[], [{"query": QUERY}]])
def test_a_batch_is_refused_as_such(operations):
    with pytest.raises(BadRequest, match="batch"):
        Request.from_parameters(operations)


def test_a_refusal_of_two_ids_repeats_neither():
    hashed = {"persistedQuery": {"sha256Hash": "67890"}}
    with pytest.raises(BadRequest, match=r"`documentId` and `sha256Hash`") as refused:
        Request.from_parameters({"documentId": "12345", "extensions": hashed})
    assert "12345" not in str(refused.value)
    assert "67890" not in str(refused.value)
