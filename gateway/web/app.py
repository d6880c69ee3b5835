"""The application factory `create_app`: builds all components and orders the middleware."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial

import httpx
from graphql import GraphQLSchema
from opentelemetry.trace import TracerProvider
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway import schema
from gateway.config import paths
from gateway.config.environment import ConfigurationError
from gateway.config.origins import AllowedOrigins
from gateway.config.settings import Settings, env_name
from gateway.config.trusted_proxies import TrustedProxies
from gateway.engine.preparation import Preparer, build_preparer
from gateway.engine.prepared_operation import Compiler
from gateway.engine.resolvers import FieldSources
from gateway.engine.trusted_documents import TrustedDocuments
from gateway.observability import logging
from gateway.observability.metrics import Metrics
from gateway.observability.tracing import Tracing
from gateway.schema.engine_binding import bind_fields, operation_limits
from gateway.upstream.api import UpstreamApi
from gateway.upstream.credentials import CallerFactory
from gateway.upstream.http.instrumentation import UpstreamInstrumentation
from gateway.upstream.http.transport import AiohttpTransport
from gateway.web.authentication import CallerAuthenticator
from gateway.web.compression import Compression
from gateway.web.concurrency import ConcurrencyLimiter
from gateway.web.cors import AllowedOriginsMiddleware
from gateway.web.graphiql import GraphiQLPage, load_graphiql_page
from gateway.web.graphiql_configuration import graphiql_configuration
from gateway.web.graphql_endpoint import GraphQLEndpoint
from gateway.web.graphql_route import GraphQLRoute
from gateway.web.health import create_admin_app, health_routes
from gateway.web.path_prefix import PathPrefixMiddleware
from gateway.web.reloaded_settings import reloadable_documents, reloadable_secrets
from gateway.web.reloading import Reloader
from gateway.web.request_context import context_factory
from gateway.web.request_middleware import RequestMiddleware
from gateway.web.root_page import root_endpoint
from gateway.web.schema_endpoint import SchemaEndpoint
from gateway.web.slow_operations import SlowOperationLog
from gateway.web.vary import vary_by_everything, vary_by_form

_DROPPED_COUNT_INTERVAL_SECONDS = 1.0


def create_app(
    settings: Settings,
    *,
    over_sandbox: bool = False,
    transport: httpx.AsyncBaseTransport | None = None,
    now: Callable[[], float] = time.time,
    tracer_provider: TracerProvider | None = None,
) -> Starlette:
    """The gateway as an ASGI application.

    A server finds its concurrency limit at `state.limiter`, what reloads its files at `state.reloader`, and the
    application of the admin address at `state.admin_app`.

    Args:
        settings: The settings.
        over_sandbox: Whether the upstream is the bundled sandbox, with its sample data.
        transport: The HTTP transport of upstream calls; by default over the network.
        now: The clock, in seconds since 1970.
        tracer_provider: The source of the tracer, shut down at the end; by default the exporter that the
            settings name, if any.

    Raises:
        ConfigurationError: A trusted document can never run, or traces cannot be exported.
    """
    graphql_schema = schema.build_schema(federated=settings.federation)
    field_sources = bind_fields(graphql_schema)
    create_preparer = partial(
        build_preparer,
        graphql_schema,
        limits=operation_limits(graphql_schema, settings),
        introspection=settings.introspection,
        eager=settings.compile_queries == "eager",
    )
    documents = _trusted_documents(settings, preparer=create_preparer())
    transport = transport or AiohttpTransport(
        max_connections=settings.max_concurrent_reads, proxy=settings.proxy
    )
    tracing = Tracing(
        tracer_provider or _tracer_provider(settings), upstream_url=settings.upstream_url
    )
    instrumentation = UpstreamInstrumentation(Metrics(settings.client_applications), tracing)
    upstream = UpstreamApi(settings, transport, instrumentation=instrumentation, now=now)
    preparer = create_preparer(
        compile_query=None
        if settings.compile_queries == "off"
        else _query_compiler(graphql_schema, field_sources)
    )
    caller_factory, authenticator = CallerFactory(settings), _caller_authenticator(settings)
    reloader = Reloader(
        [
            *reloadable_documents(settings, documents, preparer, instrumentation.metrics),
            *reloadable_secrets(settings, caller_factory, authenticator),
        ],
        interval_seconds=settings.reload_seconds,
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with _background_tasks(
            _count_dropped_events(instrumentation.metrics),
            reloader.run(),
            upstream.sample_responses(),
        ):
            yield
        await transport.aclose()
        await asyncio.to_thread(tracing.close)

    graphiql_page = _graphiql_page(settings, over_sandbox=over_sandbox)
    compression = (
        Compression(AllowedOrigins(settings.cors_origins)) if settings.compression else None
    )
    endpoint = GraphQLEndpoint(
        schema=graphql_schema,
        documents=documents,
        preparer=preparer,
        open_context=context_factory(upstream, settings, caller_factory, clock=now),
        authenticator=authenticator,
        graphiql_page=graphiql_page,
        max_body_bytes=settings.max_body_bytes,
        tracing=tracing,
        compression=compression,
        vary=vary_by_form(settings),
        conditional_get_vary=vary_by_everything(settings) if settings.conditional_get else None,
    )
    limiter = ConcurrencyLimiter(
        _with_slow_operation_log(endpoint, settings),
        settings.max_concurrent_requests,
        max_body_bytes=settings.max_body_bytes,
    )
    metrics = instrumentation.metrics
    middleware = _middleware(settings, limiter, metrics)
    app = Starlette(
        routes=_routes(settings, limiter, metrics, graphiql_page, compression),
        middleware=middleware,
        lifespan=lifespan,
    )
    # A redirect would return the query string, and any `Host` of the request, in a header.
    app.router.redirect_slashes = False
    app.state.limiter = limiter
    app.state.reloader = reloader
    app.state.admin_app = create_admin_app(
        limiter.unready_reason, metrics.exposition, metrics=metrics
    )
    return app


def _routes(
    settings: Settings,
    limiter: ConcurrencyLimiter,
    metrics: Metrics,
    graphiql_page: GraphiQLPage | None,
    compression: Compression | None,
) -> list[Route]:
    """The routes of everything but GraphQL itself."""
    routes = [Route("/", root_endpoint(settings), methods=["GET"])]
    if settings.admin_address is None:
        routes += health_routes(limiter.unready_reason, metrics.exposition)
    if graphiql_page is not None:
        routes.append(Route("/explorer/{name}", graphiql_page.file_response, methods=["GET"]))
    if settings.introspection:
        routes.append(_schema_route(settings, compression))
    return routes


def _schema_route(settings: Settings, compression: Compression | None) -> Route:
    endpoint = SchemaEndpoint(
        partial(schema.schema_sdl, federated=settings.federation),
        compression=compression,
        is_conditional=settings.conditional_get,
    )
    return Route(paths.SCHEMA, endpoint, methods=["GET"])


@asynccontextmanager
async def _background_tasks(*coroutines: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Context manager: run these until its end, at most."""
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        yield
    finally:
        for each in tasks:
            each.cancel()


async def _count_dropped_events(metrics: Metrics) -> None:
    """Update the metric of dropped log events periodically.

    Not when an event is dropped: that may be in a finalizer, which must not wait for its own thread's lock.
    """
    counted_before = 0
    while True:
        dropped = logging.dropped_count()
        metrics.log_events_dropped.inc(dropped - counted_before)
        counted_before = dropped
        await asyncio.sleep(_DROPPED_COUNT_INTERVAL_SECONDS)


def _caller_authenticator(settings: Settings) -> CallerAuthenticator:
    keys = settings.caller_keys_file
    return CallerAuthenticator(
        {} if keys is None else keys.name_by_digest, allows_anonymous=settings.allow_anonymous
    )


def _middleware(
    settings: Settings, limiter: ConcurrencyLimiter, metrics: Metrics
) -> list[Middleware]:
    """The middleware, outermost first."""
    stack = []
    if settings.root_path or settings.trusted_proxies:
        stack.append(
            Middleware(
                PathPrefixMiddleware,
                root_path=settings.root_path,
                trusted_proxies=TrustedProxies(settings.trusted_proxies),
            )
        )
    stack.append(
        Middleware(RequestMiddleware, metrics=metrics, is_draining=lambda: limiter.is_draining)
    )
    if settings.cors_origins:
        stack.append(
            Middleware(AllowedOriginsMiddleware, origins=AllowedOrigins(settings.cors_origins))
        )
    stack.append(Middleware(GraphQLRoute, endpoint=limiter))
    return stack


def _with_slow_operation_log(endpoint: ASGIApp, settings: Settings) -> ASGIApp:
    """The endpoint, inside the log of slow operations where there is one."""
    seconds = settings.slow_operation_seconds
    return SlowOperationLog(endpoint, seconds) if seconds else endpoint


def _trusted_documents(settings: Settings, preparer: Preparer) -> TrustedDocuments:
    """The trusted documents of the manifest, after `preparer` has found that all of them can run."""
    manifest = settings.trusted_documents_path
    text_by_id = {} if manifest is None else manifest.text_by_id
    documents = TrustedDocuments(settings.trusted_documents, text_by_id)
    name = env_name("trusted_documents_path")
    problems = [
        f"{name}: {key}: {message}" for key, message in documents.validate_all(preparer).items()
    ]
    if problems:
        raise ConfigurationError("\n".join(problems))
    return documents


def _graphiql_page(settings: Settings, *, over_sandbox: bool) -> GraphiQLPage | None:
    if not settings.graphiql:
        return None
    return load_graphiql_page(graphiql_configuration(settings, over_sandbox=over_sandbox))


def _query_compiler(graphql_schema: GraphQLSchema, field_sources: FieldSources) -> Compiler:
    """The compiler of queries, imported only where it is used: otherwise graphql-core executes everything."""
    from gateway.engine.compiler.compiled_query import query_compiler  # noqa: PLC0415

    return query_compiler(graphql_schema, field_sources)


def _tracer_provider(settings: Settings) -> TracerProvider | None:
    """The OTLP exporter, imported only where traces are exported: the SDK is large, and an extra."""
    endpoint = settings.otel_exporter_otlp_endpoint
    if endpoint is None:
        return None
    try:
        from gateway.observability.otel import otlp_tracer_provider  # noqa: PLC0415
    except ModuleNotFoundError as error:
        name = env_name("otel_exporter_otlp_endpoint")
        requirement = "client-activities-gateway[otel]"
        raise ConfigurationError(f"{name}: traces need the extra `otel`: {requirement}") from error
    return otlp_tracer_provider(endpoint)
