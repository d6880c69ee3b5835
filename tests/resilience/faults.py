"""The table of faults: how each is made, and what comes of it wherever it strikes."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.resilience import certificates, peer
from tests.resilience.peer import HEAD, Script
from tests.support.statuses import BROKEN, CODE_BY_STATUS, DOWN, code_of

CONNECT_SECONDS = 2.0
SECONDS = 3.0
"""How long connecting, and one attempt, may take: longer than any pause of a busy machine, during which
connections that nothing is wrong with would seem late, too."""

BUSY = "UPSTREAM_BUSY"
LATE, TOO_LARGE = "UPSTREAM_TIMEOUT", "UPSTREAM_RESPONSE_TOO_LARGE"

ASKED_TO_WAIT = {"reason": "rate_limited"}
LIST = b'{"items":[], "id": "1001"}'
HTML = {"body": "<h1>Maintenance</h1>", "contentType": "text/html"}
LONG_HEAD = HEAD[:-2] + b"X: " + b"x" * 65_536 + b"\r\n\r\n"
IN_TWO_SECONDS = "in two seconds"
"""To be written as a date."""

_UNTIL_A_DATE = b"""HTTP/1.1 429 Too Many Requests
Date: Wed, 21 Oct 2026 07:27:00 GMT
Retry-After: Wed, 21 Oct 2026 07:28:00 GMT
Content-Length: 0

"""


class Fault(NamedTuple):
    """How a read is spoilt, and what is then told.

    Attributes:
        code: What is told; None where it is nothing, since a further attempt helps.
        attempts: How often the upstream is asked.
        sandbox: What the sandbox does.
        script: What a peer does, to whom the read goes instead.
        url: Where the read goes instead; its port is that of the peer, or of what `ports` names.
        ports: A context manager that yields a port.
        told: What stands in the error's extensions beside the code.
        retryable: Whether the error says that the same may succeed later; None: as its code does.
        is_over: Whether connections end without a byte: after one that had served before, the upstream
            is asked once more.
    """

    code: str | None
    attempts: int = 1
    sandbox: Mapping[str, Any] | None = None
    script: Script | None = None
    url: str = "http://127.0.0.1:{port}"
    ports: Any = None
    told: Mapping[str, object] = {}
    retryable: bool | None = None
    is_over: bool = False


def _status(attempts: int, status: int) -> Fault:
    return Fault(code_of(status), attempts, sandbox={"status": status})


_ATTEMPTS = {425: 2, 429: 3, 502: 3, 503: 3, 504: 3}
STATUSES = {
    **{
        str(status): _status(_ATTEMPTS.get(status, 1), status)
        for status in sorted({*CODE_BY_STATUS, 405, 407, 418, 500, 501, 502, 503})
    },
    "429": _status(3, 429)._replace(told=ASKED_TO_WAIT),
}

WIRE = {
    "refused": Fault(DOWN, 3, ports=peer.nobody),
    "no such host": Fault(DOWN, 3, ports=peer.nobody, url="http://nowhere.invalid"),
    "no TLS": Fault(DOWN, 3, script=peer.greets(b"what?"), url="https://127.0.0.1:{port}"),
    "half a handshake": Fault(DOWN, 3, script=peer.greets(b""), url="https://localhost:{port}"),
    "black hole instead of a connection": Fault(LATE, 3, ports=peer.black_hole),
    "black hole in the handshake": Fault(
        LATE, 3, script=peer.says_nothing, url="https://127.0.0.1:{port}"
    ),
    "black hole after connecting": Fault(LATE, 1, script=peer.says_nothing),
    "reset before the headers": Fault(DOWN, 3, script=peer.resets_after(b"")),
    "reset within the headers": Fault(
        DOWN, 3, script=peer.resets_after(b"HTTP/1.1 200 OK\r\nConte")
    ),
    "reset within the body": Fault(DOWN, 3, script=peer.resets_after(HEAD % 99 + b'{"ite')),
    "closed before the headers": Fault(DOWN, 3, script=peer.closes_after(b"")),
    "closed within the headers": Fault(DOWN, 3, script=peer.closes_after(b"HTTP/1.1 200 OK\r\n")),
    "truncated": Fault(DOWN, 3, script=peer.closes_after(HEAD % 99 + LIST)),
    "one byte a second": Fault(LATE, 1, script=peer.drips(HEAD % 99 + LIST, seconds=1)),
    "stops within the body": Fault(LATE, 1, script=peer.says(HEAD % 99 + LIST)),
    "longer than it says": Fault(DOWN, 3, script=peer.says(HEAD % 9 + LIST)),
    "a head above 64 kB": Fault(TOO_LARGE, 1, script=peer.says(LONG_HEAD % 12 + LIST)),
    "a head without an end": Fault(
        TOO_LARGE, 1, script=peer.says(LONG_HEAD[:17] + b"x: y\r\n" * 50_000)
    ),
    "not HTTP": Fault(DOWN, 3, script=peer.closes_after(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")),
}

CERTIFICATES = {
    f"a certificate {named}": Fault(
        DOWN,
        1,
        ports=certificates.port_showing(issue),
        url="https://localhost:{port}",
        retryable=False,
    )
    for named, issue in {
        "signed by itself": certificates.signed_by_itself,
        "of an unknown authority": certificates.of_an_unknown_authority,
        "for another host": certificates.for_another_host,
        "that has expired": certificates.expired,
    }.items()
}
"""Not tried again, here or by who is told: a certificate is the same a second later."""

SANDBOX = {
    "drops before": Fault(DOWN, 3, sandbox={"drop": "before"}, is_over=True),
    "drops after the headers": Fault(DOWN, 3, sandbox={"drop": "headers"}),
    "drops in the body": Fault(DOWN, 3, sandbox={"drop": "body"}),
    "cuts off": Fault(DOWN, 3, sandbox={"truncate": 5}),
    "answers too late": Fault(LATE, 1, sandbox={"delayMilliseconds": 9000}),
    "sends too much": Fault(TOO_LARGE, 1, sandbox={"bodyBytes": 300_000}),
    "sends a page": Fault(BROKEN, 1, sandbox=HTML),
    "sends nothing": Fault(BROKEN, 1, sandbox={"body": ""}),
    "redirects": Fault(BROKEN, 1, sandbox={"status": 302, "headers": {"Location": "/"}}),
    "says forbidden": Fault("FORBIDDEN", 1, sandbox={"body": {"error": {"code": 403}}}),
    "says unavailable": Fault(DOWN, 3, sandbox={"body": {"error": {"code": 503}}}),
    "says error": Fault(DOWN, 1, sandbox={"body": {"error": "oh no"}}),
    "says forbidden otherwise": Fault(
        "FORBIDDEN", 1, sandbox={"body": {"message": "no", "statusCode": 403, "fields": []}}
    ),
}

WAITS = {
    "soon": Fault(
        BUSY,
        3,
        sandbox={"status": 429, "headers": {"Retry-After": "1"}},
        told={**ASKED_TO_WAIT, "retryAfter": 1},
    ),
    "beyond the deadline": Fault(
        BUSY,
        1,
        sandbox={"status": 429, "headers": {"Retry-After": "60"}},
        told={**ASKED_TO_WAIT, "retryAfter": 60},
    ),
    "a date beyond the deadline": Fault(
        BUSY, 1, script=peer.says(_UNTIL_A_DATE), told={**ASKED_TO_WAIT, "retryAfter": 60}
    ),
    "down until later": Fault(
        DOWN, 1, sandbox={"status": 503, "headers": {"Retry-After": "60"}}, told={"retryAfter": 60}
    ),
}

PASSING = {
    "429 once": Fault(None, 2, sandbox={"status": 429, "times": 1}),
    "429 for a second": Fault(
        None, 2, sandbox={"status": 429, "times": 1, "headers": {"Retry-After": "1"}}
    ),
    "429 until a date": Fault(
        None,
        2,
        sandbox={"status": 429, "times": 1, "headers": {"Retry-After": IN_TWO_SECONDS}},
    ),
    "503 twice": Fault(None, 3, sandbox={"status": 503, "times": 2}),
    "dropped once": Fault(None, 2, sandbox={"drop": "before", "times": 1}),
    "cut off twice": Fault(None, 3, sandbox={"truncate": 5, "times": 2}),
    "a head of 60 kB": Fault(None, 1, sandbox={"headers": {"X-Long": "x" * 60_000}}),
    "slow, but not too slow": Fault(None, 1, sandbox={"delayMilliseconds": 100}),
}

FAULTS = STATUSES | WIRE | CERTIFICATES | SANDBOX | WAITS | PASSING
