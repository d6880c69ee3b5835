"""What the upstream of the benchmark holds: timelines of any length, and the staff behind them.

The sandbox's made-up world, without what it does to try a gateway: no quirks, and no words that the
specification does not have.
"""

from collections.abc import Iterator
from itertools import chain, cycle, islice
from random import Random

import msgspec

from gateway.sandbox.fixtures.catalogue import build_catalogue
from gateway.sandbox.fixtures.clock import instant
from gateway.sandbox.fixtures.entities import Client
from gateway.sandbox.fixtures.history import ClientHistory, HistoryEvent
from gateway.sandbox.fixtures.sample import (
    FIRST_ACTIVITY_ID,
    INITIAL_GENERATORS,
    REPEATING_GENERATORS,
)
from gateway.sandbox.fixtures.timeline import activity_json
from gateway.sandbox.representations.staff import staff_json

SEED = 1
OWNED = build_catalogue("1", SEED)
COMPANIES = tuple(OWNED.companies.values())[:2]
"""Whom the clients have to do with: two companies, with five members of staff each."""

EVENTS = {"created", "updated", "deleted"}
STATUS_OF_THE_SANDBOX = "awaitingPayment"


def timeline(activities: int) -> bytes:
    """The upstream's answer about a client with so many activities, of all kinds, oldest first."""
    happenings = islice(filter(_is_plain, _told()), activities)
    numbered = sorted(
        enumerate(happenings, FIRST_ACTIVITY_ID), key=lambda each: instant(each[1].at)
    )
    items = [activity_json(happening, str(number)) for number, happening in numbered]
    return msgspec.json.encode({"items": items})


def notes_of_html() -> bytes:
    """The upstream's answer about a client with a hundred notes of 100 kB of HTML; one ends in half a character."""
    html = "<p>Seen by <b>Mina</b> &amp; Tom:<br>nothing new.</p>" * 2_000
    items = [
        {
            "type": "note",
            "id": str(number),
            "date": {"dateTime": "2026-03-29T09:00:00", "timeZone": "Europe/Paris"},
            "event": "created",
            "note": {"id": str(number), "body": html},
        }
        for number in range(FIRST_ACTIVITY_ID, FIRST_ACTIVITY_ID + 100)
    ]
    return msgspec.json.encode({"items": items}).replace(b'</p>"', rb'</p>\ud83d"', 1)


def staff() -> dict[str, bytes]:
    """The upstream's answers about the staff of each company, by its id."""
    return {
        company.id: msgspec.json.encode(
            {
                "items": [
                    {**staff_json(one, company, OWNED.services_of(company)), "id": one.id}
                    for one in OWNED.staff_of(company)
                ]
            }
        )
        for company in COMPANIES
    }


def _told() -> Iterator[HistoryEvent]:
    client = Client("1000", "Léa", "Ito", "lea.ito@example.com", "+33100000000")
    story = ClientHistory(client, OWNED, COMPANIES, Random(SEED))
    return chain.from_iterable(
        thread(story) for thread in chain(INITIAL_GENERATORS, cycle(REPEATING_GENERATORS))
    )


def _is_plain(happening: HistoryEvent) -> bool:
    appointment = happening.details.get("appointment", {})
    return (
        happening.kind != "call"
        and happening.event in EVENTS
        and appointment.get("status") != STATUS_OF_THE_SANDBOX
    )
