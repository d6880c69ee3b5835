import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"

MOMENT = {"dateTime": "2026-07-01T09:00:00", "timeZone": "Europe/Paris"}
GOOD: dict[str, object] = {
    "start": MOMENT,
    "end": MOMENT,
    "service": {"id": "11"},
    "staff": {"id": "21"},
    "notes": "x",
    "status": "pending",
    "selfLink": "y",
}
SELECTION = """... on AppointmentActivity { appointment {
  appointmentId start { dateTime } end { dateTime } service { id } staff { id } notes status selfLink
} }"""


def appointment(**fields: object) -> dict[str, object]:
    return {"id": "1", "type": "appointment", "appointment": {"id": "31", **fields}}


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("start", {"timeZone": "Europe/Paris"}),
        ("end", "10:00"),
        ("service", {"name": "without an id"}),
        ("staff", {"id": [], "firstName": "Mina"}),
        ("notes", {"html": "x"}),
        ("status", 5),
        ("selfLink", {"href": "x"}),
    ],
)
async def test_an_unreadable_field_costs_itself_only(shown, field, sent):
    intact, _ = await shown(appointment(**GOOD), SELECTION)
    node, codes = await shown(appointment(**{**GOOD, field: sent}), SELECTION)
    assert node == {"appointment": {**intact["appointment"], field: None}}
    assert codes == {f"appointment.{field}": BROKEN}


@pytest.mark.parametrize("id_", [None, {}, True])
async def test_without_an_id_there_is_no_appointment(shown, id_):
    node, codes = await shown(appointment(id=id_), SELECTION)
    assert (node, codes) == ({"appointment": None}, {"appointment": BROKEN})


@pytest.mark.parametrize(
    ("word", "status"), [("noShow", "NO_SHOW"), ("inProgress", "IN_PROGRESS"), ("new", "UNKNOWN")]
)
async def test_a_status_is_in_our_words(shown, word, status):
    selection = "... on AppointmentActivity { appointment { status } }"
    node, codes = await shown(appointment(status=word), selection)
    assert (node, codes) == ({"appointment": {"status": status}}, {})
