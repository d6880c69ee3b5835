"""The specification, three times: its functions, its audits, and bodies that nobody should send."""

import json
from collections.abc import AsyncIterator, Mapping, Set as AbstractSet
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import msgspec
import pytest

from gateway.engine.request import Request
from gateway.errors import (
    BadRequest,
    InvalidVariables,
    MethodNotAllowed,
    NotAcceptable,
    ParseFailed,
    PayloadTooLarge,
    PersistedQueryNotSupported,
    RequestError,
    UnsupportedMediaType,
)
from gateway.web.graphql_over_http import (
    GRAPHQL_RESPONSE,
    HTML,
    JSON,
    error_response,
    http_status,
    parse_get,
    parse_post,
    reject_unsupported_methods,
    response_media_type,
)

TYPENAME = "{ __typename }"
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

# The functions


def test_a_refusal_has_no_data():
    assert msgspec.to_builtins(error_response(BadRequest("Send JSON."))) == {
        "errors": [{"message": "Send JSON.", "extensions": {"code": "BAD_REQUEST"}}]
    }


def test_a_refusal_tells_every_problem_with_the_code():
    where = {"locations": [{"line": 1, "column": 1}]}
    problems: list[dict[str, object]] = [{"message": "One.", **where}, {"message": "Two."}]
    code = {"extensions": {"code": "GRAPHQL_PARSE_FAILED"}}
    assert msgspec.to_builtins(error_response(ParseFailed(problems))) == {
        "errors": [{"message": "One.", **where, **code}, {"message": "Two.", **code}]
    }


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        (" ", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("APPLICATION/JSON", JSON),
        ("application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/graphql-response+json, application/json", GRAPHQL_RESPONSE),
        ("application/json, application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/json, application/graphql-response+json;q=0.9", JSON),
        ("application/graphql-response+json;q=0.1, application/json;q=0.2", JSON),
        ("application/graphql-response+json, */*;q=0.1", GRAPHQL_RESPONSE),
        ("application/graphql-response+json, */*", GRAPHQL_RESPONSE),
        ("application/json, */*", JSON),
        ("text/html, */*;q=0.1", JSON),
        (CHROME, JSON),
        ("application/json;q=0, */*", GRAPHQL_RESPONSE),
        ("application/json;q=0, application/*;q=0.3", GRAPHQL_RESPONSE),
        ("application/*;q=0, application/json", JSON),
        ("*/*;q=0, application/json;q=0.001", JSON),
        ("application/json;q=1.000", JSON),
        ("application/json; Q=0.5 , text/plain", JSON),
        (" application/json ;charset=utf-8", JSON),
        ('application/json; charset="UTF-8"', JSON),
        ("application/json;charset=utf8", JSON),
        ("application/json;charset=utf-16, application/json;q=0.1", JSON),
        ("application/json;charset=latin1, */*", GRAPHQL_RESPONSE),
        ("application/json;profile=x", JSON),
        ("application/json,,", JSON),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", JSON),  # Java's HttpURLConnection
        ("*", JSON),
        ("*; q=.2, application/graphql-response+json;q=.1", JSON),
        ("application/json; q=.9, application/graphql-response+json;q=.95", GRAPHQL_RESPONSE),
        ("*/*;q=.8", JSON),
        ("application/json;q=.0, */*;q=.1", GRAPHQL_RESPONSE),
        ("application/json;q=2, application/graphql-response+json;q=0.1", GRAPHQL_RESPONSE),
    ],
)
def test_the_answer_has_the_media_type_most_wanted(accept, expected):
    assert response_media_type(accept) == expected


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "text/event-stream",
        "image/*",
        "application/xml",
        "application/json;q=0",
        "application/json;q=0.000",
        "*/*;q=0",
        "application/json;charset=utf-16",
        "application/json;q=x",
        "application/json;q=-1",
        "application/json;q=0.1234",
        "json",
        ",",
        "*;q=.0",
        "application/json;q=.",
        "application/json;q=.1234",
        "application/graphql+json",
    ],
)
def test_what_cannot_be_given_is_not_acceptable(accept):
    with pytest.raises(NotAcceptable):
        response_media_type(accept)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (CHROME, HTML),
        ("text/html", HTML),
        ("text/*", HTML),
        ("text/html, application/json;q=0.9", HTML),
        ("text/html, application/json", JSON),
        ("text/html;q=0.5, application/json;q=0.6", JSON),
        ("*/*", JSON),
        (None, JSON),
    ],
)
def test_the_page_is_for_those_who_want_it_more_than_json(accept, expected):
    assert response_media_type(accept, html=True) == expected


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json;charset=utf-8",
        'Application/JSON ; Charset="UTF-8"',
        "application/json; charset=utf8; x=y",
        "application/json;",
    ],
)
def test_json_in_utf_8_is_taken(content_type):
    assert parse_post(content_type, b'{"query":"q"}').query == "q"


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/graphql",
        "application/graphql-response+json",
        "application/json, text/plain",
        "application/jsonp",
        "application/json;charset=utf-16",
        "application/json;charset=iso-8859-1",
        "application/json;charset=",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/plain; x=application/json",
        "*/*",
    ],
)
def test_no_other_media_type_is_taken(content_type):
    with pytest.raises(UnsupportedMediaType):
        parse_post(content_type, b'{"query":"q"}')


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"query": "q"}, Request("q", None, {})),
        ({"query": ""}, Request("", None, {})),
        ({"query": "é 🏃 + % &"}, Request("é 🏃 + % &", None, {})),
        ({"query": "q", "operationName": "o"}, Request("q", "o", {})),
        ({"query": "q", "operationName": ""}, Request("q", None, {})),
        ({"query": "q", "variables": '{"a": [1, null]}'}, Request("q", None, {"a": [1, None]})),
        ({"query": "q", "variables": ""}, Request("q", None, {})),
        ({"query": "q", "variables": "null"}, Request("q", None, {})),
        ({"query": "q", "extensions": '{"a": 1}'}, Request("q", None, {})),
        ({"query": "q", "extensions": ""}, Request("q", None, {})),
        ({"query": "q", "unknown": "x"}, Request("q", None, {})),
    ],
)
def test_a_query_string_is_a_request(parameters, expected):
    assert parse_get(urlencode(parameters).encode()) == expected


def test_a_query_string_may_be_utf_8_without_escapes():
    assert parse_get("query=é".encode()).query == "é"


@pytest.mark.parametrize(
    "query_string",
    [
        b"",
        b"Query=q",
        b"query=q&query=q",
        b"query=q&x=1&x=1",
        b"query=q&variables=[1]",
        b"query=q&variables=1",
        b"query=q&variables=%22a%22",
        b"query=q&variables={",
        b"query=q&variables={%22a%22:NaN}",
        b"query=q&variables=" + b"[" * 100_000,
        b"query=q&variables={%22a%22:" + b"1" * 6000 + b"}",
        b"query=q&extensions=[]",
        b"query=q&extensions=x",
        b"query=%FF",
        b"query=\xff",
        b"query=%ED%A0%80",
        b"&".join(b"p%d=" % number for number in range(21)),
    ],
    ids=lambda query_string: repr(query_string[:40]),
)
def test_any_other_query_string_is_a_bad_request(query_string):
    with pytest.raises(BadRequest):
        parse_get(query_string)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_get_head_and_post_are_the_methods(method):
    reject_unsupported_methods(method)


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "DELETE", "get", ""])
def test_other_methods_are_told_those(method):
    with pytest.raises(MethodNotAllowed) as caught:
        reject_unsupported_methods(method)
    assert caught.value.headers == {"Allow": "GET, HEAD, POST"}


@pytest.mark.parametrize(
    ("error", "with_json", "with_ours"),
    [
        (None, 200, 200),
        (ParseFailed([{"message": "m"}]), 200, 400),
        (InvalidVariables([{"message": "m"}]), 200, 400),
        (BadRequest("m"), 400, 400),
        (NotAcceptable("m"), 406, 406),
        (MethodNotAllowed("m", allow="POST"), 405, 405),
        (PayloadTooLarge("m"), 413, 413),
        (UnsupportedMediaType("m"), 415, 415),
        (PersistedQueryNotSupported("m"), 200, 200),
    ],
    ids=lambda value: type(value).__name__,
)
def test_with_json_a_well_formed_request_always_gets_200(
    error: RequestError | None, with_json: int, with_ours: int
):
    assert (http_status(error, JSON), http_status(error, GRAPHQL_RESPONSE)) == (
        with_json,
        with_ours,
    )


# The audits of npm's graphql-http 1.23.1, by their ids

SUCCESS = frozenset({200})
BAD = frozenset({400})
REFUSED = frozenset(range(400, 500))
FAILED = frozenset(range(400, 600))
NO_REDIRECT = frozenset(range(200, 300)) | FAILED


class Audit(NamedTuple):
    """A request, and what its answer must be like.

    Attributes:
        request: `body` (as JSON), `content` (as it is) or `params` (in the address); without
            `params` it is a POST. `accept` and `content_type` are headers; None leaves them out.
        statuses: Those that will do.
        media_type: What the answer is, where that matters.
        without: A key that the answer must not have.
    """

    request: Mapping[str, Any]
    statuses: AbstractSet[int]
    media_type: str | None = None
    without: str | None = None


def post(accept: str | None = None, content_type: str | None = JSON, **body: object) -> Any:
    return {"accept": accept, "content_type": content_type, "body": body}


def get(accept: str | None = None, **params: str) -> Any:
    return {"accept": accept, "content_type": None, "params": params}


NAMED: dict[str, Any] = {"query": "query Query { __typename }", "operationName": "Query"}
TYPE: dict[str, Any] = {
    "query": "query Type($name: String!) { __type(name: $name) { name } }",
    "variables": {"name": "sometype"},
}
TYPE_IN_ADDRESS = {"query": TYPE["query"], "variables": '{"name": "sometype"}'}
EXTENDED: dict[str, Any] = {"query": TYPENAME, "extensions": {"some": "value"}}
UNPARSABLE: dict[str, Any] = {"query": "{"}
INVALID: dict[str, Any] = {"query": "{ 8f31403dfe404bccbb0e835f2629c6a7 }"}
UNCOERCIBLE: dict[str, Any] = {
    "query": "query CoerceFailure($id: ID!){ __typename }",
    "variables": {"id": None},
}
NOT_JSON = {"content_type": JSON, "content": b'{ "not a JSON'}
NOT_TEXT: list[object] = [{"obj": "ect"}, 0, False, ["array"]]
NOT_MAPS: list[object] = ["string", 0, False, ["array"]]

AUDITS: dict[str, Audit] = {
    # media types
    "22EB": Audit(post(GRAPHQL_RESPONSE, query=TYPENAME), SUCCESS, GRAPHQL_RESPONSE),
    "4655": Audit(post(JSON, query=TYPENAME), SUCCESS, JSON),
    "47DE": Audit(post("*/*", query=TYPENAME), SUCCESS, JSON),
    "80D8": Audit(post(query=TYPENAME), SUCCESS, JSON),
    "82A3": Audit(post(query=TYPENAME), SUCCESS),
    "BF61": Audit(
        post(
            content_type=f"{JSON}; charset=utf-8", query='{ __type(name: "Run🏃Swim🏊") { name } }'
        ),
        SUCCESS,
    ),
    "78D5": Audit(post(query=TYPENAME), SUCCESS),
    # methods
    "2C94": Audit(post(query=TYPENAME), SUCCESS),
    "5A70": Audit(get(query=TYPENAME), SUCCESS),
    "9C48": Audit(get(GRAPHQL_RESPONSE, query="mutation { __typename }"), REFUSED),
    "9ABE": Audit(post(content_type=None, query=TYPENAME), REFUSED),
    "03D4": Audit(post(query=TYPENAME), SUCCESS),
    "A5BF": Audit({"content_type": JSON, "content": b""}, BAD),
    # the parameter `query`
    "423L": Audit(post(GRAPHQL_RESPONSE, notquery=TYPENAME), BAD),
    **{f"LKJ{i}": Audit(post(query=wrong), BAD) for i, wrong in enumerate(NOT_TEXT)},
    "34A2": Audit(post(GRAPHQL_RESPONSE, query=TYPENAME), SUCCESS),
    "13EE": Audit(post(JSON, query=TYPENAME), SUCCESS, without="errors"),
    # the parameter `operationName`
    **{
        f"6C0{i}": Audit(post(query=TYPENAME, operationName=wrong), BAD)
        for i, wrong in enumerate(NOT_TEXT)
    },
    "8161": Audit(post(GRAPHQL_RESPONSE, **NAMED), SUCCESS),
    "B8B3": Audit(post(JSON, **NAMED), SUCCESS, without="errors"),
    # null for a parameter
    **{
        f"{prefix}{i}": Audit(
            post(accept, query=TYPENAME, **{name: None}), SUCCESS, without="errors"
        )
        for prefix, accept in (("94B", GRAPHQL_RESPONSE), ("022", JSON))
        for i, name in enumerate(("variables", "operationName", "extensions"))
    },
    # the parameter `variables`
    **{
        f"476{i}": Audit(post(query=TYPENAME, variables=wrong), BAD)
        for i, wrong in enumerate(NOT_MAPS)
    },
    "2EA1": Audit(post(GRAPHQL_RESPONSE, **TYPE), SUCCESS),
    "28B9": Audit(post(JSON, **TYPE), SUCCESS, without="errors"),
    "D6D5": Audit(get(GRAPHQL_RESPONSE, **TYPE_IN_ADDRESS), SUCCESS, without="errors"),
    "6A70": Audit(get(JSON, **TYPE_IN_ADDRESS), SUCCESS, without="errors"),
    # the parameter `extensions`
    **{
        f"58B{i}": Audit(post(query=TYPENAME, extensions=wrong), BAD)
        for i, wrong in enumerate(NOT_MAPS)
    },
    "428F": Audit(post(GRAPHQL_RESPONSE, **EXTENDED), SUCCESS),
    "1B7A": Audit(post(JSON, **EXTENDED), SUCCESS, without="errors"),
    # requests that are none
    "B6DC": Audit({**NOT_JSON, "accept": JSON}, NO_REDIRECT),
    "BCF8": Audit({**NOT_JSON, "accept": JSON}, BAD),
    "B7N8": Audit({**NOT_JSON, "accept": GRAPHQL_RESPONSE}, BAD),
    "8764": Audit(post(qeury=TYPENAME), FAILED),
    "3E3A": Audit(post(qeury=TYPENAME), BAD),
    # operations that cannot run, with application/json
    "572B": Audit(post(JSON, **UNPARSABLE), SUCCESS),
    "FDE2": Audit(post(JSON, **INVALID), SUCCESS),
    "7B9B": Audit(post(JSON, **UNCOERCIBLE), SUCCESS),
    # and with our own media type
    "865D": Audit(post(GRAPHQL_RESPONSE, **UNPARSABLE), FAILED),
    "556A": Audit(post(GRAPHQL_RESPONSE, **UNPARSABLE), BAD),
    "D586": Audit(post(GRAPHQL_RESPONSE, **UNPARSABLE), BAD, without="data"),
    "51FE": Audit(post(GRAPHQL_RESPONSE, **INVALID), FAILED),
    "74FF": Audit(post(GRAPHQL_RESPONSE, **INVALID), BAD),
    "5E5B": Audit(post(GRAPHQL_RESPONSE, **INVALID), BAD, without="data"),
    "86EE": Audit(post(GRAPHQL_RESPONSE, **UNCOERCIBLE), BAD),
}


async def send_request(http: httpx.AsyncClient, request: Mapping[str, Any]) -> httpx.Response:
    named = {"Accept": request.get("accept"), "Content-Type": request.get("content_type")}
    headers = {name: value for name, value in named.items() if value is not None}
    if "params" in request:
        return await http.get("/graphql", params=request["params"], headers=headers)
    content = request.get("content")
    if content is None:
        content = json.dumps(request["body"], ensure_ascii=False).encode()
    return await http.post("/graphql", content=content, headers=headers)


@pytest.mark.parametrize("audit", AUDITS.values(), ids=AUDITS)
async def test_audit(http, audit):
    answer = await send_request(http, audit.request)
    assert answer.status_code in audit.statuses
    result = json.loads(answer.content.decode("utf-8"))
    assert result.keys() <= {"errors", "data"}
    assert audit.without not in result
    if audit.media_type is not None:
        assert answer.headers["content-type"] == f"{audit.media_type}; charset=utf-8"


def test_none_of_the_61_audits_is_left_out():
    assert len(AUDITS) == 61


# What nobody should send

GOOD = '"query": "{ __typename }"'
BAD_REQUEST = (400, "BAD_REQUEST")
UNSUPPORTED = (415, "UNSUPPORTED_MEDIA_TYPE")
PARSE_FAILED = (400, "GRAPHQL_PARSE_FAILED")
LIMIT_EXCEEDED = (400, "LIMIT_EXCEEDED")
BAD_INPUT = (400, "BAD_USER_INPUT")
WITH_ID = '"query": "query ($id: ID!) { activities(clientId: $id) { totalCount } }"'
WITH_INT = '"query": "query ($n: Int) { activities(clientId: 1, first: $n) { totalCount } }"'


def body_with(name: str, value: str) -> str:
    return f'{{{GOOD}, "{name}": {value}}}'


BODIES: dict[str, tuple[str | bytes, tuple[int, str]]] = {
    "nothing": ("", BAD_REQUEST),
    "blanks": (" \n\t", BAD_REQUEST),
    "null": ("null", BAD_REQUEST),
    "true": ("true", BAD_REQUEST),
    "a number": ("0", BAD_REQUEST),
    "a string": ('"{ __typename }"', BAD_REQUEST),
    "an empty array": ("[]", BAD_REQUEST),
    "a batch of one": (f"[{{{GOOD}}}]", BAD_REQUEST),
    "a batch of two": (f"[{{{GOOD}}}, {{{GOOD}}}]", BAD_REQUEST),
    "an array of strings": ('["query"]', BAD_REQUEST),
    "an empty object": ("{}", BAD_REQUEST),
    "the document alone": ("{ __typename }", BAD_REQUEST),
    "a form": ("query=%7B__typename%7D", BAD_REQUEST),
    "cut short": ('{"query": "{ __type', BAD_REQUEST),
    "more after the end": (f"{{{GOOD}}} {{{GOOD}}}", BAD_REQUEST),
    "a comma too many": (f"{{{GOOD},}}", BAD_REQUEST),
    "single quotes": ("{'query': '{ __typename }'}", BAD_REQUEST),
    "a comment": (f"/* x */ {{{GOOD}}}", BAD_REQUEST),
    "a line break within a string": ('{"query": "{\n}"}', BAD_REQUEST),
    "a zero byte": (f"{{{GOOD}}}\0", BAD_REQUEST),
    "invalid UTF-8": (b'{"query": "\xff"}', BAD_REQUEST),
    "an overlong form of UTF-8": (b'{"query": "\xc0\xaf"}', BAD_REQUEST),
    "half a surrogate pair in UTF-8": (b'{"query": "\xed\xa0\x80"}', BAD_REQUEST),
    "half a surrogate pair escaped": ('{"query": "\\ud800"}', BAD_REQUEST),
    "half a surrogate pair in GraphQL": (
        json.dumps({"query": r'{ __type(name: "\ud800") { name } }'}),
        PARSE_FAILED,
    ),
    "two byte order marks": (f"\ufeff\ufeff{{{GOOD}}}".encode(), BAD_REQUEST),
    "UTF-16": (f"{{{GOOD}}}".encode("utf-16"), BAD_REQUEST),
    "UTF-16 without a mark": (f"{{{GOOD}}}".encode("utf-16-le"), BAD_REQUEST),
    "UTF-32": (f"{{{GOOD}}}".encode("utf-32"), BAD_REQUEST),
    "Latin-1": ('{"query": "{ é }"}'.encode("latin-1"), BAD_REQUEST),
    "gzip": (b"\x1f\x8b\x08\x00", BAD_REQUEST),
    "a deep array": ("[" * 100_000, BAD_REQUEST),
    "a deep closed array": ("[" * 100_000 + "]" * 100_000, BAD_REQUEST),
    "deep variables": (body_with("variables", '{"a":' * 50_000 + "1" + "}" * 50_000), BAD_REQUEST),
    "deep extensions": (
        body_with("extensions", '{"a":' * 50_000 + "1" + "}" * 50_000),
        BAD_REQUEST,
    ),
    "a deep value for an id": (
        f'{{{WITH_ID}, "variables": {{"id": {"[" * 62}{"]" * 62}}}}}',
        BAD_INPUT,
    ),
    "a value for an id that is deeper than 64 levels": (
        f'{{{WITH_ID}, "variables": {{"id": {"[" * 63}{"]" * 63}}}}}',
        BAD_REQUEST,
    ),
    "900 values for an id": (
        f'{{{WITH_ID}, "variables": {{"id": [{"1," * 899}1]}}}}',
        BAD_INPUT,
    ),
    "more than 4,000 values": (body_with("variables", f'{{"n": [{"1," * 4_000}1]}}'), BAD_REQUEST),
    "many values in many lists": (
        body_with("variables", json.dumps({"n": [[1] * 100] * 101})),
        BAD_REQUEST,
    ),
    "a deep document": (json.dumps({"query": "{ a " * 10_000 + "}" * 10_000}), PARSE_FAILED),
    "a deep type": (
        json.dumps({"query": f"query ($a: {'[' * 9_999}Int{']' * 9_999}) {TYPENAME}"}),
        PARSE_FAILED,
    ),
    "an integer of 101 digits": (body_with("variables", f'{{"n": -1{"0" * 100}}}'), BAD_REQUEST),
    "an integer of 6,000 digits": (body_with("variables", f'{{"n": {"1" * 6000}}}'), BAD_REQUEST),
    "a number beyond all doubles": (body_with("variables", '{"n": 1e999}'), BAD_REQUEST),
    "NaN": (body_with("variables", '{"n": NaN}'), BAD_REQUEST),
    "infinity": (body_with("variables", '{"n": -Infinity}'), BAD_REQUEST),
    "a leading zero": (body_with("variables", '{"n": 01}'), BAD_REQUEST),
    "an integer of 100 digits for an Int": (
        f'{{{WITH_INT}, "variables": {{"n": {"9" * 100}}}}}',
        BAD_INPUT,
    ),
    "an integer of 33 bits for an Int": (
        f'{{{WITH_INT}, "variables": {{"n": 4294967296}}}}',
        BAD_INPUT,
    ),
    "a huge double for an Int": (f'{{{WITH_INT}, "variables": {{"n": 1e300}}}}', BAD_INPUT),
    "true for an Int": (f'{{{WITH_INT}, "variables": {{"n": true}}}}', BAD_INPUT),
    "an object for an id": (f'{{{WITH_ID}, "variables": {{"id": {{}}}}}}', BAD_INPUT),
    "null for an id": (f'{{{WITH_ID}, "variables": {{"id": null}}}}', BAD_INPUT),
    "no variables for an id": (f"{{{WITH_ID}}}", BAD_INPUT),
    "an empty document": ('{"query": ""}', PARSE_FAILED),
    "a document of commas": (json.dumps({"query": "," * 10_000}), PARSE_FAILED),
    "a document of a megabyte of commas": (json.dumps({"query": "," * 1_000_000}), LIMIT_EXCEEDED),
    "a document of many tokens": (
        json.dumps({"query": "{" + "a " * 100_000 + "}"}),
        LIMIT_EXCEEDED,
    ),
    "a document of comments": (json.dumps({"query": "#\n" * 100_000}), LIMIT_EXCEEDED),
    "a document of aliases": (
        json.dumps({"query": f"{{{' '.join(f'a{n}:__typename' for n in range(20_000))}}}"}),
        LIMIT_EXCEEDED,
    ),
    "a document of repeats": (json.dumps({"query": "{" + "a " * 9_000 + "}"}), LIMIT_EXCEEDED),
    "a document with a zero byte": ('{"query": "{ __typename }\\u0000"}', PARSE_FAILED),
    "null for the query": ('{"query": null}', BAD_REQUEST),
    "another case of letters": ('{"Query": "{ __typename }"}', BAD_REQUEST),
    **{
        f"{wrong} for {name}": (f'{{{GOOD}, "{name}": {wrong}}}', BAD_REQUEST)
        for name, wrongs in {
            "query": ("1", "1.5", "true", "{}", "[]", '["{ __typename }"]'),
            "operationName": ("0", "1.5", "false", "{}", "[]"),
            "variables": ('"{}"', "0", "1.5", "false", "[]", "[{}]", '""'),
            "extensions": ('"{}"', "0", "1.5", "false", "[]", "[{}]", '""'),
        }.items()
        for wrong in wrongs
    },
    "an unknown operation": (
        body_with("operationName", '"x"'),
        (400, "OPERATION_RESOLUTION_FAILURE"),
    ),
}
"""Name of a body: the body, and the status and code of its answer."""

ABOUT_THE_OPERATION = {
    "GRAPHQL_PARSE_FAILED",
    "BAD_USER_INPUT",
    "LIMIT_EXCEEDED",
    "OPERATION_RESOLUTION_FAILURE",
}


def assert_refused(answer: httpx.Response, status_code: int, code: str) -> None:
    """In JSON, whatever was sent; and the operation never ran."""
    assert answer.status_code == status_code
    assert answer.headers["content-type"].endswith("json; charset=utf-8")
    assert answer.json().keys() == {"errors"}
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {code}
    assert len(answer.content) < 5_000


@pytest.mark.sample(36)
@pytest.mark.parametrize("accept", [JSON, GRAPHQL_RESPONSE])
@pytest.mark.parametrize(("body", "expected"), BODIES.values(), ids=BODIES)
async def test_a_malformed_body_is_refused(http, accept, body, expected):
    status_code, code = expected
    if accept == JSON and code in ABOUT_THE_OPERATION:
        status_code = 200
    answer = await http.post(
        "/graphql", content=body, headers={"Content-Type": JSON, "Accept": accept}
    )
    assert_refused(answer, status_code, code)


ODD_BUT_FINE = {
    "duplicate keys, of which the last counts": f'{{"query": 1, {GOOD}}}',
    "unknown keys": body_with("id", "7"),
    "blanks around": f"\n {{{GOOD}}} \n",
    "escaped letters": '{"\\u0071uery": "{ __typename }"}',
    "a variable that nobody wants": body_with("variables", '{"n": 1}'),
    "an integer of 100 digits": body_with("variables", f'{{"n": {"9" * 100}}}'),
    "variables of some depth": body_with("variables", f'{{"n": {"[" * 62}{"]" * 62}}}'),
    "an empty operation name": body_with("operationName", '""'),
    "a byte order mark": f"\ufeff{{{GOOD}}}",
    "a byte order mark in the document": '{"query": "\\ufeff{ __typename }"}',
}


@pytest.mark.parametrize("body", ODD_BUT_FINE.values(), ids=ODD_BUT_FINE)
async def test_an_odd_body_is_answered(http, body):
    answer = await http.post("/graphql", content=body, headers={"Content-Type": JSON})
    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize(
    ("lines", "media_type"),
    [
        (["text/plain", "application/json;q=.9"], JSON),
        (["application/json;q=.1", "application/graphql-response+json"], GRAPHQL_RESPONSE),
        (["text/plain", "image/*"], None),
    ],
)
async def test_accept_may_come_in_several_lines(http, lines, media_type):
    headers = [("Content-Type", JSON), *(("Accept", line) for line in lines)]
    answer = await http.post("/graphql", content=f"{{{GOOD}}}", headers=headers)
    if media_type is None:
        assert answer.status_code == 406
    else:
        assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"


@pytest.mark.parametrize("coding", ["gzip", "br", "Identity, gzip", "x" * 5_000])
async def test_an_encoded_body_is_refused_by_the_name_of_its_coding(http, coding):
    headers = {"Content-Type": JSON, "Content-Encoding": coding}
    answer = await http.post("/graphql", content=f"{{{GOOD}}}", headers=headers)
    assert_refused(answer, *UNSUPPORTED)
    [error] = answer.json()["errors"]
    assert f"`Content-Encoding: {coding[:40]}`" in error["message"]
    assert len(error["message"]) < 200
    assert answer.headers["accept-encoding"] == "identity"


async def test_a_coding_in_a_second_line_is_seen(http):
    lines = [("Content-Type", JSON), ("Content-Encoding", "identity"), ("Content-Encoding", "gzip")]
    assert_refused(await http.post("/graphql", content=f"{{{GOOD}}}", headers=lines), *UNSUPPORTED)


@pytest.mark.parametrize("coding", ["", "identity", " IDENTITY "])
async def test_a_body_that_is_said_to_be_as_it_is_is_read(http, coding):
    headers = {"Content-Type": JSON, "Content-Encoding": coding}
    answer = await http.post("/graphql", content=f"{{{GOOD}}}", headers=headers)
    assert answer.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "request_",
    [
        {"content": f"{{{GOOD}}}"},
        {"content": f"{{{GOOD}}}", "headers": {"Content-Type": ""}},
        {"content": f"{{{GOOD}}}", "headers": {"Content-Type": "text/plain"}},
        {"content": TYPENAME, "headers": {"Content-Type": "application/graphql"}},
        {
            "content": f"{{{GOOD}}}".encode("utf-16"),
            "headers": {"Content-Type": f"{JSON}; charset=utf-16"},
        },
        {"data": {"query": TYPENAME}},
        {"data": {"operations": f"{{{GOOD}}}", "map": "{}"}, "files": {"0": b"x"}},
        {"files": {"query": TYPENAME}},
    ],
    ids=["none", "empty", "text", "graphql", "utf-16", "form", "upload", "multipart"],
)
async def test_another_content_type_is_refused(http, request_):
    assert_refused(await http.post("/graphql", **request_), *UNSUPPORTED)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "BAD_REQUEST"),
        ("?query=%7B__typename%7D&query=%7B__typename%7D", "BAD_REQUEST"),
        ("?query=%7B__typename%7D&variables=%7B%7D&variables=%7B%7D", "BAD_REQUEST"),
        ("?query=%7B__typename%7D&variables=x", "BAD_REQUEST"),
        ("?query=%7B__typename%7D&extensions=%5B%5D", "BAD_REQUEST"),
        ("?query=%FF", "BAD_REQUEST"),
        ("?" + "&".join(f"p{number}=" for number in range(30)), "BAD_REQUEST"),
        ("?query", "GRAPHQL_PARSE_FAILED"),
        ("?query=", "GRAPHQL_PARSE_FAILED"),
    ],
)
async def test_a_malformed_query_string_is_refused(http, query, code):
    answer = await http.get("/graphql" + query, headers={"Accept": GRAPHQL_RESPONSE})
    assert_refused(answer, 400, code)


async def test_the_query_string_of_a_post_is_ignored(http):
    answer = await http.post("/graphql?query=%7B__typename%7D", json={})
    assert_refused(answer, *BAD_REQUEST)


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 64):
        yield body[start : start + 64]


def padded(length: int) -> bytes:
    return f"{{{GOOD}}}".encode().ljust(length)


@pytest.mark.parametrize("streamed", [False, True], ids=["announced", "streamed"])
@pytest.mark.parametrize("excess", [1, 10_000])
async def test_a_body_that_is_too_large_is_refused(http_with, streamed, excess):
    body = padded(200 + excess)
    answer = await http_with(max_body_bytes=200).post(
        "/graphql",
        content=in_pieces(body) if streamed else body,
        headers={"Content-Type": JSON},
    )
    assert_refused(answer, 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("streamed", [False, True], ids=["announced", "streamed"])
async def test_a_body_of_just_the_largest_size_is_taken(http_with, streamed):
    body = padded(200)
    answer = await http_with(max_body_bytes=200).post(
        "/graphql",
        content=in_pieces(body) if streamed else body,
        headers={"Content-Type": JSON},
    )
    assert answer.json() == {"data": {"__typename": "Query"}}


async def test_size_comes_before_the_content_type(http_with):
    answer = await http_with(max_body_bytes=200).post("/graphql", content=padded(201))
    assert_refused(answer, 413, "PAYLOAD_TOO_LARGE")


async def test_a_length_that_is_no_number_is_ignored(http_with):
    answer = await http_with(max_body_bytes=200).post(
        "/graphql", content=padded(201), headers={"Content-Type": JSON, "Content-Length": "many"}
    )
    assert_refused(answer, 413, "PAYLOAD_TOO_LARGE")


async def test_a_length_of_many_digits_is_too_large(http_with):
    answer = await http_with(max_body_bytes=200).post(
        "/graphql", content=b"{}", headers={"Content-Type": JSON, "Content-Length": "9" * 5000}
    )
    assert_refused(answer, 413, "PAYLOAD_TOO_LARGE")
