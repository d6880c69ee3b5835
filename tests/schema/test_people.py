import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"
USER = "user { userName emailAddress firstName lastName }"
PEOPLE = """... on AppointmentActivity { appointment {
  staff { id firstName lastName } service { id name }
} }"""


@pytest.mark.parametrize(
    "sent", [{}, {"userName": "mina"}, {"firstName": "Mina", "lastName": "", "emailAddress": None}]
)
async def test_a_user_may_be_known_in_part(shown, sent):
    node, codes = await shown({"id": "1", "type": "note", "user": sent}, USER)
    nobody = dict.fromkeys(["userName", "emailAddress", "firstName", "lastName"])
    assert (node, codes) == ({"user": {**nobody, **sent}}, {})


async def test_without_a_user_it_was_the_client(shown):
    assert await shown({"id": "1", "type": "note"}, USER) == ({"user": None}, {})


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
