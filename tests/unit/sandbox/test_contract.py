"""What the sandbox sends is what the documentation of the Client Activities API says, and is odd where it is said here."""

import re
from collections import defaultdict
from collections.abc import Iterator
from types import NoneType

import pytest

from gateway.sandbox.fixtures.entities import Json
from tests.support.specification import PARAMETERS, ROWS
from tests.unit.sandbox.contract import ACTIVITIES
from tests.unit.sandbox.timelines import activities, timeline

CLIENTS = ("1001", "1020", "1100", "2000")
"""All of account 1 but the one whose activities are malformed."""

MISPRINTS = {
    "aconferenceRegistration.session.start.dateTime": "conferenceRegistration.session.start.dateTime"
}
ROW_BY_PATH = {MISPRINTS.get(row.name, row.name): row for row in ROWS}

UNLISTED = {
    "formResult.form.name",  # where the documentation has formResult.name.name, which comes too
    "formResult.name",
    "call",  # an activity of a kind that is not documented
    "channel",  # keys of later versions
    "_revision",
}
"""What is sent though the documentation does not list it, for a gateway has to bear it; and all within."""

TYPES = {"string": {str}, "integer": {int}, "object": {dict}, "list": {list}}
OTHER_TYPES: dict[str, set[type]] = {
    **{
        f"conferenceRegistration.{word}": {str}  # documented as objects
        for word in ("selfLink", "source", "sourceType", "status", "cancelReason")
    },
    "conferenceRegistration.conference.id": {str, int},  # documented as an object
    "conferenceRegistration.session.id": {str, int},
    "conferenceRegistration.conference.capacity": {str, int},
    **{
        f"{part}id": {str, int}
        for part in ("", "note.", "appointment.service.", "appointment.staff.", "formResult.form.")
    },
    "user": {dict, NoneType},
    "appointment.notes": {str, NoneType},
}
"""The types that are sent where they are not, or not only, the documented one."""

UNLISTED_VALUES = {
    "type": {"call"},
    "event": {"archived"},
    "appointment.status": {"awaitingPayment"},
    "appointment.previousStatus": {"awaitingPayment"},
}


VALUES_UNSEEN = {
    "appointment.previousStatus": {"declined", "noShow", "completed", "cancelled", "inProgress"}
}
"""An appointment of the sandbox keeps the status it ends with."""


def values(value: object, prefix: str = "") -> Iterator[tuple[str, object]]:
    """All values of an object and of those within it, each with its path."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield f"{prefix}{name}", inner
        yield from values(inner, f"{prefix}{name}.")


@pytest.fixture(scope="module")
def sandbox_values(sample_data) -> dict[str, list[object]]:
    """The values in all activities, by their paths."""
    values_by_path = defaultdict(list)
    for client in CLIENTS:
        for activity in activities(sample_data, client):
            for path, value in values(activity):
                values_by_path[path].append(value)
    return values_by_path


@pytest.mark.parametrize("client_id", ["1100", "2000"])
def test_every_row_of_the_specification_occurs(sample_data, client_id):
    found = {
        path
        for activity in activities(sample_data, client_id)
        for path, value in values(activity)
        if value is not None
    }
    assert ROW_BY_PATH.keys() - found == set()


def test_nothing_else_occurs_but_what_is_said_here(sandbox_values):
    outermost = {
        path
        for path in sandbox_values.keys() - ROW_BY_PATH.keys()
        if path.rpartition(".")[0] in ("", *ROW_BY_PATH)
    }
    assert outermost == UNLISTED


def test_every_value_has_the_type_of_its_row(sandbox_values):
    for path, row in ROW_BY_PATH.items():
        types = {type(value) for value in sandbox_values[path]}
        assert types == OTHER_TYPES.get(path, TYPES[row.type]), path


@pytest.mark.parametrize("path", [path for path, row in ROW_BY_PATH.items() if row.values])
def test_values_are_those_that_their_row_lists(sandbox_values, path):
    shown, listed = {*sandbox_values[path]}, ROW_BY_PATH[path].values
    assert shown - listed == UNLISTED_VALUES.get(path, set())
    assert listed - shown == VALUES_UNSEEN.get(path, set())


@pytest.mark.parametrize("client_id", ["1020", "1100", "2000"])
def test_every_kind_and_an_unknown_one_occur(sample_data, client_id):
    kinds = {activity["type"] for activity in activities(sample_data, client_id)}
    assert kinds == {*ROW_BY_PATH["type"].values, "call"}


@pytest.mark.parametrize("client_id", CLIENTS)
def test_default_clients_have_dates_without_offsets_only(sample_data, client_id):
    dates = re.findall(rb'"dateTime":(.*?)[,}]', timeline(sample_data, client_id).body())
    assert all(re.fullmatch(rb'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"', date) for date in dates)


async def test_every_parameter_of_the_specification_counts(rest):
    async def items(**query: str) -> list[Json]:
        answer = await rest.get(ACTIVITIES, params={"clientId": "1100", **query})
        listed: list[Json] = answer.json()["items"]
        return listed

    client_id, kind, sort, appointment_id = PARAMETERS
    assert (await rest.get(ACTIVITIES)).status_code == 400
    everything = await items()
    for value in ROW_BY_PATH["type"].values:
        expected = [activity for activity in everything if activity["type"] == value]
        assert await items(**{kind.name: value}) == expected != []
    in_order = {value: await items(**{sort.name: value}) for value in sort.values}
    assert in_order == {"asc": everything, "desc": everything[::-1]}
    thread = await items(**{appointment_id.name: "411100000001"})
    assert 0 < len(thread) < len(everything)
    other_client = await items(**{client_id.name: "1020"})
    assert len(other_client) == 20
