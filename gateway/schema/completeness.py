"""Completeness: what of a selection is not in the answer, and of when the answer is."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import strawberry

from gateway.errors import ContractBroken, InstantUnknown, UpstreamError
from gateway.schema.scalars import DateTime

LeftOutCounts = Mapping[type[UpstreamError], int]
"""How many activities are left out, by what would be their error; nothing of what leaves out none."""

LEFT_OUT = "Activities that cannot be read are left out."
_MESSAGES: Mapping[type[UpstreamError], str] = {
    ContractBroken: LEFT_OUT,
    InstantUnknown: "Activities whose instant is unknown are left out by `from` and `to`.",
}
"""Why activities are missing, in the order of the parts."""


class AsOf(NamedTuple):
    """When what is shown was read.

    Attributes:
        at: Seconds since 1970; None where nothing was read.
        is_stale: Whether it is an earlier answer, since the upstream fails.
    """

    at: float | None = None
    is_stale: bool = False


@strawberry.type(description="Something that the upstream holds and this answer does not.")
class MissingPart:
    code: str = strawberry.field(
        description=(
            "Why: `UPSTREAM_CONTRACT_BROKEN` where activities cannot be read, which is an error as "
            "well; `INSTANT_UNKNOWN` where `from` or `to` leaves out those that have a date, but no "
            "known instant, as where their zone is missing or unknown."
        )
    )
    message: str = strawberry.field(description="Why, in words.")
    count: int = strawberry.field(description="How many activities are missing for this reason.")
    retryable: bool = strawberry.field(description="Whether asking again later may bring them.")


@strawberry.type(
    description=(
        "Whether everything that the upstream holds of a selection is in it; what is missing, as "
        "data that a page can show. Counted over the whole selection, not the page."
    )
)
class Completeness:
    is_complete: bool = strawberry.field(
        description=(
            "Whether nothing is missing. False where `isStale`: what has happened since "
            "`fetchedAt` is not here, if anything has."
        )
    )
    missing: list[MissingPart] = strawberry.field(
        description=(
            "What is missing, one part per code. What has happened since a stale answer is in no "
            "part: nobody knows how much that is."
        )
    )
    is_stale: bool = strawberry.field(
        description=(
            "Whether this is an earlier answer of the upstream, of `fetchedAt`, shown because it "
            "fails at the moment. Always false unless the gateway is set to keep answers for that."
        )
    )
    fetched_at: DateTime | None = strawberry.field(
        description=(
            "When the upstream sent what is shown, stale or not, by the gateway's clock. Null "
            "where nothing can match, and so nothing was read."
        )
    )


def completeness(left_out: LeftOutCounts, as_of: AsOf) -> Completeness:
    """What there is to say where these activities are left out."""
    return Completeness(
        is_complete=not left_out and not as_of.is_stale,
        missing=[
            MissingPart(
                code=kind.code, message=message, count=left_out[kind], retryable=kind.retryable
            )
            for kind, message in _MESSAGES.items()
            if kind in left_out
        ],
        is_stale=as_of.is_stale,
        fetched_at=None if as_of.at is None else _moment(as_of.at),
    )


def _moment(at: float) -> DateTime:
    return DateTime(datetime.fromtimestamp(at, UTC).replace(tzinfo=None))
