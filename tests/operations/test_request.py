import pytest

from gateway.errors import BadRequest, PersistedQueryNotSupported
from gateway.operations.request import Request

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
    "a query beside its id": (
        {"query": QUERY, "extensions": {"persistedQuery": {}}, "documentId": "x"},
        Request(QUERY, None, {}),
    ),
}


@pytest.mark.parametrize(("parameters", "request_"), READ.values(), ids=READ)
def test_parameters_describe_a_request(parameters, request_):
    assert Request.of(parameters) == request_


REFUSED = {
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
}


@pytest.mark.parametrize("parameters", REFUSED.values(), ids=REFUSED)
def test_parameters_of_wrong_types_are_refused(parameters):
    with pytest.raises(BadRequest):
        Request.of(parameters)


@pytest.mark.parametrize("name", ["operationName", "variables", "extensions", "query"])
def test_a_refusal_names_the_parameter_and_not_its_value(name):
    with pytest.raises(BadRequest, match=f"`{name}`") as refused:
        Request.of({"query": QUERY, name: 12345})
    assert "12345" not in str(refused.value)


@pytest.mark.parametrize("operations", [[], [{"query": QUERY}]])
def test_a_batch_is_refused_as_such(operations):
    with pytest.raises(BadRequest, match="batch"):
        Request.of(operations)


@pytest.mark.parametrize(
    "parameters",
    [{"extensions": {"persistedQuery": {"version": 1}}}, {"documentId": "sha256:0"}],
)
def test_an_id_without_its_text_is_told_in_words_that_clients_know(parameters):
    with pytest.raises(PersistedQueryNotSupported, match=r"^PersistedQueryNotSupported$"):
        Request.of(parameters)
