"""One HTTP request to /graphql: in by the specification, through the operation, out as bytes."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import msgspec
from graphql import GraphQLSchema
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.engine.execution import Context, Result, execute, internal_error, refusal
from gateway.engine.fair_scheduler import Turns
from gateway.engine.preparation import Prepare
from gateway.engine.request import Request
from gateway.engine.trusted_documents import TrustedDocuments
from gateway.errors import BUG, MethodNotAllowed, PayloadTooLarge, RequestError
from gateway.observability.request_stats import Tally
from gateway.observability.tracing import Tracing, Untraced
from gateway.web import graphql_over_http as spec
from gateway.web.authentication import Identification
from gateway.web.graphiql import Explorer
from gateway.web.request_body import announced_bytes

_T = TypeVar("_T")

_HEADERS = {"Vary": "Accept"}

_LARGE = 16_384
"""A body of so many bytes takes time to read as JSON."""

ContextFor = Callable[[Headers, Tally], AbstractAsyncContextManager[Context]]
"""Opens what the resolvers of one request need, given its headers; closed after the answer."""

_ANYBODY = Identification({}, allows_anonymous=True)
_UNTRACED = Untraced()


@dataclass(frozen=True, slots=True)
class GraphQLEndpoint:
    """The ASGI application at /graphql.

    Attributes:
        schema: What is executed.
        documents: Exchanges what is sent, an id or a text, for the text that is run.
        prepare: How documents are prepared for it.
        context_for: Opens the context of a request.
        explorer: The page for browsers, where there is one.
        max_body_bytes: The largest body taken.
        identification: Finds out who sends a request, and lets in who may use the service's credentials.
        turns: Where unknown documents wait, and what else takes time before anything is executed.
        tracing: Who follows the operations.
    """

    schema: GraphQLSchema
    documents: TrustedDocuments
    prepare: Prepare
    context_for: ContextFor
    explorer: Explorer | None
    max_body_bytes: int
    identification: Identification = _ANYBODY
    turns: Turns = field(default_factory=Turns)
    tracing: Tracing = _UNTRACED

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http, tally = HttpRequest(scope, receive), Tally.of(scope)
        with self.tracing.operation(http.headers, tally):
            response = await self._answer(http, tally)
        await response(scope, receive, send)

    async def _answer(self, http: HttpRequest, tally: Tally) -> Response:
        media_type = spec.JSON
        try:
            spec.refuse_other_methods(http.method)
            page = self.explorer if http.method in spec.READING else None
            accept = ", ".join(http.headers.getlist("accept"))
            media_type = spec.response_media_type(accept, html=page is not None)
            if page is not None and media_type == spec.HTML:
                return page.page()
            tally.caller = self.identification.name(http.scope)
            return _response(await self._result(http, tally), 200, media_type)
        except RequestError as error:
            tally.refused(error.code)
            status = spec.status(error, media_type)
            return _response(refusal(error), status, media_type, **error.headers)
        except ClientDisconnect:
            tally.left()
            return Response(status_code=400)  # nobody is there to read it
        except Exception as error:  # noqa: BLE001 - the edge: a bug becomes an answer here
            tally.failed(BUG)
            return _response(Result(errors=[internal_error(error)]), 500, media_type)

    async def _result(self, http: HttpRequest, tally: Tally) -> Result:
        if http.method in spec.READING:
            request = spec.get_request(http.scope["query_string"])
        else:
            spec.refuse_encoded(", ".join(http.headers.getlist("content-encoding")))
            body = await self._body(http)
            reading = partial(spec.post_request, http.headers.get("content-type"), body)
            request = await self._in_turn(http, reading) if len(body) > _LARGE else reading()
        result = await self._executed(request, http, tally)
        tally.answered(result.data or None, map(_code, result.errors or ()))
        return result

    async def _executed(self, request: Request, http: HttpRequest, tally: Tally) -> Result:
        document = self.documents.document(request)
        asked = document.text, request.operation_name
        preparing = partial(self.prepare, *asked, request.variables, will_return=document.trusted)
        is_known = self.prepare.knows(*asked)
        prepared = preparing() if is_known else await self._in_turn(http, preparing)
        if http.method in spec.READING and not prepared.is_query:
            raise MethodNotAllowed(f"HTTP {http.method} only reads: use POST.", allow="POST")
        if document.trusted:  # else its name is whatever the caller likes
            tally.operation = prepared.name
        async with self.context_for(http.headers, tally) as context:
            executing = execute(self.schema, prepared, request.variables, context)
            return await _unless_gone(http, executing)

    async def _in_turn(self, http: HttpRequest, work: Callable[[], _T]) -> _T:
        """What may take long waits for its turn, unless the caller leaves meanwhile."""
        if self.turns.are_free:
            return await self.turns.take(work)
        return await _unless_gone(http, self.turns.take(work))

    async def _body(self, http: HttpRequest) -> bytes:
        most = self.max_body_bytes
        if announced_bytes(http.scope) > most:
            raise _too_large(most)
        chunks, size = [], 0
        async for chunk in http.stream():
            chunks.append(chunk)
            size += len(chunk)
            if size > most:
                raise _too_large(most)
        return b"".join(chunks)


async def _unless_gone(http: HttpRequest, executing: Coroutine[Any, Any, _T]) -> _T:
    """The result, unless the caller leaves before it is there: then the work is cancelled.

    Raises:
        ClientDisconnect: The caller has left.
    """
    working = asyncio.current_task()
    assert working is not None
    leaving = asyncio.create_task(_left(http))

    def stop(_: asyncio.Task[None]) -> None:
        working.cancel()

    leaving.add_done_callback(stop)
    try:
        return await executing
    except asyncio.CancelledError:
        if leaving.done() and not working.uncancel():  # not for anybody else's reason
            raise ClientDisconnect from None
        raise
    finally:
        leaving.remove_done_callback(stop)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)


async def _left(http: HttpRequest) -> None:
    while (await http.receive())["type"] != "http.disconnect":
        pass


def _code(error: Mapping[str, Any]) -> str:
    code: str = error["extensions"]["code"]
    return code


def _too_large(most: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"A request body has at most {most} bytes.")


def _response(result: Result, status: int, media_type: str, **headers: str) -> Response:
    return Response(
        msgspec.json.encode(result),
        status_code=status,
        media_type=f"{media_type}; charset=utf-8",
        headers={**_HEADERS, "Cache-Control": "private, no-store", **headers},
    )
