import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"
USER = "user { userName emailAddress firstName lastName }"
PEOPLE = """... on AppointmentActivity { appointment {
  staff { staffId firstName lastName } service { serviceId name }
} }"""


@pytest.mark.parametrize(
    "sent", [{"userName": "mina"}, {"firstName": "Mina", "lastName": "", "emailAddress": None}]
)
async def test_a_user_may_be_known_in_part(select, sent):
    node, codes = await select({"id": "1", "type": "note", "user": sent}, USER)
    nobody = dict.fromkeys(["userName", "emailAddress", "firstName", "lastName"])
    assert (node, codes) == ({"user": {**nobody, **sent}}, {})


async def test_a_user_whom_the_upstream_does_not_name_is_null(select):
    assert await select({"id": "1", "type": "note"}, USER) == ({"user": None}, {})


@pytest.mark.parametrize("sent", [{}, [], "", {"userName": None}, {"age": 7}], ids=repr)
async def test_a_user_of_whom_nothing_is_said_is_none(select, sent):
    assert await select({"id": "1", "type": "note", "user": sent}, USER) == ({"user": None}, {})


@pytest.mark.parametrize("id_", ["21", 22, 1234567890123456789, "external-21"])
async def test_an_id_is_text_exact_at_any_size(select, id_):
    person, service = {"id": id_, "firstName": "Mina", "lastName": "Ito"}, {"id": id_, "name": "x"}
    appointment = {"id": "31", "staff": person, "service": service}
    item = {"id": "1", "type": "appointment", "appointment": appointment}
    node, _ = await select(item, PEOPLE)
    assert node["appointment"] == {
        "staff": {"staffId": str(id_), "firstName": "Mina", "lastName": "Ito"},
        "service": {"serviceId": str(id_), "name": "x"},
    }


async def test_an_unreadable_name_costs_itself_only(select):
    appointment = {"id": "31", "staff": {"id": "21", "firstName": [], "lastName": "Ito"}}
    item = {"id": "1", "type": "appointment", "appointment": appointment}
    node, codes = await select(item, PEOPLE)
    assert node["appointment"]["staff"] == {"staffId": "21", "firstName": None, "lastName": "Ito"}
    assert codes == {"appointment.staff.firstName": BROKEN}


LINK = "https://api.example.com/api/2.1/scheduling/companies/3/appointments/31"
STAFF = "/api/2.1/scheduling/companies/3/staff"
DETAILS = {
    "emailAddress": "mina@example.com",
    "phone": "0611223344",
    "otherPhone": "0411223344",
    "title": "mrs",
    "gender": "female",
    "color": "#EFEFEF",
    "description": "Cuts & listens",
    "role": "scheduler",
    "externalId": "MI",
}
KEYS = {"emailAddress": "email"}
"""The keys of the upstream that are no names of fields."""

MINA = {
    "id": 21,
    "firstName": "Wilhelmina",
    "lastName": "Ito-Léger",
    **{KEYS.get(name, name): value for name, value in DETAILS.items()},
    "picture": {"url": "https://x/m"},
}
ALL = """id firstName lastName emailAddress phone otherPhone title gender color description pictureUrl
  role externalId"""
TODAY = {
    "id": "21",
    "firstName": "Wilhelmina",
    "lastName": "Ito-Léger",
    **DETAILS,
    "pictureUrl": "https://x/m",
}


def with_staff(**people: object) -> dict[str, object]:
    told = {"id": "31", "selfLink": LINK, **people}
    return {"id": "1", "type": "appointment", "appointment": told}


THEN = {"id": "21", "firstName": "Mina", "lastName": "Ito"}
RECORDED = {"staffId": "21", "firstName": "Mina", "lastName": "Ito"}


def selected(fields: str) -> str:
    return f"... on AppointmentActivity {{ appointment {{ staff {{ {fields} }} }} }}"


def today(fields: str) -> str:
    return selected(f"current {{ {fields} }}")


async def test_a_member_of_staff_as_of_today_is_read_by_one_list(gateway_with):
    gateway = gateway_with({STAFF: {"items": [MINA]}}, with_staff(staff=THEN))
    fields = selected(f"staffId firstName lastName current {{ {ALL} }}")
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    [node] = data["activities"]["nodes"]
    assert node["appointment"]["staff"] == {**RECORDED, "current": TODAY}
    assert gateway.asked == {"/api/2.3/activities": 1, STAFF: 1}


@pytest.mark.parametrize("details", ["", "emailAddress", "title gender", "pictureUrl externalId"])
async def test_today_never_changes_the_recorded_names(select, details):
    node, _ = await select(
        with_staff(staff=THEN),
        selected(f"staffId firstName lastName current {{ id firstName {details} }}"),
        {STAFF: {"items": [MINA]}},
    )
    assert RECORDED.items() <= node["appointment"]["staff"].items()
    assert node["appointment"]["staff"]["current"]["firstName"] == "Wilhelmina"


async def test_the_recorded_names_cost_nothing(gateway_with):
    gateway = gateway_with({}, with_staff(staff=THEN))
    fields = selected("staffId firstName lastName __typename")
    await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    assert gateway.asked == {"/api/2.3/activities": 1}


async def test_who_left_has_recorded_names_and_is_null_today_without_an_error(select):
    others = {STAFF: {"items": [{**MINA, "id": "22"}]}}
    fields = selected(f"staffId firstName lastName current {{ {ALL} }}")
    node, codes = await select(with_staff(staff=THEN), fields, others)
    assert node["appointment"]["staff"] == {**RECORDED, "current": None}
    assert codes == {}


NAMES = {"firstName": "Mina", "lastName": "Ito"}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize(
    ("sent", "settings"),
    [
        ({"staff": NAMES}, {}),
        ({"staff": {**NAMES, "id": None}}, {}),
        ({"staff": {**NAMES, "id": ""}, "selfLink": None}, {}),
        ({"staff": NAMES, "selfLink": None}, {"company_id": "9"}),
    ],
)
async def test_who_has_no_id_is_null_today_without_an_error_and_without_a_read(
    gateway_with, compile_queries, sent, settings
):
    gateway = gateway_with({}, with_staff(**sent), compile_queries=compile_queries, **settings)
    fields = selected("staffId firstName lastName current { id emailAddress }")
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    [node] = data["activities"]["nodes"]
    assert node["appointment"]["staff"] == {**NAMES, "staffId": None, "current": None}
    assert gateway.asked == {"/api/2.3/activities": 1}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("link", [LINK, None], ids=["with a company", "without a company"])
async def test_who_has_an_unreadable_id_keeps_the_names_without_a_read(
    gateway_with, codes, compile_queries, link
):
    item = with_staff(staff={**NAMES, "id": True}, selfLink=link)
    gateway = gateway_with({}, item, compile_queries=compile_queries)
    fields = selected("staffId firstName lastName current { id }")
    answer = await gateway.ask(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    [node] = answer["data"]["activities"]["nodes"]
    assert node["appointment"]["staff"] == {**NAMES, "staffId": None, "current": None}
    places = [f"appointment.staff.{field}" for field in ("staffId", "current")]
    assert codes(answer, below=3) == dict.fromkeys(places, BROKEN)
    assert gateway.asked == {"/api/2.3/activities": 1}


APPOINTMENT = "/api/2.1/scheduling/companies/3/appointments/31"


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_the_names_of_the_staff_of_an_appointment_of_today_cost_nothing_more(
    gateway_with, compile_queries
):
    known = {APPOINTMENT: {"id": "31", "staff": THEN}, STAFF: {"items": [MINA]}}
    gateway = gateway_with(known, compile_queries=compile_queries)
    names = "{ appointment(id: 31, companyId: 3) { staff { id firstName lastName } } }"
    data = await gateway.data(names)
    assert data["appointment"]["staff"] == THEN
    assert gateway.asked == {APPOINTMENT: 1}
    data = await gateway.data(f"{{ appointment(id: 31, companyId: 3) {{ staff {{ {ALL} }} }} }}")
    assert data["appointment"]["staff"] == {**TODAY, **THEN}
    assert gateway.asked == {APPOINTMENT: 2, STAFF: 1}


async def test_the_staff_of_an_appointment_who_left_has_names_and_nulls_without_an_error(
    gateway_with,
):
    known = {APPOINTMENT: {"id": "31", "staff": THEN}, STAFF: {"items": []}}
    data = await gateway_with(known).data(
        f"{{ appointment(id: 31, companyId: 3) {{ staff {{ {ALL} }} }} }}"
    )
    assert data["appointment"]["staff"] == {**dict.fromkeys(TODAY), **THEN}


MALFORMED: dict[str, object] = {
    "without an id": {"firstName": "x"},
    "with a broken id": {"id": [], "email": "x"},
    "no object": "x",
    "null": None,
    "with broken details": {"id": "22", "email": {}},
}


@pytest.mark.parametrize("malformed", MALFORMED.values(), ids=MALFORMED)
async def test_a_malformed_member_does_not_harm_the_others(select, malformed):
    both = {STAFF: {"items": [malformed, MINA, malformed]}}
    node, codes = await select(with_staff(staff=THEN), today("emailAddress phone"), both)
    found = {"emailAddress": "mina@example.com", "phone": "0611223344"}
    assert node["appointment"]["staff"]["current"] == found
    assert codes == {}


async def test_who_may_be_the_one_that_cannot_be_read_is_not_said_to_be_gone(select):
    unreadable = {STAFF: {"items": [{"firstName": "Mina"}]}}
    fields = selected("firstName current { emailAddress }")
    node, codes = await select(with_staff(staff=THEN), fields, unreadable)
    assert node["appointment"]["staff"] == {"firstName": "Mina", "current": None}
    assert codes == {"appointment.staff.current": BROKEN}


@pytest.mark.parametrize("field", [*DETAILS])
async def test_an_unreadable_detail_costs_itself_only(select, field):
    node, codes = await select(
        with_staff(staff=THEN),
        today(f"firstName pictureUrl {field}"),
        {STAFF: {"items": [{**MINA, KEYS.get(field, field): {}}]}},
    )
    expected = {"firstName": "Wilhelmina", "pictureUrl": "https://x/m", field: None}
    assert node["appointment"]["staff"]["current"] == expected
    assert codes == {f"appointment.staff.current.{field}": BROKEN}


@pytest.mark.parametrize("body", [{}, [[]], {"items": None}, {"items": {}}, b"x", b""])
async def test_an_answer_that_is_no_list_is_an_error_at_every_place(select, body):
    item = with_staff(staff=THEN, previousStaff={"id": "22", "firstName": "Ali"})
    fields = """... on AppointmentActivity { appointment {
      staff { staffId current { id } } previousStaff { firstName current { title } } } }"""
    node, codes = await select(item, fields, {STAFF: body})
    assert node["appointment"] == {
        "staff": {"staffId": "21", "current": None},
        "previousStaff": {"firstName": "Ali", "current": None},
    }
    assert codes == {
        "appointment.staff.current": BROKEN,
        "appointment.previousStaff.current": BROKEN,
    }


async def test_any_number_of_people_of_a_company_is_one_call(gateway_with):
    items = [
        {**with_staff(staff={"id": str(n)}, previousStaff={"id": str(n + 1)}), "id": str(n)}
        for n in range(20)
    ]
    people = [{"id": str(n), "email": f"{n}@example.com"} for n in range(21)]
    gateway = gateway_with({STAFF: {"items": people}}, *items)
    fields = """... on AppointmentActivity { appointment {
      staff { current { emailAddress phone } } previousStaff { current { emailAddress } } } }"""
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    assert len({str(node) for node in data["activities"]["nodes"]}) == 20
    assert gateway.asked == {"/api/2.3/activities": 1, STAFF: 1}
