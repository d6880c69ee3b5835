"""`/_sandbox/…`: set faults, see what was called. No credentials needed."""

from collections.abc import Callable, Mapping

from starlette.requests import Request

from gateway.sandbox.fault_injection.faults import Faults
from gateway.sandbox.request_log import Calls
from gateway.sandbox.responses import Answer, json_answer, refusal

PREFIX = "/_sandbox/"


class Controls:
    def __init__(self, calls: Calls, faults: Faults) -> None:
        self._calls = calls
        self._faults = faults
        self._controls: Mapping[str, Mapping[str, Callable[[bytes], Answer]]] = {
            f"{PREFIX}calls": {"GET": self._show_calls, "DELETE": self._forget_calls},
            f"{PREFIX}faults": {
                "GET": self._show_faults,
                "PUT": self._set_faults,
                "DELETE": self._clear_faults,
            },
        }

    async def answer(self, request: Request) -> Answer:
        methods = self._controls.get(request.scope["path"])
        if methods is None:
            return refusal(404, "There is no such control.")
        if request.method not in methods:
            return refusal(501, "This method is not implemented.")
        return methods[request.method](await request.body())

    def _show_calls(self, _: bytes = b"") -> Answer:
        return json_answer(self._calls.shown())

    def _forget_calls(self, _: bytes) -> Answer:
        self._calls.forget()
        return self._show_calls()

    def _show_faults(self, _: bytes = b"") -> Answer:
        return json_answer(self._faults.shown())

    def _set_faults(self, content: bytes) -> Answer:
        try:
            self._faults.replace(content)
        except ValueError as error:
            return refusal(400, f"Not a list of faults: {error}")
        return self._show_faults()

    def _clear_faults(self, _: bytes) -> Answer:
        self._faults.clear()
        return self._show_faults()
