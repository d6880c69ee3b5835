"""The GraphQL endpoint: parses an HTTP request, executes its operation, and encodes the response."""

from collections.abc import Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import GraphQLSchema
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.config.headers import RawHeaders
from gateway.engine.execution import ExecutionContext, Result, execute, internal_error
from gateway.engine.preparation import Preparer
from gateway.engine.request import Request
from gateway.engine.trusted_documents import TrustedDocuments
from gateway.errors import INTERNAL_SERVER_ERROR, MethodNotAllowed, RequestError
from gateway.observability.request_stats import RequestStats
from gateway.observability.tracing import Tracing
from gateway.web import graphql_over_http as spec
from gateway.web.authentication import CallerAuthenticator
from gateway.web.disconnects import CallerDisconnected
from gateway.web.graphiql import GraphiQLPage
from gateway.web.http_request import HttpRequest
from gateway.web.path_prefix import root_url
from gateway.web.responses import EncodedResponse, encode_response

_LARGE_BODY_BYTES = 16_384
"""The JSON of a larger body takes long to parse, so it waits its turn with the documents to prepare."""

ContextFactory = Callable[[RawHeaders, RequestStats], AbstractAsyncContextManager[ExecutionContext]]
"""Opens the context of one request's resolvers, given its headers; closed after the execution."""

_ALLOW_ANYONE = CallerAuthenticator({}, allows_anonymous=True)
_NO_TRACING = Tracing()
_DISCONNECTED = EncodedResponse(400, [(b"content-length", b"0")], b"")
"""The response to a caller that has disconnected: only the log has its status."""


@dataclass(frozen=True, slots=True)
class GraphQLEndpoint:
    """The ASGI application at /graphql.

    Attributes:
        schema: The schema to execute.
        documents: The trusted documents, which resolve an id or a text to the document to run.
        preparer: Prepares documents for the schema.
        open_context: Opens the context of a request.
        graphiql_page: The page for browsers, if any.
        max_body_bytes: The maximum size of a request body.
        authenticator: Authenticates callers, and admits them to the service credentials.
        tracing: Traces the operations.
    """

    schema: GraphQLSchema
    documents: TrustedDocuments
    preparer: Preparer
    open_context: ContextFactory
    graphiql_page: GraphiQLPage | None
    max_body_bytes: int
    authenticator: CallerAuthenticator = _ALLOW_ANYONE
    tracing: Tracing = _NO_TRACING

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HttpRequest.from_scope(scope, receive, max_body_bytes=self.max_body_bytes)
        stats = RequestStats.from_scope(scope)
        response: ASGIApp
        with self.tracing.operation_span(scope, stats) as span:
            media_type, status = spec.JSON, 200
            try:
                spec.reject_unsupported_methods(scope["method"])
                page = self.graphiql_page if scope["method"] in spec.READ_METHODS else None
                media_type = spec.response_media_type(http.accept, html=page is not None)
                if page is not None and media_type == spec.HTML:
                    response = page.html_response(root_url(scope))
                else:
                    stats.caller = self.authenticator.authenticate(scope)
                    request = await self._parse(scope, http)
                    result = await http.until_disconnect(self._execute(request, scope, stats))
                    response = encode_response(result, status, media_type)
            except RequestError as error:
                stats.record_rejection(error.code)
                status = spec.http_status(error, media_type)
                response = encode_response(
                    spec.error_response(error), status, media_type, error.headers
                )
            except CallerDisconnected:
                stats.record_disconnect()
                response, status = _DISCONNECTED, _DISCONNECTED.status_code
            except Exception as error:  # noqa: BLE001 - the edge: a bug becomes a response here
                stats.record_failure(INTERNAL_SERVER_ERROR)
                status = 500
                response = encode_response(
                    Result(errors=[internal_error(error)]), status, media_type
                )
            span.response_status = status
        await response(scope, receive, send)

    async def _execute(
        self, request: Request, scope: MutableMapping[str, Any], stats: RequestStats
    ) -> Result:
        document = self.documents.resolve(request)
        stats.document_text = document.text
        prepared = await self.preparer.prepare(
            document.text,
            request.operation_name,
            request.variables,
            expect_reuse=document.is_trusted,
        )
        stats.operation_type = prepared.operation.operation.value
        if scope["method"] in spec.READ_METHODS and not prepared.is_query:
            raise MethodNotAllowed(
                f"{scope['method']} supports queries only: use POST for mutations.", allow="POST"
            )
        if document.is_trusted:  # otherwise its name is text of the caller
            stats.operation = prepared.name
        async with self.open_context(scope["headers"], stats) as context:
            execution = await execute(self.schema, prepared, request.variables, context)
        codes = execution.error_codes
        has_data = not codes or execution.has_data
        stats.record_completion(codes, compiled=execution.is_compiled, has_data=has_data)
        return execution.result

    async def _parse(self, scope: MutableMapping[str, Any], http: HttpRequest) -> Request:
        if scope["method"] in spec.READ_METHODS:
            return spec.parse_get(scope["query_string"])
        spec.reject_encoded_body(http.content_encoding)
        body = await http.body()
        if len(body) <= _LARGE_BODY_BYTES:
            return spec.parse_post(http.content_type, body)
        parse_body = partial(spec.parse_post, http.content_type, body)
        return await http.until_disconnect(self.preparer.scheduler.run(parse_body))
