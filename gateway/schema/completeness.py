"""Completeness of a timeline: the activities missing from the response, and the time of the upstream read."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import strawberry
from graphql import GraphQLError

from gateway.errors import FieldError, InstantUnknown, InvalidUpstreamResponse
from gateway.observability.logging import log_warning
from gateway.schema.enums import ErrorCode
from gateway.schema.scalars import DateTime

OmittedCounts = Mapping[type[FieldError], int]
"""The number of omitted activities by the class of their error; only classes with omissions are keys."""

ACTIVITIES_OMITTED = "Some activities could not be decoded and were omitted."
STEPS_OMITTED = "Some activities could not be decoded or name no appointment, and were omitted."
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


@strawberry.type(
    description="Activities that match, or may match, the filter and are missing for one reason."
)
class MissingPart:
    code: ErrorCode = strawberry.field(
        description=(
            "The reason: `UPSTREAM_CONTRACT_BROKEN` for activities that could not be decoded, and in a list of "
            "appointment threads for those that name no appointment, which an error reports as well; "
            "`INSTANT_UNKNOWN` for activities with a date whose instant is unknown, where "
            "`filter.from` or `filter.to` is given."
        )
    )
    message: str = strawberry.field(description="The reason in words.")
    count: int = strawberry.field(
        description="The number of activities that are missing for the reason."
    )
    retryable: bool = strawberry.field(
        description="Whether the same query may return the activities a little later."
    )


@strawberry.type(
    description=(
        "The completeness of a timeline: whether the list has all activities that the upstream holds for the "
        "client and the filter, on all pages together."
    )
)
class Completeness:
    is_complete: bool = strawberry.field(
        description=(
            "Whether no activity is missing. False where `isStale` is true: activities after `fetchedAt` may be "
            "missing."
        )
    )
    missing: list[MissingPart] = strawberry.field(
        description=(
            "The missing activities, one part for each reason. Activities after the `fetchedAt` of a stale list "
            "are in no part, since their number is unknown."
        )
    )
    is_stale: bool = strawberry.field(
        description=(
            "Whether the list is an earlier response of the upstream, returned because the upstream fails at "
            "present. Always false unless the gateway is set to keep responses for that."
        )
    )
    fetched_at: DateTime | None = strawberry.field(
        description=(
            "The instant at which the upstream sent the list, by the clock of the gateway. Null where the filter "
            "matches nothing, so that the upstream was not called."
        )
    )


def log_omissions(errors: Iterable[GraphQLError]) -> None:
    """Log how many activities were omitted, if any: one event for all timelines of an operation."""
    messages = {ACTIVITIES_OMITTED, STEPS_OMITTED}
    causes = [error.original_error for error in errors if error.message in messages]
    counts = [cause.count or 0 for cause in causes if isinstance(cause, InvalidUpstreamResponse)]
    if counts:
        log_warning("activities.omitted", count=sum(counts), timelines=len(counts))


def build_completeness(
    omitted: OmittedCounts,
    read_timestamp: ReadTimestamp,
    *,
    unreadable: str = ACTIVITIES_OMITTED,
) -> Completeness:
    """The `Completeness` of a timeline from which these activities are omitted.

    Args:
        omitted: The numbers of omitted activities.
        read_timestamp: The time of the upstream read.
        unreadable: The public message for those that could not be decoded.
    """
    messages: Mapping[type[FieldError], str] = {**_MESSAGES, InvalidUpstreamResponse: unreadable}
    return Completeness(
        is_complete=not omitted and not read_timestamp.is_stale,
        missing=[
            MissingPart(
                code=ErrorCode(error_class.code),
                message=message,
                count=omitted[error_class],
                retryable=error_class.retryable,
            )
            for error_class, message in messages.items()
            if error_class in omitted
        ],
        is_stale=read_timestamp.is_stale,
        fetched_at=None
        if read_timestamp.unix_seconds is None
        else _from_unix_seconds(read_timestamp.unix_seconds),
    )


def _from_unix_seconds(unix_seconds: float) -> DateTime:
    return DateTime(datetime.fromtimestamp(unix_seconds, UTC).replace(tzinfo=None))
