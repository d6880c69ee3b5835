"""Private uvicorn APIs that this package overrides or relies on, with the reason.

A test stores a digest of the source of each in the locked version. It fails when uvicorn changes one: then
read the change, check whether the reason here still holds, and store the new digest.
"""

from collections.abc import Mapping

from uvicorn import Config, Server
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

OVERRIDDEN: Mapping[type, Mapping[str, str]] = {
    HttpToolsProtocol: {
        "connection_made": "installs a flow control that can be held, and starts the timer of the first request",
        "connection_lost": "discards queued requests, and marks the active one as disconnected",
        "data_received": "buffers received bytes and parses them in slices, which bounds the number of pipelined requests",
        "eof_received": "keeps a half-closed connection open until the responses to complete requests are sent",
        "send_400_response": "sends a JSON error with the appropriate status, and lingers so that the caller can read it",
        "on_message_begin": "resets the byte counts of a request, and adds an extension to its scope; so does the sandbox",
        "on_url": "limits the size of a URI",
        "on_header": "limits the size of a head, and discards trailers, which must not become headers",
        "on_headers_complete": "checks the HTTP version and `Host` before the application starts; ignores an `Upgrade` header",
        "on_body": "counts the bytes of a body and of its chunk framing",
        "on_message_complete": "stops the receive timer of the request",
        "on_response_complete": "parses buffered bytes, and starts the send timer of an unread response",
        "shutdown": "closes an idle connection at once, and any other after its response; leaves a new one some time "
        "for its request",
        "_start_asgi_task": "records the active request; uvicorn knows only the last one received",
        "_unsupported_upgrade_warning": "parses the request again without its `Upgrade` header",
    },
    FlowControl: {
        "resume_reading": "does not resume reading while the connection is held, whichever request calls it",
    },
    Server: {
        "capture_signals": "leaves signals to the process, which has several servers and shutdown phases",
        "shutdown": "accepts all connections before it closes the port; then waits for connections and tasks for "
        "`config.timeout_graceful_shutdown`, read when it starts",
    },
}
"""By class of uvicorn, the methods that subclasses in this package override, and what each override does."""

RELIED_ON: Mapping[type, Mapping[str, str]] = {
    HttpToolsProtocol: {
        "__init__": "sets `cycle`, `flow`, `headers`, `loop`, `parser`, `pipeline`, `transport`, and the leniency of the parser",
        "_unset_keepalive_if_required": "is called when a connection is not idle although its last response is sent",
        "_should_upgrade": "is false without WebSockets, so that a body is read after an ignored `Upgrade` header",
    },
    RequestResponseCycle: {
        "__init__": "sets `body`, `disconnected`, `keep_alive`, `message_event`, `more_body`, `response_complete`, "
        "`response_started`, `scope`, `transport`, `waiting_for_100_continue`",
        "run_asgi": "sends nothing to a caller that is marked as disconnected",
        "receive": "resumes reading and sends `100 Continue`; reports a disconnect once `message_event` is set",
        "send": "writes the head, then each part of the body, none in response to HEAD; calls `transport.close` if "
        "`keep_alive` is false, then `on_response_complete`",
    },
    FlowControl: {
        "__init__": "sets `read_paused`",
        "pause_reading": "pauses the transport once",
    },
    Config: {
        "get_loop_factory": "returns the factory of the event loop that uvicorn would choose",
    },
}
"""By class of uvicorn, the members that this package reads or calls, and what each has to do or to set."""
