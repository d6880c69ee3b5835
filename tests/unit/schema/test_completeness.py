"""What an answer says of what is not in it, and of when it was read."""

from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.errors import InstantUnknown, InvalidUpstreamResponse
from gateway.schema.completeness import Completeness, ReadTimestamp, build_completeness
from tests.support.upstream import Upstream

DATE = {"timeZone": "UTC"}
ITEMS = [
    {"id": str(day), "type": "note", "date": {"dateTime": f"2026-03-0{day}T10:00:00", **DATE}}
    for day in range(1, 6)
]
NINE = "2026-03-29T09:00:00.000Z"
COMPLETENESS = "completeness { isComplete isStale fetchedAt missing { code count retryable } }"
PAGE = f"""
query($after: String, $before: String, $last: Int, $first: Int, $kinds: [ActivityKind!]) {{
  activities(
    clientId: 7, filter: {{ kinds: $kinds }}, first: $first, after: $after, last: $last, before: $before
  ) {{
    totalCount nodes {{ id }} pageInfo {{ hasNextPage endCursor startCursor }} {COMPLETENESS}
  }}
}}"""
FRESH = {"isComplete": True, "isStale": False, "fetchedAt": NINE, "missing": []}
STALE = {"isComplete": False, "isStale": True, "fetchedAt": NINE, "missing": []}


@pytest.mark.parametrize(
    "left_out",
    [
        {},
        {InvalidUpstreamResponse: 2},
        {InstantUnknown: 3},
        {InstantUnknown: 3, InvalidUpstreamResponse: 2},
    ],
    ids=["nothing", "the unreadable", "the unknown", "both"],
)
@pytest.mark.parametrize("is_stale", [False, True])
def test_an_answer_is_complete_where_nothing_is_left_out_and_nothing_can_have_come_since(
    left_out, is_stale
):
    found: Completeness = build_completeness(left_out, ReadTimestamp(0.0, is_stale))
    assert found.is_complete is (not left_out and not is_stale)
    kinds = [kind for kind in (InvalidUpstreamResponse, InstantUnknown) if kind in left_out]
    assert [(part.code.value, part.count, part.retryable) for part in found.missing] == [
        (kind.code, left_out[kind], False) for kind in kinds
    ]
    assert len({part.message for part in found.missing}) == len(kinds)
    assert found.is_stale is is_stale


class UpstreamWithAnAppointment(Upstream):
    """Sends a timeline, and the appointment 9, which never fails."""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/appointments/9"):
            return httpx.Response(200, json={"id": "9"})
        return await super().__call__(request)


@pytest.fixture
def upstream():
    return UpstreamWithAnAppointment(*ITEMS)


@pytest.fixture(params=["eager", "off"])
def gateway(request, gateway_over, upstream):
    return gateway_over(
        upstream,
        compile_queries=request.param,
        stale_if_error_seconds=600,
        upstream_attempts=1,
        explain=True,
        company_id="3",
    )


async def page(gateway: Any, **variables: Any) -> Any:
    return (await gateway.data(PAGE, **variables))["activities"]


def ids(found: Any) -> list[str]:
    return [node["id"] for node in found["nodes"]]


async def test_a_new_answer_says_when_it_was_read(gateway):
    assert (await page(gateway))["completeness"] == FRESH


async def test_an_earlier_answer_says_that_it_is_one_and_is_no_error(gateway, upstream):
    before = await page(gateway)
    gateway.clock.now += 60
    upstream.status = 503
    found = await page(gateway)
    assert found["completeness"] == STALE
    assert {**found, "completeness": None} == {**before, "completeness": None}


async def test_what_cannot_be_read_of_an_earlier_answer_is_counted_as_it_was(gateway, upstream):
    upstream.items += [{"type": "note"}]
    for upstream.status in (200, 503):
        answer = await gateway.ask(PAGE)
        (missing,) = answer["data"]["activities"]["completeness"]["missing"]
        assert missing == {"code": "UPSTREAM_CONTRACT_BROKEN", "count": 1, "retryable": False}
        assert [error["extensions"]["count"] for error in answer["errors"]] == [1]


async def test_unknown_instants_of_an_earlier_answer_are_counted_as_they_were(gateway, upstream):
    date = {"dateTime": "2026-03-01T10:00:00", "timeZone": "Mars/Phobos"}
    upstream.items += [{"id": "6", "type": "note", "date": date}]
    query = f"""{{ activities(
        clientId: 7, filter: {{ from: "2026-03-05T00:00:00Z" }}, first: 1
      ) {{
      totalCount {COMPLETENESS} }} }}"""
    for upstream.status in (200, 503):
        found = (await gateway.data(query))["activities"]
        assert found["totalCount"] == 1
        assert found["completeness"] == {
            "isComplete": False,
            "isStale": upstream.status != 200,
            "fetchedAt": NINE,
            "missing": [{"code": "INSTANT_UNKNOWN", "count": 1, "retryable": False}],
        }


async def test_what_matches_nothing_was_never_read_and_is_not_stale(gateway, upstream):
    upstream.status = 503
    found = await page(gateway, kinds=[])
    assert found["completeness"] == {**FRESH, "fetchedAt": None}


async def test_pages_turn_from_a_new_answer_into_an_earlier_one_and_back(gateway, upstream):
    first = await page(gateway, first=2)
    upstream.status = 503
    second = await page(gateway, first=2, after=first["pageInfo"]["endCursor"])
    upstream.status = 200
    third = await page(gateway, first=2, after=second["pageInfo"]["endCursor"])
    assert [ids(each) for each in (first, second, third)] == [["1", "2"], ["3", "4"], ["5"]]
    stale = [each["completeness"]["isStale"] for each in (first, second, third)]
    assert stale == [False, True, False]
    upstream.status = 503
    backward = await page(gateway, last=2, before=third["pageInfo"]["startCursor"])
    assert ids(backward) == ["3", "4"]


async def test_kinds_are_selected_from_an_earlier_answer_with_all_of_them(gateway, upstream):
    upstream.items = [{"id": "1", "type": "note"}, {"id": "2", "type": "consent"}]
    await page(gateway)
    upstream.status = 503
    found = await page(gateway, kinds=["CONSENT"])
    assert (ids(found), found["totalCount"], found["completeness"]) == (["2"], 1, STALE)


@pytest.mark.parametrize("orders", [("ASC", "DESC"), ("DESC", "ASC")], ids="-".join)
async def test_an_earlier_answer_stands_in_either_order(gateway, upstream, orders):
    query = f"query($s: SortOrder!) {{ activities(clientId: 7, sort: $s) {{ nodes {{ id }} {COMPLETENESS} }} }}"
    found = []
    for order, upstream.status in zip(orders, (200, 503), strict=True):
        found.append((await gateway.data(query, s=order))["activities"])
    assert ids(found[1]) == ids(found[0])[::-1]
    assert [each["completeness"] for each in found] == [FRESH, STALE]


SEVERAL = f"""{{
  one: activities(clientId: 7) {{ {COMPLETENESS} }}
  other: activities(clientId: 7, filter: {{ kinds: [NOTE] }}, sort: DESC, first: 1) {{ {COMPLETENESS} }}
  client(id: 7) {{ activities(last: 1) {{ {COMPLETENESS} }} }}
  clients(ids: [7, 7, 8]) {{ activities {{ {COMPLETENESS} }} }}
}}"""


async def test_all_of_one_operation_see_the_same(gateway, upstream):
    await page(gateway)
    gateway.clock.now += 60
    upstream.status = 503
    answer = await gateway.ask(SEVERAL, headers={"X-Gateway-Explain": "1"})
    data = answer["data"]
    *same, other_client = data["clients"]
    seen = [data["one"], data["other"], data["client"]["activities"]]
    seen += [each["activities"] for each in same]
    assert [each["completeness"] for each in seen] == [STALE] * 5
    assert other_client["activities"] is None
    assert [error["path"] for error in answer["errors"]] == [["clients", 2, "activities"]]
    explained = answer["extensions"]["gateway"]
    told = {(read["cacheStatus"], read["status"]) for read in explained["reads"]}
    assert told == {("stale", 503), ("called", 503)}
    assert explained["upstreamCalls"] == 2


async def test_an_appointments_thread_is_marked_too(gateway, upstream):
    upstream.items = [{"id": "1", "type": "appointment", "appointment": {"id": "9"}}]
    thread = f"activities {{ totalCount {COMPLETENESS} }}"
    query = f"""{{ activities(clientId: 7) {{ {COMPLETENESS} nodes {{
      ... on AppointmentActivity {{ appointment {{ current {{ {thread} }} }} }} }} }} }}"""
    await gateway.ask(query)
    upstream.status = 500
    found = (await gateway.ask(query))["data"]["activities"]
    assert found["completeness"] == STALE
    (node,) = found["nodes"]
    assert node["appointment"]["current"]["activities"]["completeness"] == STALE


async def test_an_earlier_answer_is_for_the_same_credentials_alone(gateway, upstream):
    ada, bob = {"apiKey": "a", "token": "1"}, {"apiKey": "a", "token": "2"}
    await gateway.ask(PAGE, headers=ada)
    upstream.status = 503
    found = [(await gateway.ask(PAGE, headers=each))["data"]["activities"] for each in (ada, bob)]
    assert found[0]["completeness"] == STALE
    assert found[1] is None


async def test_nothing_is_stale_unless_the_gateway_is_set_to(gateway_over, upstream):
    gateway = gateway_over(upstream, upstream_attempts=1)
    assert (await page(gateway))["completeness"] == FRESH
    upstream.status = 503
    assert (await gateway.ask(PAGE))["data"] == {"activities": None}


OMITTING = """{
  a: activities(clientId: 7) { totalCount }
  b: activities(clientId: 7, filter: { kinds: [NOTE] }) { nodes { date { instant } } }
  c: activities(clientId: 8) { totalCount }
}"""


@pytest.mark.parametrize("compile_queries", ["off", "eager"])
async def test_omitted_activities_are_one_event_and_what_they_lack_one(
    gateway_over, compile_queries
):
    def timeline(request: httpx.Request) -> httpx.Response:
        is_broken = "clientId=7" in request.url.query.decode()
        return httpx.Response(
            200, json={"items": [*ITEMS, {"type": "note"}] if is_broken else ITEMS}
        )

    gateway = gateway_over(timeline, compile_queries=compile_queries)
    with capture_logs() as entries:
        await gateway.post(OMITTING)
    assert [entry for entry in entries if entry["event"] != "request"] == [
        {
            "event": "upstream.surprise",
            "log_level": "warning",
            "path": "/api/2.3/activities",
            "field": "id",
            "what": "missing",
        },
        {"event": "activities.omitted", "log_level": "warning", "count": 2, "timelines": 2},
    ]


async def test_a_complete_timeline_leaves_no_event(gateway_over):
    gateway = gateway_over(lambda _: httpx.Response(200, json={"items": ITEMS}))
    with capture_logs() as entries:
        await gateway.post(OMITTING)
    assert [entry["event"] for entry in entries] == ["request"]
