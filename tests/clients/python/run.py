"""Runs the generated client and gql against a gateway over the sandbox.

python run.py http://127.0.0.1:8000/graphql
"""

import sys
from collections.abc import Iterator
from typing import TypeAlias

from gql import Client as GqlClient, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport
from timeline_client import (
    Client,
    GraphQLClientGraphQLMultiError,
    TimelineActivitiesNodesActivity,
    TimelineActivitiesNodesAppointmentActivity,
    TimelineActivitiesNodesNoteActivity,
    TimelineActivitiesNodesUnknownActivity,
)

Activity: TypeAlias = (
    TimelineActivitiesNodesActivity
    | TimelineActivitiesNodesAppointmentActivity
    | TimelineActivitiesNodesNoteActivity
    | TimelineActivitiesNodesUnknownActivity
)


def activities(client: Client, client_id: str) -> Iterator[Activity]:
    """All of a client's activities, newest first, page by page."""
    after: str | None = None
    while page := client.timeline(client_id=client_id, first=40, after=after).activities:
        yield from page.nodes
        if not page.page_info.has_next_page:
            return
        after = page.page_info.end_cursor


def line(activity: Activity) -> str:
    """What happened, in a line; mypy finds a kind that has no case."""
    match activity:
        case TimelineActivitiesNodesAppointmentActivity(appointment=then):
            return f"appointment {then.appointment_id}: {then.status}" if then else "appointment"
        case TimelineActivitiesNodesNoteActivity(note=note):
            return f"note: {note.body_text}" if note else "note"
        case TimelineActivitiesNodesUnknownActivity(kind_raw=word):
            return f"{word}, which the gateway does not know yet"
        case TimelineActivitiesNodesActivity(typename__=kind):
            return kind


def generated(url: str) -> str:
    """ariadne-codegen: pages to the end, typed lines, errors with codes."""
    with Client(url) as client:
        found = list(activities(client, "1100"))
        lines = [line(activity) for activity in found]
        assert all(lines)
        assert any(activity.date and activity.date.instant for activity in found)
        page = client.timeline(client_id="1100", first=1).activities
        assert page is not None
        assert len({activity.id for activity in found}) == len(found) == page.total_count
        codes: list[object] = []
        try:
            client.timeline(client_id="none-such")
        except GraphQLClientGraphQLMultiError as error:
            codes = [each.extensions and each.extensions["code"] for each in error.errors]
        assert codes == ["NOT_FOUND"]
    return f"{len(found)} activities, and NOT_FOUND"


def by_hand(url: str) -> str:
    """gql: documents checked against the schema that the gateway tells."""
    client = GqlClient(transport=HTTPXTransport(url=url), fetch_schema_from_transport=True)
    query = gql(
        "query ($id: ID!) { activities(clientId: $id, first: 5) { totalCount nodes { kind } } }"
    )
    query.variable_values = {"id": "1100"}
    page = client.execute(query)["activities"]
    assert len(page["nodes"]) == 5
    query.variable_values = {"id": "none-such"}
    codes: list[object] = []
    try:
        client.execute(query)
    except TransportQueryError as error:
        codes = [each["extensions"]["code"] for each in error.errors or ()]
    assert codes == ["NOT_FOUND"]
    return f"5 of {page['totalCount']} activities, and NOT_FOUND"


if __name__ == "__main__":
    for experience in (generated, by_hand):
        sys.stdout.write(f"ok: {experience.__doc__} {experience(sys.argv[1])}\n")
