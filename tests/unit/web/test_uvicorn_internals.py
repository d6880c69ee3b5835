"""A change in uvicorn to what is overridden or relied on here is noticed before it is used."""

import ast
import hashlib
import inspect
from pathlib import Path

import pytest
import uvicorn

from gateway import server
from gateway.sandbox.fault_injection.protocol import SandboxProtocol
from gateway.server.http_protocol import HardenedHttpProtocol
from gateway.server.lifecycle import Server
from gateway.server.pipelining import HoldableFlowControl
from gateway.server.uvicorn_internals import OVERRIDDEN, RELIED_ON

DIGESTS = {
    "HttpToolsProtocol.connection_made": "6efb565ff3d3",
    "HttpToolsProtocol.connection_lost": "c91a4c9bf2e2",
    "HttpToolsProtocol.data_received": "010a7ae59a5d",
    "HttpToolsProtocol.eof_received": "5652627579a0",
    "HttpToolsProtocol.send_400_response": "ae5a4a3782b6",
    "HttpToolsProtocol.on_message_begin": "96d377fdc7c2",
    "HttpToolsProtocol.on_url": "37be44e962b0",
    "HttpToolsProtocol.on_header": "65d62c044f61",
    "HttpToolsProtocol.on_headers_complete": "1ea8589acfad",
    "HttpToolsProtocol.on_body": "dba9c32aeba3",
    "HttpToolsProtocol.on_message_complete": "1fbad42dc31f",
    "HttpToolsProtocol.on_response_complete": "64e254f28e38",
    "HttpToolsProtocol._start_asgi_task": "9c08c2571ae9",
    "HttpToolsProtocol._unsupported_upgrade_warning": "55bbd2762b18",
    "FlowControl.resume_reading": "a0429d30857e",
    "Server.capture_signals": "e1bbcd4770d1",
    "HttpToolsProtocol.__init__": "4f0899941034",
    "HttpToolsProtocol._unset_keepalive_if_required": "00a6a4e47214",
    "HttpToolsProtocol._should_upgrade": "8fcad1ab8e09",
    "HttpToolsProtocol.shutdown": "d7351fa33f00",
    "RequestResponseCycle.__init__": "4d2f220910c3",
    "RequestResponseCycle.run_asgi": "0f33f2449a44",
    "RequestResponseCycle.receive": "8124ae006be7",
    "RequestResponseCycle.send": "abdd8601b326",
    "FlowControl.__init__": "0152d94a0407",
    "FlowControl.pause_reading": "7c27388bb984",
    "Server.shutdown": "9b33c5056299",
    "Config.get_loop_factory": "de5a9cb6dc6b",
}
"""By class and name: the beginning of the SHA-256 of the source in the locked version of uvicorn."""

NAMED = [
    (class_, name)
    for table in (OVERRIDDEN, RELIED_ON)
    for class_, reasons in table.items()
    for name in reasons
]


@pytest.mark.parametrize(
    ("class_", "name"), NAMED, ids=[f"{class_.__name__}.{name}" for class_, name in NAMED]
)
def test_uvicorn_has_not_changed_what_is_overridden_or_relied_on(class_, name):
    source = inspect.getsource(getattr(class_, name))
    digest = hashlib.sha256(source.encode()).hexdigest()[:12]
    assert digest == DIGESTS[f"{class_.__name__}.{name}"], (
        f"uvicorn {uvicorn.__version__} has another {class_.__name__}.{name}: "
        "see gateway/server/uvicorn_internals.py"
    )


def test_all_that_is_overridden_is_named():
    overridden: dict[type, set[str]] = {}
    for class_ in (HardenedHttpProtocol, SandboxProtocol, HoldableFlowControl, Server):
        bases = [each for each in class_.__mro__ if each.__module__.startswith("uvicorn.")]
        ours = class_.__mro__[: class_.__mro__.index(bases[0])]
        names = {name for each in ours for name in vars(each) if not name.startswith("__")}
        overridden.setdefault(bases[0], set()).update(names & vars(bases[0]).keys())
    assert overridden == {class_: {*reasons} for class_, reasons in OVERRIDDEN.items()}


def test_no_other_private_method_of_uvicorn_is_used():
    private = {
        name
        for class_ in (*OVERRIDDEN, *RELIED_ON)
        for name in vars(class_)
        if name.startswith("_") and not name.startswith("__")
    }
    used = {
        node.attr
        for path in Path(server.__path__[0]).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }
    assert private & used <= {name for _, name in NAMED}
