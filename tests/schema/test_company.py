from collections import Counter
from typing import Any

import httpx
import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"

SCHEDULING = "/api/2.1/scheduling/companies"
SERVICES = f"{SCHEDULING}/3/services"
STAFF = f"{SCHEDULING}/3/staff"
LINK = "https://api.example.com/api/2.1/scheduling/companies/%s/appointments/31"


def appointment(company: str | None = "3", id_: str = "1", **fields: object) -> dict[str, object]:
    link = {} if company is None else {"selfLink": LINK % company}
    told = {"id": "31", "service": {"id": "11", "name": "Haircut"}, **link, **fields}
    return {"id": id_, "type": "appointment", "appointment": told}


def selected(fields: str) -> str:
    return f"... on AppointmentActivity {{ appointment {{ {fields} }} }}"


DETAILS = {
    "description": "Wash & cut",
    "duration": 45,
    "bufferDuration": 10,
    "capacity": 2,
    "price": 30.5,
    "payable": False,
    "color": "#EFEFEF",
    "externalId": "HC",
}
SERVICE = {"id": 11, "name": "Renamed", **DETAILS, "picture": {"url": "https://x.example.com/p"}}
ALL = (
    "id name description duration bufferDuration capacity price payable color pictureUrl externalId"
)


async def test_a_service_has_details_by_one_list(shown):
    node, codes = await shown(
        appointment(), selected(f"service {{ {ALL} }}"), {SERVICES: {"items": [SERVICE]}}
    )
    assert node["appointment"]["service"] == {
        "id": "11",
        "name": "Haircut",
        "pictureUrl": "https://x.example.com/p",
        **DETAILS,
    }
    assert codes == {}


@pytest.mark.parametrize("details", ["", "description", "duration price", "externalId pictureUrl"])
async def test_selecting_details_never_changes_the_name(shown, details):
    node, _ = await shown(
        appointment(),
        selected(f"service {{ id name {details} }}"),
        {SERVICES: {"items": [SERVICE]}},
    )
    assert node["appointment"]["service"]["name"] == "Haircut"


async def test_the_name_and_the_id_cost_nothing(gateway_with):
    gateway = gateway_with({}, appointment())
    fields = selected("service { id name __typename }")
    await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    assert gateway.asked == {"/api/2.3/activities": 1}


async def test_a_service_that_is_no_more_has_its_name_and_nulls_without_an_error(shown):
    others = {SERVICES: {"items": [{**SERVICE, "id": "12"}]}}
    node, codes = await shown(appointment(), selected(f"service {{ {ALL} }}"), others)
    nothing = dict.fromkeys([*DETAILS, "pictureUrl"])
    assert node["appointment"]["service"] == {"id": "11", "name": "Haircut", **nothing}
    assert codes == {}


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("description", {}),
        ("duration", "45 min"),
        ("duration", 2**31),
        ("capacity", 1.5),
        ("price", "30,00"),
        ("payable", "yes"),
        ("color", []),
    ],
)
async def test_an_unreadable_detail_costs_itself_only(shown, field, sent):
    node, codes = await shown(
        appointment(),
        selected("service { description duration capacity price payable color externalId }"),
        {SERVICES: {"items": [{**SERVICE, field: sent}]}},
    )
    assert node["appointment"]["service"][field] is None
    assert node["appointment"]["service"]["externalId"] == "HC"
    assert codes == {f"appointment.service.{field}": BROKEN}


PICTURES = {"unreadable": ("x", None, True), "without an address": ({}, None, False)}


@pytest.mark.parametrize(("sent", "url", "fails"), PICTURES.values(), ids=PICTURES)
async def test_a_picture_may_have_no_address(shown, sent, url, fails):
    node, codes = await shown(
        appointment(),
        selected("service { pictureUrl }"),
        {SERVICES: {"items": [{**SERVICE, "picture": sent}]}},
    )
    assert node["appointment"]["service"]["pictureUrl"] == url
    assert codes == ({"appointment.service.pictureUrl": BROKEN} if fails else {})


async def test_a_company_without_a_list_of_services_is_not_found(shown):
    node, codes = await shown(appointment(), selected("service { name duration }"))
    assert node["appointment"]["service"] == {"name": "Haircut", "duration": None}
    assert codes == {"appointment.service.duration": "NOT_FOUND"}


async def ask(gateway: Any, fields: str) -> Any:
    return await gateway.ask(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")


async def test_all_services_of_a_company_are_one_call_and_those_of_another_one_more(gateway_with):
    lists = {
        f"{SCHEDULING}/{n}/services": {"items": [{"id": "11", "duration": n}, {"id": "12"}]}
        for n in (3, 4)
    }
    items = [
        appointment("3", "1"),
        appointment("4", "2"),
        appointment("3", "3", previousService={"id": "12"}),
    ]
    gateway = gateway_with(lists, *items)
    fields = selected("service { duration color } previousService { duration }")
    answer = await ask(gateway, f"id {fields}")
    durations = [
        each["appointment"]["service"]["duration"] for each in answer["data"]["activities"]["nodes"]
    ]
    assert durations == [3, 4, 3]
    assert gateway.asked == Counter({"/api/2.3/activities": 1} | dict.fromkeys(lists, 1))


UNREADABLE_LINKS: dict[str, object] = {
    "none": None,
    "no text": {"rel": "self"},
    "a number": 5,
    "of something else": "https://api.example.com/api/2.0/notes/3",
    "with an id that is none": LINK % "..%2F..",
    "with its path in the query": "https://api.example.com/?" + LINK % 3,
}


@pytest.mark.parametrize("link", UNREADABLE_LINKS.values(), ids=UNREADABLE_LINKS)
async def test_where_a_link_does_not_say_the_setting_does(shown, link):
    item = appointment(None, selfLink=link)
    known = {f"{SCHEDULING}/9/services": {"items": [SERVICE]}}
    fields = selected("service { duration }")
    node, codes = await shown(item, fields, known, company_id="9")
    assert node["appointment"]["service"] == {"duration": 45}
    assert codes == {}


async def test_a_link_wins_over_the_setting(shown):
    known = {SERVICES: {"items": [SERVICE]}}
    node, codes = await shown(appointment(), selected("service { color }"), known, company_id="9")
    assert (node["appointment"]["service"], codes) == ({"color": "#EFEFEF"}, {})


async def test_a_link_is_never_followed(gateway_over):
    hosts = set()

    def send(request):
        hosts.add(request.url.host)
        return httpx.Response(200, json={"items": [appointment()]})

    await ask(gateway_over(send), selected("service { duration } current { id }"))
    assert hosts == {"sandbox"}


UNKNOWN = selected("""
  appointmentId service { id name duration color } previousService { name duration }
  staff { firstName email } current { id }
""")


async def test_where_nothing_says_which_company_all_else_stands(shown):
    item = appointment(
        None,
        previousService={"id": "12", "name": "Shave"},
        staff={"id": "21", "firstName": "Mina"},
    )
    node, codes = await shown(item, UNKNOWN)
    assert node["appointment"] == {
        "appointmentId": "31",
        "service": {"id": "11", "name": "Haircut", "duration": None, "color": None},
        "previousService": {"name": "Shave", "duration": None},
        "staff": {"firstName": "Mina", "email": None},
        "current": None,
    }
    places = ["service.duration", "service.color", "previousService.duration", "staff.email"]
    assert codes == {f"appointment.{place}": "COMPANY_UNKNOWN" for place in [*places, "current"]}


async def test_where_nothing_says_which_company_nothing_is_called(gateway_with):
    gateway = gateway_with({}, appointment(None))
    await ask(gateway, selected("service { duration }"))
    assert gateway.asked == {"/api/2.3/activities": 1}


async def test_the_company_of_an_appointment_of_today_is_that_of_what_it_has(shown):
    """The link leads through company 9 by the setting; the appointment says it is of company 3."""
    known = {
        f"{SCHEDULING}/9/appointments/31": {
            "id": "31",
            "company": {"id": 3},
            "service": {"id": "11"},
            "staff": {"id": "21"},
        },
        SERVICES: {"items": [SERVICE]},
        STAFF: {"items": [{"id": "21", "email": "mina@example.com"}]},
    }
    fields = selected("current { service { duration } staff { email } }")
    node, codes = await shown(appointment(None), fields, known, company_id="9")
    today = node["appointment"]["current"]
    assert today == {"service": {"duration": 45}, "staff": {"email": "mina@example.com"}}
    assert codes == {}


async def test_changed_services_have_details_too(shown):
    item = appointment(previousService={"id": "12", "name": "Shave"}) | {"event": "updated"}
    fields = """changes { field before { ... on Service { name duration } }
                          after { ... on Service { name duration } } }"""
    known = {SERVICES: {"items": [SERVICE, {"id": "12", "duration": 15}]}}
    node, codes = await shown(item, fields, known)
    assert node["changes"] == [
        {
            "field": "service",
            "before": {"name": "Shave", "duration": 15},
            "after": {"name": "Haircut", "duration": 45},
        }
    ]
    assert codes == {}


COMPANY = {
    "id": "3",
    "name": "Renamed",
    "timeZone": "Europe/Paris",
    "email": "a@example.com",
    "phone": "0102030405",
    "currency": "EUR",
    "address": {
        "street": "1 rue X",
        "otherStreet": "B",
        "zipCode": "69003",
        "state": "ARA",
        "city": "Lyon",
        "country": "FR",
    },
    "websiteLink": "https://www.example.com",
    "picture": {"url": "https://x.example.com/c"},
}
OF_COMPANY = """id name timeZone email phone currency
  address { street otherStreet zipCode state city country } websiteLink pictureUrl"""


def of_company(fields: str) -> str:
    return selected(f"current {{ company {{ {fields} }} }}")


TODAY = {
    f"{SCHEDULING}/3/appointments/31": {"id": "31", "company": {"id": "3", "name": "Downtown"}}
}


async def test_a_company_has_details_by_one_call(shown):
    known = {**TODAY, f"{SCHEDULING}/3": COMPANY}
    node, codes = await shown(appointment(), of_company(OF_COMPANY), known)
    details = {name: value for name, value in COMPANY.items() if name != "picture"}
    assert node["appointment"]["current"]["company"] == {
        **details,
        "name": "Downtown",
        "pictureUrl": "https://x.example.com/c",
    }
    assert codes == {}


async def test_a_company_that_is_no_more_has_its_name_and_nulls_without_an_error(shown):
    node, codes = await shown(appointment(), of_company("name timeZone pictureUrl"), TODAY)
    assert node["appointment"]["current"]["company"] == {
        "name": "Downtown",
        "timeZone": None,
        "pictureUrl": None,
    }
    assert codes == {}


async def test_a_company_is_kept_between_requests_where_that_is_set(gateway_with):
    gateway = gateway_with(
        {**TODAY, f"{SCHEDULING}/3": COMPANY}, appointment(), entity_cache_seconds=60
    )
    for _ in range(3):
        await ask(gateway, of_company("phone"))
    assert gateway.asked[f"{SCHEDULING}/3"] == 1
    assert gateway.asked[f"{SCHEDULING}/3/appointments/31"] == 3
