"""create_app: where everything is built and put together; the written order of the middleware."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import httpx
from graphql import GraphQLSchema
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway import schema
from gateway.config.environment import SettingsRefused
from gateway.config.origins import Origins
from gateway.config.settings import Settings, variable
from gateway.engine.preparation import Planner, Prepare, preparer
from gateway.engine.resolvers import Fields
from gateway.engine.trusted_documents import TrustedDocuments
from gateway.observability import logging
from gateway.observability.metrics import Metrics
from gateway.observability.request_stats import Tally
from gateway.observability.tracing import Tracing, Untraced
from gateway.schema.context import Context
from gateway.schema.engine_binding import fields, limits
from gateway.upstream.credentials import Callers
from gateway.upstream.endpoints import Upstream
from gateway.upstream.http.instrumentation import Watch
from gateway.upstream.http.transport import AiohttpTransport
from gateway.upstream.read_log import Call, Outcome
from gateway.upstream.session import Session
from gateway.web.authentication import Identification
from gateway.web.concurrency import Admission, Farewell, Gate
from gateway.web.cors import Cors
from gateway.web.graphiql import explorer
from gateway.web.graphql_endpoint import ContextFor, GraphQLEndpoint
from gateway.web.health import livez, readyz, scraped
from gateway.web.request_middleware import AccessMiddleware

_EXPLAIN = "X-Gateway-Explain"

_COUNTING_SECONDS = 1.0


def create_app(
    settings: Settings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    now: Callable[[], float] = time.time,
    tracing: Tracing | None = None,
    admission: Admission | None = None,
) -> Starlette:
    """The gateway.

    Args:
        settings: What is set.
        transport: How to reach the upstream; by default over the network.
        now: Tells the seconds since 1970.
        tracing: Who follows the operations; by default whom the settings name, if any.
        admission: Who is let in; for a server that means to stop.

    Raises:
        SettingsRefused: Trusted documents can never run, or traces cannot be sent.
    """
    admission = admission or Admission(settings.max_concurrency)
    served = schema.schema(federated=settings.federation)
    readings = fields(served)
    preparing = partial(
        preparer,
        served,
        limits=limits(served, readings, settings),
        introspection=settings.introspection,
        at_once=settings.plans_at_once,
    )
    documents = _trusted_documents(settings, prepare=preparing())
    if transport is None:
        transport = AiohttpTransport(
            max_connections=settings.max_upstream_connections, proxy=settings.proxy
        )
    watch = Watch(Metrics(), tracing or _tracing(settings))
    upstream = Upstream(settings, transport, watch=watch, now=now)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        counting = asyncio.create_task(_count_dropped(watch.metrics))
        yield
        counting.cancel()
        await upstream.aclose()
        await asyncio.to_thread(watch.tracing.close)

    page = explorer() if settings.graphiql else None
    endpoint = GraphQLEndpoint(
        schema=served,
        documents=documents,
        prepare=preparing(planner=_planner(served, readings) if settings.plans else None),
        context_for=_contexts(upstream, settings),
        identification=_identification(settings),
        explorer=page,
        max_body_bytes=settings.max_body_bytes,
        tracing=watch.tracing,
    )
    routes = [
        Route("/graphql", Gate(endpoint, admission, max_body_bytes=settings.max_body_bytes)),
        Route("/livez", livez, methods=["GET"]),
        Route("/readyz", readyz(admission), methods=["GET"]),
        Route("/metrics", scraped(watch.metrics), methods=["GET"]),
    ]
    if page is not None:
        routes.append(Route("/explorer/{name}", page.file, methods=["GET"]))
    if settings.introspection:
        printed = partial(_printed_schema, settings)
        routes.append(Route("/schema.graphql", printed, methods=["GET"]))
    middleware = _middleware(settings, admission, watch.metrics)
    app = Starlette(routes=routes, middleware=middleware, lifespan=lifespan)
    # A redirect would send the query string back in a header, and whatever `Host` was sent.
    app.router.redirect_slashes = False
    return app


async def _count_dropped(metrics: Metrics) -> None:
    """Has the metrics tell what the log drops, again and again.

    Not when it is dropped: that may be in a finalizer, which must not wait for what its own thread is at.
    """
    counted = 0
    while True:
        dropped = logging.dropped()
        metrics.log_events_dropped.inc(dropped - counted)
        counted = dropped
        await asyncio.sleep(_COUNTING_SECONDS)


def _contexts(upstream: Upstream, settings: Settings) -> ContextFor:
    """How the context of a request is opened, and what it took is told when it is closed."""
    callers = Callers(settings)

    @asynccontextmanager
    async def context_for(headers: Headers, tally: Tally) -> AsyncIterator[Context]:
        deadline = asyncio.get_running_loop().time() + settings.operation_timeout_seconds
        caller = callers.of(headers.raw, deadline, key_name=tally.caller)
        session = Session(upstream, caller, settings)
        explaining = settings.explain and headers.get(_EXPLAIN) == "1"
        try:
            with upstream.decoding_timelines():
                yield Context(session, settings, explaining=explaining, tally=tally)
        finally:
            _count(tally, session.calls)
            await session.aclose()

    return context_for


def _identification(settings: Settings) -> Identification:
    keys = settings.caller_keys_file
    return Identification(
        {} if keys is None else keys.names_by_digest, allows_anonymous=settings.allow_anonymous
    )


def _count(tally: Tally, reads: Sequence[Call]) -> None:
    """What an operation cost the upstream."""
    calls = [read.attempts for read in reads if read.outcome is Outcome.CALLED]
    tally.reads, tally.calls = len(reads), sum(calls)
    tally.retries = sum(attempts - 1 for attempts in calls if attempts)


def _middleware(settings: Settings, admission: Admission, metrics: Metrics) -> list[Middleware]:
    """Outermost first."""
    order = [Middleware(Farewell, admission), Middleware(AccessMiddleware, metrics=metrics)]
    if settings.cors_origins:
        order.append(Middleware(Cors, origins=Origins(settings.cors_origins)))
    return order


def _trusted_documents(settings: Settings, prepare: Prepare) -> TrustedDocuments:
    """The documents of the manifest, if `prepare` finds that all of them can run."""
    manifest = settings.trusted_documents_path
    text_by_id = {} if manifest is None else manifest.text_by_id
    documents = TrustedDocuments(settings.trusted_documents, text_by_id)
    name = variable("trusted_documents_path")
    problems = [f"{name}: {key}: {told}" for key, told in documents.problems(prepare).items()]
    if problems:
        raise SettingsRefused("\n".join(problems))
    return documents


def _planner(served: GraphQLSchema, readings: Fields) -> Planner:
    """Imported only where there are to be plans: without them, graphql-core answers alone."""
    from gateway.engine.compiler.compiled_query import planner  # noqa: PLC0415

    return planner(served, readings)


def _tracing(settings: Settings) -> Tracing:
    """Imported only where there are to be traces: OpenTelemetry is large, and an extra."""
    endpoint = settings.otel_exporter_otlp_endpoint
    if endpoint is None:
        return Untraced()
    try:
        from gateway.observability.otel import exported  # noqa: PLC0415
    except ModuleNotFoundError as error:
        name = variable("otel_exporter_otlp_endpoint")
        needed = "client-activities-gateway[otel]"
        raise SettingsRefused(f"{name}: traces need the extra `otel`: {needed}") from error
    return exported(endpoint)


async def _printed_schema(settings: Settings, _request: Request) -> Response:
    return PlainTextResponse(schema.printed(federated=settings.federation))
