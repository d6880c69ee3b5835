"""Dates in every form and in every selection: compiled queries answer what graphql-core answers.

Forty timelines, always the same ones; `DATES=3000 pytest tests/differential/test_dates.py` goes on with
their numbers.
"""

import asyncio
import os
from collections.abc import Sequence
from random import Random
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from tests.differential.changes import Verbatim, written
from tests.differential.draws import Draws
from tests.support.gateway import Gateway

TIMELINES = int(os.environ.get("DATES", "40"))

PARIS = "Europe/Paris"
LOCALS = (
    "2026-03-01T09:00:00",
    "2026-03-01T08:59:59",
    "2025-10-26T02:30:00",  # twice in Paris
    "2026-03-29T02:30:00",  # never in Paris
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59",
)
ORDINARY = tuple(
    {"dateTime": local, "timeZone": zone}
    for local in LOCALS
    for zone in (PARIS, "UTC", "US/Eastern", "Asia/Tokyo")
)
NINE = "2026-03-01T09:00:00"
TEXTS: Sequence[Any] = (
    *("2026-03-01T09:00:00.5", "2026-03-01T09:00:00.123456", "2026-03-01T09:00:00.0009"),
    *("2026-03-01T09:00:00+01:00", "2026-03-01T09:00:00Z", "2026-03-01T09:00:00-0530"),
    *("2026-03-01 09:00", "2026-03-01t09:00:00", "2026-02-28T24:00", "2026-02-30T09:00:00"),
    *("", "noon", 7, None, {"value": NINE}, "9999-12-31T23:59:59-01:00"),
)
ZONES: Sequence[Any] = (
    *(None, "", "Mars/Olympus", "Romance Standard Time", "+02:00", "PST", "Etc/Unknown"),
    *(120, 1.5, True, {"id": PARIS}, [], {"a": "x", "b": "y"}),
)
ODD: Sequence[Any] = (
    *(None, {}, [], NINE, 7),
    *({"dateTime": text, "timeZone": PARIS} for text in TEXTS),
    *({"dateTime": NINE, "timeZone": zone} for zone in ZONES),
    {"dateTime": NINE},
    {"dateTime": "2026-03-01T09:00:00+03:00"},
    {"dateTime": "2026-03-01T09:00:00+03:00", "timeZone": "Mars/Olympus"},
    {"datetime": NINE, "timeZone": PARIS},
    {"datetime": NINE, "timezone": PARIS},
    {"dateTime": NINE, "timezone": PARIS},
    {"dateTime": NINE, "timeZone": PARIS, "timezone": None},
    {"dateTime": NINE, "timeZone": PARIS, "timezone": "UTC"},
    {"dateTime": NINE, "timeZone": PARIS, "datetime": "2026-03-02T09:00:00"},
    {"dateTime": NINE, "timeZone": PARIS, "datetime": None},
    {"dateTime": NINE, "timeZone": PARIS, "instant": "2000-01-01T00:00:00.000Z"},
    {"dateTime": NINE, "timeZone": "Mars/Olympus", "instant": "2000-01-01T00:00:00.000Z"},
    {"dateTime": NINE, "timeZone": PARIS, "instant": {"epochSecond": 1}, "other": [1, {}]},
    {"dateTime": NINE, "timeZone": PARIS, "instant": None, "isAmbiguous": True},
    Verbatim(b'{"dateTime":"2026-03-01T09:00:00","timeZone":null,"timeZone":"UTC"}'),
)

SELECTIONS = (
    *("dateTime timeZone instant", "dateTime timeZone", "timeZone dateTime", "instant"),
    *("instant timeZone dateTime", "dateTime", "timeZone", "isAmbiguous", "__typename"),
    *("dateTime timeZone instant isAmbiguous", "__typename dateTime timeZone", "dateTime instant"),
    *("d: dateTime timeZone", "dateTime timeZone i: instant", "instant dateTime: timeZone"),
    *("dateTime timeZone instant t: timeZone", "dateTime timeZone dateTime", "timeZone: dateTime"),
    "dateTime @include(if: $yes) timeZone instant",
    "dateTime timeZone instant @skip(if: $no)",
    "instant @include(if: $no) timeZone dateTime instant",
    *(
        "localDate",
        "localDate(timeZone: $zone) instant",
        'dateTime p: localDate(timeZone: "Asia/Tokyo")',
    ),
    "... on ZonedDateTime @include(if: $yes) { instant } timeZone",
)


def timeline(draws: Draws) -> list[dict[str, Any]]:
    """Activities, of which none, a few or most have an odd date."""
    percent = draws.one_of((0, 5, 20, 60))

    def date() -> Any:
        return draws.one_of(ODD if draws.chance(percent) else ORDINARY)

    return [
        {
            "type": "appointment" if draws.chance(50) else "note",
            "id": number if draws.chance(percent // 2) else str(number),
            **({"date": date()} if draws.chance(97) else {}),
            "event": draws.one_of(("created", "updated")),
            "appointment": {"id": "9", "start": date(), "previousStart": date(), "end": date()},
        }
        for number in range(draws.number(1, 12))
    ]


def document(draws: Draws) -> str:
    """Two pages, which share their items or not; and dates under aliases, on conditions and in places."""

    def date(field: str) -> str:
        fields = [f"{field} {{ {draws.one_of(SELECTIONS)} }}"]
        if draws.chance(30):
            fields.append(f"again_{field}: {field} {{ {draws.one_of(SELECTIONS)} }}")
        if draws.chance(20):
            fields.append(f"{field} @include(if: $no) {{ other: dateTime }}")
        return " ".join(fields)

    def node() -> str:
        of_notes = (
            f" ... on NoteActivity {{ x: date {{ {draws.one_of(SELECTIONS)} }} }}"
            if draws.chance(20)
            else ""
        )
        own = "" if draws.chance(15) else date("date")
        return (
            f"id {own} updatedAttributes{of_notes} ... on AppointmentActivity "
            f"{{ appointment {{ {date('start')} {date('end')} {date('previousStart')} }} }}"
        )

    first = node()
    second = first if draws.chance(50) else node()
    size, sort = draws.one_of((1, 4, 50)), draws.one_of(("ASC", "DESC"))
    zone = ', $zone: TimeZone = "US/Eastern"' if "$zone" in first + second else ""
    return (
        f"query($yes: Boolean! = true, $no: Boolean! = false{zone}) {{ __typename @include(if: $yes) @skip(if: $no)"
        f' one: activities(clientId: "1") {{ totalCount nodes {{ {first} }} }}'
        f' two: activities(clientId: "1", first: {size}, sort: {sort})'
        f" {{ edges {{ cursor node {{ {second} }} }} completeness {{ missing {{ code count }} }} }} }}"
    )


class Pair:
    """Two gateways over an upstream, with compiled queries and without."""

    def __init__(self, runner: asyncio.Runner, default_time_zone: str | None) -> None:
        self.items: Sequence[object] = ()
        self._runner = runner
        transport = httpx.MockTransport(
            lambda _: httpx.Response(200, content=written({"items": [*self.items]}))
        )
        self._gateways = [
            Gateway(
                transport,
                compile_queries=compile_queries,
                default_time_zone=default_time_zone,
                max_duplicate_fields=100,
                explain=True,
            )
            for compile_queries in ("eager", "off")
        ]

    def answers(self, text: str, **variables: bool) -> tuple[Any, Any, bool]:
        """What both answer; and whether the compiled query answered all of it."""
        with capture_logs():
            compiled, executed = [
                self._runner.run(each.post(text, variables, {"X-Gateway-Explain": "1"})).content
                for each in self._gateways
            ]
        one, _, explained = compiled.partition(b',"extensions":{"gateway":')
        other, _, _ = executed.partition(b',"extensions":{"gateway":')
        assert b'"GRAPHQL_VALIDATION_FAILED"' not in executed
        return one, other, explained.startswith(b'{"compiled":true')


@pytest.mark.slow
@pytest.mark.parametrize("default_time_zone", [None, "Europe/London"])
def test_dates_are_the_same_with_compiled_queries_and_without(default_time_zone):
    fully_compiled = 0
    with asyncio.Runner() as runner:
        pair = Pair(runner, default_time_zone)
        for number in range(TIMELINES):
            draws = Draws(Random(f"dates {number}"))
            pair.items = timeline(draws)
            text = document(draws)
            for given in ({}, {"yes": False, "no": True}):
                compiled, executed, is_fully_compiled = pair.answers(text, **given)
                assert compiled == executed, (number, text)
                fully_compiled += is_fully_compiled
    assert fully_compiled > TIMELINES / 4
