"""The admin API at `/_sandbox/…`: sets faults, changes data, lists requests. Requires no credentials."""

from collections.abc import Callable, Mapping

from starlette.requests import Request

from gateway.sandbox.changes_api import ChangesApi
from gateway.sandbox.fault_injection.faults import FaultInjector
from gateway.sandbox.request_log import RequestLog
from gateway.sandbox.responses import Response, error_response, json_response
from gateway.sandbox.world import World

ADMIN_PATH_PREFIX = "/_sandbox/"


class AdminApi:
    """The endpoints of the admin API, by path and method."""

    def __init__(
        self, world: World, request_log: RequestLog, fault_injector: FaultInjector
    ) -> None:
        self._changes_api = ChangesApi(world)
        self._request_log = request_log
        self._fault_injector = fault_injector
        self._handlers: Mapping[str, Mapping[str, Callable[[bytes], Response]]] = {
            f"{ADMIN_PATH_PREFIX}calls": {
                "GET": self._list_requests,
                "DELETE": self._clear_requests,
            },
            f"{ADMIN_PATH_PREFIX}faults": {
                "GET": self._list_faults,
                "PUT": self._set_faults,
                "DELETE": self._clear_faults,
            },
        }

    async def respond(self, request: Request) -> Response:
        methods = self._handlers.get(request.scope["path"])
        if methods is None:
            response = self._changes_api.respond(request, await request.body())
            return response or error_response(404, "Unknown admin endpoint.")
        if request.method not in methods:
            return error_response(501, "This method is not implemented.")
        return methods[request.method](await request.body())

    def _list_requests(self, _: bytes = b"") -> Response:
        return json_response(self._request_log.as_json())

    def _clear_requests(self, _: bytes) -> Response:
        self._request_log.clear()
        return self._list_requests()

    def _list_faults(self, _: bytes = b"") -> Response:
        return json_response(self._fault_injector.as_json())

    def _set_faults(self, content: bytes) -> Response:
        try:
            self._fault_injector.replace(content)
        except ValueError as error:
            return error_response(400, f"Not a list of faults: {error}")
        return self._list_faults()

    def _clear_faults(self, _: bytes) -> Response:
        self._fault_injector.clear()
        return self._list_faults()
