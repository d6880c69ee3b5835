"""uvicorn's HTTP protocol that can drop a connection: `uvicorn.Config(..., http=SandboxProtocol)`."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.sandbox.fault_injection.delivery import DROP_EXTENSION


class SandboxProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with the ASGI extension that closes the connection."""

    def on_message_begin(self) -> None:
        """Offer the extension, which ASGI itself lacks. Bytes sent before the close still go out."""
        super().on_message_begin()
        self.scope["extensions"] = {DROP_EXTENSION: {"close": self.transport.close}}
