"""uvicorn's HTTP protocol, able to drop a connection: `uvicorn.Config(..., http=SandboxProtocol)`."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.sandbox.fault_injection.delivery import DROP_EXTENSION


class SandboxProtocol(HttpToolsProtocol):
    def on_message_begin(self) -> None:
        """Offer what ASGI has no word for. What was sent before goes out; then the line is cut."""
        super().on_message_begin()
        self.scope["extensions"] = {DROP_EXTENSION: {"close": self.transport.close}}
