"""What a resolver may use: the session, a few settings, and a place to report to."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import strawberry
from graphql import GraphQLError

from gateway.config.settings import Settings
from gateway.engine.resolvers import ResolveInfo
from gateway.errors import GatewayError
from gateway.observability.request_stats import RequestStats
from gateway.upstream.read_log import CacheStatus
from gateway.upstream.session import UpstreamSession

_HTML_CHARACTERS_PER_PASS = 65_536
"""Reading so much HTML takes 5 to 100 milliseconds: of markup alone, the longest."""

_remaining_characters: WeakKeyDictionary[asyncio.AbstractEventLoop, int] = WeakKeyDictionary()


def consume_html_budget(characters: int) -> bool:
    """Whether so many characters of HTML may be read at once: so many for all operations, in one pass of the loop.

    They are used up then. What is more is read in steps.
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


@dataclass(frozen=True, slots=True)
class Context:
    """One operation's surroundings.

    Attributes:
        session: Where everything of the upstream comes from.
        settings: The gateway's settings.
        reported_errors: Errors at places whose data stands all the same.
        explaining: Whether the caller wants to know which upstream calls were made.
        stats: What operators are told.
    """

    session: UpstreamSession
    settings: Settings
    reported_errors: list[GraphQLError] = field(default_factory=list)
    explaining: bool = False
    stats: RequestStats = field(default_factory=RequestStats)

    def extensions(self, *, compiled: bool, cost: Callable[[], int]) -> dict[str, object]:
        """What the answer's `extensions` say; asked for once, when it is there.

        Args:
            compiled: Whether a plan made all of the answer.
            cost: What the operation costs.
        """
        self.stats.compiled = compiled
        if not self.explaining:
            return {}
        reads = self.session.read_log
        fetched_statuses = {CacheStatus.CALLED, CacheStatus.STALE}
        attempts = sum(read.attempts for read in reads if read.cache_status in fetched_statuses)
        return {
            "gateway": {
                "planned": compiled,
                "cost": cost(),
                "upstreamCalls": attempts,
                "calls": [
                    {
                        "method": "GET",
                        "path": read.path,
                        "status": read.status,
                        "outcome": read.cache_status.value,
                        "attempts": read.attempts,
                        "milliseconds": read.milliseconds,
                        "bytes": read.bytes,
                    }
                    for read in reads
                ],
            }
        }

    def report(self, error: GatewayError, info: "Info | ResolveInfo") -> None:
        """Tell the caller of a problem at a place that has an answer nevertheless."""
        resolve_info = info if isinstance(info, ResolveInfo) else info._raw_info  # noqa: SLF001 - Strawberry's has no nodes
        self.reported_errors.append(
            GraphQLError(
                str(error),
                resolve_info.field_nodes,
                path=resolve_info.path.as_list(),
                original_error=error,
            )
        )


Info = strawberry.Info[Context, None]
