"""Who is let in: so many GraphQL requests at once, and on the way out nobody stays connected."""

import asyncio
from collections.abc import Coroutine

import msgspec
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.engine.execution import refusal
from gateway.errors import NotAcceptable, Overloaded
from gateway.observability.request_stats import Tally
from gateway.web import graphql_over_http as spec
from gateway.web.request_body import arrival

_LONGEST_ACCEPT = 256
"""What is longer is not looked at: a refusal costs next to nothing, whatever was sent."""

_CLOSE = (b"connection", b"close")


class Admission:
    """How full a process is, and how far on its way out.

    Attributes:
        most: How many GraphQL requests are let in at once.
        inside: How many GraphQL requests are being answered.
        is_draining: Whether callers are to go elsewhere; whoever comes is served all the same.
        is_over: Whether nobody is let in any more.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.inside = 0
        self.is_draining = False
        self.is_over = False
        self._under_way: set[asyncio.Timeout] = set()

    @property
    def is_full(self) -> bool:
        return self.inside >= self.most

    def drain(self) -> None:
        """Ask callers to go elsewhere: by `/readyz`, and by closing connections after their answers."""
        self.is_draining = True

    def end(self) -> None:
        """Cancel what is being answered, or has yet to arrive; those who wait are told to ask again."""
        if not self.is_over:
            self.is_draining = self.is_over = True
            for each in self._under_way:
                each.reschedule(0)

    async def until_end(self, answering: Coroutine[None, None, None]) -> bool:
        """Whether it was done; False where it was cancelled before."""
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._under_way.add(limit)
                try:
                    await answering
                finally:
                    self._under_way.discard(limit)
        except TimeoutError:
            if not limit.expired():
                raise
            return False
        return True


class Gate:
    """The GraphQL endpoint behind an admission.

    A request counts from when its body is there until its answer is made: one that is half sent, and one
    whose answer nobody reads, take nobody's place. Whoever is one too many is refused then.
    """

    def __init__(self, app: ASGIApp, admission: Admission, *, max_body_bytes: int) -> None:
        self._app = app
        self._admission = admission
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def begin(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        if self._admission.is_over:
            await _STOPPING.send(scope, send)
            return
        is_done = await self._admission.until_end(self._answer(scope, receive, begin))
        if not is_done and not has_begun:
            await _STOPPING.send(scope, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        admission = self._admission
        if scope["method"] == "POST":
            receive, is_whole = await arrival(scope, receive, most=self._max_body_bytes)
            if not is_whole:  # that is soon said
                await self._app(scope, receive, send)
                return
        if admission.is_full:
            await _FULL.send(scope, send)
            return
        admission.inside += 1
        is_inside = True

        async def answer(message: Message) -> None:
            nonlocal is_inside
            if is_inside:  # by now all of the answer is made
                admission.inside -= 1
                is_inside = False
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            if is_inside:
                admission.inside -= 1


class Farewell:
    """Middleware, pure ASGI: while a process drains, every answer is the last of its connection."""

    def __init__(self, app: ASGIApp, admission: Admission) -> None:
        self._app = app
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start" and self._admission.is_draining:
                message = {**message, "headers": [*message["headers"], _CLOSE]}
            await send(message)

        await self._app(scope, receive, send_last if scope["type"] == "http" else send)


class _Refusal:
    """An answer made in advance, in both media types."""

    def __init__(self, error: Overloaded) -> None:
        self._status = error.status
        self._body = msgspec.json.encode(refusal(error))
        self._headers = {
            media_type: [
                (b"content-type", f"{media_type}; charset=utf-8".encode()),
                (b"content-length", str(len(self._body)).encode()),
                (b"cache-control", b"private, no-store"),
                (b"vary", b"Accept"),
                *((name.lower().encode(), value.encode()) for name, value in error.headers.items()),
            ]
            for media_type in (spec.JSON, spec.GRAPHQL_RESPONSE)
        }

    async def send(self, scope: Scope, send: Send) -> None:
        Tally.of(scope).refused(Overloaded.code)
        headers = self._headers[_media_type(", ".join(Headers(scope=scope).getlist("accept")))]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})


def _media_type(accept: str) -> str:
    try:
        return spec.response_media_type(accept) if len(accept) <= _LONGEST_ACCEPT else spec.JSON
    except NotAcceptable:
        return spec.JSON


_FULL = _Refusal(Overloaded("Too much is asked at once. Ask again a little later."))
_STOPPING = _Refusal(Overloaded("This gateway is shutting down. Ask again."))
