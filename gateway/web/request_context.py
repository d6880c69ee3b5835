"""The context of one request, opened for the execution of its operation and closed after it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType

from gateway.config.headers import RawHeaders
from gateway.config.settings import Settings
from gateway.engine.fair_scheduler import FairScheduler
from gateway.observability.request_stats import RequestStats
from gateway.schema.completeness import log_omissions
from gateway.schema.context import Context
from gateway.upstream.api import UpstreamApi
from gateway.upstream.credentials import CallerFactory
from gateway.upstream.session import UpstreamSession
from gateway.web.graphql_endpoint import ContextFactory

EXPLAIN_HEADER = b"x-gateway-explain"


class RequestContext:
    """The context of one request, while its operation runs; its close records the upstream usage and omissions."""

    __slots__ = ("_context", "_stats", "_surprises")

    def __init__(
        self, context: Context, surprises: AbstractContextManager[None], stats: RequestStats
    ) -> None:
        self._context = context
        self._surprises = surprises
        self._stats = stats

    async def __aenter__(self) -> Context:
        self._surprises.__enter__()
        return self._context

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._surprises.__exit__(kind, error, trace)
        if reported_errors := self._context.reported_errors:
            log_omissions(reported_errors)
        session = self._context.session
        stats = self._stats
        try:
            await session.aclose()
        finally:  # only now with the reads that were cancelled
            stats.reads, stats.calls, stats.retries = session.usage
            stats.read_log = session.read_log


def context_factory(
    upstream: UpstreamApi,
    settings: Settings,
    caller_factory: CallerFactory,
    *,
    clock: Callable[[], float],
) -> ContextFactory:
    """The factory of request contexts; the clock gives seconds since 1970."""
    search_scheduler = FairScheduler()

    def open_context(headers: RawHeaders, stats: RequestStats) -> RequestContext:
        deadline = asyncio.get_running_loop().time() + settings.operation_timeout_seconds
        caller = caller_factory.from_headers(headers, deadline, key_name=stats.caller)
        session = UpstreamSession(upstream, caller, settings)
        is_explaining = settings.explain and _is_explanation_requested(headers)
        context = Context(
            session,
            settings,
            is_explaining=is_explaining,
            clock=clock,
            search_scheduler=search_scheduler,
        )
        return RequestContext(context, upstream.report_timeline_surprises(), stats)

    return open_context


def _is_explanation_requested(headers: RawHeaders) -> bool:
    values = (value for name, value in headers if name == EXPLAIN_HEADER)
    return next(values, b"") == b"1"
