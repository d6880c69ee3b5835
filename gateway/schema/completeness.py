"""Completeness of a timeline: the activities missing from the response, and the time of the upstream read."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import strawberry

from gateway.errors import FieldError, InstantUnknown, InvalidUpstreamResponse
from gateway.schema.scalars import DateTime

OmittedCounts = Mapping[type[FieldError], int]
"""The number of omitted activities by the class of their error; only classes with omissions are keys."""

ACTIVITIES_OMITTED = "Some activities could not be decoded and were omitted."
_MESSAGES: Mapping[type[FieldError], str] = {
    InvalidUpstreamResponse: ACTIVITIES_OMITTED,
    InstantUnknown: "Activities whose instant is unknown are omitted by `from` and `to`.",
}
"""The public message for each reason, in the order of `Completeness.missing`."""


class ReadTimestamp(NamedTuple):
    """The time when the upstream response was read.

    Attributes:
        unix_seconds: Seconds since 1970; None where nothing was read.
        is_stale: Whether the response is an earlier one, served because the upstream fails (stale-if-error).
    """

    unix_seconds: float | None = None
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


def build_completeness(omitted: OmittedCounts, read_timestamp: ReadTimestamp) -> Completeness:
    """The `Completeness` of a timeline from which these activities are omitted."""
    return Completeness(
        is_complete=not omitted and not read_timestamp.is_stale,
        missing=[
            MissingPart(
                code=error_class.code,
                message=message,
                count=omitted[error_class],
                retryable=error_class.retryable,
            )
            for error_class, message in _MESSAGES.items()
            if error_class in omitted
        ],
        is_stale=read_timestamp.is_stale,
        fetched_at=None
        if read_timestamp.unix_seconds is None
        else _from_unix_seconds(read_timestamp.unix_seconds),
    )


def _from_unix_seconds(unix_seconds: float) -> DateTime:
    return DateTime(datetime.fromtimestamp(unix_seconds, UTC).replace(tzinfo=None))
