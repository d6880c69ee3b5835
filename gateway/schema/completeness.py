"""Completeness: what of a selection is not in the answer, and of when the answer is."""

from datetime import UTC, datetime
from typing import NamedTuple

import strawberry

from gateway.errors import ContractBroken
from gateway.schema.values import DateTime

LEFT_OUT = "Activities that cannot be read are left out."


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
    code: str = strawberry.field(description="Why, as one of the codes that errors have.")
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


def completeness(left_out: int, as_of: AsOf) -> Completeness:
    """What there is to say where so many activities cannot be shown."""
    missing = MissingPart(
        code=ContractBroken.code,
        message=LEFT_OUT,
        count=left_out,
        retryable=ContractBroken.retryable,
    )
    return Completeness(
        is_complete=not left_out and not as_of.is_stale,
        missing=[missing] if left_out else [],
        is_stale=as_of.is_stale,
        fetched_at=None if as_of.at is None else _moment(as_of.at),
    )


def _moment(at: float) -> DateTime:
    return DateTime(datetime.fromtimestamp(at, UTC).replace(tzinfo=None))
