"""The GraphQL endpoint: parses an HTTP request, executes its operation, and encodes the response."""

from collections.abc import Callable, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import GraphQLSchema
from msgspec import UNSET
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.config.headers import RawHeader, RawHeaders
from gateway.engine.execution import ExecutionContext, Result, execute, internal_error
from gateway.engine.preparation import Preparer
from gateway.engine.request import Request
from gateway.engine.trusted_documents import TrustedDocuments
from gateway.errors import INTERNAL_SERVER_ERROR, MethodNotAllowed, RequestError
from gateway.observability.request_stats import RequestStats
from gateway.observability.tracing import Tracing
from gateway.web import graphql_over_http as spec
from gateway.web.authentication import CallerAuthenticator
from gateway.web.compression import Compression
from gateway.web.conditional_get import add_entity_tag, revalidate
from gateway.web.disconnects import CallerDisconnected
from gateway.web.graphiql import GraphiQLPage
from gateway.web.http_request import HttpRequest
from gateway.web.path_prefix import root_url
from gateway.web.responses import NO_HEADERS, VARY_BY_ACCEPT, EncodedResponse, encode_response

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
        compression: Compresses responses, if any are.
        vary: The header with the names of the headers that a response to POST depends on.
        conditional_get_vary: The same for GET, where browsers may store responses and revalidate them; else None.
    """

    schema: GraphQLSchema
    documents: TrustedDocuments
    preparer: Preparer
    open_context: ContextFactory
    graphiql_page: GraphiQLPage | None
    max_body_bytes: int
    authenticator: CallerAuthenticator = _ALLOW_ANYONE
    tracing: Tracing = _NO_TRACING
    compression: Compression | None = None
    vary: RawHeader = VARY_BY_ACCEPT
    conditional_get_vary: RawHeader | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HttpRequest.from_scope(scope, receive, max_body_bytes=self.max_body_bytes)
        stats = RequestStats.from_scope(scope)
        response: EncodedResponse | Response
        with self.tracing.operation_span(scope, stats) as span:
            media_type = spec.JSON
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
                    response = self._encode(result, 200, media_type, scope)
            except RequestError as error:
                stats.record_rejection(error.code)
                response = self._encode(
                    spec.error_response(error),
                    spec.http_status(error, media_type),
                    media_type,
                    scope,
                    error.headers,
                )
            except CallerDisconnected:
                stats.record_disconnect()
                response = _DISCONNECTED
            except Exception as error:  # noqa: BLE001 - the edge: a bug becomes a response here
                stats.record_failure(INTERNAL_SERVER_ERROR)
                response = self._encode(
                    Result(errors=[internal_error(error)]), 500, media_type, scope
                )
            span.response_status = response.status_code
        if isinstance(response, EncodedResponse) and self.compression is not None:
            response = await self._compress(response, self.compression, scope, http)
        await response(scope, receive, send)

    def _encode(
        self,
        result: Result,
        status: int,
        media_type: str,
        scope: MutableMapping[str, Any],
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> EncodedResponse:
        """The response with this result, or 304 where the caller of a GET has it already."""
        if self.conditional_get_vary is None or scope["method"] not in spec.READ_METHODS:
            return encode_response(result, status, media_type, headers, vary=self.vary)
        vary = self.conditional_get_vary
        response = encode_response(result, status, media_type, headers, vary=vary)
        # Extensions describe how this one response came about, so they differ each time.
        if status != 200 or result.errors is not UNSET or result.extensions is not UNSET:
            return response
        return revalidate(add_entity_tag(response), scope["headers"])

    @staticmethod
    async def _compress(
        response: EncodedResponse,
        compression: Compression,
        scope: MutableMapping[str, Any],
        http: HttpRequest,
    ) -> EncodedResponse:
        """The response in the coding that the caller prefers, which may be none."""
        coding = compression.coding_for(scope["headers"], response.body)
        if coding is None:
            return response
        try:
            return await http.until_disconnect(compression.compress(response, coding))
        except CallerDisconnected:
            RequestStats.from_scope(scope).record_disconnect()
            return _DISCONNECTED

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
