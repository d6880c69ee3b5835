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
  appointmentId start { dateTime } end { dateTime } service { serviceId } staff { staffId }
  notes status selfLink
} }"""


def appointment(**fields: object) -> dict[str, object]:
    return {"id": "1", "type": "appointment", "appointment": {"id": "31", **fields}}


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("start", {"dateTime": {}, "timeZone": "Europe/Paris"}),
        ("end", "10:00"),
        ("service", "Haircut"),
        ("staff", ["Mina"]),
        ("notes", {"html": "x", "plain": "y"}),
        ("status", 5),
        ("selfLink", {"href": ["x"]}),
    ],
)
async def test_an_unreadable_field_costs_itself_only(select, field, sent):
    intact, _ = await select(appointment(**GOOD), SELECTION)
    node, codes = await select(appointment(**{**GOOD, field: sent}), SELECTION)
    assert node == {"appointment": {**intact["appointment"], field: None}}
    assert codes == {f"appointment.{field}": BROKEN}


SNAPSHOTS = """... on AppointmentActivity { appointment {
  appointmentId notes service { serviceId name } previousService { serviceId name }
  staff { staffId firstName } previousStaff { staffId firstName } company { companyId }
} }"""
IDS = {
    "appointmentId": ("id", {"notes": "x"}),
    "service.serviceId": ("service", {"name": "Haircut"}),
    "previousService.serviceId": ("previousService", {"name": "Shave"}),
    "staff.staffId": ("staff", {"firstName": "Mina"}),
    "previousStaff.staffId": ("previousStaff", {"firstName": "Ken"}),
}


def with_id(place: str, id_: object) -> dict[str, object]:
    """An appointment that has all its parts, where the part at a place has an id, or none, of its own."""
    name, _ = IDS[place]
    parts: dict[str, Any] = {key: {"id": "11", **part} for key, part in IDS.values() if key != "id"}
    parts = {**parts, "notes": "x", "selfLink": LINK}
    if name == "id":
        return appointment(**parts, id=id_)
    part = {**parts[name], "id": id_} if id_ != "absent" else IDS[place][1]
    return appointment(**{**parts, name: part})


def without(node: Any, place: str) -> Any:
    """The snapshot of an appointment, with null at a place."""
    *parents, name = place.split(".")
    found = {**node["appointment"]}
    if parents:
        [parent] = parents
        found[parent] = {**found[parent], name: None}
    else:
        found[name] = None
    return {"appointment": found}


@pytest.mark.parametrize("id_", [None, "", "absent"], ids=repr)
@pytest.mark.parametrize("place", [place for place in IDS if "." in place])
async def test_a_missing_id_costs_the_id_and_not_the_snapshot(select, place, id_):
    intact, _ = await select(with_id(place, "11"), SNAPSHOTS)
    node, codes = await select(with_id(place, id_), SNAPSHOTS)
    assert (node, codes) == (without(intact, place), {})


@pytest.mark.parametrize("id_", [None, ""], ids=repr)
async def test_a_missing_id_of_an_appointment_costs_the_id_only(select, id_):
    intact, _ = await select(with_id("appointmentId", "31"), SNAPSHOTS)
    node, codes = await select(with_id("appointmentId", id_), SNAPSHOTS)
    assert (node, codes) == (without(intact, "appointmentId"), {})


@pytest.mark.parametrize("id_", [{}, [], True, 1.5], ids=repr)
@pytest.mark.parametrize("place", IDS)
async def test_an_unreadable_id_costs_the_id_and_not_the_snapshot(select, place, id_):
    intact, _ = await select(with_id(place, "31"), SNAPSHOTS)
    node, codes = await select(with_id(place, id_), SNAPSHOTS)
    assert node == without(intact, place)
    assert codes == {f"appointment.{place}": BROKEN}


@pytest.mark.sample(8)
@pytest.mark.parametrize("nothing", [{}, [], "", {"id": None}, {"id": "", "name": None}], ids=repr)
@pytest.mark.parametrize("field", ["service", "previousService", "staff", "previousStaff"])
async def test_a_snapshot_without_any_value_is_null(select, field, nothing):
    item = appointment(notes="x", **{field: nothing})
    selection = f"... on AppointmentActivity {{ appointment {{ notes {field} {{ __typename }} }} }}"
    node, codes = await select(item, selection)
    assert (node, codes) == ({"appointment": {"notes": "x", field: None}}, {})


STATUSES = {"noShow": "NO_SHOW", "inProgress": "IN_PROGRESS", "new": "UNKNOWN", "NOSHOW": "UNKNOWN"}


@pytest.mark.parametrize("field", ["status", "previousStatus"])
@pytest.mark.parametrize("word", STATUSES)
async def test_the_upstreams_word_stands_beside_the_status(select, word, field):
    selection = f"... on AppointmentActivity {{ appointment {{ {field} {field}Raw }} }}"
    node, codes = await select(appointment(**{field: word}), selection)
    assert node == {"appointment": {field: STATUSES[word], f"{field}Raw": word}}
    assert codes == {}


@pytest.mark.parametrize("field", ["status", "previousStatus"])
@pytest.mark.parametrize("sent", [None, "", 5, ["noShow", "x"]], ids=repr)
async def test_a_status_without_a_word_is_null(select, sent, field):
    selection = f"... on AppointmentActivity {{ appointment {{ {field} {field}Raw }} }}"
    node, codes = await select(appointment(**{field: sent}), selection)
    assert node == {"appointment": dict.fromkeys((field, f"{field}Raw"))}
    assert codes == (
        {f"appointment.{place}": BROKEN for place in (field, f"{field}Raw")} if sent else {}
    )


COMPANY = "/api/2.1/scheduling/companies/3"
LINK = "https://api.example.com/api/2.1/scheduling/companies/3/appointments/31"
LATER = {"dateTime": "2026-07-02T10:30:00", "timeZone": "Europe/Paris"}

LINKS: dict[str, tuple[object, str | None]] = {
    "of a company": (LINK, "3"),
    "with a query": (f"{LINK}?levelDetail=full", "3"),
    "of another host": ("http://elsewhere.example.com/x/companies/a-1/appointments/31", "a-1"),
    "of all companies": (LINK.replace("/3/", "/0/"), None),
    "of a note": ("https://api.example.com/api/2.0/notes/3", None),
    "none": (None, None),
    "empty": ("", None),
}


@pytest.mark.parametrize(("link", "company_id"), LINKS.values(), ids=LINKS)
async def test_the_company_of_a_snapshot_is_read_out_of_its_link_and_costs_nothing(
    gateway_with, link, company_id
):
    gateway = gateway_with({}, appointment(selfLink=link), company_id="9")
    selection = "... on AppointmentActivity { appointment { selfLink company { companyId } } }"
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {selection} }} }} }}")
    company = None if company_id is None else {"companyId": company_id}
    link = link or None if link != "" else ""
    assert data["activities"]["nodes"][0]["appointment"] == {"selfLink": link, "company": company}
    assert gateway.asked == {"/api/2.3/activities": 1}


async def test_the_company_of_an_unreadable_link_is_unreadable(select):
    selection = "... on AppointmentActivity { appointment { appointmentId company { companyId } } }"
    node, codes = await select(appointment(selfLink={"href": ["x"]}), selection)
    assert node == {"appointment": {"appointmentId": "31", "company": None}}
    assert codes == {"appointment.company": BROKEN}


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
  start { dateTime timeZone } end { dateTime timeZone } createdAt { dateTime timeZone } status statusRaw
  customStatus { customStatusId name } notes
  history { text date { dateTime timeZone } source user { userName emailAddress firstName lastName } }
  source isPaid price { amount currency } onlineMeeting { provider videoUrl } locationText rescheduleUrl
"""
TODAY_SHOWN = {
    "id": "31",
    "reference": "AB-12",
    "company": {"id": "3", "name": "Downtown"},
    "service": {"id": "11", "name": "Haircut"},
    "staff": {"id": "21", "firstName": "Mina", "lastName": "Ito"},
    "client": {"id": "8"},
    "start": MOMENT,
    "end": LATER,
    "createdAt": MOMENT,
    "status": "ACCEPTED",
    "statusRaw": "accepted",
    "customStatus": {"customStatusId": "5", "name": "Arrived"},
    "notes": "today",
    "history": [
        {
            "text": "Moved",
            "date": MOMENT,
            "source": "widget",
            "user": {
                "userName": "mina",
                "emailAddress": "m@x.org",
                "firstName": "M",
                "lastName": "I",
            },
        },
    ],
    "source": "web",
    "isPaid": True,
    "price": {"amount": 12.5, "currency": "EUR"},
    "onlineMeeting": {"provider": "meet", "videoUrl": "https://video.example.com/1"},
    "locationText": "Room 2",
    "rescheduleUrl": "https://pages.example.com/r",
}
PATH = f"{COMPANY}/appointments/31"


def current(fields: str) -> str:
    return f"... on AppointmentActivity {{ appointment {{ current {{ {fields} }} }} }}"


async def test_an_appointment_of_today_has_all_its_fields(select):
    node, codes = await select(appointment(selfLink=LINK), current(TODAY_SELECTED), {PATH: TODAY})
    assert node["appointment"]["current"] == TODAY_SHOWN
    assert codes == {}


async def test_an_appointment_of_today_may_say_nothing_but_its_id(select):
    node, codes = await select(
        appointment(selfLink=LINK), current(TODAY_SELECTED), {PATH: {"id": 31}}
    )
    assert node["appointment"]["current"] == {**dict.fromkeys(TODAY_SHOWN), "id": "31"}
    assert codes == {}


async def test_today_does_not_change_what_was_recorded(select):
    both = "status notes start { dateTime }"
    then_, now = "staff { staffId firstName }", "staff { id firstName }"
    selection = f"""... on AppointmentActivity {{ appointment {{
      {both} {then_} current {{ {both} {now} }} }} }}"""
    item = appointment(
        selfLink=LINK,
        status="pending",
        notes="then",
        start=LATER,
        staff={"id": "22", "firstName": "Ali"},
    )
    node, _ = await select(item, selection, {PATH: TODAY})
    then = node["appointment"]
    today = then.pop("current")
    assert then == {
        "status": "PENDING",
        "notes": "then",
        "start": {"dateTime": LATER["dateTime"]},
        "staff": {"staffId": "22", "firstName": "Ali"},
    }
    assert today == {
        "status": "ACCEPTED",
        "notes": "today",
        "start": {"dateTime": MOMENT["dateTime"]},
        "staff": {"id": "21", "firstName": "Mina"},
    }


async def test_an_appointment_that_is_no_more_is_null_without_an_error(select):
    selection = "... on AppointmentActivity { appointment { appointmentId current { id } } }"
    node, codes = await select(appointment(selfLink=LINK), selection)
    assert (node, codes) == ({"appointment": {"appointmentId": "31", "current": None}}, {})


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("link", [LINK, None], ids=["with a company", "without a company"])
async def test_what_today_is_of_an_appointment_without_an_id_is_null_without_a_read(
    gateway_with, compile_queries, link
):
    item = appointment(id=None, notes="x", selfLink=link)
    gateway = gateway_with({}, item, compile_queries=compile_queries)
    selection = "... on AppointmentActivity { appointment { notes current { id } } }"
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {selection} }} }} }}")
    assert data["activities"]["nodes"] == [{"appointment": {"notes": "x", "current": None}}]
    assert gateway.asked == {"/api/2.3/activities": 1}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_what_today_is_of_an_appointment_with_an_unreadable_id_is_an_error_without_a_read(
    gateway_with, codes, compile_queries
):
    item = appointment(id=True, notes="x", selfLink=LINK)
    gateway = gateway_with({}, item, compile_queries=compile_queries)
    selection = "... on AppointmentActivity { appointment { notes appointmentId current { id } } }"
    answer = await gateway.ask(f"{{ activities(clientId: 7) {{ nodes {{ {selection} }} }} }}")
    nothing = dict.fromkeys(("appointmentId", "current"))
    assert answer["data"]["activities"]["nodes"] == [{"appointment": {"notes": "x", **nothing}}]
    assert codes(answer, below=3) == {f"appointment.{field}": BROKEN for field in nothing}
    assert gateway.asked == {"/api/2.3/activities": 1}


@pytest.mark.parametrize(
    ("field", "sent", "path"),
    [
        ("company", {"name": "x"}, "company"),
        ("service", [{}], "service"),
        ("client", {"id": 1.5}, "client"),
        ("start", {"dateTime": "soon"}, "start"),
        ("created", 5, "createdAt"),
        ("customStatus", ["x"], "customStatus"),
        ("history", [{}, "x"], "history"),
        ("paid", "yes", "isPaid"),
        ("price", "12,50", "price"),
        ("price", {"amount": "x", "currency": "EUR"}, "price.amount"),
        ("onlineMeeting", 5, "onlineMeeting"),
        ("location", ["x"], "locationText"),
        ("rescheduleLink", ["x"], "rescheduleUrl"),
    ],
)
async def test_an_unreadable_field_of_today_costs_itself_only(select, field, sent, path):
    node, codes = await select(
        appointment(selfLink=LINK), current(TODAY_SELECTED), {PATH: {**TODAY, field: sent}}
    )
    today = node["appointment"]["current"]
    assert codes == {f"appointment.current.{path}": BROKEN}
    lost = {"amount": None, "currency": "EUR"} if "." in path else None
    assert today == {**TODAY_SHOWN, path.partition(".")[0]: lost}


@pytest.mark.parametrize(("word", "status"), [("noShow", "NO_SHOW"), ("dreamt", "UNKNOWN")])
async def test_the_upstreams_word_stands_beside_the_status_of_today(select, word, status):
    node, codes = await select(
        appointment(selfLink=LINK), current("status statusRaw"), {PATH: {**TODAY, "status": word}}
    )
    assert node["appointment"]["current"] == {"status": status, "statusRaw": word}
    assert codes == {}


async def test_an_unreadable_status_of_today_has_no_word_either(select):
    node, codes = await select(
        appointment(selfLink=LINK), current(TODAY_SELECTED), {PATH: {**TODAY, "status": 5}}
    )
    nothing = dict.fromkeys(("status", "statusRaw"))
    assert node["appointment"]["current"] == {**TODAY_SHOWN, **nothing}
    assert codes == {f"appointment.current.{field}": BROKEN for field in nothing}


@pytest.mark.parametrize("nothing", ["", [], {}, {"id": ""}, {"id": None, "amount": ""}], ids=repr)
async def test_what_says_nothing_of_today_is_null(select, nothing):
    """Also beside a field that cannot be read, and within an object."""
    fields = ("company", "service", "staff", "client", "customStatus", "price", "onlineMeeting")
    today = {**TODAY, **dict.fromkeys(fields, nothing), "paid": 5}
    today["history"] = [nothing, {"text": "Moved", "user": nothing, "date": nothing}, nothing]
    node, codes = await select(appointment(selfLink=LINK), current(TODAY_SELECTED), {PATH: today})
    found = node["appointment"]["current"]
    assert codes == {"appointment.current.isPaid": BROKEN}
    assert {field: found[field] for field in fields} == dict.fromkeys(fields)
    assert found["history"] == [{"text": "Moved", "date": None, "source": None, "user": None}]


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_another_appointment_than_the_recorded_one_breaks_the_contract(
    select, compile_queries
):
    answer = {PATH: {**TODAY, "id": "32"}}
    item = appointment(selfLink=LINK)
    node, codes = await select(item, current("id"), answer, compile_queries=compile_queries)
    assert node["appointment"]["current"] is None
    assert codes == {"appointment.current": BROKEN}


@pytest.mark.parametrize("sent", [{}, {"id": None}, {"id": ""}], ids=repr)
async def test_a_missing_id_of_a_custom_status_costs_the_id_only(select, sent):
    today = {**TODAY, "customStatus": {**sent, "name": "Arrived"}}
    selection = current("customStatus { customStatusId name }")
    node, codes = await select(appointment(selfLink=LINK), selection, {PATH: today})
    status = {"customStatusId": None, "name": "Arrived"}
    assert (node["appointment"]["current"], codes) == ({"customStatus": status}, {})


async def test_a_price_may_be_an_amount_alone(select):
    node, codes = await select(
        appointment(selfLink=LINK),
        current("price { amount currency }"),
        {PATH: {"id": "31", "price": 30}},
    )
    assert node["appointment"]["current"]["price"] == {"amount": 30, "currency": None}
    assert codes == {}


@pytest.mark.parametrize("body", [[], {}, {"id": None}, {"id": {}}, {"items": []}, b"<p>", b""])
async def test_an_answer_that_is_no_appointment_is_one_error(select, body):
    selection = "... on AppointmentActivity { appointment { appointmentId current { id notes } } }"
    node, codes = await select(appointment(selfLink=LINK), selection, {PATH: body})
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
    data = await threads.data(thread("(filter: { kinds: [APPOINTMENT, NOTE] }, sort: DESC)"))
    assert found(data)["nodes"] == [{"id": "2"}, {"id": "1"}]
    assert threads.threads[1]["type"] == "appointment,note"


@pytest.mark.parametrize("filters", ["kinds: []", "events: []", "kinds: [], appointmentId: 31"])
async def test_no_kinds_or_events_are_an_empty_thread_without_a_call(threads, filters):
    data = await threads.data(thread(f"(filter: {{ {filters} }})"))
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


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_a_thread_comes_in_pages_of_the_default_size(gateway_with, compile_queries):
    items = [{**appointment(selfLink=LINK), "id": str(n)} for n in range(5)]
    gateway = gateway_with(
        {PATH: TODAY},
        *items,
        default_page_size=2,
        max_page_size=3,
        compile_queries=compile_queries,
    )
    query = """query($first: Int, $after: String, $last: Int, $before: String, $sort: SortOrder = ASC) {
      appointment(id: 31, companyId: 3) {
        activities(first: $first, after: $after, last: $last, before: $before, sort: $sort) {
          totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        } } }"""

    async def page(**arguments: object) -> tuple[list[str], dict[str, Any]]:
        activities = (await gateway.data(query, **arguments))["appointment"]["activities"]
        assert activities["totalCount"] == 5
        return [node["id"] for node in activities["nodes"]], activities["pageInfo"]

    seen, found = await page()
    assert (seen, found["hasPreviousPage"]) == (["0", "1"], False)
    seen, found = await page(after=found["endCursor"], first=3)
    assert (seen, found["hasNextPage"]) == (["2", "3", "4"], False)
    seen, found = await page(before=found["startCursor"], last=1)
    assert (seen, found["hasNextPage"], found["hasPreviousPage"]) == (["1"], True, True)
    assert (await page(sort="DESC"))[0] == ["4", "3"]


REFUSED_IN_A_THREAD = {
    "another appointment": ('filter: { appointmentId: "32" }', "filter.appointmentId"),
    "a blank appointment": ('filter: { appointmentId: " " }', "filter.appointmentId"),
    "another appointment where nothing can match": (
        'filter: { appointmentId: "32", kinds: [] }',
        "filter.appointmentId",
    ),
    "a page that is too large": ("first: 101", "first"),
    "no cursor": ('before: "x"', "before"),
    "from after to": (
        'filter: { from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" }',
        "filter.from",
    ),
}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize(
    ("arguments", "argument"), REFUSED_IN_A_THREAD.values(), ids=REFUSED_IN_A_THREAD
)
async def test_an_invalid_argument_of_a_thread_is_refused_by_its_name(
    gateway_with, compile_queries, arguments, argument
):
    gateway = gateway_with({PATH: TODAY}, compile_queries=compile_queries)
    answer = await gateway.ask(f"""{{ appointment(id: 31, companyId: 3) {{
      id activities({arguments}) {{ totalCount }} }} }}""")
    assert answer["data"]["appointment"] == {"id": "31", "activities": None}
    (error,) = answer["errors"]
    assert error["path"] == ["appointment", "activities"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": argument}
    assert gateway.asked == {PATH: 1}


@pytest.mark.parametrize("arguments", ["", "filter: null", 'filter: { appointmentId: "31" }'])
async def test_a_thread_is_that_of_the_timeline_with_the_same_filter(threads, arguments):
    arguments = f"({arguments})" if arguments else ""
    fields = "totalCount edges { cursor node { id } }"
    data = await threads.data(f"""{{
      appointment(id: 31, companyId: 3) {{ activities{arguments} {{ {fields} }} }}
      activities(clientId: 8, filter: {{ appointmentId: 31 }}) {{ {fields} }}
    }}""")
    assert data["appointment"]["activities"] == data["activities"]
    assert threads.threads == [{"clientId": "8", "appointmentId": "31", "sort": "asc"}]


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_a_thread_of_an_appointment_without_a_client_is_an_error(
    gateway_with, codes, compile_queries
):
    known = {PATH: {"id": "31"}}
    gateway = gateway_with(known, compile_queries=compile_queries)
    answer = await gateway.ask(
        "{ appointment(id: 31, companyId: 3) { id activities { totalCount } } }"
    )
    assert answer["data"]["appointment"] == {"id": "31", "activities": None}
    assert codes(answer) == {"appointment.activities": BROKEN}
    assert gateway.asked == {PATH: 1}


async def test_the_client_of_an_appointment_has_a_timeline_of_its_own(threads):
    fields = current("client { id activities { totalCount } }")
    data = await threads.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    client = data["activities"]["nodes"][0]["appointment"]["current"]["client"]
    assert client == {"id": "8", "activities": {"totalCount": 1}}
    assert [each["clientId"] for each in threads.threads] == ["7", "8"]
