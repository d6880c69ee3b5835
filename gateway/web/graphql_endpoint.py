"""The GraphQL endpoint: parses an HTTP request, executes its operation, and encodes the response."""

import asyncio
from collections.abc import Callable, Coroutine
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

from gateway.engine.execution import (
    Execution,
    ExecutionContext,
    Result,
    execute,
    internal_error,
)
from gateway.engine.fair_scheduler import FairScheduler
from gateway.engine.preparation import Preparer
from gateway.engine.request import Request
from gateway.engine.trusted_documents import TrustedDocuments
from gateway.errors import INTERNAL_SERVER_ERROR, MethodNotAllowed, PayloadTooLarge, RequestError
from gateway.observability.request_stats import RequestStats
from gateway.observability.tracing import Tracing
from gateway.web import graphql_over_http as spec
from gateway.web.authentication import CallerAuthenticator
from gateway.web.graphiql import GraphiQLPage
from gateway.web.request_body import content_length

_T = TypeVar("_T")

_RESPONSE_HEADERS = {"Vary": "Accept"}

_LARGE_BODY_BYTES = 16_384
"""The JSON of a larger body takes long to parse, so the fair scheduler runs its parsing."""

ContextFactory = Callable[[Headers, RequestStats], AbstractAsyncContextManager[ExecutionContext]]
"""Opens the context of one request's resolvers, given its headers; closed after the execution."""

_ALLOW_ANYONE = CallerAuthenticator({}, allows_anonymous=True)
_NO_TRACING = Tracing()


@dataclass(frozen=True, slots=True)
class GraphQLEndpoint:
    """The ASGI application at /graphql.

    Attributes:
        schema: The schema to execute.
        documents: The trusted documents, which resolve an id or a text to the document to run.
        prepare: Prepares documents for the schema.
        open_context: Opens the context of a request.
        graphiql_page: The page for browsers, if any.
        max_body_bytes: The maximum size of a request body.
        authenticator: Authenticates callers, and admits them to the service credentials.
        scheduler: Runs CPU-bound work before the execution: parsing of large bodies, unknown documents.
        tracing: Traces the operations.
    """

    schema: GraphQLSchema
    documents: TrustedDocuments
    prepare: Preparer
    open_context: ContextFactory
    graphiql_page: GraphiQLPage | None
    max_body_bytes: int
    authenticator: CallerAuthenticator = _ALLOW_ANYONE
    scheduler: FairScheduler = field(default_factory=FairScheduler)
    tracing: Tracing = _NO_TRACING

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http, stats = HttpRequest(scope, receive), RequestStats.from_scope(scope)
        with self.tracing.operation_span(scope, stats) as span:
            response = await self._respond(http, stats)
            span.response_status = response.status_code
        await response(scope, receive, send)

    async def _respond(self, http: HttpRequest, stats: RequestStats) -> Response:
        media_type = spec.JSON
        try:
            spec.reject_unsupported_methods(http.method)
            page = self.graphiql_page if http.method in spec.READ_METHODS else None
            accept = ", ".join(http.headers.getlist("accept"))
            media_type = spec.response_media_type(accept, html=page is not None)
            if page is not None and media_type == spec.HTML:
                return page.html_response()
            stats.caller = self.authenticator.authenticate(http.scope)
            return _response(await self._execute_request(http, stats), 200, media_type)
        except RequestError as error:
            stats.rejected(error.code)
            status = spec.http_status(error, media_type)
            return _response(spec.error_response(error), status, media_type, **error.headers)
        except ClientDisconnect:
            stats.disconnected()
            return Response(status_code=400)  # the caller has disconnected
        except Exception as error:  # noqa: BLE001 - the edge: a bug becomes a response here
            stats.failed(INTERNAL_SERVER_ERROR)
            return _response(Result(errors=[internal_error(error)]), 500, media_type)

    async def _execute_request(self, http: HttpRequest, stats: RequestStats) -> Result:
        if http.method in spec.READ_METHODS:
            request = spec.parse_get(http.scope["query_string"])
        else:
            spec.reject_encoded_body(", ".join(http.headers.getlist("content-encoding")))
            body = await self._read_body_within_limit(http)
            parse_body = partial(spec.parse_post, http.headers.get("content-type"), body)
            request = (
                await self._run_throttled(http, parse_body)
                if len(body) > _LARGE_BODY_BYTES
                else parse_body()
            )
        execution = await self._execute_operation(request, http, stats)
        stats.completed(
            execution.error_codes, compiled=execution.is_compiled, has_data=execution.has_data
        )
        return execution.result

    async def _execute_operation(
        self, request: Request, http: HttpRequest, stats: RequestStats
    ) -> Execution:
        document = self.documents.resolve(request)
        cache_key = document.text, request.operation_name
        prepare_document = partial(
            self.prepare, *cache_key, request.variables, expect_reuse=document.is_trusted
        )
        is_cached = self.prepare.is_cached(*cache_key)
        prepared = (
            prepare_document() if is_cached else await self._run_throttled(http, prepare_document)
        )
        stats.operation_type = prepared.operation.operation.value
        if http.method in spec.READ_METHODS and not prepared.is_query:
            raise MethodNotAllowed(
                f"{http.method} supports queries only: use POST for mutations.", allow="POST"
            )
        if document.is_trusted:  # otherwise its name is text of the caller
            stats.operation = prepared.name
        async with self.open_context(http.headers, stats) as context:
            execution = execute(self.schema, prepared, request.variables, context)
            return await _cancel_on_disconnect(http, execution)

    async def _run_throttled(self, http: HttpRequest, work: Callable[[], _T]) -> _T:
        """Run CPU-bound work by the fair scheduler, unless the caller disconnects while it is queued."""
        if self.scheduler.is_idle:
            return await self.scheduler.run(work)
        return await _cancel_on_disconnect(http, self.scheduler.run(work))

    async def _read_body_within_limit(self, http: HttpRequest) -> bytes:
        max_bytes = self.max_body_bytes
        if content_length(http.scope) > max_bytes:
            raise _too_large(max_bytes)
        chunks, size = [], 0
        async for chunk in http.stream():
            chunks.append(chunk)
            size += len(chunk)
            if size > max_bytes:
                raise _too_large(max_bytes)
        return b"".join(chunks)


async def _cancel_on_disconnect(http: HttpRequest, execution: Coroutine[Any, Any, _T]) -> _T:
    """The result of an execution, which is cancelled where the caller disconnects first.

    Raises:
        ClientDisconnect: The caller has disconnected.
    """
    execution_task = asyncio.current_task()
    assert execution_task is not None
    disconnect_task = asyncio.create_task(_wait_for_disconnect(http))
    is_executing, is_cancelled = True, False

    def cancel_execution(_: asyncio.Task[None]) -> None:
        nonlocal is_cancelled
        if is_executing:  # it may have ended after this callback was scheduled
            is_cancelled = True
            execution_task.cancel()

    disconnect_task.add_done_callback(cancel_execution)
    try:
        return await execution
    except asyncio.CancelledError:
        # Any remaining cancellation request (`uncancel` above 0) has another reason.
        if is_cancelled and not execution_task.uncancel():
            raise ClientDisconnect from None
        raise
    finally:
        is_executing = False
        disconnect_task.cancel()
        await asyncio.gather(disconnect_task, return_exceptions=True)


async def _wait_for_disconnect(http: HttpRequest) -> None:
    while (await http.receive())["type"] != "http.disconnect":
        pass


def _too_large(max_bytes: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The request body exceeds {max_bytes} bytes, the maximum.")


def _response(result: Result, status: int, media_type: str, **headers: str) -> Response:
    return Response(
        msgspec.json.encode(result),
        status_code=status,
        media_type=f"{media_type}; charset=utf-8",
        headers={**_RESPONSE_HEADERS, "Cache-Control": "private, no-store", **headers},
    )
