from typing import Any

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


CAPACITIES: dict[str, tuple[object, int | None, str | None]] = {
    "a number": (40, 40, "40"),
    "a text": ("41", 41, "41"),
    "a text with blanks": (" 42 ", 42, " 42 "),
    "zero": (0, 0, "0"),
    "a whole number with a point": ("43.0", 43, "43.0"),
    "null": (None, None, None),
    "words": ("about 50", None, "about 50"),
    "a fraction": ("4.5", None, "4.5"),
    "a fraction as a number": (1.5, None, "1.5"),
    "a blank": (" ", None, " "),
    "empty": ("", None, ""),
    "the largest of GraphQL's integers": (2**31 - 1, 2**31 - 1, "2147483647"),
    "the smallest of GraphQL's integers": (str(-(2**31)), -(2**31), "-2147483648"),
    "less than GraphQL's integers": (-(2**31) - 1, None, "-2147483649"),
    "more than GraphQL's integers": (2**31, None, "2147483648"),
    "many digits": ("99999999999", None, "99999999999"),
    "a leading zero": ("040", None, "040"),
}


@pytest.mark.sample(10)
@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize(("sent", "capacity", "raw"), CAPACITIES.values(), ids=CAPACITIES)
async def test_a_capacity_stands_beside_the_text_in_which_the_upstream_sends_it(
    select, compile_queries, sent, capacity, raw
):
    item = registration(conference={"id": "61", "capacity": sent})
    fields = selected("conference { capacity capacityRaw }")
    node, codes = await select(item, fields, compile_queries=compile_queries)
    expected = {"capacity": capacity, "capacityRaw": raw}
    assert (node["conferenceRegistration"]["conference"], codes) == (expected, {})


@pytest.mark.parametrize("sent", [{}, [1, 2], True], ids=repr)
async def test_a_capacity_that_is_no_text_is_unreadable(select, sent):
    item = registration(conference={"id": "61", "title": "x", "capacity": sent})
    node, codes = await select(item, selected("conference { title capacity capacityRaw }"))
    nothing = dict.fromkeys(("capacity", "capacityRaw"))
    assert node["conferenceRegistration"]["conference"] == {"title": "x", **nothing}
    assert codes == {f"conferenceRegistration.conference.{name}": BROKEN for name in nothing}


@pytest.mark.parametrize("sent", [2**31, "two", 1.5])
async def test_seats_that_are_no_count_are_unreadable(select, sent):
    node, codes = await select(registration(numberOfSeats=sent), selected("numberOfSeats"))
    assert node == {"conferenceRegistration": {"numberOfSeats": None}}
    assert codes == {"conferenceRegistration.numberOfSeats": BROKEN}


SESSION = selected("session { sessionId start { dateTime } }")


async def test_a_start_may_stand_under_the_misprinted_name(select):
    item = registration({"session": {"start": MOMENT}}, session={"id": "62"})
    node, _ = await select(item, SESSION)
    start = {"dateTime": MOMENT["dateTime"]}
    assert node["conferenceRegistration"]["session"] == {"sessionId": "62", "start": start}


async def test_a_start_in_its_own_place_wins_over_the_misprint(select):
    item = registration({"session": {"start": LATER}}, session={"id": "62", "start": MOMENT})
    node, _ = await select(item, SESSION)
    start = {"dateTime": MOMENT["dateTime"]}
    assert node["conferenceRegistration"]["session"]["start"] == start


@pytest.mark.parametrize("misprinted", [{}, {"session": None}, {"session": {}}])
async def test_a_misprint_without_a_start_changes_nothing(select, misprinted):
    node, codes = await select(registration(misprinted, session={"id": "62"}), SESSION)
    assert node["conferenceRegistration"]["session"] == {"sessionId": "62", "start": None}
    assert codes == {}


IDS: dict[str, tuple[str, dict[str, object]]] = {
    "registrationId": ("id", {"source": "homepage"}),
    "conference.conferenceId": ("conference", {"title": "Hair today"}),
    "session.sessionId": ("session", {"end": LATER}),
}
SNAPSHOTS = selected("""registrationId source conference { conferenceId title }
                        session { sessionId end { dateTime timeZone } } current { id }""")
INTACT: dict[str, Any] = {
    "registrationId": "63",
    "source": "homepage",
    "conference": {"conferenceId": "61", "title": "Hair today"},
    "session": {"sessionId": "62", "end": LATER},
    "current": None,
}


def with_id(place: str, id_: object) -> dict[str, object]:
    """A registration of which all has an id; that at a place has this one, or none where it is UNSENT."""
    parts: dict[str, Any] = {
        "source": "homepage",
        "conference": {"id": "61", "title": "Hair today"},
        "session": {"id": "62", "end": LATER},
    }
    key, part = IDS[place]
    if key == "id":
        return registration(**parts, id=id_)
    return registration(**{**parts, key: part if id_ is UNSENT else {**part, "id": id_}})


def without(place: str) -> dict[str, Any]:
    parent, _, name = place.rpartition(".")
    if not parent:
        return {**INTACT, name: None}
    return {**INTACT, parent: {**INTACT[parent], name: None}}


UNSENT = object()


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("id_", [None, ""], ids=repr)
@pytest.mark.parametrize("place", IDS)
async def test_a_missing_id_costs_the_id_and_today_without_an_error_and_without_a_read(
    gateway_with, compile_queries, place, id_
):
    gateway = gateway_with({}, with_id(place, id_), compile_queries=compile_queries)
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {SNAPSHOTS} }} }} }}")
    assert data["activities"]["nodes"] == [{"conferenceRegistration": without(place)}]
    assert gateway.asked == {"/api/2.3/activities": 1}


@pytest.mark.parametrize("place", ["conference.conferenceId", "session.sessionId"])
async def test_an_id_that_is_not_sent_at_all_equals_a_missing_one(select, place):
    node, codes = await select(with_id(place, UNSENT), SNAPSHOTS)
    assert (node, codes) == ({"conferenceRegistration": without(place)}, {})


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("id_", [True, {}], ids=repr)
@pytest.mark.parametrize("place", IDS)
async def test_an_unreadable_id_costs_the_id_and_today_without_a_read(
    gateway_with, codes, compile_queries, place, id_
):
    gateway = gateway_with({}, with_id(place, id_), compile_queries=compile_queries)
    answer = await gateway.ask(f"{{ activities(clientId: 7) {{ nodes {{ {SNAPSHOTS} }} }} }}")
    [node] = answer["data"]["activities"]["nodes"]
    assert node == {"conferenceRegistration": without(place)}
    places = [f"conferenceRegistration.{name}" for name in (place, "current")]
    assert codes(answer, below=3) == dict.fromkeys(places, BROKEN)
    assert gateway.asked == {"/api/2.3/activities": 1}


@pytest.mark.parametrize("nothing", [{}, [], "", {"id": None}], ids=repr)
@pytest.mark.parametrize("field", ["conference", "session"])
async def test_a_snapshot_without_any_value_is_null(select, field, nothing):
    item = registration(source="homepage", **{field: nothing})
    node, codes = await select(item, selected(f"source {field} {{ __typename }}"))
    assert node == {"conferenceRegistration": {"source": "homepage", field: None}}
    assert codes == {}


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
OF_CONFERENCE = """id title capacity description durationMinutes
  location { type text street additionalStreet zipCode city state country latitude longitude }
  webUrl code tags pictureUrl"""
CONFERENCE_SHOWN = {
    "id": "61",
    "title": "Renamed",
    "capacity": 99,
    "description": "About x",
    "durationMinutes": 90,
    "location": {**LOCATION, "latitude": 45.75, "longitude": 4.85},
    "webUrl": "https://pages.example.com/61",
    "code": "C61",
    "tags": ["x", "y"],
    "pictureUrl": "https://x.example.com/61",
}


def whole(**fields: object) -> dict[str, object]:
    parts = {"conference": {"id": "61", "title": "Then", "capacity": 40}, "session": {"id": "62"}}
    return registration(**{**parts, **fields})


def conference_today(fields: str) -> str:
    return selected(f"conference {{ current {{ {fields} }} }}")


async def test_a_conference_of_today_is_one_call_and_leaves_the_recorded_one(gateway_with):
    gateway = gateway_with({CONFERENCE_PATH: CONFERENCE}, whole())
    fields = selected(f"conference {{ conferenceId title capacity current {{ {OF_CONFERENCE} }} }}")
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    [node] = data["activities"]["nodes"]
    assert node["conferenceRegistration"]["conference"] == {
        "conferenceId": "61",
        "title": "Then",
        "capacity": 40,
        "current": CONFERENCE_SHOWN,
    }
    assert gateway.asked == {"/api/2.3/activities": 1, CONFERENCE_PATH: 1}


async def test_what_was_recorded_costs_nothing(gateway_with):
    gateway = gateway_with({}, whole(session={"id": "62", "start": MOMENT}))
    fields = selected("""conference { conferenceId title capacity capacityRaw }
                         session { sessionId start { dateTime } end { dateTime } }""")
    await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    assert gateway.asked == {"/api/2.3/activities": 1}


async def test_what_is_no_more_has_what_was_recorded_and_is_null_today_without_an_error(select):
    fields = """conference { title current { title tags } }
                session { sessionId start { dateTime } current { status } } current { id }"""
    node, codes = await select(whole(session={"id": "62", "start": MOMENT}), selected(fields))
    start = {"dateTime": MOMENT["dateTime"]}
    assert node["conferenceRegistration"] == {
        "conference": {"title": "Then", "current": None},
        "session": {"sessionId": "62", "start": start, "current": None},
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
async def test_degrees_may_be_numbers_or_text(select, sent, expected):
    conference = {"id": "61", "location": {"text": "x", "geolocation": sent}}
    fields = conference_today("location { latitude longitude }")
    node, codes = await select(whole(), fields, {CONFERENCE_PATH: conference})
    location = node["conferenceRegistration"]["conference"]["current"]["location"]
    assert (location["latitude"], location["longitude"]) == expected
    assert codes == {}


@pytest.mark.parametrize("sent", ["north", " ", "1e400", "01", "nan", [], True])
async def test_degrees_that_are_none_are_unreadable(select, sent):
    geolocation = {"lat": sent, "lng": 4.5}
    conference = {"id": "61", "location": {"text": "x", "geolocation": geolocation}}
    fields = conference_today("location { text latitude longitude }")
    node, codes = await select(whole(), fields, {CONFERENCE_PATH: conference})
    location = node["conferenceRegistration"]["conference"]["current"]["location"]
    assert location == {"text": "x", "latitude": None, "longitude": 4.5}
    assert codes == {"conferenceRegistration.conference.current.location.latitude": BROKEN}


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("tags", ["x"]),
        ("tags", [{"text": "x"}, {"text": []}]),
        ("tags", "x"),
        ("duration", "90 min"),
        ("capacity", "about 90"),
        ("location", "Town hall"),
        ("description", {}),
    ],
)
async def test_an_unreadable_detail_costs_itself_only(select, key, sent):
    fields = conference_today(OF_CONFERENCE)
    node, codes = await select(whole(), fields, {CONFERENCE_PATH: {**CONFERENCE, key: sent}})
    field = {"duration": "durationMinutes"}.get(key, key)
    expected = {**CONFERENCE_SHOWN, field: None}
    assert node["conferenceRegistration"]["conference"]["current"] == expected
    assert codes == {f"conferenceRegistration.conference.current.{field}": BROKEN}


async def test_a_session_of_today_is_one_call_and_leaves_the_recorded_times(gateway_with):
    sent = {"id": 62, "start": LATER, "status": "opened", "webLink": "https://x/62"}
    item = whole(session={"id": "62", "start": MOMENT})
    gateway = gateway_with({SESSION_PATH: sent}, item)
    fields = selected("""session { sessionId start { dateTime timeZone }
      current { id start { dateTime timeZone } end { dateTime } status webUrl } }""")
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    [node] = data["activities"]["nodes"]
    assert node["conferenceRegistration"]["session"] == {
        "sessionId": "62",
        "start": MOMENT,
        "current": {
            "id": "62",
            "start": LATER,
            "end": None,
            "status": "opened",
            "webUrl": "https://x/62",
        },
    }
    assert gateway.asked == {"/api/2.3/activities": 1, SESSION_PATH: 1}


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
CURRENT = """current { id client { id } status statusRaw numberOfSeats registeredAt { dateTime timeZone }
  source sourceType sourceTypeRaw cancelReason cancelSource cancelledAt { dateTime timeZone } webUrl }"""
TODAY_SHOWN = {
    "id": "63",
    "client": {"id": "8"},
    "status": "CANCELLED",
    "statusRaw": "cancelled",
    "numberOfSeats": 2,
    "registeredAt": MOMENT,
    "source": "web",
    "sourceType": "WIDGET",
    "sourceTypeRaw": "widget",
    "cancelReason": "ill",
    "cancelSource": "phone",
    "cancelledAt": LATER,
    "webUrl": "https://pages.example.com/63",
}


async def test_a_registration_of_today_has_all_its_fields(select):
    fields = selected(f"registrationId status {CURRENT}")
    node, codes = await select(whole(status="accepted"), fields, {PATH: TODAY})
    assert node["conferenceRegistration"] == {
        "registrationId": "63",
        "status": "ACCEPTED",
        "current": TODAY_SHOWN,
    }
    assert codes == {}


async def test_a_registration_of_today_may_say_nothing_but_its_id(select):
    node, codes = await select(whole(), selected(CURRENT), {PATH: {"id": "63"}})
    expected = {**dict.fromkeys(TODAY_SHOWN), "id": "63"}
    assert (node["conferenceRegistration"]["current"], codes) == (expected, {})


WORDS = "status statusRaw sourceType sourceTypeRaw"
MEMBERS = {
    ("accepted", "api"): ("ACCEPTED", "API"),
    ("waitingList", "widget"): ("WAITING_LIST", "WIDGET"),
    ("cancelled", "api"): ("CANCELLED", "API"),
    ("dreamt", "dreamt"): ("UNKNOWN", "UNKNOWN"),
    ("ACCEPTED", "WIDGET"): ("UNKNOWN", "UNKNOWN"),
    (" ", " "): ("UNKNOWN", "UNKNOWN"),
}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("words", MEMBERS, ids=str)
async def test_the_upstreams_words_stand_beside_the_enums(select, compile_queries, words):
    sent = dict(zip(("status", "sourceType"), words, strict=True))
    fields = selected(f"{WORDS} current {{ {WORDS} }}")
    node, codes = await select(
        whole(**sent), fields, {PATH: {"id": "63", **sent}}, compile_queries=compile_queries
    )
    (status, source_type), (status_raw, source_type_raw) = MEMBERS[words], words
    expected = {
        "status": status,
        "statusRaw": status_raw,
        "sourceType": source_type,
        "sourceTypeRaw": source_type_raw,
    }
    assert node["conferenceRegistration"] == {**expected, "current": expected}
    assert codes == {}


async def test_an_empty_text_is_no_word_and_no_number(select):
    blank = dict.fromkeys(("status", "sourceType", "numberOfSeats", "seats", "registered"), "")
    fields = selected(
        f"numberOfSeats {WORDS} current {{ numberOfSeats {WORDS} registeredAt {{ dateTime }} }}"
    )
    node, codes = await select(whole(**blank), fields, {PATH: {"id": "63", **blank}})
    nothing = dict.fromkeys(("numberOfSeats", *WORDS.split()))
    current = {**nothing, "registeredAt": None}
    assert node["conferenceRegistration"] == {**nothing, "current": current}
    assert codes == {}


@pytest.mark.parametrize(
    ("key", "sent", "places"),
    [
        ("client", {"id": []}, ["client"]),
        ("status", 5, ["status", "statusRaw"]),
        ("sourceType", {"a": "api", "b": "x"}, ["sourceType", "sourceTypeRaw"]),
        ("seats", "two", ["numberOfSeats"]),
        ("registered", [{}], ["registeredAt"]),
        ("webLink", [], ["webUrl"]),
    ],
)
async def test_an_unreadable_field_of_today_costs_itself_only(select, key, sent, places):
    node, codes = await select(whole(), selected(CURRENT), {PATH: {**TODAY, key: sent}})
    expected = {**TODAY_SHOWN, **dict.fromkeys(places)}
    assert node["conferenceRegistration"]["current"] == expected
    assert codes == {f"conferenceRegistration.current.{place}": BROKEN for place in places}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize(
    ("fields", "read"),
    [
        ({"session": {"id": None, "start": MOMENT}}, "session { current { id } }"),
        ({"id": None}, "current { id }"),
    ],
    ids=["session", "registration"],
)
async def test_what_lacks_its_own_id_is_null_today_whatever_the_id_of_the_conference_is(
    gateway_with, codes, compile_queries, fields, read
):
    item = whole(conference={"id": [1], "title": "x"}, **fields)
    gateway = gateway_with({}, item, compile_queries=compile_queries)
    selection = selected(f"conference {{ title }} {read}")
    answer = await gateway.ask(f"{{ activities(clientId: 7) {{ nodes {{ {selection} }} }} }}")
    assert codes(answer) == {}
    [node] = answer["data"]["activities"]["nodes"]
    expected = {"current": None}
    found = node["conferenceRegistration"]
    assert found == {
        "conference": {"title": "x"},
        **({"session": expected} if "session" in fields else expected),
    }
    assert gateway.asked == {"/api/2.3/activities": 1}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("missing", [["conference"], ["session"], ["conference", "session"]])
async def test_where_a_part_of_the_way_is_missing_all_else_stands_without_an_error_and_a_read(
    gateway_with, compile_queries, missing
):
    item = whole(numberOfSeats=2, **dict.fromkeys(missing))
    gateway = gateway_with({}, item, compile_queries=compile_queries)
    session = "" if "conference" not in missing else "session { current { status } }"
    selection = selected(f"registrationId numberOfSeats {session} current {{ id }}")
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {selection} }} }} }}")
    found = data["activities"]["nodes"][0]["conferenceRegistration"]
    assert (found["registrationId"], found["numberOfSeats"]) == ("63", 2)
    assert found["current"] is None
    assert found.get("session") in (None, {"current": None})
    assert gateway.asked == {"/api/2.3/activities": 1}


async def test_each_conference_and_session_is_read_once(gateway_with):
    items = [{**whole(), "id": str(n)} for n in range(5)]
    known = {CONFERENCE_PATH: CONFERENCE, SESSION_PATH: {"id": "62"}, PATH: TODAY}
    gateway = gateway_with(known, *items)
    fields = selected("""conference { current { code description } } session { current { status webUrl } }
                         current { numberOfSeats }""")
    await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    assert gateway.asked == dict.fromkeys(["/api/2.3/activities", *known], 1)
