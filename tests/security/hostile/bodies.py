"""Bodies that are no JSON, or JSON that is no request."""

import gzip
import json

from tests.security.hostile.row import INPUT, PARSE_FAILED, PLAIN, TOO_LARGE, Row, body, request

QUERY = json.dumps({"query": PLAIN}).encode()
OPENING = b'{"query": "{ __typename }", '


def variables(text: bytes) -> bytes:
    return OPENING + b'"variables": ' + text + b"}"


NOT_JSON = {
    "nothing": b"",
    "white space": b" " * 1_000_000,
    "an object that does not end": QUERY[:-1],
    "a string that does not end": QUERY[:-3],
    "a comma too many": QUERY[:-1] + b",}",
    "single quotes": QUERY.replace(b'"', b"'"),
    "names without quotes": b"{query: 1}",
    "a comment": b"// a query\n" + QUERY,
    "two requests in a row": QUERY + QUERY,
    "something after the request": QUERY + b"garbage",
    "NaN": variables(b'{"a": NaN}'),
    "Infinity": variables(b'{"a": -Infinity}'),
    "a number with leading zeros": variables(b'{"a": 007}'),
    "a hexadecimal number": variables(b'{"a": 0xff}'),
    "an unknown escape": b'{"query": "\\x41"}',
    "half of an escape": b'{"query": "\\u00',
    "a line break in a string": b'{"query": "{\n__typename }"}',
    "a NUL in a string": b'{"query": "{ \x00__typename }"}',
    "a NUL alone": b"\x00",
    "control characters": bytes(range(32)),
    "half of a surrogate pair": b'{"query": "{ __typename } # \\ud800"}',
    "the other half": variables(b'{"a": "\\udc00"}'),
    "a byte that UTF-8 has not": b'{"query": "{ __typename } # \xff"}',
    "a slash in two bytes": b'{"query": "{ __typename } # \xc0\xaf"}',
    "half of a character": b'{"query": "{ __typename } # \xe2\x82"}',
    "a surrogate in UTF-8": b'{"query": "{ __typename } # \xed\xa0\x80"}',
    "beyond Unicode": b'{"query": "{ __typename } # \xf5\x80\x80\x80"}',
    "UTF-16": QUERY.decode().encode("utf-16"),
    "UTF-16, big end first": QUERY.decode().encode("utf-16-be"),
    "UTF-32": QUERY.decode().encode("utf-32"),
    "a compressed body": gzip.compress(QUERY),
    "a number of 5,000 digits": variables(b'{"a": ' + b"9" * 5_000 + b"}"),
    "a number of a million digits": variables(b'{"a": ' + b"9" * 1_000_000 + b"}"),
    "a fraction of 5,000 digits": variables(
        b'{"a": 0.' + b"9" * 5_000 + b"e" + b"9" * 5_000 + b"}"
    ),
    "100,000 lists in lists": b"[" * 100_000,
    "100,000 objects in objects": variables(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "65 levels": variables(b'{"a":' * 65 + b"1" + b"}" * 65),
    "half a million values": variables(b'{"a": [' + b"1," * 500_000 + b"1]}"),
    "20,000 names": variables(b"{" + b",".join(b'"a%d":1' % n for n in range(20_000)) + b"}"),
}

NO_REQUEST = {
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "a string": b'"{ __typename }"',
    "an empty list": b"[]",
    "an empty object": b"{}",
    "a batch of one": b"[" + QUERY + b"]",
    "a batch of a thousand": b"[" + b",".join([QUERY] * 1_000) + b"]",
    **{
        f"a `{name}` that is {word}": OPENING + b'"%b": %b}' % (name.encode(), value)
        for name in ("operationName", "documentId")
        for word, value in {"a number": b"1", "a list": b"[]", "an object": b"{}"}.items()
    },
    **{
        f"`variables` that are {word}": variables(value)
        for word, value in {"a list": b"[1]", "a string": b'"{}"', "a number": b"1"}.items()
    },
    **{
        f"a `query` that is {word}": b'{"query": %b}' % value
        for word, value in {
            "a number": b"1",
            "a list": b'["{ __typename }"]',
            "an object": b"{}",
            "false": b"false",
            "null": b"null",
        }.items()
    },
    "`extensions` that are a list": OPENING + b'"extensions": []}',
    "a `persistedQuery` that is a string": OPENING + b'"extensions": {"persistedQuery": "a"}}',
    "a hash that is a number": OPENING + b'"extensions": {"persistedQuery": {"sha256Hash": 1}}}',
    "a hash of another text": OPENING + b'"documentId": "' + b"0" * 64 + b'"}',
}

MEGABYTES = [b" " * 1_000_000] * 30
CHUNKED = "POST /graphql HTTP/1.1\nContent-Type: application/json\nTransfer-Encoding: chunked"

BODIES: list[Row] = [
    body("a byte order mark", b"\xef\xbb\xbf" + QUERY, 200, None),
    *(body(name, sent) for name, sent in NOT_JSON.items()),
    *(body(name, sent) for name, sent in NO_REQUEST.items()),
    body("a NUL, escaped", b'{"query": "{ \\u0000__typename }"}', code=PARSE_FAILED),
    body("an empty query", b'{"query": ""}', code=PARSE_FAILED),
    body("the same name twice", b'{"query": "{", "query": "{ __typename }"}', 200, None),
    body(
        "names of Python and JavaScript", OPENING + b'"__proto__": {}, "__class__": 1}', 200, None
    ),
    body(
        "a string for a list of ids",
        b'{"query": "query($a: [ID!]!) { clients(ids: $a) { id } }", "variables": {"a": {}}}',
        code=INPUT,
    ),
    body("one byte more than is taken", b" " * 1_048_577, 413, TOO_LARGE),
    Row(
        "30 MB, announced",
        lambda _: [_announced(30_000_000), *MEGABYTES],
        413,
        TOO_LARGE,
    ),
    Row(
        "30 MB in chunks",
        lambda _: [
            request(CHUNKED),
            *(b"f4240\r\n" + each + b"\r\n" for each in MEGABYTES),
            b"0\r\n\r\n",
        ],
        413,
        TOO_LARGE,
    ),
    Row("nine exabytes, announced", lambda _: [_announced(9 * 10**18)], 413, TOO_LARGE),
]


def _announced(length: int) -> bytes:
    return request(
        f"POST /graphql HTTP/1.1\nContent-Type: application/json\nContent-Length: {length}"
    )
