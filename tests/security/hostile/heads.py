"""Request lines, headers and frames that are not what they should be."""

import json
from urllib.parse import quote

from tests.security.hostile.row import (
    BAD_REQUEST,
    INVALID,
    LIMIT,
    MEDIA_TYPE,
    METHOD,
    PLAIN,
    Row,
    posted,
    request,
    wire,
)

QUERY = json.dumps({"query": PLAIN}).encode()
GET = f"GET /graphql?query={quote(PLAIN)} HTTP/1.1"
POST = "POST /graphql HTTP/1.1\nContent-Type: application/json\n"
FRAME = f"Content-Length: {len(QUERY)}"
FORM = b"query=" + quote(PLAIN).encode()
MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n' + QUERY + b"\r\n--x--\r\n"
)


def lines(name: str, head: str | bytes, status: int = 400, code: str | None = BAD_REQUEST) -> Row:
    """A row about a head alone."""
    return wire(name, request(head), status, code)


def headed(name: str, headers: str, status: int = 200, code: str | None = None) -> Row:
    """A row about the headers of a plain query."""
    return wire(name, posted(QUERY, headers=headers), status, code)


FROM_ANOTHER_SITE = [
    wire(
        "a form",
        posted(FORM, headers="Content-Type: application/x-www-form-urlencoded"),
        415,
        MEDIA_TYPE,
    ),
    wire(
        "a multipart form",
        posted(MULTIPART, headers="Content-Type: multipart/form-data; boundary=x"),
        415,
        MEDIA_TYPE,
    ),
    headed("JSON as plain text", "Content-Type: text/plain", 415, MEDIA_TYPE),
    headed(
        "JSON as plain text that mentions JSON",
        "Content-Type: text/plain; application/json",
        415,
        MEDIA_TYPE,
    ),
    headed("no content type", "X: y", 415, MEDIA_TYPE),
    headed("an empty content type", "Content-Type:", 415, MEDIA_TYPE),
    headed("a content type of two", "Content-Type: text/plain, application/json", 415, MEDIA_TYPE),
    headed("almost JSON", "Content-Type: application/jsonx", 415, MEDIA_TYPE),
    headed(
        "JSON in UTF-16, so it says",
        "Content-Type: application/json; charset=utf-16",
        415,
        MEDIA_TYPE,
    ),
    headed(
        "a content type of 10,000 parameters",
        "Content-Type: application/json" + ";a=b" * 5_000,
        200,
    ),
    headed("GraphQL as such", "Content-Type: application/graphql", 415, MEDIA_TYPE),
    lines("a mutation by GET", "GET /graphql?query=mutation%7Bdelete%7D HTTP/1.1", 400, INVALID),
]

METHODS = [
    lines(f"the method {method}", f"{method} /graphql HTTP/1.1", 405, METHOD)
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
] + [
    lines("a method that there is not", "EVIL /graphql HTTP/1.1"),
    lines("a method in small letters", "get /graphql HTTP/1.1"),
    lines("a proxy's CONNECT", "CONNECT example.com:443 HTTP/1.1", 400),
]

URIS = [
    lines("a URI of 20,000 bytes", f"GET /graphql?query={'a' * 20_000} HTTP/1.1", 414),
    lines("a URI of a million bytes", f"GET /graphql?query={'a' * 1_000_000} HTTP/1.1", 414),
    lines(
        "10,000 aliases by GET",
        "GET /graphql?query={" + "a:__typename," * 600 + "} HTTP/1.1",
        400,
        LIMIT,
    ),
    lines("a thousand parameters", "GET /graphql?" + "a=b&" * 1_000 + " HTTP/1.1"),
    lines("the same parameter twice", f"{GET[:-9]}&query=x HTTP/1.1"),
    lines("a URI with a NUL", b"GET /graphql?query=\x00 HTTP/1.1"),
    lines("a URI with control characters", b"GET /graphql?query=\x01\x02 HTTP/1.1"),
    lines("a URI with a byte that UTF-8 has not", b"GET /graphql?query=\xff HTTP/1.1"),
    lines("a URI with half of an escape", "GET /graphql?query=%e2%82 HTTP/1.1"),
    lines("variables in a URI that are no JSON", f"{GET[:-9]}&variables={{ HTTP/1.1"),
    lines("deep variables in a URI", f"{GET[:-9]}&variables={'[' * 10_000} HTTP/1.1"),
    lines("no query in the URI", "GET /graphql HTTP/1.1"),
    lines("a path upwards", "GET /../../etc/passwd HTTP/1.1", 404, None),
    lines("an address of somebody else", "GET http://169.254.169.254/graphql HTTP/1.1"),
]

HEADERS = [
    wire(
        "a header of 100,000 bytes",
        posted(QUERY, headers="Content-Type: application/json\nX: " + "a" * 100_000),
        431,
        BAD_REQUEST,
    ),
    wire(
        "a header of 10 MB",
        posted(QUERY, headers="Content-Type: application/json\nX: " + "a" * 10_000_000),
        431,
        BAD_REQUEST,
    ),
    wire(
        "a header's name of 10 MB",
        posted(QUERY, headers="Content-Type: application/json\n" + "a" * 10_000_000 + ": X"),
        431,
        BAD_REQUEST,
    ),
    wire(
        "20,000 headers",
        posted(QUERY, headers="Content-Type: application/json" + "\nX: y" * 20_000),
        431,
        BAD_REQUEST,
    ),
    wire("a header with a NUL", posted(QUERY, headers="Content-Type: application/json\nX: \x00")),
    wire(
        "a header's name with a space",
        posted(QUERY, headers="Content-Type: application/json\nX y: z"),
    ),
    wire("a header without a name", posted(QUERY, headers="Content-Type: application/json\n: z")),
    wire(
        "a header that goes on in the next line",
        posted(QUERY, headers="Content-Type: application/json\nX: y\n z"),
    ),
    headed("a header that is not ASCII", "Content-Type: application/json\nX: \u00e9\u4e2d"),
    headed(
        "a request id that is a log line",
        'Content-Type: application/json\nX-Request-Id: x","level":"error',
    ),
    headed("two hosts", "Content-Type: application/json\nHost: elsewhere", 400, BAD_REQUEST),
    wire("no host", b"GET /graphql?query={__typename} HTTP/1.1\r\nConnection: close\r\n\r\n"),
    headed(
        "another's address",
        "Content-Type: application/json\nX-Forwarded-For: 127.0.0.1\nForwarded: for=127.0.0.1",
    ),
    headed(
        "an upgrade to a web socket",
        "Content-Type: application/json\nConnection: Upgrade\nUpgrade: websocket",
    ),
    headed(
        "an upgrade to HTTP/2",
        "Content-Type: application/json\nConnection: Upgrade\nUpgrade: h2c",
    ),
    headed(
        "a compressed body that is none",
        "Content-Type: application/json\nContent-Encoding: gzip",
        415,
        MEDIA_TYPE,
    ),
    headed(
        "what is accepted, ten thousand times",
        "Content-Type: application/json\nAccept: " + "a/b;q=0.1," * 2_500,
    ),
    headed(
        "codings that are accepted, ten thousand times",
        "Content-Type: application/json\nAccept-Encoding: " + "gzip;q=0.1," * 2_500,
    ),
    headed(
        "a quality that is no number",
        "Content-Type: application/json\nAccept: application/json;q=nan",
    ),
    headed(
        "what is accepted in no language",
        "Content-Type: application/json\nAccept: ;;;,,,/;q=,\u00ff",
    ),
    wire(
        "nothing that can be given is accepted",
        (
            POST.replace("\n", "\r\n")
            + f"Host: x\r\nAccept: image/png\r\n{FRAME}\r\nConnection: close\r\n\r\n"
        ).encode()
        + QUERY,
        406,
        "NOT_ACCEPTABLE",
    ),
]

FRAMES = [
    wire("two lengths", request(POST + FRAME + "\nContent-Length: 5", QUERY)),
    wire("the same length twice", request(f"{POST}{FRAME}\n{FRAME}", QUERY)),
    wire("two lengths in one", request(f"{POST}Content-Length: {len(QUERY)}, {len(QUERY)}", QUERY)),
    wire("a negative length", request(POST + "Content-Length: -1", QUERY)),
    wire("a length with a sign", request(f"{POST}Content-Length: +{len(QUERY)}", QUERY)),
    wire("a length in hexadecimal", request(POST + "Content-Length: 0x10", QUERY)),
    wire("a length of 5,000 digits", request(POST + "Content-Length: " + "9" * 5_000, QUERY)),
    wire(
        "a length and chunks", request(f"{POST}{FRAME}\nTransfer-Encoding: chunked", b"0\r\n\r\n")
    ),
    wire(
        "chunks, in another spelling", request(POST + "Transfer-Encoding: xchunked", b"0\r\n\r\n")
    ),
    wire("chunks, twice", request(POST + "Transfer-Encoding: chunked, chunked", b"0\r\n\r\n")),
    wire(
        "chunks that are compressed",
        request(POST + "Transfer-Encoding: chunked, gzip", b"0\r\n\r\n"),
    ),
    wire(
        "a chunk whose size is no number",
        request(POST + "Transfer-Encoding: chunked", b"zz\r\n" + QUERY),
    ),
    wire(
        "a chunk of more bytes than there are",
        request(POST + "Transfer-Encoding: chunked", b"f" * 17 + b"\r\n" + QUERY),
    ),
    wire(
        "a chunk that is longer than it says",
        request(POST + "Transfer-Encoding: chunked", b"1\r\n" + QUERY),
    ),
    wire(
        "a header after the body that is none",
        request(
            POST + "Transfer-Encoding: chunked",
            b"%x\r\n%b\r\n0\r\nAccept: image/png\r\n\r\n" % (len(QUERY), QUERY),
        ),
        200,
        None,
    ),
    wire(
        "a body that is longer than it says",
        request(f"{POST}Content-Length: {len(QUERY) - 1}", QUERY),
    ),
    wire("no length", request(POST, QUERY)),
    wire("a body in a GET", request(f"{GET}\n{FRAME}", QUERY), 200, None),
    wire("HTTP/0.9", b"GET /graphql\r\n\r\n", 505),
    wire("HTTP/1.2", request(GET.replace("1.1", "1.2")), 505),
    wire("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    wire("HTTP/2 without its preface", request(GET.replace("1.1", "2.0")), 505),
    wire("HTTP/9.9", request(GET.replace("1.1", "9.9")), 505),
    wire("an HTTP that has no number", request(GET.replace("1.1", "one"))),
    wire(
        "chunks of one byte with 20,000 bytes of extensions each",
        request(POST + "Transfer-Encoding: chunked", b"1;%b\r\n \r\n" % (b"a" * 20_000) * 500),
        431,
    ),
    wire("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)),
    wire("an SSH client", b"SSH-2.0-OpenSSH_9.6\r\n"),
    wire(
        "a smuggled request",
        request(
            f"{POST}{FRAME}\nTransfer-Encoding:\x0bchunked", QUERY + b"GET /livez HTTP/1.1\r\n\r\n"
        ),
    ),
    wire("NULs alone", bytes(1_000)),
]

HEADS = [*FROM_ANOTHER_SITE, *METHODS, *URIS, *HEADERS, *FRAMES]
