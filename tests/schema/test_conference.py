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


@pytest.mark.parametrize("sent", ["many", " ", "4.5", 1.5, 2**31, "99999999999", -(2**31) - 1, {}])
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
    broken = {"title": "x", "end": LATER}
    parts = {"conference": {"id": "61"}, "session": {"id": "62"}, field: broken}
    item = registration(**parts)
    node, codes = await shown(item, selected("registrationId conference { id } session { id }"))
    shown_ = {"registrationId": "63", "conference": {"id": "61"}, "session": {"id": "62"}}
    assert node == {"conferenceRegistration": {**shown_, field: None}}
    assert codes == {f"conferenceRegistration.{field}": BROKEN}


CONFERENCES = "/conferences/api/1.0/conferences"
CONFERENCE_PATH = f"{CONFERENCES}/61"
SESSION_PATH = f"{CONFERENCE_PATH}/sessions/62"
PATH = f"{SESSION_PATH}/registrations/63"
LOCATION = {
    "type": "address",
    "text": "Town hall",
    "street": "1 rue X",
    "additionalStreet": "B",
    "zipCode": "69003",
    "city": "Lyon",
    "state": "ARA",
    "country": "FR",
}
CONFERENCE = {
    "id": 61,
    "title": "Renamed",
    "capacity": 99,
    "description": "About x",
    "duration": 90,
    "location": {**LOCATION, "geolocation": {"lat": 45.75, "lng": "4.85"}},
    "webLink": "https://pages.example.com/61",
    "code": "C61",
    "tags": [{"text": "x"}, {"text": "y", "color": "#FFF"}],
    "picture": {"url": "https://x.example.com/61"},
}
OF_CONFERENCE = """conference { id title capacity description duration
  location { type text street additionalStreet zipCode city state country latitude longitude }
  webLink code tags pictureUrl }"""


def whole(**fields: object) -> dict[str, object]:
    parts = {"conference": {"id": "61", "title": "Then", "capacity": 40}, "session": {"id": "62"}}
    return registration(**{**parts, **fields})


async def test_a_conference_has_details_by_one_call_and_keeps_title_and_capacity(shown):
    node, codes = await shown(whole(), selected(OF_CONFERENCE), {CONFERENCE_PATH: CONFERENCE})
    assert node["conferenceRegistration"]["conference"] == {
        "id": "61",
        "title": "Then",
        "capacity": 40,
        "description": "About x",
        "duration": 90,
        "location": {**LOCATION, "latitude": 45.75, "longitude": 4.85},
        "webLink": "https://pages.example.com/61",
        "code": "C61",
        "tags": ["x", "y"],
        "pictureUrl": "https://x.example.com/61",
    }
    assert codes == {}


@pytest.mark.parametrize("details", ["", "description", "tags", "location { city } code"])
async def test_selecting_details_never_changes_title_and_capacity(shown, details):
    fields = selected(f"conference {{ title capacity {details} }}")
    node, _ = await shown(whole(), fields, {CONFERENCE_PATH: CONFERENCE})
    found = node["conferenceRegistration"]["conference"]
    assert (found["title"], found["capacity"]) == ("Then", 40)


async def test_what_is_no_more_has_what_was_recorded_and_nulls_without_an_error(shown):
    fields = """conference { title description tags location { city } }
                session { id start { dateTime } status webLink } current { id }"""
    node, codes = await shown(whole(session={"id": "62", "start": MOMENT}), selected(fields))
    assert node["conferenceRegistration"] == {
        "conference": {"title": "Then", "description": None, "tags": None, "location": None},
        "session": {
            "id": "62",
            "start": {"dateTime": MOMENT["dateTime"]},
            "status": None,
            "webLink": None,
        },
        "current": None,
    }
    assert codes == {}


PLACES: dict[str, tuple[object, object]] = {
    "numbers": ({"lat": 45.75, "lng": 4}, (45.75, 4)),
    "texts": ({"lat": "45.75", "lng": "-4"}, (45.75, -4)),
    "none": ({}, (None, None)),
    "blank": ({"lat": "", "lng": ""}, (None, None)),
    "one of them": ({"lat": "", "lng": "4"}, (None, 4)),
    "nowhere": (None, (None, None)),
}


@pytest.mark.parametrize(("sent", "expected"), PLACES.values(), ids=PLACES)
async def test_degrees_may_be_numbers_or_text(shown, sent, expected):
    conference = {"id": "61", "location": {"text": "x", "geolocation": sent}}
    fields = selected("conference { location { latitude longitude } }")
    node, codes = await shown(whole(), fields, {CONFERENCE_PATH: conference})
    location = node["conferenceRegistration"]["conference"]["location"]
    assert (location["latitude"], location["longitude"]) == expected
    assert codes == {}


@pytest.mark.parametrize("sent", ["north", " ", "1e400", "01", "nan", [], True])
async def test_degrees_that_are_none_are_unreadable(shown, sent):
    geolocation = {"lat": sent, "lng": 4.5}
    conference = {"id": "61", "location": {"text": "x", "geolocation": geolocation}}
    fields = selected("conference { location { text latitude longitude } }")
    node, codes = await shown(whole(), fields, {CONFERENCE_PATH: conference})
    location = node["conferenceRegistration"]["conference"]["location"]
    assert location == {"text": "x", "latitude": None, "longitude": 4.5}
    assert codes == {"conferenceRegistration.conference.location.latitude": BROKEN}


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("tags", ["x"]),
        ("tags", [{"text": "x"}, {"text": []}]),
        ("tags", "x"),
        ("duration", "90 min"),
        ("location", "Town hall"),
        ("description", {}),
    ],
)
async def test_an_unreadable_detail_costs_itself_only(shown, field, sent):
    fields = selected("conference { code tags duration location { city } description }")
    known = {CONFERENCE_PATH: CONFERENCE}
    intact, _ = await shown(whole(), fields, known)
    node, codes = await shown(whole(), fields, {CONFERENCE_PATH: {**CONFERENCE, field: sent}})
    expected = {**intact["conferenceRegistration"]["conference"], field: None}
    assert node["conferenceRegistration"]["conference"] == expected
    assert codes == {f"conferenceRegistration.conference.{field}": BROKEN}


async def test_a_session_has_details_by_one_call_and_keeps_its_times(shown):
    known = {
        SESSION_PATH: {"id": 62, "start": LATER, "status": "opened", "webLink": "https://x/62"}
    }
    fields = selected("session { id start { dateTime } status webLink }")
    node, codes = await shown(whole(session={"id": "62", "start": MOMENT}), fields, known)
    assert node["conferenceRegistration"]["session"] == {
        "id": "62",
        "start": {"dateTime": MOMENT["dateTime"]},
        "status": "opened",
        "webLink": "https://x/62",
    }
    assert codes == {}


TODAY = {
    "id": 63,
    "client": {"id": "8"},
    "status": "cancelled",
    "seats": 2,
    "registered": MOMENT,
    "source": "web",
    "sourceType": "widget",
    "cancelReason": "ill",
    "cancelSource": "phone",
    "cancelled": LATER,
    "webLink": "https://pages.example.com/63",
}
CURRENT = """current { id client { id } status seats registered { dateTime timeZone } source sourceType
  cancelReason cancelSource cancelled { dateTime timeZone } webLink }"""


async def test_a_registration_of_today_has_all_its_fields(shown):
    fields = selected(f"registrationId status {CURRENT}")
    node, codes = await shown(whole(status="accepted"), fields, {PATH: TODAY})
    assert node["conferenceRegistration"] == {
        "registrationId": "63",
        "status": "ACCEPTED",
        "current": {**TODAY, "id": "63", "status": "CANCELLED", "sourceType": "WIDGET"},
    }
    assert codes == {}


async def test_a_registration_of_today_may_say_nothing_but_its_id(shown):
    node, codes = await shown(whole(), selected(CURRENT), {PATH: {"id": "63"}})
    expected = {**dict.fromkeys(TODAY), "id": "63"}
    assert (node["conferenceRegistration"]["current"], codes) == (expected, {})


@pytest.mark.parametrize("word", ["dreamt", "ACCEPTED", " "])
async def test_words_not_known_yet_are_unknown(shown, word):
    today = {"id": "63", "status": word, "sourceType": word}
    fields = selected("status sourceType current { status sourceType }")
    item = whole(status=word, sourceType=word)
    node, codes = await shown(item, fields, {PATH: today})
    unknown = {"status": "UNKNOWN", "sourceType": "UNKNOWN"}
    assert node["conferenceRegistration"] == {**unknown, "current": unknown}
    assert codes == {}


async def test_an_empty_text_is_no_word_and_no_number(shown):
    blank = dict.fromkeys(("status", "sourceType", "numberOfSeats", "seats", "registered"), "")
    fields = selected(
        "numberOfSeats status sourceType current { seats status registered { dateTime } }"
    )
    node, codes = await shown(whole(**blank), fields, {PATH: {"id": "63", **blank}})
    current = {"seats": None, "status": None, "registered": None}
    snapshot = {"numberOfSeats": None, "status": None, "sourceType": None}
    assert node["conferenceRegistration"] == {**snapshot, "current": current}
    assert codes == {}


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("client", {"id": []}),
        ("status", 5),
        ("seats", "two"),
        ("registered", [{}]),
        ("webLink", []),
    ],
)
async def test_an_unreadable_field_of_today_costs_itself_only(shown, field, sent):
    intact, _ = await shown(whole(), selected(CURRENT), {PATH: TODAY})
    node, codes = await shown(whole(), selected(CURRENT), {PATH: {**TODAY, field: sent}})
    expected = {**intact["conferenceRegistration"]["current"], field: None}
    assert node["conferenceRegistration"]["current"] == expected
    assert codes == {f"conferenceRegistration.current.{field}": BROKEN}


@pytest.mark.parametrize(
    ("fields", "broken"),
    [
        ({"conference": None}, ["session.status", "current"]),
        ({"session": None}, ["current"]),
        ({"conference": None, "session": None}, ["current"]),
    ],
)
async def test_where_a_part_of_the_way_is_missing_all_else_stands(shown, fields, broken):
    selection = selected("registrationId numberOfSeats session { status } current { id }")
    node, codes = await shown(whole(numberOfSeats=2, **fields), selection)
    found = node["conferenceRegistration"]
    assert (found["registrationId"], found["numberOfSeats"]) == ("63", 2)
    assert codes == {f"conferenceRegistration.{place}": BROKEN for place in broken}


async def test_each_conference_and_session_is_read_once(gateway_with):
    items = [{**whole(), "id": str(n)} for n in range(5)]
    known = {CONFERENCE_PATH: CONFERENCE, SESSION_PATH: {"id": "62"}, PATH: TODAY}
    gateway = gateway_with(known, *items)
    fields = selected(
        "conference { code description } session { status webLink } current { seats }"
    )
    await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    assert gateway.asked == dict.fromkeys(["/api/2.3/activities", *known], 1)
