"""The execution context of one operation: upstream session, settings and reported errors."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLResolveInfo
from msgspec import Struct, field

from gateway.config.settings import Settings
from gateway.engine.fair_scheduler import FairScheduler
from gateway.engine.resolvers import ResolveInfo
from gateway.errors import GatewayError
from gateway.schema.full_records import FullRecords
from gateway.upstream.read_log import number_ids, upstream_usage
from gateway.upstream.session import UpstreamSession


class Context(Struct, frozen=True, eq=False, dict=True):
    """The execution context of one operation.

    Attributes:
        session: The upstream session, the source of all upstream data.
        settings: The gateway's settings.
        reported_errors: Errors of fields that have a value nevertheless.
        is_explaining: Whether the caller requested the list of upstream reads.
        clock: The clock, in seconds since 1970.
        search_scheduler: The scheduler of searches in long lists, of all operations.
    """

    session: UpstreamSession
    settings: Settings
    reported_errors: list[GraphQLError] = field(default_factory=list)
    is_explaining: bool = False
    clock: Callable[[], float] = time.time
    search_scheduler: FairScheduler = field(default_factory=FairScheduler)

    @cached_property
    def now(self) -> datetime:
        """The present, in UTC, without an offset: the same for all fields of the operation."""
        return datetime.fromtimestamp(self.clock(), UTC).replace(tzinfo=None)

    @cached_property
    def full_records(self) -> FullRecords:
        """The full records of activities: the same for all fields of the operation."""
        return FullRecords()

    def extensions(self, *, compiled: bool, cost: Callable[[], int]) -> dict[str, object]:
        """The `extensions` of the response; called once, when the response is complete.

        Args:
            compiled: Whether a compiled query produced the whole response.
            cost: Computes the operation's cost.
        """
        if not self.is_explaining:
            return {}
        reads = self.session.read_log
        return {
            "gateway": {
                "compiled": compiled,
                "cost": cost(),
                "upstreamCalls": upstream_usage(reads).calls,
                "reads": [
                    {
                        "method": "GET",
                        "path": read.path,
                        "ids": numbers,
                        "status": read.status,
                        "cacheStatus": read.cache_status.value,
                        "attempts": read.attempts,
                        "milliseconds": read.milliseconds,
                        "bytes": read.bytes,
                    }
                    for read, numbers in zip(reads, number_ids(reads), strict=True)
                ],
            }
        }

    def report(self, error: GatewayError, info: "Info | ResolveInfo") -> None:
        """Report an error of a field that has a value nevertheless."""
        place = resolve_info(info)
        self.reported_errors.append(
            GraphQLError(
                str(error),
                place.field_nodes,
                path=place.path.as_list(),
                original_error=error,
            )
        )


Info = strawberry.Info[Context, None]


def resolve_info(info: Info | ResolveInfo) -> ResolveInfo | GraphQLResolveInfo[Any]:
    """The info of a resolver with graphql-core's attributes, some of which Strawberry's info lacks."""
    return info if isinstance(info, ResolveInfo) else info._raw_info  # noqa: SLF001 - Strawberry's info has no field nodes
