"""The main job: all seven kinds of the 100-activity client in one go, and the same in pages."""

import re

import httpx
import pytest

from tests.support.gateway import Gateway

FIELDS = """
fragment zoned on ZonedDateTime { dateTime timeZone }
fragment fields on Activity {
  __typename id kind kindRaw event eventRaw client { id }
  date { ...zoned instant }
  user { userName emailAddress firstName lastName }
  updatedAttributes
  marketingConsent { text }
  ... on AppointmentActivity {
    appointment {
      appointmentId
      start { ...zoned } previousStart { ...zoned } end { ...zoned } previousEnd { ...zoned }
      service { serviceId name } previousService { serviceId name }
      staff { staffId firstName lastName } previousStaff { staffId firstName lastName }
      notes previousNotes status statusRaw previousStatus previousStatusRaw selfLink company { companyId }
    }
  }
  ... on NoteActivity { note { noteId body previousBody selfLink } }
  ... on ConsentActivity { note { noteId body previousBody selfLink } }
  ... on FormResultActivity { formResult { formResultId form { formId name } selfLink } }
  ... on EmailNotificationActivity { emailNotification { subject body selfLink } }
  ... on TextMessageNotificationActivity { textMessageNotification { body selfLink } }
  ... on ConferenceRegistrationActivity {
    conferenceRegistration {
      registrationId numberOfSeats
      conference { conferenceId title capacity capacityRaw }
      session { sessionId start { ...zoned } end { ...zoned } }
      source sourceType sourceTypeRaw status statusRaw cancelReason selfLink
    }
  }
  ... on UnknownActivity { payload }
}
"""

WHOLE = f"""
query ($client: ID!) {{
  activities(clientId: $client, first: 100) {{
    totalCount completeness {{ isComplete }} nodes {{ ...fields }}
  }}
}}
{FIELDS}
"""

PAGE = f"""
query ($first: Int, $after: String, $last: Int, $before: String) {{
  activities(clientId: "1100", first: $first, after: $after, last: $last, before: $before) {{
    nodes {{ ...fields }}
    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
  }}
}}
{FIELDS}
"""

TYPENAMES = {
    "appointment": "AppointmentActivity",
    "note": "NoteActivity",
    "consent": "ConsentActivity",
    "formResult": "FormResultActivity",
    "emailNotification": "EmailNotificationActivity",
    "textMessageNotification": "TextMessageNotificationActivity",
    "conferenceRegistration": "ConferenceRegistrationActivity",
}


def picked(item, *names, **renamed):
    """The named keys of an object, null where they are missing; an `id` as text."""
    if item is None:
        return None
    picked = {name: item.get(renamed.get(name, name)) for name in (*names, *renamed)}
    return {
        k: str(v) if k.lower().endswith("id") and v is not None else v for k, v in picked.items()
    }


def zoned(item):
    return picked(item, "dateTime", "timeZone")


def word(value, known):
    if value is None:
        return None
    return re.sub(r"([A-Z])", r"_\1", value).upper() if value in known else "UNKNOWN"


STATUSES = {"completed", "noShow", "accepted", "pending", "declined", "cancelled", "inProgress"}


def appointment(item):
    times = {
        name: zoned(item.get(name)) for name in ("start", "previousStart", "end", "previousEnd")
    }
    services = {
        name: picked(item.get(name), "name", serviceId="id")
        for name in ("service", "previousService")
    }
    staff = {
        name: picked(item.get(name), "firstName", "lastName", staffId="id")
        for name in ("staff", "previousStaff")
    }
    statuses = {name: word(item.get(name), STATUSES) for name in ("status", "previousStatus")}
    words = picked(item, statusRaw="status", previousStatusRaw="previousStatus")
    texts = picked(item, "notes", "previousNotes", "selfLink", appointmentId="id")
    link = re.search(r"/companies/(\d+)/", item.get("selfLink", ""))
    company = {"company": link and {"companyId": link[1]}}
    return {**texts, **times, **services, **staff, **statuses, **words, **company}


def registration(item):
    conference = picked(item["conference"], "title", conferenceId="id")
    capacity = item["conference"]["capacity"]
    session = picked(item["session"], "start", "end", sessionId="id")
    return {
        **picked(item, "numberOfSeats", "source", "cancelReason", "selfLink", registrationId="id"),
        **picked(item, sourceTypeRaw="sourceType", statusRaw="status"),
        "conference": {**conference, "capacity": int(capacity), "capacityRaw": str(capacity)},
        "session": {**session, "start": zoned(session["start"]), "end": zoned(session["end"])},
        "sourceType": word(item["sourceType"], {"api", "widget"}),
        "status": word(item["status"], {"accepted", "cancelled"}),
    }


def form_result(item):
    form = {"name": (item.get("name") or {}).get("name"), **item["form"]}
    return {
        **picked(item, "selfLink", formResultId="id"),
        "form": picked(form, "name", formId="id"),
    }


def note(item):
    return picked(item, "body", "previousBody", "selfLink", noteId="id")


DETAILS = {
    "appointment": ("appointment", appointment),
    "note": ("note", note),
    "consent": ("note", note),
    "formResult": ("formResult", form_result),
    "emailNotification": (
        "emailNotification",
        lambda item: picked(item, "subject", "body", "selfLink"),
    ),
    "textMessageNotification": (
        "textMessageNotification",
        lambda item: picked(item, "body", "selfLink"),
    ),
    "conferenceRegistration": ("conferenceRegistration", registration),
}


def by_hand(item, client_id):
    """What a frontend developer would make of a REST activity."""
    common = {
        "__typename": TYPENAMES.get(item["type"], "UnknownActivity"),
        "id": str(item["id"]),
        "client": {"id": client_id},
        "kind": word(item["type"], TYPENAMES),
        "kindRaw": item["type"],
        "eventRaw": item.get("event"),
        "event": word(item.get("event"), {"created", "updated", "deleted"}),
        "date": zoned(item["date"]),
        "user": picked(item.get("user"), "userName", "emailAddress", "firstName", "lastName"),
        "updatedAttributes": item.get("updatedAttributes") or [],
        "marketingConsent": picked(item.get("marketingConsent"), "text"),
    }
    if item["type"] not in DETAILS:
        return {**common, "payload": item}
    name, detail = DETAILS[item["type"]]
    return {**common, name: detail(item[name])}


def without_instants(node):
    return {**node, "date": zoned(node["date"])}


async def test_one_query_has_all_that_the_rest_answer_has(gateway, rest, upstream_calls):
    items = (await rest.get("/api/2.3/activities?clientId=1100")).json()["items"]
    await rest.delete("/_sandbox/calls")
    timeline = (await gateway.data(WHOLE, client="1100"))["activities"]
    assert timeline["totalCount"] == 100
    assert timeline["completeness"] == {"isComplete": True}
    assert [without_instants(node) for node in timeline["nodes"]] == [
        by_hand(i, "1100") for i in items
    ]
    assert {node["__typename"] for node in timeline["nodes"]} >= set(TYPENAMES.values())
    assert await upstream_calls() == {"GET /api/2.3/activities": 1}


async def test_instants_ascend(gateway):
    nodes = (await gateway.data(WHOLE, client="1100"))["activities"]["nodes"]
    instants = [node["date"]["instant"] for node in nodes]
    assert instants == sorted(instants)


@pytest.mark.parametrize("size", [7, 1, 100])
async def test_pages_forward_equal_the_whole(gateway, size):
    whole = (await gateway.data(WHOLE, client="1100"))["activities"]["nodes"]
    nodes: list[object] = []
    after = None
    while True:
        page = (await gateway.data(PAGE, first=size, after=after))["activities"]
        assert page["pageInfo"]["hasPreviousPage"] == bool(nodes)
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert nodes == whole


async def test_pages_backward_equal_the_whole(gateway):
    whole = (await gateway.data(WHOLE, client="1100"))["activities"]["nodes"]
    nodes: list[object] = []
    before = None
    while True:
        page = (await gateway.data(PAGE, last=7, before=before))["activities"]
        nodes = page["nodes"] + nodes
        if not page["pageInfo"]["hasPreviousPage"]:
            break
        before = page["pageInfo"]["startCursor"]
    assert nodes == whole


async def test_a_stopped_upstream_is_a_coded_error():
    def refuse(request):
        raise httpx.ConnectError("refused", request=request)

    answer = await Gateway(httpx.MockTransport(refuse)).ask(WHOLE, {"client": "1100"})
    assert answer["data"] == {"activities": None}
    assert [error["extensions"] for error in answer["errors"]] == [
        {"code": "UPSTREAM_UNAVAILABLE", "retryable": True}
    ]
