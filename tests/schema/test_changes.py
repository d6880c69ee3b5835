import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"

VALUE = """
  __typename
  ... on TextValue { text }
  ... on ZonedDateTime { dateTime timeZone }
  ... on Service { id name }
  ... on Staff { id firstName lastName }
  ... on AppointmentStatusValue { status }
"""
CHANGES = f"changes {{ field before {{ {VALUE} }} after {{ {VALUE} }} }}"

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


def updated(kind: str = "appointment", names: object = None, **fields: object) -> dict[str, object]:
    thing = {"appointment": "appointment", "note": "note", "consent": "note"}[kind]
    named = {} if names is None else {"updatedAttributes": names}
    return {"id": "1", "type": kind, "event": "updated", thing: {"id": "2", **fields}, **named}


VALUES = {
    "start": ("start", NINE, TEN, moment(NINE), moment(TEN)),
    "end": ("end", NINE, TEN, moment(NINE), moment(TEN)),
    "service": (
        "service",
        HAIRCUT,
        SHAVE,
        {"__typename": "Service", **HAIRCUT},
        {"__typename": "Service", **SHAVE},
    ),
    "staff": ("staff", MINA, KEN, {"__typename": "Staff", **MINA}, {"__typename": "Staff", **KEN}),
    "notes": ("notes", "<b>", "", text("<b>"), text("")),
    "notes sent as numbers": ("notes", 5, 1.5, text("5"), text("1.5")),
    "status": (
        "status",
        "pending",
        "inProgress",
        {"__typename": "AppointmentStatusValue", "status": "PENDING"},
        {"__typename": "AppointmentStatusValue", "status": "IN_PROGRESS"},
    ),
    "a status not known yet": (
        "status",
        "dreamt",
        "completed",
        {"__typename": "AppointmentStatusValue", "status": "UNKNOWN"},
        {"__typename": "AppointmentStatusValue", "status": "COMPLETED"},
    ),
}


def previous(field: str) -> str:
    return f"previous{field.capitalize()}"


@pytest.mark.parametrize(("field", "was", "is_", "before", "after"), VALUES.values(), ids=VALUES)
async def test_a_previous_value_stands_beside_the_one_that_replaced_it(
    shown, field, was, is_, before, after
):
    node, codes = await shown(updated(**{previous(field): was, field: is_}), CHANGES)
    assert node == {"changes": [{"field": field, "before": before, "after": after}]}
    assert codes == {}


@pytest.mark.parametrize("kind", ["note", "consent"])
async def test_the_body_of_a_note_changes_as_text(shown, kind):
    item = updated(kind, previousBody="<p>was</p>", body="<p>is</p>")
    node, _ = await shown(item, CHANGES)
    assert node == {
        "changes": [{"field": "body", "before": text("<p>was</p>"), "after": text("<p>is</p>")}]
    }


async def test_changes_stand_in_one_order_whatever_the_upstreams(shown):
    item = updated(
        names=["zeta", "alpha"],
        previousStatus="pending",
        previousNotes="x",
        previousStaff=MINA,
        previousService=HAIRCUT,
        previousEnd=TEN,
        previousStart=NINE,
    )
    node, _ = await shown(item, "changes { field }")
    assert [change["field"] for change in node["changes"]] == [
        *("start", "end", "service", "staff", "notes", "status"),
        *("zeta", "alpha"),
    ]


async def test_a_value_that_was_removed_has_nothing_after(shown):
    node, codes = await shown(updated(previousStaff=MINA), CHANGES)
    before = {"__typename": "Staff", **MINA}
    assert node == {"changes": [{"field": "staff", "before": before, "after": None}]}
    assert codes == {}


async def test_a_previous_value_of_null_is_no_change(shown):
    node, _ = await shown(updated(previousNotes=None, notes="x", previousEnd=NINE), CHANGES)
    assert [change["field"] for change in node["changes"]] == ["end"]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["customColour"], ["customColour"]),
        (["notes", "customColour"], ["customColour"]),
        (["b", "a", "b"], ["b", "a"]),
        (["Notes", " notes"], ["Notes", " notes"]),
        (["staff"], ["staff"]),
        ([5], ["5"]),
    ],
)
async def test_a_name_without_values_is_told_once_and_as_sent(shown, names, told):
    node, codes = await shown(updated(names=names, previousNotes="x", notes="y"), CHANGES)
    known, *others = node["changes"]
    assert known == {"field": "notes", "before": text("x"), "after": text("y")}
    assert others == [{"field": name, "before": None, "after": None} for name in told]
    assert codes == {}


@pytest.mark.parametrize("kind", ["formResult", "emailNotification", "telepathy"])
async def test_other_kinds_tell_names_only(shown, kind):
    item = {"id": "1", "type": kind, "event": "updated", "updatedAttributes": ["subject"]}
    node, _ = await shown(item, CHANGES)
    assert node == {"changes": [{"field": "subject", "before": None, "after": None}]}


EVENTS: list[object] = ["created", "deleted", "archived", None, "", 5, []]


@pytest.mark.parametrize("event", EVENTS, ids=repr)
async def test_changes_are_told_whatever_the_event(shown, event):
    item = {**updated(names=["notes", "staff"], previousNotes="x", notes="y"), "event": event}
    told = [
        {"field": "notes", "before": text("x"), "after": text("y")},
        {"field": "staff", "before": None, "after": None},
    ]
    assert await shown(item, CHANGES) == ({"changes": told}, {})


@pytest.mark.parametrize("event", EVENTS, ids=repr)
async def test_what_is_no_update_and_says_nothing_changed_nothing(shown, event):
    item = {**updated(names=[], notes="y"), "event": event}
    assert await shown(item, CHANGES) == ({"changes": []}, {})


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
async def test_an_update_that_does_not_say_what_it_changed_is_null(shown, item):
    assert await shown(item, CHANGES) == ({"changes": None}, {})


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("start", NINE, {"dateTime": "soon"}),
        ("service", HAIRCUT, {"name": "no id"}),
        ("staff", MINA, 5),
        ("notes", "x", []),
        ("status", "pending", 5),
    ],
)
async def test_an_unreadable_side_is_null_and_reported_there(shown, field, good, bad, side):
    was, is_ = (bad, good) if side == "before" else (good, bad)
    node, codes = await shown(updated(**{previous(field): was, field: is_}), CHANGES)
    (change,) = node["changes"]
    other = "after" if side == "before" else "before"
    assert (change["field"], change[side]) == (field, None)
    assert change[other] is not None
    assert codes == {f"changes.0.{side}": BROKEN}


@pytest.mark.parametrize("event", ["updated", "created", 5], ids=repr)
async def test_changes_are_null_where_what_may_have_changed_is_unreadable(shown, event):
    node, codes = await shown({**updated(), "appointment": "gone", "event": event}, CHANGES)
    assert (node, codes) == ({"changes": None}, {"changes": BROKEN})


@pytest.mark.parametrize("names", ["notes", [{}]])
async def test_unreadable_names_are_reported_and_the_values_stay(shown, names):
    node, codes = await shown(updated(names=names, previousNotes="x", notes="y"), CHANGES)
    assert node == {"changes": [{"field": "notes", "before": text("x"), "after": text("y")}]}
    assert codes == {"changes": BROKEN}
