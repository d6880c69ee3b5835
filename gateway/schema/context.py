"""What a resolver may use: the session, a few settings, and a place to report to."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import strawberry
from graphql import GraphQLError

from gateway.config.settings import Settings
from gateway.engine.resolvers import Place
from gateway.errors import GatewayError
from gateway.observability.request_stats import Tally
from gateway.upstream.read_log import Outcome
from gateway.upstream.session import Session

_UNPAUSED_CHARACTERS = 65_536
"""Reading so much HTML takes 5 to 100 milliseconds: of markup alone, the longest."""

_left: WeakKeyDictionary[asyncio.AbstractEventLoop, int] = WeakKeyDictionary()


def is_unpaused(characters: int) -> bool:
    """Whether so many characters of HTML may be read at once: so many for all operations, in one pass of the loop.

    They are used up then. What is more is read in steps.
    """
    loop = asyncio.get_running_loop()
    left = _left.get(loop)
    if left is None:
        loop.call_soon(_left.pop, loop, None)
        left = _UNPAUSED_CHARACTERS
    if characters > left:
        return False
    _left[loop] = left - characters
    return True


@dataclass(frozen=True, slots=True)
class Context:
    """One operation's surroundings.

    Attributes:
        session: Where everything of the upstream comes from.
        settings: The gateway's settings.
        reported: Errors at places whose data stands all the same.
        explaining: Whether the caller wants to know which upstream calls were made.
        tally: What operators are told.
    """

    session: Session
    settings: Settings
    reported: list[GraphQLError] = field(default_factory=list)
    explaining: bool = False
    tally: Tally = field(default_factory=Tally)

    def extensions(self, *, planned: bool, cost: Callable[[], int]) -> dict[str, object]:
        """What the answer's `extensions` say; asked for once, when it is there.

        Args:
            planned: Whether a plan made all of the answer.
            cost: What the operation costs.
        """
        self.tally.planned = planned
        if not self.explaining:
            return {}
        calls = self.session.calls
        own = {Outcome.CALLED, Outcome.STALE}
        called = sum(call.attempts for call in calls if call.outcome in own)
        return {
            "gateway": {
                "planned": planned,
                "cost": cost(),
                "upstreamCalls": called,
                "calls": [
                    {
                        "method": "GET",
                        "path": call.path,
                        "status": call.status,
                        "outcome": call.outcome.value,
                        "attempts": call.attempts,
                        "milliseconds": call.milliseconds,
                        "bytes": call.bytes,
                    }
                    for call in calls
                ],
            }
        }

    def report(self, error: GatewayError, info: "Info | Place") -> None:
        """Tell the caller of a problem at a place that has an answer nevertheless."""
        place = info if isinstance(info, Place) else info._raw_info  # noqa: SLF001 - Strawberry's has no nodes
        self.reported.append(
            GraphQLError(
                str(error), place.field_nodes, path=place.path.as_list(), original_error=error
            )
        )


Info = strawberry.Info[Context, None]
