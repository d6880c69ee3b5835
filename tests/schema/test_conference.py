import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"

MOMENT = {"dateTime": "2026-07-01T09:00:00", "timeZone": "Europe/Paris"}
LATER = {"dateTime": "2026-07-01T11:00:00", "timeZone": "Europe/Paris"}


def registration(misprinted: object = None, **fields: object) -> dict[str, object]:
    return {
        "id": "1",
        "type": "conferenceRegistration",
        "conferenceRegistration": {"id": "63", **fields},
        "aconferenceRegistration": misprinted,
    }


def selected(fields: str) -> str:
    return f"... on ConferenceRegistrationActivity {{ conferenceRegistration {{ {fields} }} }}"


@pytest.mark.parametrize(
    ("sent", "capacity"), [(40, 40), ("41", 41), (" 42 ", 42), (0, 0), (None, None)]
)
async def test_a_capacity_may_be_sent_as_text(shown, sent, capacity):
    item = registration(conference={"id": "61", "capacity": sent})
    node, codes = await shown(item, selected("conference { capacity }"))
    assert node["conferenceRegistration"]["conference"]["capacity"] == capacity
    assert codes == {}


@pytest.mark.parametrize("sent", ["many", "", "4.5", 1.5, 2**31, "99999999999", -(2**31) - 1, {}])
async def test_a_capacity_that_is_no_count_is_unreadable(shown, sent):
    item = registration(conference={"id": "61", "title": "x", "capacity": sent})
    node, codes = await shown(item, selected("conference { title capacity }"))
    assert node["conferenceRegistration"]["conference"] == {"title": "x", "capacity": None}
    assert codes == {"conferenceRegistration.conference.capacity": BROKEN}


@pytest.mark.parametrize("sent", [2**31, "two", 1.5])
async def test_seats_that_are_no_count_are_unreadable(shown, sent):
    node, codes = await shown(registration(numberOfSeats=sent), selected("numberOfSeats"))
    assert node == {"conferenceRegistration": {"numberOfSeats": None}}
    assert codes == {"conferenceRegistration.numberOfSeats": BROKEN}


SESSION = selected("session { id start { dateTime } }")


async def test_a_start_may_stand_under_the_misprinted_name(shown):
    item = registration({"session": {"start": MOMENT}}, session={"id": "62"})
    node, _ = await shown(item, SESSION)
    start = {"dateTime": MOMENT["dateTime"]}
    assert node["conferenceRegistration"]["session"] == {"id": "62", "start": start}


async def test_a_start_in_its_own_place_wins_over_the_misprint(shown):
    item = registration({"session": {"start": LATER}}, session={"id": "62", "start": MOMENT})
    node, _ = await shown(item, SESSION)
    start = {"dateTime": MOMENT["dateTime"]}
    assert node["conferenceRegistration"]["session"]["start"] == start


@pytest.mark.parametrize("misprinted", [{}, {"session": None}, {"session": {}}])
async def test_a_misprint_without_a_start_changes_nothing(shown, misprinted):
    node, codes = await shown(registration(misprinted, session={"id": "62"}), SESSION)
    assert node["conferenceRegistration"]["session"] == {"id": "62", "start": None}
    assert codes == {}


@pytest.mark.parametrize("field", ["conference", "session"])
async def test_without_an_id_there_is_no_conference_and_no_session(shown, field):
    parts = {"conference": {"id": "61"}, "session": {"id": "62"}, field: {"title": "x"}}
    item = registration(**parts)
    node, codes = await shown(item, selected("registrationId conference { id } session { id }"))
    shown_ = {"registrationId": "63", "conference": {"id": "61"}, "session": {"id": "62"}}
    assert node == {"conferenceRegistration": {**shown_, field: None}}
    assert codes == {f"conferenceRegistration.{field}": BROKEN}
