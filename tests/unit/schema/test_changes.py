import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"

VALUE = """
  __typename
  ... on TextValue { text }
  ... on ZonedDateTime { dateTime timeZone }
  ... on IntValue { value }
  ... on ServiceSnapshot { serviceId name }
  ... on StaffSnapshot { staffId firstName lastName }
  ... on AppointmentStatusValue { appointmentStatus raw }
  ... on RegistrationStatusValue { registrationStatus raw }
"""
CHANGES = f"changes {{ field fieldRaw before {{ {VALUE} }} after {{ {VALUE} }} }}"

NINE = {"dateTime": "2026-07-01T09:00:00", "timeZone": "Europe/Paris"}
TEN = {"dateTime": "2026-07-01T10:00:00", "timeZone": "Europe/Paris"}
HAIRCUT = {"id": "11", "name": "Haircut"}
SHAVE = {"id": "12", "name": "Shave"}
MINA = {"id": "21", "firstName": "Mina", "lastName": "Ito"}
KEN = {"id": "22", "firstName": "Ken", "lastName": "Abe"}


def text(value: str) -> dict[str, str]:
    return {"__typename": "TextValue", "text": value}


def moment(value: dict[str, str]) -> dict[str, str]:
    return {"__typename": "ZonedDateTime", **value}


def service(value: dict[str, str]) -> dict[str, str]:
    return {"__typename": "ServiceSnapshot", "serviceId": value["id"], "name": value["name"]}


def person(value: dict[str, str]) -> dict[str, str]:
    names = {"firstName": value["firstName"], "lastName": value["lastName"]}
    return {"__typename": "StaffSnapshot", "staffId": value["id"], **names}


def status(value: str, raw: str) -> dict[str, str]:
    return {"__typename": "AppointmentStatusValue", "appointmentStatus": value, "raw": raw}


def registration_status(value: str, raw: str) -> dict[str, str]:
    return {"__typename": "RegistrationStatusValue", "registrationStatus": value, "raw": raw}


SNAPSHOTS = {
    "appointment": "appointment",
    "note": "note",
    "consent": "note",
    "formResult": "formResult",
    "emailNotification": "emailNotification",
    "textMessageNotification": "textMessageNotification",
    "conferenceRegistration": "conferenceRegistration",
}


def updated(kind: str = "appointment", names: object = None, **fields: object) -> dict[str, object]:
    """An update of an object that has these fields; the names are those that the upstream says changed."""
    named = {} if names is None else {"updatedAttributes": names}
    fields = {"id": "2", **fields}
    return {"id": "1", "type": kind, "event": "updated", SNAPSHOTS[kind]: fields, **named}


def change(field: str, before: object = None, after: object = None) -> dict[str, object]:
    """The change of a field that `ChangedField` knows by the upstream's name."""
    return {"field": field.upper(), "fieldRaw": field, "before": before, "after": after}


def other(name: str, after: object = None) -> dict[str, object]:
    """The change of any other field, of which only the name was sent."""
    return {"field": "OTHER", "fieldRaw": name, "before": None, "after": after}


VALUES = {
    "start": ("start", NINE, TEN, moment(NINE), moment(TEN)),
    "end": ("end", NINE, TEN, moment(NINE), moment(TEN)),
    "service": ("service", HAIRCUT, SHAVE, service(HAIRCUT), service(SHAVE)),
    "a service without an id": (
        "service",
        {"name": "Shave"},
        HAIRCUT,
        {"__typename": "ServiceSnapshot", "serviceId": None, "name": "Shave"},
        service(HAIRCUT),
    ),
    "staff": ("staff", MINA, KEN, person(MINA), person(KEN)),
    "notes": ("notes", "<b>", "", text("<b>"), text("")),
    "notes sent as numbers": ("notes", 5, 1.5, text("5"), text("1.5")),
    "status": (
        "status",
        "pending",
        "inProgress",
        status("PENDING", "pending"),
        status("IN_PROGRESS", "inProgress"),
    ),
    "a status not known yet": (
        "status",
        "dreamt",
        "completed",
        status("UNKNOWN", "dreamt"),
        status("COMPLETED", "completed"),
    ),
}


def previous(field: str) -> str:
    return f"previous{field.capitalize()}"


@pytest.mark.parametrize(("field", "was", "is_", "before", "after"), VALUES.values(), ids=VALUES)
async def test_a_previous_value_stands_beside_the_one_that_replaced_it(
    select, field, was, is_, before, after
):
    node, codes = await select(updated(**{previous(field): was, field: is_}), CHANGES)
    assert node == {"changes": [change(field, before, after)]}
    assert codes == {}


@pytest.mark.parametrize("kind", ["note", "consent"])
async def test_the_body_of_a_note_changes_as_text(select, kind):
    item = updated(kind, previousBody="<p>was</p>", body="<p>is</p>")
    node, _ = await select(item, CHANGES)
    assert node == {"changes": [change("body", text("<p>was</p>"), text("<p>is</p>"))]}


async def test_changes_stand_in_one_order_whatever_the_upstreams(select):
    item = updated(
        names=["zeta", "alpha"],
        previousStatus="pending",
        previousNotes="x",
        previousStaff=MINA,
        previousService=HAIRCUT,
        previousEnd=TEN,
        previousStart=NINE,
    )
    node, _ = await select(item, "changes { field fieldRaw }")
    fields = ("start", "end", "service", "staff", "notes", "status")
    assert [(each["field"], each["fieldRaw"]) for each in node["changes"]] == [
        *((field.upper(), field) for field in fields),
        *(("OTHER", "zeta"), ("OTHER", "alpha")),
    ]


async def test_a_value_that_was_removed_has_nothing_after(select):
    node, codes = await select(updated(previousStaff=MINA), CHANGES)
    assert node == {"changes": [change("staff", person(MINA))]}
    assert codes == {}


async def test_a_previous_value_of_null_is_no_change(select):
    node, _ = await select(updated(previousNotes=None, notes="x", previousEnd=NINE), CHANGES)
    assert [each["field"] for each in node["changes"]] == ["END"]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["customColour"], [other("customColour")]),
        (["notes", "customColour"], [other("customColour")]),
        (["b", "a", "b"], [other("b"), other("a")]),
        (["Notes", " notes"], [other("Notes"), other(" notes")]),
        (["staff"], [change("staff")]),
        ([5], [other("5")]),
    ],
    ids=str,
)
async def test_a_name_without_values_is_told_once_and_as_sent(select, names, told):
    node, codes = await select(updated(names=names, previousNotes="x", notes="y"), CHANGES)
    known, *others = node["changes"]
    assert known == change("notes", text("x"), text("y"))
    assert others == told
    assert codes == {}


SELF_LINK = "https://api.example.com/companies/3/appointments/2"
NAMED: dict[str, tuple[dict[str, object], list[dict[str, object]]]] = {
    "known fields of an appointment": (
        updated(
            names=["status", "staff", "service", "notes", "end", "start"],
            start=NINE,
            end=TEN,
            service=HAIRCUT,
            staff=MINA,
            notes="x",
            status="pending",
        ),
        [
            change("status", after=status("PENDING", "pending")),
            change("staff", after=person(MINA)),
            change("service", after=service(HAIRCUT)),
            change("notes", after=text("x")),
            change("end", after=moment(TEN)),
            change("start", after=moment(NINE)),
        ],
    ),
    "a text of an appointment that is no known field": (
        updated(names=["selfLink"], selfLink=SELF_LINK),
        [other("selfLink", text(SELF_LINK))],
    ),
    "the body of a note": (
        updated("note", names=["body"], body="<p>is</p>"),
        [change("body", after=text("<p>is</p>"))],
    ),
    "the body of a text message": (
        updated("textMessageNotification", names=["body"], body="At nine"),
        [change("body", after=text("At nine"))],
    ),
    "the subject of an e-mail": (
        updated("emailNotification", names=["subject", "body"], subject="Hi"),
        [other("subject", text("Hi")), change("body")],
    ),
    "fields of a registration": (
        updated(
            "conferenceRegistration",
            names=["status", "numberOfSeats", "cancelReason", "sourceType", "seats"],
            status="waitingList",
            numberOfSeats=3,
            cancelReason="ill",
            sourceType="widget",
        ),
        [
            change("status", after=registration_status("WAITING_LIST", "waitingList")),
            other("numberOfSeats", {"__typename": "IntValue", "value": 3}),
            other("cancelReason", text("ill")),
            other("sourceType", text("widget")),
            other("seats"),
        ],
    ),
    "a status of a registration that is not known yet": (
        updated("conferenceRegistration", names=["status"], status="dreamt"),
        [change("status", after=registration_status("UNKNOWN", "dreamt"))],
    ),
    "objects that are no member of the union": (
        updated(
            "conferenceRegistration",
            names=["conference", "session"],
            conference={"id": "61", "title": "x"},
            session={"id": "62"},
        ),
        [other("conference"), other("session")],
    ),
    "the form of a result": (
        updated("formResult", names=["form"], form={"id": "52", "name": "Allergies"}),
        [other("form")],
    ),
    "an id": (updated(names=["id"]), [other("id", text("2"))]),
}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize(("item", "told"), NAMED.values(), ids=NAMED)
async def test_a_name_has_the_value_of_the_snapshot_after_the_change(
    select, compile_queries, item, told
):
    node, codes = await select(item, CHANGES, compile_queries=compile_queries)
    assert node == {"changes": told}
    assert codes == {}


@pytest.mark.parametrize(
    ("kind", "field", "sent"),
    [
        ("appointment", "start", {"dateTime": "soon"}),
        ("appointment", "status", 5),
        ("conferenceRegistration", "status", 5),
        ("conferenceRegistration", "numberOfSeats", "two"),
        ("conferenceRegistration", "cancelReason", {}),
        ("note", "body", []),
    ],
)
async def test_an_unreadable_value_of_a_name_is_null_and_reported_there(select, kind, field, sent):
    node, codes = await select(updated(kind, names=[field, "x"], **{field: sent}), CHANGES)
    assert [each["fieldRaw"] for each in node["changes"]] == [field, "x"]
    assert [each["after"] for each in node["changes"]] == [None, None]
    assert codes == {"changes.0.after": BROKEN}


@pytest.mark.parametrize("kind", ["formResult", "emailNotification", "telepathy"])
async def test_a_name_alone_is_told_without_values(select, kind):
    item = {"id": "1", "type": kind, "event": "updated", "updatedAttributes": ["subject"]}
    node, _ = await select(item, CHANGES)
    assert node == {"changes": [other("subject")]}


EVENTS: list[object] = ["created", "deleted", "archived", None, "", 5, []]


@pytest.mark.parametrize("event", EVENTS, ids=repr)
async def test_changes_are_told_whatever_the_event(select, event):
    item = {**updated(names=["notes", "staff"], previousNotes="x", notes="y"), "event": event}
    told = [change("notes", text("x"), text("y")), change("staff")]
    assert await select(item, CHANGES) == ({"changes": told}, {})


@pytest.mark.parametrize("event", EVENTS, ids=repr)
async def test_what_is_no_update_and_says_nothing_changed_nothing(select, event):
    item = {**updated(names=[], notes="y"), "event": event}
    assert await select(item, CHANGES) == ({"changes": []}, {})


@pytest.mark.parametrize(
    "item",
    [
        updated(),
        updated(names=[]),
        updated(notes="x"),
        {"id": "1", "type": "appointment", "event": "updated"},
        {"id": "1", "type": "emailNotification", "event": "updated"},
    ],
)
async def test_an_update_that_does_not_say_what_it_changed_is_null(select, item):
    assert await select(item, CHANGES) == ({"changes": None}, {})


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("start", NINE, {"dateTime": "soon"}),
        ("service", HAIRCUT, "Haircut"),
        ("staff", MINA, 5),
        ("notes", "x", []),
        ("status", "pending", 5),
    ],
)
async def test_an_unreadable_side_is_null_and_reported_there(select, field, good, bad, side):
    was, is_ = (bad, good) if side == "before" else (good, bad)
    node, codes = await select(updated(**{previous(field): was, field: is_}), CHANGES)
    (found,) = node["changes"]
    readable = "after" if side == "before" else "before"
    assert (found["fieldRaw"], found[side]) == (field, None)
    assert found[readable] is not None
    assert codes == {f"changes.0.{side}": BROKEN}


@pytest.mark.parametrize("event", ["updated", "created", 5], ids=repr)
async def test_changes_are_null_where_what_may_have_changed_is_unreadable(select, event):
    node, codes = await select({**updated(), "appointment": "gone", "event": event}, CHANGES)
    assert (node, codes) == ({"changes": None}, {"changes": BROKEN})


@pytest.mark.parametrize("names", ["notes", [{}]])
async def test_unreadable_names_are_reported_and_the_values_stay(select, names):
    node, codes = await select(updated(names=names, previousNotes="x", notes="y"), CHANGES)
    assert node == {"changes": [change("notes", text("x"), text("y"))]}
    assert codes == {"changes": BROKEN}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_an_unreadable_id_of_a_changed_service_costs_the_id_alone(
    gateway_with, codes, compile_queries
):
    item = updated(previousService={"id": True, "name": "Shave"}, service=HAIRCUT)
    gateway = gateway_with({}, item, compile_queries=compile_queries)
    answer = await gateway.ask(f"{{ activities(clientId: 7) {{ nodes {{ {CHANGES} }} }} }}")
    before = {"__typename": "ServiceSnapshot", "serviceId": None, "name": "Shave"}
    [node] = answer["data"]["activities"]["nodes"]
    assert node == {"changes": [change("service", before, service(HAIRCUT))]}
    assert codes(answer, below=3) == {"changes.0.before.serviceId": BROKEN}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_the_name_of_a_previous_value_shows_no_value_as_the_one_after(
    select, compile_queries
):
    item = updated(names=["previousNotes"], previousNotes="x", notes="y")
    node, codes = await select(item, CHANGES, compile_queries=compile_queries)
    assert node["changes"] == [change("notes", text("x"), text("y")), other("previousNotes")]
    assert codes == {}
