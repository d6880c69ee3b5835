"""create_app: where everything is built and put together; the written order of the middleware."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway import schema
from gateway.operations.fields import Fields
from gateway.operations.persisted import TrustedDocuments
from gateway.operations.prepare import Planner, Prepare, preparer
from gateway.schema.context import Context
from gateway.schema.fields import fields
from gateway.schema.limits import limits
from gateway.settings import Settings, SettingsRefused, variable
from gateway.upstream.api import Upstream
from gateway.upstream.caller import CREDENTIAL_HEADERS, TRACE_HEADERS, Callers
from gateway.upstream.session import Session
from gateway.upstream.wire import AiohttpTransport
from gateway.web.access import AccessMiddleware
from gateway.web.endpoint import GraphQLEndpoint
from gateway.web.graphiql import explorer
from gateway.web.probes import livez, readyz

_MAX_CONNECTIONS = 100
_EXPLAIN = "X-Gateway-Explain"


def create_app(
    settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None
) -> Starlette:
    """The gateway.

    Args:
        settings: What is set.
        transport: How to reach the upstream; by default over the network.

    Raises:
        SettingsRefused: Trusted documents can never run.
    """
    readings = fields(schema.schema())
    preparing = partial(
        preparer,
        schema.schema(),
        limits=limits(schema.schema(), readings, settings),
        introspection=settings.introspection,
    )
    documents = _trusted_documents(settings, prepare=preparing())
    callers = Callers(settings)
    upstream = Upstream(settings, transport or AiohttpTransport(max_connections=_MAX_CONNECTIONS))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await upstream.aclose()

    @asynccontextmanager
    async def context_for(headers: Headers) -> AsyncIterator[Context]:
        session = Session(upstream, callers.of(headers), settings)
        explaining = settings.explain and headers.get(_EXPLAIN) == "1"
        try:
            yield Context(session, settings, explaining=explaining)
        finally:
            await session.aclose()

    page = explorer() if settings.graphiql else None
    endpoint = GraphQLEndpoint(
        schema=schema.schema(),
        documents=documents,
        prepare=preparing(planner=_planner(readings) if settings.plans else None),
        context_for=context_for,
        explorer=page,
        max_body_bytes=settings.max_body_bytes,
    )
    routes = [
        Route("/graphql", endpoint),
        Route("/livez", livez, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
    ]
    if page is not None:
        routes.append(Route("/explorer/{name}", page.file, methods=["GET"]))
    if settings.introspection:
        routes.append(Route("/schema.graphql", _printed_schema, methods=["GET"]))
    app = Starlette(routes=routes, middleware=_middleware(settings), lifespan=lifespan)
    # A redirect would send the query string back in a header, and whatever `Host` was sent.
    app.router.redirect_slashes = False
    return app


def _middleware(settings: Settings) -> list[Middleware]:
    """Outermost first."""
    order = [Middleware(AccessMiddleware)]
    if settings.cors_origins:
        order.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_methods=["GET", "POST"],
                allow_headers=[
                    *CREDENTIAL_HEADERS,
                    *settings.forward_headers,
                    *TRACE_HEADERS,
                    _EXPLAIN,
                ],
                expose_headers=["X-Request-Id", "Retry-After"],
            )
        )
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


def _planner(readings: Fields) -> Planner:
    """Imported only where there are to be plans: without them, graphql-core answers alone."""
    from gateway.operations.plan.plan import planner  # noqa: PLC0415

    return planner(schema.schema(), readings)


async def _printed_schema(_request: Request) -> Response:
    return PlainTextResponse(schema.printed())
