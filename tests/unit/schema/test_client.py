from typing import Any

import pytest

BROKEN = "UPSTREAM_CONTRACT_BROKEN"

MOMENT = {"dateTime": "2026-07-01T09:00:00", "timeZone": "Europe/Paris"}
PATH = "/api/2.0/clients/7"
ADDRESS = {
    "street": "3, allée X",
    "additionalStreet": None,
    "zipCode": "69003",
    "state": None,
    "city": "Lyon",
    "country": "FR",
}
PLAIN = {
    "firstName": "Zoé",
    "lastName": "Léger",
    "gender": "female",
    "timeZone": "Europe/Paris",
    "language": "fr",
    "description": "Comes <b>early</b>",
    "companyName": "Léger & Fils",
    "jobTitle": "Architecte",
    "birthDate": "1984-02-29",
    "externalId": "CRM-7",
}
SENT: dict[str, object] = {
    "id": "7",
    **PLAIN,
    "emailAddresses": [{"email": "a@x.org", "primary": True}, {"email": "b@x.org"}],
    "phoneNumbers": [{"number": "0611", "primary": True, "mobile": False}, {}],
    "picture": {"url": "https://x.example.com/7"},
    "address": {**ADDRESS, "otherStreet": None},
    "companies": [{"id": 3, "name": "Downtown"}, {"id": "4", "name": None}],
    "explicitConsent": {"date": MOMENT, "text": "I agree"},
    "marketingConsent": {"date": MOMENT, "text": ["I agree", "to mail"]},
}
PROFILE = """profile {
  firstName lastName emailAddresses { emailAddress isPrimary } phoneNumbers { number isPrimary isMobile }
  gender timeZone language description pictureUrl
  address { street additionalStreet zipCode state city country }
  companyName jobTitle birthDate externalId companies { id name }
  explicitConsent { date { dateTime timeZone } text }
  marketingConsent { date { dateTime timeZone } text }
}"""


@pytest.fixture
def profile(gateway_with, codes):
    """`profile, codes = await profile({"id": …}, "firstName")`; codes by path within it."""

    async def profile(
        sent: object, selection: str = PROFILE, **settings: Any
    ) -> tuple[Any, dict[str, str]]:
        gateway = gateway_with({PATH: sent}, **settings)
        answer = await gateway.ask(f"{{ client(id: 7) {{ id {selection} }} }}")
        assert answer["data"]["client"]["id"] == "7"
        return answer["data"]["client"]["profile"], codes(answer, below=2)

    return profile


async def test_a_profile_has_all_its_fields(profile):
    assert await profile(SENT) == (
        {
            **PLAIN,
            "emailAddresses": [
                {"emailAddress": "a@x.org", "isPrimary": True},
                {"emailAddress": "b@x.org", "isPrimary": None},
            ],
            "phoneNumbers": [
                {"number": "0611", "isPrimary": True, "isMobile": False},
            ],
            "pictureUrl": "https://x.example.com/7",
            "address": ADDRESS,
            "companies": [{"id": "3", "name": "Downtown"}, {"id": "4", "name": None}],
            "explicitConsent": {"date": MOMENT, "text": "I agree"},
            "marketingConsent": {"date": MOMENT, "text": "I agree\nto mail"},
        },
        {},
    )


async def test_a_profile_may_be_empty(profile):
    found, codes = await profile({"id": 7})
    assert set(found.values()) == {None}
    assert codes == {}


async def test_a_client_that_is_not_known_has_no_profile_and_no_error(profile):
    assert await profile(404) == (None, {})


@pytest.mark.parametrize(
    ("answer", "code"),
    [(500, "UPSTREAM_UNAVAILABLE"), (403, "FORBIDDEN"), (b"<p>", BROKEN), ({"id": None}, BROKEN)],
)
async def test_a_profile_that_fails_is_one_error(profile, answer, code):
    assert await profile(answer) == (None, {"": code})


TEXTS: dict[str, tuple[object, object]] = {
    "a text": ("I agree", "I agree"),
    "a list": (["I agree", "to mail"], "I agree\nto mail"),
    "a list of one": (["I agree"], "I agree"),
    "an empty line": (["I agree", "", "to mail"], "I agree\n\nto mail"),
    "a list with null": (["I agree", None], "I agree"),
    "an empty list": ([], ""),
    "a number": (5, "5"),
    "none": (None, None),
}


@pytest.mark.parametrize(("sent", "text"), TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("which", ["explicitConsent", "marketingConsent"])
async def test_the_text_of_a_consent_has_two_shapes(profile, which, sent, text):
    found, codes = await profile(
        {"id": "7", which: {"date": MOMENT, "text": sent}}, f"profile {{ {which} {{ text }} }}"
    )
    assert (found, codes) == ({which: {"text": text}}, {})


@pytest.mark.parametrize("sent", [{}, ["I agree", {}], [[]], True])
async def test_the_text_of_a_consent_may_be_unreadable(profile, sent):
    consent = {"date": MOMENT, "text": sent}
    found, codes = await profile(
        {"id": "7", "marketingConsent": consent},
        "profile { marketingConsent { text date { dateTime } } }",
    )
    date = {"dateTime": MOMENT["dateTime"]}
    assert found == {"marketingConsent": {"text": None, "date": date}}
    assert codes == {"marketingConsent.text": BROKEN}


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("firstName", {}),
        ("emailAddresses", [{"email": "a"}, "b"]),
        ("phoneNumbers", {"number": "06"}),
        ("address", "3, allée X"),
        ("companies", [{"name": "without an id"}]),
        ("explicitConsent", "I agree"),
        ("birthDate", {"year": 1984}),
    ],
)
async def test_an_unreadable_field_costs_itself_only(profile, field, sent):
    intact, _ = await profile(SENT)
    found, codes = await profile({**SENT, field: sent})
    assert (found, codes) == ({**intact, field: None}, {field: BROKEN})


async def test_an_unreadable_part_of_an_address_costs_itself_only(profile):
    sent = {"id": "7", "address": {**ADDRESS, "city": []}}
    found, codes = await profile(sent, "profile { address { city zipCode } }")
    assert found == {"address": {"city": None, "zipCode": "69003"}}
    assert codes == {"address.city": BROKEN}


async def test_a_company_of_a_client_has_details(gateway_with):
    company = "/api/2.1/scheduling/companies/3"
    gateway = gateway_with({PATH: SENT, company: {"id": "3", "phone": "04", "name": "Renamed"}})
    data = await gateway.data("{ client(id: 7) { profile { companies { id name phone } } } }")
    assert data["client"]["profile"]["companies"] == [
        {"id": "3", "name": "Downtown", "phone": "04"},
        {"id": "4", "name": None, "phone": None},
    ]


async def test_a_profile_is_read_once_however_often_it_is_asked_for(gateway_with):
    gateway = gateway_with({PATH: SENT})
    await gateway.data("""{
      client(id: 7) { profile { firstName } }
      again: client(id: 7) { profile { lastName } }
      clients(ids: [7, 7]) { profile { gender } }
    }""")
    assert gateway.asked == {PATH: 1}


async def test_an_unknown_client_costs_its_own_profile_only(gateway_with):
    data = await gateway_with({PATH: SENT}).data(
        "{ clients(ids: [8, 7]) { id profile { firstName } } }"
    )
    assert data["clients"] == [
        {"id": "8", "profile": None},
        {"id": "7", "profile": {"firstName": "Zoé"}},
    ]


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("id_", ["../companies", "7/8", "é", "x" * 65])
async def test_what_cannot_be_an_id_is_refused_without_a_call(gateway_with, compile_queries, id_):
    gateway = gateway_with({}, compile_queries=compile_queries)
    query = "query ($id: ID!) { client(id: $id) { id profile { firstName } } }"
    answer = await gateway.ask(query, {"id": id_})
    assert answer["data"] == {"client": {"id": id_, "profile": None}}
    (error,) = answer["errors"]
    assert error["path"] == ["client", "profile"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "id"}
    assert not gateway.asked


PROFILE_OF = {
    "ids": "query ($id: ID!) { clients(ids: [$id]) { profile { firstName } } }",
    "clientId": """query ($id: ID!) { activities(clientId: $id) { nodes {
      client { profile { firstName } } } } }""",
}


@pytest.mark.parametrize("argument", PROFILE_OF)
async def test_what_cannot_be_an_id_is_refused_by_the_name_of_its_argument(gateway_with, argument):
    gateway = gateway_with({}, {"id": "1", "type": "note"})
    (error,) = (await gateway.ask(PROFILE_OF[argument], {"id": "7/8"}))["errors"]
    assert error["path"][-1] == "profile"
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": argument}


async def test_a_profile_and_a_timeline_stand_each_for_itself(gateway_with, codes):
    gateway = gateway_with({PATH: 500, "/api/2.3/activities": {"items": []}})
    answer = await gateway.ask(
        "{ client(id: 7) { profile { firstName } activities { totalCount } } }"
    )
    assert answer["data"] == {"client": {"profile": None, "activities": {"totalCount": 0}}}
    assert codes(answer) == {"client.profile": "UPSTREAM_UNAVAILABLE"}


LINK = "/companies/3/appointments/31"
OF_LINK = f"/api/2.1/scheduling{LINK}"
REGISTRATION = {"id": "5", "conference": {"id": "50"}, "session": {"id": "60"}}
OF_REGISTRATION = "/conferences/api/1.0/conferences/50/sessions/60/registrations/5"

# What is reached through a thing of client 7, what does not itself say where it belongs, and the errors of this.
ELSEWHERE: dict[str, tuple[Any, ...]] = {
    "an appointment": (
        "appointment",
        {"id": "31", "selfLink": LINK},
        {OF_LINK: {"id": "31", "client": {"id": "7"}}},
        {"id": "32"},
        ["COMPANY_UNKNOWN"],
    ),
    "a registration": (
        "conferenceRegistration",
        REGISTRATION,
        {OF_REGISTRATION: {"id": "5", "client": {"id": "7"}}},
        {"id": "6", "session": {"id": "61"}},
        [],
    ),
}


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
async def test_what_a_client_was_reached_through_says_nothing_of_their_other_activities(
    gateway_with, codes, elsewhere
):
    kind, reached, known, lacking, errors = ELSEWHERE[elsewhere]
    items = [{"id": str(i), "type": kind, kind: sent} for i, sent in enumerate((reached, lacking))]
    gateway = gateway_with(known, *items)
    fragment = f"... on {kind[0].upper()}{kind[1:]}Activity"
    answer = await gateway.ask(f"""
        query {{ activities(clientId: 7, first: 1) {{ nodes {{ ...outer }} }} }}
        fragment outer on Activity {{ {fragment} {{ {kind} {{ current {{ client {{
          activities(last: 1) {{ nodes {{ {fragment} {{ {kind} {{ current {{ id }} }} }} }} }}
        }} }} }} }} }}
    """)
    assert list(codes(answer).values()) == errors
    [outer] = answer["data"]["activities"]["nodes"]
    [inner] = outer[kind]["current"]["client"]["activities"]["nodes"]
    assert inner == {kind: {"current": None}}
    assert gateway.asked == dict.fromkeys(["/api/2.3/activities", *known], 1)


async def test_an_id_of_a_client_that_the_upstream_made_up_is_no_mistake_of_the_callers(
    gateway_with, codes
):
    item = {"id": "1", "type": "appointment", "appointment": {"id": "31", "selfLink": LINK}}
    gateway = gateway_with({OF_LINK: {"id": "31", "client": {"id": "a/b"}}}, item)
    selected = "appointment { current { client { id profile { firstName } } } }"
    answer = await gateway.ask(
        f"{{ activities(clientId: 7) {{ nodes {{ ... on AppointmentActivity {{ {selected} }} }} }} }}"
    )
    assert list(codes(answer).values()) == ["UPSTREAM_CONTRACT_BROKEN"]
