"""Requests that never run: what is wrong with each, and the code of its answer in one mode at least."""

import json
from typing import Any, NamedTuple

import httpx

from tests.security.secrets.planted import WRITTEN
from tests.support.secret import SECRET

ONE = '{ activities(clientId: "1001") { totalCount } }'
TAKES = "query ($id: ID!, $n: Int, $kinds: [ActivityKind!]) { activities(clientId: $id, first: $n, filter: {kinds: $kinds}) { totalCount } }"
TWO = "query A { a: __typename } query B { b: __typename }"
SKIPS = "query ($if: Boolean!) { activities(clientId: 1) @skip(if: $if) { totalCount } }"
RUNNABLE = [ONE, TAKES, TWO, SKIPS]
"""Documents that fit the schema: what may be wrong with a request for them is elsewhere."""

JSON = {"Content-Type": "application/json"}
HASH = "5ec2e7" * 10 + "abcd"


class Refused(NamedTuple):
    """A request, as httpx makes one, and the code of its answer; None where it is not GraphQL's business."""

    code: str | None
    request: dict[str, Any]


def post(code: str | None, **body: object) -> Refused:
    return Refused(code, {"method": "POST", "url": "/graphql", "json": body})


def text(code: str | None, content: str | bytes, **headers: str) -> Refused:
    sent = {"method": "POST", "url": "/graphql", "content": content, "headers": JSON | headers}
    return Refused(code, sent)


def get(code: str | None, url: str = "/graphql", /, **params: str) -> Refused:
    return Refused(code, {"method": "GET", "url": httpx.URL(url, params=params) if params else url})


def variables(**values: object) -> Refused:
    return post("BAD_USER_INPUT", query=TAKES, variables={"id": "1", **values})


BAD = "BAD_REQUEST"
SYNTAX = "GRAPHQL_PARSE_FAILED"
INVALID = "GRAPHQL_VALIDATION_FAILED"
UNRESOLVED = "OPERATION_RESOLUTION_FAILURE"
TOO_MUCH = "LIMIT_EXCEEDED"
MEDIA = "UNSUPPORTED_MEDIA_TYPE"
METHOD = "METHOD_NOT_ALLOWED"

BODIES = {
    "no JSON": text(BAD, f'{{"query": {SECRET}'),
    "half a JSON": text(BAD, f'{{"query": "{SECRET}'),
    "a secret after JSON": text(BAD, f'{{"query": "{{ a }}"}} {SECRET}'),
    "no UTF-8": text(BAD, b'{"query": "\xff%b"}' % SECRET.encode()),
    "half a character": text(BAD, f'{{"query": "\\ud800{SECRET}"}}'),
    "a text": text(BAD, json.dumps(SECRET)),
    "a batch": text(BAD, json.dumps([{"query": SECRET}])),
    "no query": post(BAD, qery=SECRET),
    "a query of another type": post(BAD, query={SECRET: SECRET}),
    "a name of another type": post(BAD, query=ONE, operationName=[SECRET]),
    "variables of another type": post(BAD, query=ONE, variables=SECRET),
    "variables in a list": post(BAD, query=ONE, variables=[SECRET]),
    "extensions of another type": post(BAD, query=ONE, extensions=SECRET),
    "too deep": text(BAD, '{"a":' * 70 + f'"{SECRET}"' + "}" * 70),
    "far too deep": text(BAD, "[" * 100_000 + f'"{SECRET}"'),
    "too many values": post(BAD, query=ONE, variables={"id": [SECRET] * 10_001}),
    "too many digits": text(BAD, f'{{"query": "{SECRET}", "variables": {{"n": {"9" * 101}}}}}'),
    "too large": text("PAYLOAD_TOO_LARGE", json.dumps({"query": SECRET + " " * 200_000})),
    "another charset": text(
        MEDIA, SECRET, **{"Content-Type": f"application/json; charset={SECRET}"}
    ),
    "another media type": text(MEDIA, SECRET, **{"Content-Type": f"text/{SECRET}"}),
    "a form": text(MEDIA, f"query={SECRET}", **{"Content-Type": "multipart/form-data"}),
    "another way to encode": text(
        MEDIA, b"\x1f\x8b" + SECRET.encode(), **{"Content-Encoding": "gzip"}
    ),
}

DOCUMENTS = {
    "a syntax error": post(SYNTAX, query=f'{{ activities(clientId: "{WRITTEN}" }}'),
    "a name too many": post(SYNTAX, query=f"{{ a }} {WRITTEN}"),
    "a text without an end": post(SYNTAX, query=f'{{ a(b: "{WRITTEN}'),
    "a strange character": post(SYNTAX, query=f"{{ a }} \x07{WRITTEN}"),
    "a strange escape": post(SYNTAX, query=f'{{ a(b: "\\u{{D800}}{WRITTEN}") }}'),
    "an unknown field": post(INVALID, query=f"{{ {WRITTEN} }}"),
    "an unknown argument": post(INVALID, query=f'{{ activities(clientId: 1, {WRITTEN}: "{WRITTEN}") {{ totalCount }} }}'),
    "a literal of another type": post(INVALID, query=f'{{ activities(clientId: 1, first: "{WRITTEN}") {{ totalCount }} }}'),
    "an object for an id": post(INVALID, query=f'{{ activities(clientId: {{a: "{WRITTEN}"}}) {{ totalCount }} }}'),
    "an unknown kind": post(INVALID, query=f"{{ activities(clientId: 1, filter: {{kinds: [{WRITTEN}]}}) {{ totalCount }} }}"),
    "an unknown variable": post(INVALID, query=f"{{ activities(clientId: ${WRITTEN}) {{ totalCount }} }}"),
    "an unknown fragment": post(INVALID, query=f"{{ ...{WRITTEN} }}"),
    "an unknown directive": post(INVALID, query=f'{{ a: __typename @{WRITTEN}(a: "{WRITTEN}") }}'),
    "fields that conflict": post(INVALID, query=f'{{ a: activities(clientId: "{WRITTEN}") {{ totalCount }} a: activities(clientId: 1) {{ totalCount }} }}'),
    "the schema": post(None, query="{ __schema { types { name } } }"),
    "an unknown operation": post(UNRESOLVED, query=TWO, operationName=SECRET),
    "no operation": post(UNRESOLVED, query=TWO),
    "too deep": post(TOO_MUCH, query="{ a " * 40 + WRITTEN + "}" * 40),
    "too many tokens": post(TOO_MUCH, query=f"{{ {WRITTEN} }}" + " ," * 10 + f" #{WRITTEN}\n" * 10_001),
    "too many fields at the root": post(TOO_MUCH, query="{" + f" {WRITTEN}" * 60 + "}"),
    "too costly": post(TOO_MUCH, query="{" + f' clients(ids: ["{WRITTEN}"]) {{ activities(first: 100) {{ nodes {{ id }} }} }}' * 201 + "}"),
    "a mutation by GET": get(INVALID, query=f"mutation {{ {WRITTEN} }}"),
}  # fmt: skip

VALUES = {
    "no value": post("BAD_USER_INPUT", query=TAKES, variables={WRITTEN: WRITTEN}),
    "an object for an id": variables(id={WRITTEN: WRITTEN}),
    "a list for an id": variables(id=[WRITTEN]),
    "a text for a number": variables(n=WRITTEN),
    "a long text for a number": variables(n=WRITTEN * 1000),
    "a text for a kind": variables(kinds=[WRITTEN]),
    "a text for a condition": post("BAD_USER_INPUT", query=SKIPS, variables={"if": WRITTEN}),
    "a page that is too large": variables(n=10_000),
    "no client's id": post("NOT_FOUND", query=TAKES, variables={"id": f"../{WRITTEN}?{WRITTEN}"}),
    "odd characters in an id": post(
        "NOT_FOUND", query=TAKES, variables={"id": f"{WRITTEN}\x00\r\n"}
    ),
    "a very long id": variables(id=WRITTEN * 20_000),
}

IDS = {
    "an unknown id": post("PERSISTED_QUERY_NOT_FOUND", documentId=SECRET),
    "an unknown hash": post(
        "PERSISTED_QUERY_NOT_SUPPORTED", extensions={"persistedQuery": {"sha256Hash": HASH + SECRET}}
    ),
    "an unknown id by GET": get("PERSISTED_QUERY_NOT_FOUND", documentId=SECRET),
    "another text's id": post(BAD, query=f'{{ a(b: "{SECRET}") }}', documentId="known"),
    "another text's hash": post(BAD, query=f'{{ a(b: "{SECRET}") }}', documentId=HASH),
    "two ids": post(BAD, documentId=SECRET, extensions={"persistedQuery": {"sha256Hash": HASH}}),
    "an id of another type": post(BAD, documentId=[SECRET]),
    "a hash of another type": post(BAD, extensions={"persistedQuery": {"sha256Hash": [SECRET]}}),
    "no hash": post(BAD, extensions={"persistedQuery": {SECRET: SECRET}}),
    "a text that is not known": post("DOCUMENT_NOT_TRUSTED", query=f'{{ a: __typename b: client(id: "{WRITTEN}") {{ id }} }}'),
}  # fmt: skip

QUERY_STRINGS = {
    "no UTF-8": get(BAD, f"/graphql?query=%ff{SECRET}"),
    "a parameter twice": get(BAD, f"/graphql?query={SECRET}&query={SECRET}"),
    "no JSON": get(BAD, query=ONE, variables=f"{{{SECRET}"),
    "variables of another type": get(BAD, query=ONE, variables=json.dumps(SECRET)),
    "no query": get(BAD, apiKey=SECRET, token=SECRET),
    "a syntax error": get(SYNTAX, query=f"{{ {WRITTEN}"),
    "a query that runs": get(
        "NOT_FOUND", query=TAKES, variables=json.dumps({"id": WRITTEN}), apiKey=SECRET
    ),
    "almost the path": get(None, f"/graphql/?query={SECRET}"),
    "another path": get(None, f"/{SECRET}?{SECRET}"),
    "the printed schema": get(None, f"/schema.graphql?{SECRET}"),
    "a probe": get(None, f"/readyz?token={SECRET}"),
}

HEADERS = {
    "another method": Refused(METHOD, {"method": "PUT", "url": f"/graphql?{SECRET}", "content": SECRET}),
    "an unknown method": Refused(METHOD, {"method": "BREW", "url": f"/graphql?{SECRET}"}),
    "another type wanted": text("NOT_ACCEPTABLE", json.dumps({"query": ONE}), Accept=f"text/{SECRET}"),
    "a strange type wanted": text("NOT_ACCEPTABLE", json.dumps({"query": ONE}), Accept=f"a/b;q={SECRET}"),
    "another page": Refused(METHOD, {"method": "OPTIONS", "url": "/graphql", "headers": {"Origin": f"https://{SECRET}", "Access-Control-Request-Method": SECRET}}),
    "a page for a browser": Refused(None, {"method": "GET", "url": f"/graphql?query={SECRET}", "headers": {"Accept": "text/html"}}),
    "another host": Refused(None, {"method": "GET", "url": "/nowhere", "headers": {"Host": SECRET}}),
    "credentials that are not ASCII": Refused("BAD_USER_INPUT", {"method": "POST", "url": "/graphql", "json": {"query": ONE}, "headers": [(b"token", f"é{SECRET}".encode())]}),
}  # fmt: skip

ALL = {
    f"{table}: {name}": refused
    for table, each in {
        "body": BODIES,
        "document": DOCUMENTS,
        "value": VALUES,
        "id": IDS,
        "query string": QUERY_STRINGS,
        "header": HEADERS,
    }.items()
    for name, refused in each.items()
}
