"""Ways in which the upstream fails, each full of what nobody may learn, and the code of the answer."""

import gzip
import ssl
from collections.abc import Callable
from typing import NamedTuple

import httpx
import msgspec
from graphql import GraphQLError

from gateway.upstream.http.response_protocol import HeadTooLarge, IdleConnectionClosed
from tests.support.secret import SECRET
from tests.support.statuses import BROKEN, CODE_BY_STATUS, DOWN, code_of

Answer = Callable[[], httpx.Response]

HEADERS = {
    "Set-Cookie": f"session={SECRET}; Path=/",
    "Location": f"https://{SECRET}.example/?{SECRET}",
    "Server": f"upstream/{SECRET}",
    "WWW-Authenticate": f'Bearer realm="{SECRET}"',
    "X-Request-Id": SECRET,
    "Retry-After": SECRET,
    "Date": SECRET,
}
PERSON = f"Ada {SECRET}, ada-{SECRET}@example.com, +33 1 {SECRET}"
PAGE = f"<html><body><h1>{SECRET}</h1><pre>Traceback: {PERSON}</pre></body></html>"
ERROR = {"error": {"code": 500, "reason": SECRET, "message": PERSON}}


class Failing(NamedTuple):
    """How the upstream answers, and the code of what a caller gets; None where it gets an answer."""

    code: str | None
    answer: Answer


def sends(code: str | None, status: int = 200, **sent: object) -> Failing:
    headers = HEADERS | sent.pop("headers", {})  # type: ignore[operator]
    return Failing(code, lambda: httpx.Response(status, headers=headers, **sent))  # type: ignore[arg-type]


def raises(code: str, error: Callable[[], BaseException]) -> Failing:
    def answer() -> httpx.Response:
        raise error()

    return Failing(code, answer)


LATE = "UPSTREAM_TIMEOUT"
TOO_LARGE = "UPSTREAM_RESPONSE_TOO_LARGE"
BUG = "INTERNAL_SERVER_ERROR"

_STATUSES = (
    *(204, 206, 302, 307, *CODE_BY_STATUS, 407, 418),
    *(500, 502, 503, 599),
)

_CONTENTS: dict[str, dict[str, object]] = {
    "an error object": {"json": ERROR},
    "a page": {"text": PAGE, "headers": {"Content-Type": "text/html"}},
}
STATUSES = {
    f"{status} with {kind}": sends(code_of(status), status, **content)
    for status in _STATUSES
    for kind, content in _CONTENTS.items()
}

ERROR_OBJECTS = {
    f"an error object of {code}": sends(expected, json={"error": {**ERROR["error"], "code": code}})
    for code, expected in {401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "NOT_FOUND", 422: "BAD_USER_INPUT", 503: DOWN, SECRET: DOWN}.items()
}  # fmt: skip

STATED_ERRORS = {
    f"a stated error of {code}": sends(code_of(code), json={"message": PERSON, "statusCode": code, "fields": [{SECRET: PERSON}]})
    for code in (401, 407, 410, 422, 503)
}  # fmt: skip

BODIES = {
    "a page": sends(BROKEN, text=PAGE),
    "nothing": sends(BROKEN, content=b""),
    "a text": sends(BROKEN, json=PERSON),
    "a list": sends(BROKEN, json=[PERSON]),
    "control characters": sends(BROKEN, text=f'{{"items": "{PERSON}\n", "id": "\n", \0"{SECRET}": 0}}'),
    "half a JSON": sends(BROKEN, text=f'{{"items": [{{"id": "{PERSON}"'),
    "a text for the list": sends(BROKEN, json={"items": PERSON, "id": {"a": PERSON}}),
    "not a number": sends(BROKEN, text=f'{{"items": [NaN], "{SECRET}": NaN, "id": NaN}}'),
    "another charset": sends(BROKEN, content=b"\xff" + PERSON.encode(), headers={"Content-Type": "application/json; charset=utf-16"}),
    "an unknown charset": sends(BROKEN, content=b"\xff" + PERSON.encode(), headers={"Content-Type": f"application/json; charset={SECRET}"}),
    "no gzip": sends(BROKEN, stream=httpx.ByteStream(PERSON.encode()), headers={"Content-Encoding": "gzip"}),
    "half a gzip": sends(BROKEN, stream=httpx.ByteStream(gzip.compress(PERSON.encode())[:-12]), headers={"Content-Encoding": "gzip"}),
    "too much": sends(TOO_LARGE, text=f'"{SECRET * 400_000}"'),
    "too much in little": sends(TOO_LARGE, stream=httpx.ByteStream(gzip.compress(SECRET.encode() * 400_000)), headers={"Content-Encoding": "gzip"}),
    "too deep": sends(BROKEN, text=f'{{"items": [{"[" * 5000}"{SECRET}"{"]" * 5000}], "id": {"[" * 5000}{"]" * 5000}}}'),
    "items without an id": sends(BROKEN, json={"items": [{"type": "note", SECRET: PERSON}, PERSON, None, {"id": [PERSON], "type": PERSON}]}),
}  # fmt: skip


def _cause(error: BaseException) -> BaseException:
    error.__cause__ = OSError(111, f"Connect call failed ({SECRET})", f"/etc/{SECRET}")
    return error


def _unreadable() -> BaseException:
    try:
        msgspec.json.decode(f'{{"{SECRET}": 1}}', type=dict[str, str])
    except msgspec.ValidationError as error:
        return error
    raise AssertionError


RAISED = {
    "no connection": raises(DOWN, lambda: _cause(httpx.ConnectError(f"to {SECRET}"))),
    "no name": raises(DOWN, lambda: httpx.ConnectError(f"Name or service {SECRET} not known")),
    "no time to connect": raises(LATE, lambda: httpx.ConnectTimeout(SECRET)),
    "no time to read": raises(LATE, lambda: httpx.ReadTimeout(SECRET)),
    "no connection left": raises(LATE, lambda: httpx.PoolTimeout(SECRET)),
    "a connection that was over": raises(DOWN, lambda: _cause(IdleConnectionClosed(SECRET))),
    "a lost connection": raises(DOWN, lambda: httpx.ReadError(SECRET)),
    "no HTTP": raises(DOWN, lambda: httpx.RemoteProtocolError(SECRET)),
    "too long a head": raises(TOO_LARGE, lambda: _cause(HeadTooLarge(SECRET))),
    "no address": raises(DOWN, lambda: httpx.InvalidURL(SECRET)),
    "a proxy": raises(DOWN, lambda: httpx.ProxyError(SECRET)),
    "redirects": raises(DOWN, lambda: httpx.TooManyRedirects(SECRET)),
    "time": raises(LATE, lambda: TimeoutError(SECRET)),
}
BUGS = {
    "a value": raises(BUG, lambda: _cause(ValueError(PERSON))),
    "a key": raises(BUG, lambda: KeyError(PERSON)),
    "an attribute": raises(BUG, lambda: AttributeError(PERSON, name=SECRET, obj=PERSON)),
    "an assertion": raises(BUG, lambda: AssertionError(PERSON)),
    "a type": raises(BUG, lambda: TypeError(PERSON)),
    "a file": raises(BUG, lambda: FileNotFoundError(2, SECRET, f"/etc/{SECRET}")),
    "encryption": raises(BUG, lambda: ssl.SSLError(1, f"certificate of {SECRET}")),
    "recursion": raises(BUG, lambda: RecursionError(SECRET)),
    "memory": raises(BUG, lambda: MemoryError(SECRET)),
    "a text": raises(BUG, lambda: UnicodeDecodeError("utf-8", PERSON.encode(), 0, 1, SECRET)),
    "syntax": raises(BUG, lambda: SyntaxError(SECRET, (SECRET, 1, 1, PERSON))),
    "a group": raises(BUG, lambda: ExceptionGroup(SECRET, [ValueError(SECRET), OSError(SECRET)])),
    "GraphQL": raises(BUG, lambda: GraphQLError(PERSON, extensions={SECRET: SECRET})),
    "decoding": raises(BUG, _unreadable),
    "a name of its own": raises(BUG, lambda: type("Odd", (Exception,), {})(SECRET)),
}

ALL = {
    **STATUSES,
    **ERROR_OBJECTS,
    **STATED_ERRORS,
    **{f"sends {name}": each for name, each in BODIES.items()},
    **{f"fails over {name}": each for name, each in RAISED.items()},
    **{f"a bug with {name}": each for name, each in BUGS.items()},
}
