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
ALL = """id name description durationMinutes bufferMinutes capacity price { amount } isPayable color
  pictureUrl externalId"""
TODAY_OF_SERVICE = {
    "id": "11",
    "name": "Renamed",
    "description": "Wash & cut",
    "durationMinutes": 45,
    "bufferMinutes": 10,
    "capacity": 2,
    "price": {"amount": 30.5},
    "isPayable": False,
    "color": "#EFEFEF",
    "pictureUrl": "https://x.example.com/p",
    "externalId": "HC",
}
FIELD_BY_KEY = {
    "duration": "durationMinutes",
    "bufferDuration": "bufferMinutes",
    "payable": "isPayable",
}
"""The names of the fields whose keys are others."""


def service_today(fields: str) -> str:
    return selected(f"service {{ current {{ {fields} }} }}")


async def test_a_service_of_today_is_read_by_one_list(gateway_with):
    gateway = gateway_with({SERVICES: {"items": [SERVICE]}}, appointment())
    fields = selected(f"service {{ serviceId name current {{ {ALL} }} }}")
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    [node] = data["activities"]["nodes"]
    recorded = {"serviceId": "11", "name": "Haircut"}
    assert node["appointment"]["service"] == {**recorded, "current": TODAY_OF_SERVICE}
    assert gateway.asked == {"/api/2.3/activities": 1, SERVICES: 1}


@pytest.mark.parametrize(
    "details", ["", "description", "durationMinutes price { amount }", "externalId pictureUrl"]
)
async def test_today_never_changes_the_recorded_name(select, details):
    node, _ = await select(
        appointment(),
        selected(f"service {{ name current {{ name {details} }} }}"),
        {SERVICES: {"items": [SERVICE]}},
    )
    assert node["appointment"]["service"]["name"] == "Haircut"
    assert node["appointment"]["service"]["current"]["name"] == "Renamed"


async def test_what_was_recorded_of_a_service_and_a_company_costs_nothing(gateway_with):
    gateway = gateway_with({}, appointment())
    fields = selected("service { serviceId name __typename } company { companyId }")
    await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    assert gateway.asked == {"/api/2.3/activities": 1}


async def test_a_service_that_is_no_more_has_its_recorded_name_and_is_null_today(select):
    others = {SERVICES: {"items": [{**SERVICE, "id": "12"}]}}
    fields = selected(f"service {{ serviceId name current {{ {ALL} }} }}")
    node, codes = await select(appointment(), fields, others)
    expected = {"serviceId": "11", "name": "Haircut", "current": None}
    assert (node["appointment"]["service"], codes) == (expected, {})


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("company", ["3", None])
@pytest.mark.parametrize("sent", [{}, {"id": None}, {"id": ""}], ids=str)
async def test_a_service_without_an_id_is_null_today_without_an_error_and_without_a_read(
    gateway_with, compile_queries, company, sent
):
    item = appointment(company, service={"name": "Haircut", **sent})
    gateway = gateway_with({}, item, compile_queries=compile_queries)
    fields = selected("service { serviceId name current { id price { amount } } }")
    data = await gateway.data(f"{{ activities(clientId: 7) {{ nodes {{ {fields} }} }} }}")
    [node] = data["activities"]["nodes"]
    expected = {"serviceId": None, "name": "Haircut", "current": None}
    assert node["appointment"]["service"] == expected
    assert gateway.asked == {"/api/2.3/activities": 1}


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("description", {}),
        ("duration", "45 min"),
        ("duration", 2**31),
        ("capacity", 1.5),
        ("payable", "yes"),
        ("color", []),
    ],
)
async def test_an_unreadable_detail_costs_itself_only(select, key, sent):
    node, codes = await select(
        appointment(), service_today(ALL), {SERVICES: {"items": [{**SERVICE, key: sent}]}}
    )
    field = FIELD_BY_KEY.get(key, key)
    assert node["appointment"]["service"]["current"] == {**TODAY_OF_SERVICE, field: None}
    assert codes == {f"appointment.service.current.{field}": BROKEN}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_an_unreadable_price_costs_itself_only(select, compile_queries):
    services = {SERVICES: {"items": [{**SERVICE, "price": "30,00"}]}}
    node, codes = await select(
        appointment(), service_today(ALL), services, compile_queries=compile_queries
    )
    assert node["appointment"]["service"]["current"] == {**TODAY_OF_SERVICE, "price": None}
    assert codes == {"appointment.service.current.price": BROKEN}


PICTURES = {"unreadable": ("x", None, True), "without an address": ({}, None, False)}


@pytest.mark.parametrize(("sent", "url", "fails"), PICTURES.values(), ids=PICTURES)
async def test_a_picture_may_have_no_address(select, sent, url, fails):
    node, codes = await select(
        appointment(),
        service_today("pictureUrl"),
        {SERVICES: {"items": [{**SERVICE, "picture": sent}]}},
    )
    assert node["appointment"]["service"]["current"]["pictureUrl"] == url
    assert codes == ({"appointment.service.current.pictureUrl": BROKEN} if fails else {})


async def test_a_company_without_a_list_of_services_is_not_found(select):
    fields = selected("service { name current { durationMinutes } }")
    node, codes = await select(appointment(), fields)
    assert node["appointment"]["service"] == {"name": "Haircut", "current": None}
    assert codes == {"appointment.service.current": "NOT_FOUND"}


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
    fields = selected("""service { current { durationMinutes color } }
                         previousService { current { durationMinutes } }""")
    answer = await ask(gateway, f"id {fields}")
    durations = [
        each["appointment"]["service"]["current"]["durationMinutes"]
        for each in answer["data"]["activities"]["nodes"]
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
async def test_where_a_link_does_not_say_the_setting_does(select, link):
    item = appointment(None, selfLink=link)
    known = {f"{SCHEDULING}/9/services": {"items": [SERVICE]}}
    fields = service_today("durationMinutes")
    node, codes = await select(item, fields, known, company_id="9")
    assert node["appointment"]["service"] == {"current": {"durationMinutes": 45}}
    assert codes == {}


async def test_a_link_wins_over_the_setting(select):
    known = {SERVICES: {"items": [SERVICE]}}
    node, codes = await select(appointment(), service_today("color"), known, company_id="9")
    assert node["appointment"]["service"] == {"current": {"color": "#EFEFEF"}}
    assert codes == {}


async def test_a_link_is_never_followed(gateway_over):
    hosts = set()

    def send(request):
        hosts.add(request.url.host)
        return httpx.Response(200, json={"items": [appointment()]})

    await ask(gateway_over(send), selected("service { current { id } } current { id }"))
    assert hosts == {"sandbox"}


UNKNOWN = selected("""
  appointmentId company { companyId } service { serviceId name current { durationMinutes } }
  previousService { name current { color } } staff { firstName current { emailAddress } } current { id }
""")


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_where_nothing_says_which_company_all_else_stands_and_nothing_is_called(
    gateway_with, codes, compile_queries
):
    item = appointment(
        None,
        previousService={"id": "12", "name": "Shave"},
        staff={"id": "21", "firstName": "Mina"},
    )
    gateway = gateway_with({}, item, compile_queries=compile_queries)
    answer = await ask(gateway, UNKNOWN)
    [node] = answer["data"]["activities"]["nodes"]
    assert node["appointment"] == {
        "appointmentId": "31",
        "company": None,
        "service": {"serviceId": "11", "name": "Haircut", "current": None},
        "previousService": {"name": "Shave", "current": None},
        "staff": {"firstName": "Mina", "current": None},
        "current": None,
    }
    places = ["service.current", "previousService.current", "staff.current", "current"]
    found = codes(answer, below=3)
    assert found == {f"appointment.{place}": "COMPANY_UNKNOWN" for place in places}
    assert gateway.asked == {"/api/2.3/activities": 1}


async def test_the_company_of_an_appointment_of_today_is_that_of_what_it_has(select):
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
    fields = selected("current { service { durationMinutes } staff { emailAddress } }")
    node, codes = await select(appointment(None), fields, known, company_id="9")
    assert node["appointment"]["current"] == {
        "service": {"durationMinutes": 45},
        "staff": {"emailAddress": "mina@example.com"},
    }
    assert codes == {}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_changed_services_are_reached_by_the_company_of_the_appointment(
    select, compile_queries
):
    item = appointment(previousService={"id": "12", "name": "Shave"}) | {"event": "updated"}
    value = "... on ServiceSnapshot { name current { durationMinutes } }"
    fields = f"changes {{ fieldRaw before {{ {value} }} after {{ {value} }} }}"
    known = {SERVICES: {"items": [SERVICE, {"id": "12", "duration": 15}]}}
    node, codes = await select(item, fields, known, compile_queries=compile_queries)
    assert node["changes"] == [
        {
            "fieldRaw": "service",
            "before": {"name": "Shave", "current": {"durationMinutes": 15}},
            "after": {"name": "Haircut", "current": {"durationMinutes": 45}},
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
OF_COMPANY = """id name timeZone emailAddress phone currency
  address { street additionalStreet zipCode state city country } websiteUrl pictureUrl"""
COMPANY_SHOWN = {
    "id": "3",
    "name": "Renamed",
    "timeZone": "Europe/Paris",
    "emailAddress": "a@example.com",
    "phone": "0102030405",
    "currency": "EUR",
    "address": {
        "street": "1 rue X",
        "additionalStreet": "B",
        "zipCode": "69003",
        "state": "ARA",
        "city": "Lyon",
        "country": "FR",
    },
    "websiteUrl": "https://www.example.com",
    "pictureUrl": "https://x.example.com/c",
}


def of_company(fields: str) -> str:
    return selected(f"current {{ company {{ {fields} }} }}")


TODAY = {
    f"{SCHEDULING}/3/appointments/31": {"id": "31", "company": {"id": "3", "name": "Downtown"}}
}


async def test_a_company_has_details_by_one_call(select):
    known = {**TODAY, f"{SCHEDULING}/3": COMPANY}
    node, codes = await select(appointment(), of_company(OF_COMPANY), known)
    assert node["appointment"]["current"]["company"] == {**COMPANY_SHOWN, "name": "Downtown"}
    assert codes == {}


async def test_a_company_of_an_appointment_that_is_no_more_has_its_name_and_nulls(select):
    node, codes = await select(appointment(), of_company("name timeZone pictureUrl"), TODAY)
    assert node["appointment"]["current"]["company"] == {
        "name": "Downtown",
        "timeZone": None,
        "pictureUrl": None,
    }
    assert codes == {}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_the_company_of_a_snapshot_is_one_read_today(gateway_with, compile_queries):
    items = [appointment("3", "1"), appointment("3", "2")]
    gateway = gateway_with(
        {f"{SCHEDULING}/3": COMPANY}, *items, compile_queries=compile_queries, company_id="9"
    )
    answer = await ask(gateway, selected(f"company {{ companyId current {{ {OF_COMPANY} }} }}"))
    company = {"companyId": "3", "current": COMPANY_SHOWN}
    assert answer["data"]["activities"]["nodes"] == [{"appointment": {"company": company}}] * 2
    assert "errors" not in answer
    assert gateway.asked == {"/api/2.3/activities": 1, f"{SCHEDULING}/3": 1}


async def test_a_company_of_a_snapshot_that_is_no_more_is_null_today_without_an_error(select):
    fields = selected("company { companyId current { name } }")
    node, codes = await select(appointment(), fields)
    assert node["appointment"]["company"] == {"companyId": "3", "current": None}
    assert codes == {}


async def test_a_company_is_kept_between_requests_where_that_is_set(gateway_with):
    gateway = gateway_with(
        {**TODAY, f"{SCHEDULING}/3": COMPANY}, appointment(), entity_cache_seconds=60
    )
    for _ in range(3):
        await ask(gateway, of_company("phone"))
    assert gateway.asked[f"{SCHEDULING}/3"] == 1
    assert gateway.asked[f"{SCHEDULING}/3/appointments/31"] == 3


PRICE = "price { amount currency }"
CURRENCIES: dict[str, tuple[object, object, dict[str, str]]] = {
    "of the company": (COMPANY, "EUR", {}),
    "of a company that sends none": ({"id": "3"}, None, {}),
    "of a company that is no more": (404, None, {}),
    "of a company that cannot be read": (
        500,
        None,
        {
            "appointment.company.current": "UPSTREAM_UNAVAILABLE",
            "appointment.service.current.price.currency": "UPSTREAM_UNAVAILABLE",
        },
    ),
    "that is unreadable": (
        {**COMPANY, "currency": []},
        None,
        {"appointment.service.current.price.currency": BROKEN},
    ),
}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("case", CURRENCIES)
@pytest.mark.parametrize("is_first", [True, False], ids=["company first", "service first"])
async def test_the_currency_of_a_price_is_that_of_the_company_which_is_read_once(
    gateway_with, codes, compile_queries, case, is_first
):
    company, currency, errors = CURRENCIES[case]
    known = {SERVICES: {"items": [SERVICE]}, f"{SCHEDULING}/3": company}
    gateway = gateway_with(known, appointment(), compile_queries=compile_queries)
    parts = ["company { current { name } }", f"service {{ current {{ {PRICE} }} }}"]
    answer = await ask(gateway, selected(" ".join(parts if is_first else parts[::-1])))
    [node] = answer["data"]["activities"]["nodes"]
    price = {"amount": 30.5, "currency": currency}
    assert node["appointment"]["service"]["current"]["price"] == price
    assert codes(answer, below=3) == errors
    assert gateway.asked == {"/api/2.3/activities": 1, SERVICES: 1, f"{SCHEDULING}/3": 1}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_the_currency_of_a_price_costs_the_read_of_the_company(gateway_with, compile_queries):
    known = {SERVICES: {"items": [SERVICE]}, f"{SCHEDULING}/3": COMPANY}
    gateway = gateway_with(known, appointment(), compile_queries=compile_queries)
    answer = await ask(gateway, service_today(PRICE))
    [node] = answer["data"]["activities"]["nodes"]
    price = {"amount": 30.5, "currency": "EUR"}
    assert node["appointment"]["service"]["current"]["price"] == price
    assert gateway.asked == {"/api/2.3/activities": 1, SERVICES: 1, f"{SCHEDULING}/3": 1}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_the_amount_of_a_price_costs_no_read_of_the_company(gateway_with, compile_queries):
    known = {SERVICES: {"items": [SERVICE]}, f"{SCHEDULING}/3": COMPANY}
    gateway = gateway_with(known, appointment(), compile_queries=compile_queries)
    answer = await ask(gateway, service_today("price { amount }"))
    [node] = answer["data"]["activities"]["nodes"]
    assert node["appointment"]["service"]["current"]["price"] == {"amount": 30.5}
    assert gateway.asked == {"/api/2.3/activities": 1, SERVICES: 1}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_the_currency_of_a_price_is_that_of_the_configured_company(
    gateway_with, compile_queries
):
    known = {SERVICES: {"items": [SERVICE]}, f"{SCHEDULING}/3": COMPANY}
    linkless = appointment(company=None)
    gateway = gateway_with(known, linkless, compile_queries=compile_queries, company_id="3")
    answer = await ask(gateway, service_today(PRICE))
    [node] = answer["data"]["activities"]["nodes"]
    price = {"amount": 30.5, "currency": "EUR"}
    assert node["appointment"]["service"]["current"]["price"] == price


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_the_price_of_a_service_of_an_appointment_of_today_has_its_currency_too(
    gateway_with, compile_queries
):
    known = {
        f"{SCHEDULING}/3/appointments/31": {
            "id": "31",
            "company": {"id": "3"},
            "service": {"id": "11"},
        },
        SERVICES: {"items": [SERVICE]},
        f"{SCHEDULING}/3": COMPANY,
    }
    gateway = gateway_with(known, compile_queries=compile_queries)
    query = f"""{{ appointment(id: 31, companyId: 3) {{
      company {{ currency }} service {{ {PRICE} }} }} }}"""
    data = await gateway.data(query)
    assert data["appointment"]["service"]["price"] == {"amount": 30.5, "currency": "EUR"}
    assert gateway.asked == dict.fromkeys(known, 1)


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_a_service_without_a_price_has_none_also_where_the_currency_is_known(
    gateway_with, compile_queries
):
    known = {
        SERVICES: {"items": [{**SERVICE, "price": None}]},
        f"{SCHEDULING}/3": COMPANY,
    }
    gateway = gateway_with(known, appointment(), compile_queries=compile_queries)
    fields = selected(f"company {{ current {{ currency }} }} service {{ current {{ {PRICE} }} }}")
    answer = await ask(gateway, fields)
    [node] = answer["data"]["activities"]["nodes"]
    assert node["appointment"]["service"]["current"]["price"] is None
    assert "errors" not in answer
