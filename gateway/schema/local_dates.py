"""The calendar day of an instant."""

from datetime import date, datetime, tzinfo


def local_date(instant: datetime | None, zone: tzinfo) -> date | None:
    """The day on which an instant falls in a zone.

    Args:
        instant: An instant in UTC, without an offset; None where it is unknown.
        zone: The zone whose calendar counts.

    Returns:
        None where the instant is unknown, or its day lies outside of years 1 to 9999.
    """
    if instant is None:
        return None
    try:
        return zone.fromutc(instant.replace(tzinfo=zone)).date()
    except OverflowError:
        return None
