"""The execution context of one operation: upstream session, settings and reported errors."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

import strawberry
from graphql import GraphQLError, GraphQLResolveInfo
from msgspec import Struct, field, structs

from gateway.config.settings import Settings
from gateway.engine.fair_scheduler import FairScheduler
from gateway.engine.resolvers import ResolveInfo
from gateway.errors import GatewayError
from gateway.schema.full_records import FullRecords
from gateway.upstream.read_log import number_ids, upstream_usage
from gateway.upstream.session import UpstreamSession

_HTML_CHARACTERS_PER_PASS = 65_536
"""HTML characters converted per event-loop pass: 5 ms, or 100 ms where all is markup."""

_remaining_characters: WeakKeyDictionary[asyncio.AbstractEventLoop, int] = WeakKeyDictionary()


def consume_html_budget(characters: int) -> bool:
    """Consume the budget of HTML characters that all operations may convert in one pass of the event loop.

    Returns whether the remaining budget suffices; where it does not, nothing is consumed, and the HTML is
    to be converted in cooperative steps.
    """
    loop = asyncio.get_running_loop()
    remaining = _remaining_characters.get(loop)
    if remaining is None:
        loop.call_soon(_remaining_characters.pop, loop, None)
        remaining = _HTML_CHARACTERS_PER_PASS
    if characters > remaining:
        return False
    _remaining_characters[loop] = remaining - characters
    return True


class Context(Struct, frozen=True, eq=False):
    """The execution context of one operation.

    Attributes:
        session: The upstream session, the source of all upstream data.
        settings: The gateway's settings.
        reported_errors: Errors of fields that have a value nevertheless.
        is_explaining: Whether the caller requested the list of upstream reads.
        clock: The clock, in seconds since 1970.
        first_now: The present as `now` first gave it; None before.
        first_full_records: The full records as `full_records` first gave them; None before.
        search_scheduler: The scheduler of searches in long lists, of all operations.
    """

    session: UpstreamSession
    settings: Settings
    reported_errors: list[GraphQLError] = field(default_factory=list)
    is_explaining: bool = False
    clock: Callable[[], float] = time.time
    first_now: datetime | None = None
    first_full_records: FullRecords | None = None
    search_scheduler: FairScheduler = field(default_factory=FairScheduler)

    def now(self) -> datetime:
        """The present, in UTC, without an offset: the same for all fields of the operation."""
        if self.first_now is None:
            now = datetime.fromtimestamp(self.clock(), UTC).replace(tzinfo=None)
            structs.force_setattr(self, "first_now", now)
            return now
        return self.first_now

    @property
    def full_records(self) -> FullRecords:
        """The full records of activities: the same for all fields of the operation, made where one needs them."""
        if self.first_full_records is None:
            full_records = FullRecords()
            structs.force_setattr(self, "first_full_records", full_records)
            return full_records
        return self.first_full_records

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
