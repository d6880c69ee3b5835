from itertools import product
from typing import Any

import httpx
import pytest

from gateway.errors import InvalidArgument, InvalidUpstreamResponse, NotFound, UpstreamUnavailable
from gateway.upstream import endpoints
from gateway.upstream.api import UpstreamApi
from gateway.upstream.credentials import Caller
from gateway.upstream.endpoints import Endpoint
from gateway.upstream.records.enums import ActivityKind
from tests.unit.upstream.reading import result_of

NOBODY = Caller((), b"")


@pytest.fixture
def upstream(upstream_over, recorder):
    return upstream_over(recorder)


# Timelines


async def test_a_timeline_is_one_get_below_the_prefix(upstream, recorder):
    assert (await result_of(upstream.activities(NOBODY, "7"))).content == []
    assert recorder.last.method == "GET"
    assert str(recorder.last.url) == "http://upstream/api/2.3/activities?clientId=7&sort=asc"
    assert recorder.last.content == b""


async def test_the_newest_first_is_another_order_of_the_same(upstream, recorder):
    await result_of(upstream.activities(NOBODY, "7", newest_first=True))
    assert str(recorder.last.url) == "http://upstream/api/2.3/activities?clientId=7&sort=desc"


@pytest.mark.parametrize(
    ("origin", "prefix", "url"),
    [
        ("https://api.agendize.com", "/api/2.3", "https://api.agendize.com/api/2.3/activities"),
        ("https://sante.agendize.com/", "/v9/", "https://sante.agendize.com/v9/activities"),
        ("http://127.0.0.1:8001", "", "http://127.0.0.1:8001/activities"),
        ("http://upstream", "/", "http://upstream/activities"),
    ],
    ids=["api", "region", "port", "root"],
)
async def test_the_origin_and_the_prefix_are_settings(upstream_over, recorder, origin, prefix, url):
    upstream = upstream_over(recorder, upstream_url=origin, activities_prefix=prefix)
    await result_of(upstream.activities(NOBODY, "7"))
    assert str(recorder.last.url.copy_with(query=None)) == url


async def test_kinds_are_named_in_one_order_however_they_were_given(upstream, recorder):
    kinds = [ActivityKind.TEXT_MESSAGE_NOTIFICATION, ActivityKind.NOTE, ActivityKind.APPOINTMENT]
    for given in (kinds, kinds[::-1], frozenset(kinds), [*kinds, ActivityKind.NOTE]):
        await result_of(upstream.activities(NOBODY, "7", kinds=given))
    assert {request.url.params["type"] for request in recorder.requests} == {
        "appointment,note,textMessageNotification"
    }


async def test_an_appointment_is_a_parameter(upstream, recorder):
    await result_of(upstream.activities(NOBODY, "7", appointment_id="11"))
    assert dict(recorder.last.url.params) == {
        "clientId": "7",
        "sort": "asc",
        "appointmentId": "11",
    }


@pytest.mark.parametrize(
    "id_",
    [
        "1&type=x",
        "1;type=x",
        "1#x",
        "1?x=y",
        "a b",
        "a+b",
        "é",
        "😀",
        "%2F",
        "%26type%3Dx",
        "../x",
        "//evil.example",
        "http://evil.example/",
        "@evil.example",
        "\x00",
        "\r\nX-Evil: 1",
        "",
        " ",
        '"<>\\^`{|}',
    ],
    ids=repr,
)
async def test_no_id_changes_the_path_or_the_other_parameters(upstream, recorder, id_):
    await result_of(upstream.activities(NOBODY, id_, appointment_id=id_, kinds=[ActivityKind.NOTE]))
    url = recorder.last.url
    assert (url.scheme, url.host, url.path) == ("http", "upstream", "/api/2.3/activities")
    assert url.raw_path.isascii()
    assert url.fragment == ""
    assert url.params.multi_items() == [
        ("clientId", id_),
        ("sort", "asc"),
        ("type", "note"),
        ("appointmentId", id_),
    ]


@pytest.mark.parametrize("id_", ["7" * 70_000, "\ud83d"], ids=["long", "half"])
async def test_an_id_that_no_url_can_hold_is_refused_without_a_call(upstream, recorder, id_):
    with pytest.raises(InvalidArgument):
        await result_of(upstream.activities(NOBODY, id_))
    assert recorder.requests == []


# Entities

PATHS: dict[str, tuple[tuple[str, ...], str]] = {
    "CLIENT": (("7",), "/api/2.0/clients/7"),
    "NOTE": (("7",), "/api/2.0/notes/7"),
    "COMPANY": (("3",), "/api/2.1/scheduling/companies/3"),
    "STAFF": (("3",), "/api/2.1/scheduling/companies/3/staff"),
    "SERVICE": (("3",), "/api/2.1/scheduling/companies/3/services"),
    "APPOINTMENT": (("3", "1"), "/api/2.1/scheduling/companies/3/appointments/1"),
    "APPOINTMENT_WITHOUT_COMPANY": (("1",), "/1"),
    "CLIENT_APPOINTMENT": (
        ("3", "7"),
        "/api/2.1/scheduling/companies/3/appointments?clientId=7&levelDetail=full",
    ),
    "FORM": (("5",), "/api/2.3/forms/5"),
    "FORM_RESULT": (("5", "6"), "/api/2.3/forms/5/results/6"),
    "CONFERENCE": (("8",), "/conferences/api/1.0/conferences/8"),
    "CONFERENCE_SESSION": (("8", "9"), "/conferences/api/1.0/conferences/8/sessions/9"),
    "CONFERENCE_REGISTRATION": (
        ("8", "9", "1"),
        "/conferences/api/1.0/conferences/8/sessions/9/registrations/1",
    ),
}
"""The ids of each endpoint's read, and its address."""

ENDPOINTS: dict[str, Endpoint[Any]] = {
    name: row for name, row in vars(endpoints).items() if isinstance(row, Endpoint)
}
LISTS = {"STAFF", "SERVICE", "CLIENT_APPOINTMENT"}
CACHED = {"COMPANY", "STAFF", "SERVICE", "FORM", "CONFERENCE", "CONFERENCE_SESSION"}

ALL = pytest.mark.parametrize("name", PATHS)
ONE_THING = pytest.mark.parametrize("name", [name for name in PATHS if name not in LISTS])
LIST = pytest.mark.parametrize("name", sorted(LISTS))


async def read(upstream: UpstreamApi, name: str, ids: tuple[str, ...] = ()) -> Any:
    endpoint = ENDPOINTS[name]
    ids = ids or PATHS[name][0]
    return (await result_of(upstream.fetch(NOBODY, endpoint, *ids))).content


def test_every_endpoint_is_in_the_table_of_these_tests():
    assert set(ENDPOINTS) == set(PATHS)
    assert {name for name, row in ENDPOINTS.items() if row.is_list} == LISTS
    assert {name for name, row in ENDPOINTS.items() if row.cacheable} == CACHED


@ALL
def test_a_load_takes_the_ids_of_the_read_and_those_within_a_list(name):
    endpoint = ENDPOINTS[name]
    assert len(endpoint.required_ids) == len(PATHS[name][0]) + (name in LISTS)
    assert endpoint.ids == (*endpoint.required_ids, *endpoint.hints)


def test_what_a_company_has_belongs_to_it_and_the_company_to_nothing():
    assert {name for name, row in ENDPOINTS.items() if row.belongs_to_company} == {
        "STAFF",
        "SERVICE",
        "APPOINTMENT",
        "CLIENT_APPOINTMENT",
    }


@ALL
async def test_an_entity_is_one_get_below_its_prefix(upstream, recorder, name):
    await read(upstream, name)
    [request] = recorder.requests
    assert request.method == "GET"
    assert request.url.raw_path.decode() == PATHS[name][1]


@ALL
async def test_where_an_entity_lives_is_a_setting(upstream_over, recorder, name):
    prefixes = {
        "clients_path": ("/api/2.0/clients", "/api/2.3/contacts"),
        "notes_prefix": ("/api/2.0", "/n"),
        "scheduling_prefix": ("/api/2.1/scheduling", "/s"),
        "forms_prefix": ("/api/2.3", ""),
        "conferences_prefix": ("/conferences/api/1.0", "/c/v9"),
        "appointments_path": ("", "/v9/appointments"),
    }
    area = {"CLIENT": "clients_path", "NOTE": "notes_prefix", "FORM": "forms_prefix"}
    area |= {"FORM_RESULT": "forms_prefix", "APPOINTMENT_WITHOUT_COMPANY": "appointments_path"}
    area |= {each: "conferences_prefix" for each in PATHS if each.startswith("CONFERENCE")}
    setting = area.get(name, "scheduling_prefix")
    upstream = upstream_over(recorder, **{each: new for each, (_, new) in prefixes.items()})
    await read(upstream, name)
    before, after = prefixes[setting]
    expected = after + PATHS[name][1].removeprefix(before)
    assert recorder.last.url.raw_path.decode() == expected


WRONG = ("", "..", "a/b", "a?b", "%2e", "é", "x" * 65)


@ALL
async def test_what_cannot_be_an_id_breaks_the_contract_without_a_call(upstream, recorder, name):
    ids, path = PATHS[name]
    in_the_path = [place for place, id_ in enumerate(ids) if f"/{id_}" in path]
    assert in_the_path
    for wrong, place in product(WRONG, in_the_path):
        given = (*ids[:place], wrong, *ids[place + 1 :])
        with pytest.raises(InvalidUpstreamResponse):
            await read(upstream, name, given)
    assert recorder.requests == []


async def test_a_client_s_id_is_a_parameter_of_its_list_of_appointments(upstream, recorder):
    await read(upstream, "CLIENT_APPOINTMENT", ("3", "a&levelDetail=none"))
    assert recorder.last.url.params.multi_items() == [
        ("clientId", "a&levelDetail=none"),
        ("levelDetail", "full"),
    ]


@ONE_THING
@pytest.mark.parametrize(
    "answer",
    [(404, {}), (404, {"error": {"code": 404}}), (200, {"error": {"code": 404}})],
    ids=["status", "both", "object"],
)
async def test_one_thing_that_the_upstream_does_not_know_is_none(upstream_over, name, answer):
    status, content = answer
    upstream = upstream_over(lambda _: httpx.Response(status, json=content))
    assert await read(upstream, name) is None


@LIST
async def test_a_list_that_the_upstream_does_not_know_is_not_found(upstream_over, name):
    with pytest.raises(NotFound):
        await read(upstream_over(lambda _: httpx.Response(404)), name)


async def test_a_timeline_that_the_upstream_does_not_know_is_not_found(upstream_over):
    with pytest.raises(NotFound):
        await result_of(upstream_over(lambda _: httpx.Response(404)).activities(NOBODY, "7"))


@ALL
async def test_a_failure_of_the_upstream_is_no_answer(upstream_over, name):
    with pytest.raises(UpstreamUnavailable):
        await read(upstream_over(lambda _: httpx.Response(503)), name)


@ALL
@pytest.mark.parametrize("content", [b"", b"null", b"[[]]", b"{}", b"<html>"], ids=repr)
async def test_an_answer_of_another_form_breaks_the_contract(upstream_over, name, content):
    with pytest.raises(InvalidUpstreamResponse):
        await read(upstream_over(lambda _: httpx.Response(200, content=content)), name)


@ONE_THING
async def test_one_thing_is_read_with_its_id(upstream_over, name):
    upstream = upstream_over(lambda _: httpx.Response(200, json={"id": 12345678901234567}))
    ids = ("3", "12345678901234567") if name == "APPOINTMENT" else ()
    found = await read(upstream, name, ids)
    assert found.id == 12345678901234567


async def test_an_appointment_that_was_found_by_its_reference_is_read_with_its_own_id(upstream):
    assert (await read(upstream, "APPOINTMENT", ("3", "2"))).id != "2"


@LIST
async def test_a_list_is_read_by_its_ids(upstream_over, name):
    upstream = upstream_over(lambda _: httpx.Response(200, json={"items": [{"id": 1}]}))
    roster = await read(upstream, name)
    assert roster.find("1").id == 1
    assert roster.find("2") is None


@ALL
async def test_what_changes_seldom_is_kept_and_nothing_else(upstream_over, recorder, name):
    upstream = upstream_over(recorder, entity_cache_seconds=60)
    for _ in range(3):
        await read(upstream, name)
    assert len(recorder.requests) == (1 if name in CACHED else 3)


async def test_a_timeline_is_never_kept(upstream_over, recorder):
    upstream = upstream_over(recorder, entity_cache_seconds=60)
    for _ in range(3):
        await result_of(upstream.activities(NOBODY, "7"))
    assert len(recorder.requests) == 3


@ALL
async def test_nothing_is_kept_by_default(upstream, recorder, name):
    for _ in range(2):
        await read(upstream, name)
    assert len(recorder.requests) == 2


@pytest.mark.parametrize("name", sorted(CACHED - LISTS))
async def test_that_something_is_not_there_is_not_kept(upstream_over, name):
    answers = [httpx.Response(404), httpx.Response(200, json={"id": "1"})]
    upstream = upstream_over(lambda _: answers.pop(0), entity_cache_seconds=60)
    assert await read(upstream, name) is None
    assert await read(upstream, name) is not None
