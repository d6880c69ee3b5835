import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"
USER = "user { userName emailAddress firstName lastName }"
PEOPLE = """... on AppointmentActivity { appointment {
  staff { id firstName lastName } service { id name }
} }"""


@pytest.mark.parametrize(
    "sent", [{"userName": "mina"}, {"firstName": "Mina", "lastName": "", "emailAddress": None}]
)
async def test_a_user_may_be_known_in_part(shown, sent):
    node, codes = await shown({"id": "1", "type": "note", "user": sent}, USER)
    nobody = dict.fromkeys(["userName", "emailAddress", "firstName", "lastName"])
    assert (node, codes) == ({"user": {**nobody, **sent}}, {})


async def test_without_a_user_it_was_the_client(shown):
    assert await shown({"id": "1", "type": "note"}, USER) == ({"user": None}, {})


@pytest.mark.parametrize("sent", [{}, [], "", {"userName": None}, {"age": 7}], ids=repr)
async def test_a_user_of_whom_nothing_is_said_is_none(shown, sent):
    assert await shown({"id": "1", "type": "note", "user": sent}, USER) == ({"user": None}, {})


@pytest.mark.parametrize("id_", ["21", 22, 1234567890123456789, "external-21"])
async def test_an_id_is_text_exact_at_any_size(shown, id_):
    person, service = {"id": id_, "firstName": "Mina", "lastName": "Ito"}, {"id": id_, "name": "x"}
    appointment = {"id": "31", "staff": person, "service": service}
    item = {"id": "1", "type": "appointment", "appointment": appointment}
    node, _ = await shown(item, PEOPLE)
    assert node["appointment"] == {
        "staff": {**person, "id": str(id_)},
        "service": {**service, "id": str(id_)},
    }


async def test_an_unreadable_name_costs_itself_only(shown):
    appointment = {"id": "31", "staff": {"id": "21", "firstName": [], "lastName": "Ito"}}
    item = {"id": "1", "type": "appointment", "appointment": appointment}
    node, codes = await shown(item, PEOPLE)
    assert node["appointment"]["staff"] == {"id": "21", "firstName": None, "lastName": "Ito"}
    assert codes == {"appointment.staff.firstName": BROKEN}


LINK = "https://api.example.com/api/2.1/scheduling/companies/3/appointments/31"
STAFF = "/api/2.1/scheduling/companies/3/staff"
DETAILS = {
    "email": "mina@example.com",
    "phone": "0611223344",
    "otherPhone": "0411223344",
    "title": "mrs",
    "gender": "female",
    "color": "#EFEFEF",
    "description": "Cuts & listens",
    "role": "scheduler",
    "externalId": "MI",
}
MINA = {
    "id": 21,
    "firstName": "Wilhelmina",
    "lastName": "Ito-Léger",
    **DETAILS,
    "picture": {"url": "https://x/m"},
}
ALL = """id firstName lastName email phone otherPhone title gender color description pictureUrl role
  externalId"""


def with_staff(**people: object) -> dict[str, object]:
    told = {"id": "31", "selfLink": LINK, **people}
    return {"id": "1", "type": "appointment", "appointment": told}


THEN = {"id": "21", "firstName": "Mina", "lastName": "Ito"}


def selected(fields: str) -> str:
    return f"... on AppointmentActivity {{ appointment {{ staff {{ {fields} }} }} }}"


async def test_a_member_of_staff_has_details_by_one_list(shown):
    node, codes = await shown(with_staff(staff=THEN), selected(ALL), {STAFF: {"items": [MINA]}})
    assert node["appointment"]["staff"] == {**THEN, **DETAILS, "pictureUrl": "https://x/m"}
    assert codes == {}


@pytest.mark.parametrize("details", ["", "email", "title gender", "pictureUrl role externalId"])
async def test_selecting_details_never_changes_the_names(shown, details):
    node, _ = await shown(
        with_staff(staff=THEN),
        selected(f"id firstName lastName {details}"),
        {STAFF: {"items": [MINA]}},
    )
    assert THEN.items() <= node["appointment"]["staff"].items()


async def test_who_left_has_names_and_nulls_without_an_error(shown):
    others = {STAFF: {"items": [{**MINA, "id": "22"}]}}
    node, codes = await shown(with_staff(staff=THEN), selected(ALL), others)
    nothing = dict.fromkeys([*DETAILS, "pictureUrl"])
    assert (node["appointment"]["staff"], codes) == ({**THEN, **nothing}, {})


MALFORMED: dict[str, object] = {
    "without an id": {"firstName": "x"},
    "with a broken id": {"id": [], "email": "x"},
    "no object": "x",
    "null": None,
    "with broken details": {"id": "22", "email": {}},
}


@pytest.mark.parametrize("malformed", MALFORMED.values(), ids=MALFORMED)
async def test_a_malformed_member_does_not_harm_the_others(shown, malformed):
    both = {STAFF: {"items": [malformed, MINA, malformed]}}
    node, codes = await shown(with_staff(staff=THEN), selected("email phone"), both)
    assert node["appointment"]["staff"] == {"email": "mina@example.com", "phone": "0611223344"}
    assert codes == {}


async def test_who_may_be_the_one_that_cannot_be_read_is_not_said_to_be_gone(shown):
    unreadable = {STAFF: {"items": [{"firstName": "Mina"}]}}
    node, codes = await shown(with_staff(staff=THEN), selected("firstName email"), unreadable)
    assert node["appointment"]["staff"] == {"firstName": "Mina", "email": None}
    assert codes == {"appointment.staff.email": BROKEN}


@pytest.mark.parametrize("field", [*DETAILS])
async def test_an_unreadable_detail_costs_itself_only(shown, field):
    node, codes = await shown(
        with_staff(staff=THEN),
        selected(f"firstName pictureUrl {field}"),
        {STAFF: {"items": [{**MINA, field: {}}]}},
    )
    expected = {"firstName": "Mina", "pictureUrl": "https://x/m", field: None}
    assert node["appointment"]["staff"] == expected
    assert codes == {f"appointment.staff.{field}": BROKEN}


@pytest.mark.parametrize("body", [{}, [[]], {"items": None}, {"items": {}}, b"x", b""])
async def test_an_answer_that_is_no_list_is_an_error_at_every_place(shown, body):
    item = with_staff(staff=THEN, previousStaff={"id": "22", "firstName": "Ali"})
    fields = "... on AppointmentActivity { appointment { staff { id email } previousStaff { firstName email } } }"
    node, codes = await shown(item, fields, {STAFF: body})
    assert node["appointment"] == {
        "staff": {"id": "21", "email": None},
        "previousStaff": {"firstName": "Ali", "email": None},
    }
    assert codes == {
        "appointment.staff.email": BROKEN,
        "appointment.previousStaff.email": BROKEN,
    }


async def test_any_number_of_people_of_a_company_is_one_call(gateway_with):
    items = [
        {**with_staff(staff={"id": str(n)}, previousStaff={"id": str(n + 1)}), "id": str(n)}
        for n in range(20)
    ]
    people = [{"id": str(n), "email": f"{n}@example.com"} for n in range(21)]
    gateway = gateway_with({STAFF: {"items": people}}, *items)
    fields = "... on AppointmentActivity { appointment { staff { email phone } previousStaff { email } } }"
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    assert len({str(node) for node in data["activities"]["nodes"]}) == 20
    assert gateway.asked == {"/api/2.3/activities": 1, STAFF: 1}
