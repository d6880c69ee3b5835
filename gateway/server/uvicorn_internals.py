"""What is overridden of uvicorn, and what is relied on, beyond what its documentation promises.

A test keeps a digest of the source of each in the version that is locked. It fails when uvicorn changes one:
then read the change, see whether the reason here still holds, and store the new digest.
"""

from collections.abc import Mapping

from uvicorn import Config, Server
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

OVERRIDDEN: Mapping[type, Mapping[str, str]] = {
    HttpToolsProtocol: {
        "connection_made": "gives the connection a flow control that can be held, and starts the timer of the first request",
        "connection_lost": "drops requests that were not started, and tells the one being answered that its caller has left",
        "data_received": "buffers what arrives and parses it in slices, so that few pipelined requests exist at once",
        "eof_received": "keeps the connection open for the answers to what was sent before the end",
        "send_400_response": "answers in JSON, with the status that fits, and lingers until the answer can be read",
        "on_message_begin": "resets the sizes that are counted for each request; the sandbox adds an extension to the scope",
        "on_url": "limits the size of a URI",
        "on_header": "limits the size of a head, and drops trailers, which must not become headers",
        "on_headers_complete": "checks version and Host before the application starts; ignores an offer to upgrade",
        "on_body": "counts the bytes of a body and of its framing",
        "on_message_complete": "stops the timer of the request",
        "on_response_complete": "continues with what was buffered, and starts the timer of an answer that is not read",
        "_start_asgi_task": "records which request is being answered; uvicorn knows only the last one that came",
        "_unsupported_upgrade_warning": "parses the request again without the offer to upgrade",
    },
    FlowControl: {
        "resume_reading": "does not resume while the connection is held, whichever of its requests asks for it",
    },
    Server: {
        "capture_signals": "leaves signals to the process, which has several servers and phases of shutdown",
    },
}
"""For each class of uvicorn the methods that subclasses here override, each with what the override does."""

RELIED_ON: Mapping[type, Mapping[str, str]] = {
    HttpToolsProtocol: {
        "__init__": "sets `cycle`, `flow`, `headers`, `loop`, `parser`, `pipeline`, `transport`; the leniency of the parser",
        "_unset_keepalive_if_required": "is called where a connection is not idle although its last answer is sent",
        "_should_upgrade": "is false without WebSockets, so that a body is read after an ignored offer to upgrade",
        "shutdown": "lets an idle connection end at once, and any other after its answer",
    },
    RequestResponseCycle: {
        "__init__": "sets `body`, `disconnected`, `keep_alive`, `message_event`, `more_body`, `response_complete`, "
        "`response_started`, `scope`, `transport`, `waiting_for_100_continue`",
        "run_asgi": "sends nothing to a caller that is marked as disconnected",
        "receive": "resumes reading and sends 100 Continue; tells of a disconnect once `message_event` is set",
        "send": "closes by `transport.close` where `keep_alive` is false, then calls `on_response_complete`",
    },
    FlowControl: {
        "__init__": "sets `read_paused`",
        "pause_reading": "pauses the transport once",
    },
    Server: {
        "shutdown": "waits for connections and tasks as long as `config.timeout_graceful_shutdown` is then",
    },
    Config: {
        "get_loop_factory": "is the event loop that uvicorn would choose",
    },
}
"""For each class of uvicorn what is read or called of it, each with what it has to do or to set."""
