from typing import Any

import httpx
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
        ("start", {"dateTime": {}, "timeZone": "Europe/Paris"}),
        ("end", "10:00"),
        ("service", {"name": "without an id"}),
        ("staff", {"id": [], "firstName": "Mina"}),
        ("notes", {"html": "x", "plain": "y"}),
        ("status", 5),
        ("selfLink", {"href": ["x"]}),
    ],
)
async def test_an_unreadable_field_costs_itself_only(shown, field, sent):
    intact, _ = await shown(appointment(**GOOD), SELECTION)
    node, codes = await shown(appointment(**{**GOOD, field: sent}), SELECTION)
    assert node == {"appointment": {**intact["appointment"], field: None}}
    assert codes == {f"appointment.{field}": BROKEN}


@pytest.mark.parametrize("id_", [None, "", {}, True])
async def test_without_an_id_there_is_no_appointment(shown, id_):
    node, codes = await shown(appointment(id=id_, notes="x"), SELECTION)
    assert (node, codes) == ({"appointment": None}, {"appointment": BROKEN})


@pytest.mark.parametrize(
    ("word", "status"), [("noShow", "NO_SHOW"), ("inProgress", "IN_PROGRESS"), ("new", "UNKNOWN")]
)
async def test_a_status_is_in_our_words(shown, word, status):
    selection = "... on AppointmentActivity { appointment { status } }"
    node, codes = await shown(appointment(status=word), selection)
    assert (node, codes) == ({"appointment": {"status": status}}, {})


COMPANY = "/api/2.1/scheduling/companies/3"
LINK = "https://api.example.com/api/2.1/scheduling/companies/3/appointments/31"
LATER = {"dateTime": "2026-07-02T10:30:00", "timeZone": "Europe/Paris"}
TODAY: dict[str, object] = {
    "id": "31",
    "reference": "AB-12",
    "company": {"id": "3", "name": "Downtown"},
    "service": {"id": "11", "name": "Haircut"},
    "staff": {"id": "21", "firstName": "Mina", "lastName": "Ito"},
    "client": {"id": "8"},
    "start": MOMENT,
    "end": LATER,
    "created": MOMENT,
    "status": "accepted",
    "customStatus": {"id": "5", "name": "Arrived"},
    "notes": "today",
    "history": [
        {
            "text": "Moved",
            "date": MOMENT,
            "source": "widget",
            "user": {"userName": "mina", "email": "m@x.org", "firstName": "M", "lastName": "I"},
        },
        {},
    ],
    "source": "web",
    "paid": True,
    "price": {"amount": 12.5, "currency": "EUR"},
    "onlineMeeting": {"provider": "meet", "videoLink": "https://video.example.com/1"},
    "location": "Room 2",
    "rescheduleLink": "https://pages.example.com/r",
}
TODAY_SELECTED = """
  id reference company { id name } service { id name } staff { id firstName lastName } client { id }
  start { dateTime timeZone } end { dateTime timeZone } created { dateTime timeZone } status
  customStatus { id name } notes
  history { text date { dateTime timeZone } source user { userName email: emailAddress firstName lastName } }
  source paid price { amount currency } onlineMeeting { provider videoLink } location rescheduleLink
"""
PATH = f"{COMPANY}/appointments/31"


def current(fields: str) -> str:
    return f"... on AppointmentActivity {{ appointment {{ current {{ {fields} }} }} }}"


async def test_an_appointment_of_today_has_all_its_fields(shown):
    node, codes = await shown(appointment(selfLink=LINK), current(TODAY_SELECTED), {PATH: TODAY})
    history = TODAY["history"][:1]  # type: ignore[index]
    assert node["appointment"]["current"] == {**TODAY, "status": "ACCEPTED", "history": history}
    assert codes == {}


async def test_an_appointment_of_today_may_say_nothing_but_its_id(shown):
    node, codes = await shown(
        appointment(selfLink=LINK), current(TODAY_SELECTED), {PATH: {"id": 31}}
    )
    assert node["appointment"]["current"] == {**dict.fromkeys(TODAY), "id": "31"}
    assert codes == {}


async def test_today_does_not_change_what_was_recorded(shown):
    both = "status notes start { dateTime } staff { id firstName }"
    selection = f"... on AppointmentActivity {{ appointment {{ {both} current {{ {both} }} }} }}"
    item = appointment(
        selfLink=LINK,
        status="pending",
        notes="then",
        start=LATER,
        staff={"id": "22", "firstName": "Ali"},
    )
    node, _ = await shown(item, selection, {PATH: TODAY})
    then = node["appointment"]
    today = then.pop("current")
    assert then == {
        "status": "PENDING",
        "notes": "then",
        "start": {"dateTime": LATER["dateTime"]},
        "staff": {"id": "22", "firstName": "Ali"},
    }
    assert today == {
        "status": "ACCEPTED",
        "notes": "today",
        "start": {"dateTime": MOMENT["dateTime"]},
        "staff": {"id": "21", "firstName": "Mina"},
    }


async def test_an_appointment_that_is_no_more_is_null_without_an_error(shown):
    selection = "... on AppointmentActivity { appointment { appointmentId current { id } } }"
    node, codes = await shown(appointment(selfLink=LINK), selection)
    assert (node, codes) == ({"appointment": {"appointmentId": "31", "current": None}}, {})


@pytest.mark.parametrize(
    ("field", "sent", "path"),
    [
        ("company", {"name": "x"}, "company"),
        ("service", [{}], "service"),
        ("client", {"id": 1.5}, "client"),
        ("start", {"dateTime": "soon"}, "start"),
        ("status", 5, "status"),
        ("customStatus", {"name": "x"}, "customStatus"),
        ("history", [{}, "x"], "history"),
        ("paid", "yes", "paid"),
        ("price", "12,50", "price"),
        ("price", {"amount": "x", "currency": "EUR"}, "price.amount"),
        ("onlineMeeting", 5, "onlineMeeting"),
        ("location", ["x"], "location"),
    ],
)
async def test_an_unreadable_field_of_today_costs_itself_only(shown, field, sent, path):
    node, codes = await shown(
        appointment(selfLink=LINK), current(TODAY_SELECTED), {PATH: {**TODAY, field: sent}}
    )
    today = node["appointment"]["current"]
    assert codes == {f"appointment.current.{path}": BROKEN}
    assert today["reference"] == "AB-12"
    assert today[field] == ({"amount": None, "currency": "EUR"} if "." in path else None)


@pytest.mark.parametrize("nothing", ["", [], {}, {"id": ""}, {"id": None, "amount": ""}], ids=repr)
async def test_what_says_nothing_of_today_is_null(shown, nothing):
    """Also beside a field that cannot be read, and within an object."""
    fields = ("company", "service", "staff", "client", "customStatus", "price", "onlineMeeting")
    today = {**TODAY, **dict.fromkeys(fields, nothing), "paid": 5}
    today["history"] = [nothing, {"text": "Moved", "user": nothing, "date": nothing}, nothing]
    node, codes = await shown(appointment(selfLink=LINK), current(TODAY_SELECTED), {PATH: today})
    found = node["appointment"]["current"]
    assert codes == {"appointment.current.paid": BROKEN}
    assert {field: found[field] for field in fields} == dict.fromkeys(fields)
    assert found["history"] == [{"text": "Moved", "date": None, "source": None, "user": None}]


async def test_a_price_may_be_an_amount_alone(shown):
    node, codes = await shown(
        appointment(selfLink=LINK),
        current("price { amount currency }"),
        {PATH: {"id": "31", "price": 30}},
    )
    assert node["appointment"]["current"]["price"] == {"amount": 30, "currency": None}
    assert codes == {}


@pytest.mark.parametrize("body", [[], {}, {"id": None}, {"id": {}}, {"items": []}, b"<p>", b""])
async def test_an_answer_that_is_no_appointment_is_one_error(shown, body):
    selection = "... on AppointmentActivity { appointment { appointmentId current { id notes } } }"
    node, codes = await shown(appointment(selfLink=LINK), selection, {PATH: body})
    assert node == {"appointment": {"appointmentId": "31", "current": None}}
    assert codes == {"appointment.current": BROKEN}


@pytest.fixture
def threads(gateway_over):
    """A gateway whose timelines have one activity each, of what they were asked for."""
    asked: list[dict[str, str]] = []

    def send(request):
        query = dict(request.url.params)
        if request.url.path != "/api/2.3/activities":
            return httpx.Response(200, json=TODAY)
        asked.append(query)
        date = {"date": MOMENT}
        items = [appointment(selfLink=LINK) | date]
        if "appointmentId" in query:
            items = [{**items[0], "id": "2", "date": LATER}, *items]
        return httpx.Response(200, json={"items": items})

    gateway = gateway_over(send)
    gateway.threads = asked
    return gateway


def thread(arguments: str = "", fields: str = "id") -> str:
    activities = f"activities{arguments} {{ totalCount nodes {{ {fields} }} }}"
    return f"{{ activities(clientId: 7) {{ nodes {{ {current(activities)} }} }} }}"


def found(data: Any) -> Any:
    return data["activities"]["nodes"][0]["appointment"]["current"]["activities"]


async def test_a_thread_is_all_that_belongs_to_the_appointment(threads):
    data = await threads.data(thread())
    assert found(data) == {"totalCount": 2, "nodes": [{"id": "1"}, {"id": "2"}]}
    assert threads.threads[1] == {"clientId": "8", "appointmentId": "31", "sort": "asc"}


async def test_a_thread_may_be_of_some_kinds_and_newest_first(threads):
    data = await threads.data(thread("(kinds: [APPOINTMENT, NOTE], sort: DESC)"))
    assert found(data)["nodes"] == [{"id": "2"}, {"id": "1"}]
    assert threads.threads[1]["type"] == "appointment,note"


async def test_no_kinds_are_an_empty_thread_without_a_call(threads):
    data = await threads.data(thread("(kinds: [])"))
    assert found(data) == {"totalCount": 0, "nodes": []}
    assert len(threads.threads) == 1


async def test_a_thread_within_a_thread_is_read_once(threads):
    inner = current("activities { nodes { id } }")
    data = await threads.data(thread("", f"id {inner}"))
    nodes = found(data)["nodes"]
    assert [each["id"] for each in nodes] == ["1", "2"]
    inside = {"activities": {"nodes": [{"id": "1"}, {"id": "2"}]}}
    assert [each["appointment"]["current"] for each in nodes] == [inside, inside]
    assert len(threads.threads) == 2


async def test_whose_an_appointment_is_may_be_told_by_the_timeline_it_was_found_in(gateway_over):
    asked = []

    def send(request):
        if request.url.path == PATH:
            return httpx.Response(200, json={"id": "31"})
        asked.append(request.url.params["clientId"])
        return httpx.Response(200, json={"items": [appointment(selfLink=LINK)]})

    data = await gateway_over(send).data(thread())
    assert found(data)["totalCount"] == 1
    assert asked == ["7", "7"]


async def test_a_thread_is_cut_at_the_largest_page_and_says_how_much_there_is(gateway_with):
    items = [{**appointment(selfLink=LINK), "id": str(n)} for n in range(4)]
    gateway = gateway_with({PATH: TODAY}, *items, default_page_size=2, max_page_size=3)
    data = await gateway.data(thread())
    assert (found(data)["totalCount"], len(found(data)["nodes"])) == (4, 3)


async def test_the_client_of_an_appointment_has_a_timeline_of_its_own(threads):
    fields = current("client { id activities { totalCount } }")
    data = await threads.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    client = data["activities"]["nodes"][0]["appointment"]["current"]["client"]
    assert client == {"id": "8", "activities": {"totalCount": 1}}
    assert [each["clientId"] for each in threads.threads] == ["7", "8"]
