import asyncio
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.support.upstream import Upstream

BROKEN = "UPSTREAM_CONTRACT_BROKEN"
REFUSED = "BAD_USER_INPUT"


def item(
    id_: str, hour: int | None = None, kind: str = "note", event: str = "created"
) -> dict[str, Any]:
    """An activity at an hour of one day, or undated."""
    date = None if hour is None else {"dateTime": f"2026-07-01T{hour:02}:00:00", "timeZone": "UTC"}
    return {"id": id_, "type": kind, "event": event, "date": date}


# Out of order; with ties of instants, exact duplicates, and undated ones, one of them twice.
ITEMS = [
    *(item("5", 9), item("10", 9), item("2", 12), item("2", 12), item("2", 12), item("u9")),
    *(item("1", 15), item("3", 8), item("u10"), item("u10"), item("4", 9, "consent")),
]
ASC = ["3", "4", "5", "10", "2", "2", "2", "1", "u10", "u10", "u9"]
DESC = ["1", "2", "2", "2", "10", "5", "4", "3", "u9", "u10", "u10"]

PAGE = """
query($first: Int, $after: String, $last: Int, $before: String, $sort: SortOrder!) {
  activities(
    clientId: 7, sort: $sort, first: $first, after: $after, last: $last, before: $before
  ) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    nodes { id }
    edges { cursor node { id } }
  }
}
"""


async def page(gateway: Any, sort: str = "ASC", **arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = (await gateway.data(PAGE, sort=sort, **arguments))["activities"]
    assert [edge["node"] for edge in found["edges"]] == found["nodes"]
    return found


def ids(connection: dict[str, Any]) -> list[str]:
    return [node["id"] for node in connection["nodes"]]


@pytest.mark.parametrize(("sort", "expected"), [("ASC", ASC), ("DESC", DESC)])
async def test_a_timeline_is_in_order_whatever_the_upstreams(gateway_over_items, sort, expected):
    assert ids(await page(gateway_over_items(*ITEMS), sort)) == expected


@pytest.mark.sample(8)
@pytest.mark.parametrize("size", range(1, len(ITEMS) + 2))
@pytest.mark.parametrize(("sort", "expected"), [("ASC", ASC), ("DESC", DESC)])
async def test_pages_forward_make_the_whole(gateway_over_items, sort, expected, size):
    gateway = gateway_over_items(*ITEMS)
    pages = [await page(gateway, sort, first=size)]
    while pages[-1]["pageInfo"]["hasNextPage"]:
        after = pages[-1]["pageInfo"]["endCursor"]
        pages.append(await page(gateway, sort, first=size, after=after))
    assert [id_ for each in pages for id_ in ids(each)] == expected
    assert all(len(each["nodes"]) == size for each, _ in pairwise(pages))
    assert [each["pageInfo"]["hasPreviousPage"] for each in pages] == [
        index > 0 for index in range(len(pages))
    ]
    assert {each["totalCount"] for each in pages} == {len(ITEMS)}


@pytest.mark.sample(8)
@pytest.mark.parametrize("size", range(1, len(ITEMS) + 2))
@pytest.mark.parametrize(("sort", "expected"), [("ASC", ASC), ("DESC", DESC)])
async def test_pages_backward_make_the_whole(gateway_over_items, sort, expected, size):
    gateway = gateway_over_items(*ITEMS)
    pages = [await page(gateway, sort, last=size)]
    while pages[-1]["pageInfo"]["hasPreviousPage"]:
        before = pages[-1]["pageInfo"]["startCursor"]
        pages.append(await page(gateway, sort, last=size, before=before))
    assert [id_ for each in reversed(pages) for id_ in ids(each)] == expected
    assert all(len(each["nodes"]) == size for each, _ in pairwise(pages))
    assert [each["pageInfo"]["hasNextPage"] for each in pages] == [
        index > 0 for index in range(len(pages))
    ]


async def test_every_edge_has_a_cursor_of_its_own(gateway_over_items):
    found = await page(gateway_over_items(*ITEMS))
    cursors = [edge["cursor"] for edge in found["edges"]]
    assert len(set(cursors)) == len(ITEMS)
    assert found["pageInfo"]["startCursor"] == cursors[0]
    assert found["pageInfo"]["endCursor"] == cursors[-1]


@pytest.mark.parametrize("place", range(len(ITEMS)))
async def test_a_page_may_start_after_or_end_before_any_edge(gateway_over_items, place):
    gateway = gateway_over_items(*ITEMS)
    cursor = (await page(gateway))["edges"][place]["cursor"]
    assert ids(await page(gateway, after=cursor)) == ASC[place + 1 :]
    assert ids(await page(gateway, before=cursor)) == ASC[:place]


async def test_an_empty_timeline_has_one_empty_page(gateway_over_items):
    assert await page(gateway_over_items()) == {
        "totalCount": 0,
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
        "nodes": [],
        "edges": [],
    }


DAY = [item(str(hour), hour) for hour in range(1, 9)]


@pytest.mark.parametrize("hour", [0, 1, 2, 3, 5, 8, 9, None])
async def test_what_arrives_between_two_pages_neither_repeats_nor_hides(gateway_over, hour):
    upstream = Upstream(*DAY)
    gateway = gateway_over(upstream)
    one = await page(gateway, first=4)
    upstream.items.insert(0, item("new", hour))
    other = await page(gateway, first=10, after=one["pageInfo"]["endCursor"])
    assert [id_ for id_ in ids(one) + ids(other) if id_ != "new"] == list("12345678")


@pytest.mark.parametrize("gone", range(8))
@pytest.mark.parametrize("sort", ["ASC", "DESC"])
async def test_what_disappears_between_two_pages_neither_repeats_nor_hides(
    gateway_over, sort, gone
):
    upstream = Upstream(*DAY)
    gateway = gateway_over(upstream)
    one = await page(gateway, sort, first=4)
    lost = upstream.items.pop(gone)["id"]
    other = await page(gateway, sort, first=10, after=one["pageInfo"]["endCursor"])
    expected = list("12345678") if sort == "ASC" else list("87654321")
    assert ids(one) == expected[:4]
    assert ids(other) == [id_ for id_ in expected[4:] if id_ != lost]


@pytest.mark.parametrize("gone", range(8))
async def test_pages_backward_do_not_mind_what_disappears(gateway_over, gone):
    upstream = Upstream(*DAY)
    gateway = gateway_over(upstream)
    one = await page(gateway, last=4)
    lost = upstream.items.pop(gone)["id"]
    other = await page(gateway, last=10, before=one["pageInfo"]["startCursor"])
    assert ids(one) == list("5678")
    assert ids(other) == [id_ for id_ in "1234" if id_ != lost]


@pytest.mark.slow
async def test_more_repetitions_than_two_bytes_count_have_cursors(gateway_over):
    body = b'{"items":[%s]}' % b",".join([b'{"id":1,"type":"note"}'] * 65_600)
    gateway = gateway_over(lambda _: httpx.Response(200, content=body))
    last = await page(gateway, last=1)
    assert ids(await page(gateway, last=2, before=last["pageInfo"]["startCursor"])) == ["1", "1"]


ARGUMENTS = """
query($clientId: ID = 7, $kinds: [ActivityKind!], $events: [ActivityEvent!], $appointmentId: ID,
      $from: DateTime, $to: DateTime, $first: Int, $after: String, $last: Int, $before: String) {
  activities(clientId: $clientId, first: $first, after: $after, last: $last, before: $before, filter: {
    kinds: $kinds, events: $events, appointmentId: $appointmentId, from: $from, to: $to
  }) {
    totalCount nodes { id } completeness { isComplete missing { code message count retryable } }
  }
}
""".replace("$clientId: ID =", "$clientId: ID! =")

MIXED = [
    item("a", 1, "note", "created"),
    item("b", 2, "note", "updated"),
    item("c", 3, "consent", "created"),
    item("d", 4, "telepathy", "deleted"),
    item("e", 5, "appointment", "dreamt"),
    item("f", None, "appointment", "created"),
]
ONE = "2026-07-01T01:00:00Z"
FOUR = "2026-07-01T04:00:00Z"
SELECTIONS = [
    ({}, "abcdef"),
    ({"kinds": ["NOTE"]}, "ab"),
    ({"kinds": ["NOTE", "CONSENT", "NOTE"]}, "abc"),
    ({"kinds": ["UNKNOWN"]}, "d"),
    ({"kinds": ["UNKNOWN", "APPOINTMENT"]}, "def"),
    ({"kinds": ["FORM_RESULT"]}, ""),
    ({"events": ["CREATED"]}, "acf"),
    ({"events": ["UPDATED", "DELETED"]}, "bd"),
    ({"events": ["UNKNOWN"]}, "e"),
    ({"from": ONE}, "abcde"),
    ({"from": FOUR}, "de"),
    ({"to": FOUR}, "abc"),
    ({"from": ONE, "to": FOUR}, "abc"),
    ({"from": "2026-07-01T06:00:00+02:00"}, "de"),
    ({"from": ONE, "events": ["CREATED"], "kinds": ["APPOINTMENT", "CONSENT"]}, "c"),
]


@pytest.mark.parametrize(("arguments", "expected"), SELECTIONS)
async def test_filters_select(gateway_over_items, arguments, expected):
    found = (await gateway_over_items(*MIXED).data(ARGUMENTS, **arguments))["activities"]
    assert ids(found) == list(expected)
    assert found["totalCount"] == len(expected)
    assert found["completeness"] == {"isComplete": True, "missing": []}


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ({}, {}),
        ({"kinds": ["NOTE"]}, {"type": "note"}),
        ({"kinds": ["FORM_RESULT", "APPOINTMENT"]}, {"type": "appointment,formResult"}),
        ({"kinds": ["UNKNOWN", "NOTE"]}, {}),
        ({"events": ["CREATED"], "from": ONE, "to": FOUR, "first": 1}, {}),
        ({"appointmentId": "31"}, {"appointmentId": "31"}),
        ({"clientId": "a&b=c"}, {"clientId": "a&b=c"}),
    ],
)
async def test_the_upstream_is_asked_for_what_it_can_select(gateway_over, arguments, asked):
    upstream = Upstream(*MIXED)
    await gateway_over(upstream).data(ARGUMENTS, **arguments)
    assert upstream.queries == [{"clientId": "7", "sort": "asc", **asked}]


@pytest.mark.parametrize(
    "arguments",
    [
        {"kinds": []},
        {"events": []},
        {"from": ONE, "to": ONE},
        {"from": "2026-07-01T01:00:00+01:00", "to": "2026-07-01T00:00:00Z"},
        {"kinds": [], "events": ["CREATED"], "appointmentId": "31"},
    ],
)
async def test_what_matches_nothing_calls_nothing(gateway_over, arguments):
    upstream = Upstream(*MIXED)
    found = (await gateway_over(upstream).data(ARGUMENTS, **arguments))["activities"]
    assert (found["nodes"], found["totalCount"]) == ([], 0)
    assert found["completeness"] == {"isComplete": True, "missing": []}
    assert upstream.queries == []


FILTERS = ["kinds", "events", "appointmentId", "from", "to"]
NULLABLE = [*FILTERS, "first", "after", "last", "before"]
ALL_NULL = dict.fromkeys(FILTERS)


@pytest.mark.parametrize("name", NULLABLE)
async def test_a_null_argument_equals_an_absent_one(gateway_over, name):
    upstream = Upstream(*MIXED)
    gateway = gateway_over(upstream)
    absent = await gateway.data(ARGUMENTS)
    assert await gateway.data(ARGUMENTS, **{name: None}) == absent
    null = f"{name}: null"
    literal = f"filter: {{ {null} }}" if name in FILTERS else null
    query = f"{{ activities(clientId: 7, {literal}) {{ nodes {{ id }} }} }}"
    assert ids((await gateway.data(query))["activities"]) == list("abcdef")
    assert upstream.queries == [{"clientId": "7", "sort": "asc"}] * 3


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize("sent", [{}, {"filter": None}, {"filter": {}}, {"filter": ALL_NULL}])
async def test_a_filter_that_is_null_or_has_only_nulls_equals_an_absent_one(
    gateway_over, compile_queries, sent
):
    upstream = Upstream(*MIXED)
    gateway = gateway_over(upstream, compile_queries=compile_queries)
    query = """query($filter: ActivityFilter) { activities(clientId: 7, filter: $filter) {
      totalCount nodes { id } pageInfo { endCursor } } }"""
    absent = await gateway.data("{ activities(clientId: 7) { pageInfo { endCursor } } }")
    found = (await gateway.data(query, **sent))["activities"]
    assert (ids(found), found["totalCount"]) == (list("abcdef"), 6)
    assert found["pageInfo"] == absent["activities"]["pageInfo"]
    assert upstream.queries == [{"clientId": "7", "sort": "asc"}] * 2


async def test_the_order_is_ascending_unless_asked_otherwise(gateway_over_items):
    data = await gateway_over_items(*ITEMS).data("{ activities(clientId: 7) { nodes { id } } }")
    assert ids(data["activities"]) == ASC


@pytest.mark.parametrize("declared", ["SortOrder", "SortOrder = DESC", "SortOrder = null"])
async def test_an_order_of_null_is_the_usual_one(gateway_over_items, declared):
    query = f"query($s: {declared}) {{ activities(clientId: 7, sort: $s) {{ nodes {{ id }} }} }}"
    assert ids((await gateway_over_items(*ITEMS).data(query, s=None))["activities"]) == ASC


async def test_a_page_of_none_tells_what_all_pages_tell(gateway_over_items):
    gateway = gateway_over_items(*ITEMS)
    nothing = {"startCursor": None, "endCursor": None}
    forward, backward = await page(gateway, first=0), await page(gateway, last=0)
    assert (forward["nodes"], backward["nodes"]) == ([], [])
    assert forward["pageInfo"].items() >= nothing.items()
    assert (forward["pageInfo"]["hasNextPage"], forward["pageInfo"]["hasPreviousPage"]) == (
        True,
        False,
    )
    assert backward["pageInfo"].items() >= nothing.items()
    assert (backward["pageInfo"]["hasNextPage"], backward["pageInfo"]["hasPreviousPage"]) == (
        False,
        True,
    )
    nothing_there = gateway_over_items()
    for empty in (await page(nothing_there, first=0), await page(nothing_there, last=0)):
        assert {empty["pageInfo"]["hasNextPage"], empty["pageInfo"]["hasPreviousPage"]} == {False}


async def test_a_page_of_none_follows_its_cursor(gateway_over_items):
    gateway = gateway_over_items(*ITEMS)
    cursors = (await page(gateway))["pageInfo"]
    atend = await page(gateway, first=0, after=cursors["endCursor"])
    assert (atend["pageInfo"]["hasNextPage"], atend["pageInfo"]["hasPreviousPage"]) == (False, True)
    atstart = await page(gateway, last=0, before=cursors["startCursor"])
    assert atstart["pageInfo"]["hasPreviousPage"] is False


REFUSALS = {
    "from after to": ({"from": FOUR, "to": ONE}, "filter.from"),
    "first below zero": ({"first": -1}, "first"),
    "first above the maximum": ({"first": 101}, "first"),
    "last above the maximum": ({"last": 101}, "last"),
    "first and last": ({"first": 1, "last": 1}, "first"),
    "first with before": ({"first": 1, "before": "x"}, "first"),
    "last with after": ({"last": 1, "after": "x"}, "after"),
    "after with before": ({"after": "x", "before": "x"}, "after"),
    "garbage after": ({"after": "x"}, "after"),
    "garbage before": ({"before": "x"}, "before"),
    "garbage where nothing can match": ({"after": "x", "kinds": []}, "after"),
    "a size where nothing can match": ({"first": -1, "events": []}, "first"),
    "an empty client": ({"clientId": ""}, "clientId"),
    "a blank client": ({"clientId": " \t"}, "clientId"),
    "an empty appointment": ({"appointmentId": ""}, "filter.appointmentId"),
    "a blank appointment": ({"appointmentId": "  "}, "filter.appointmentId"),
    "a blank appointment where nothing can match": (
        {"appointmentId": " ", "kinds": []},
        "filter.appointmentId",
    ),
    "last below zero": ({"last": -1}, "last"),
}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize(("arguments", "argument"), REFUSALS.values(), ids=REFUSALS)
async def test_a_contradictory_or_blank_argument_is_refused_by_its_name_without_a_call(
    gateway_over, compile_queries, arguments, argument
):
    upstream = Upstream(*MIXED)
    answer = await gateway_over(upstream, compile_queries=compile_queries).ask(ARGUMENTS, arguments)
    assert answer["data"] == {"activities": None}
    (error,) = answer["errors"]
    assert error["path"] == ["activities"]
    assert error["extensions"] == {"code": REFUSED, "argument": argument}
    assert f"`{argument}`" in error["message"]
    assert upstream.queries == []


async def test_the_page_sizes_are_settings(gateway_over_items, codes):
    gateway = gateway_over_items(*ITEMS, default_page_size=2, max_page_size=3)
    assert ids(await page(gateway)) == ASC[:2]
    assert ids(await page(gateway, before=(await page(gateway, last=1))["pageInfo"]["endCursor"]))
    assert ids(await page(gateway, first=3)) == ASC[:3]
    answer = await gateway.ask(PAGE, {"first": 4, "sort": "ASC"})
    assert codes(answer) == {"activities": REFUSED}


OTHER_SELECTIONS = {
    "client": {"clientId": "8"},
    "kinds": {"kinds": ["CONSENT"]},
    "all kinds by name": {"kinds": ["NOTE", "CONSENT"]},
    "events": {"events": ["CREATED"]},
    "appointmentId": {"appointmentId": "1"},
    "from": {"from": ONE},
    "to": {"to": FOUR},
}
CURSORS = """
query($clientId: ID!, $kinds: [ActivityKind!], $events: [ActivityEvent!], $appointmentId: ID,
      $from: DateTime, $to: DateTime, $sort: SortOrder! = ASC, $after: String) {
  activities(clientId: $clientId, sort: $sort, after: $after, filter: {
    kinds: $kinds, events: $events, appointmentId: $appointmentId, from: $from, to: $to
  }) { pageInfo { startCursor } }
}
"""


@pytest.mark.parametrize(
    "other", [*OTHER_SELECTIONS.values(), {"sort": "DESC"}], ids=[*OTHER_SELECTIONS, "sort"]
)
async def test_a_cursor_is_bound_to_its_selection(gateway_over_items, codes, other):
    gateway = gateway_over_items(*DAY)
    selection = {"clientId": "7", "kinds": ["NOTE"]}
    found = await gateway.data(CURSORS, **selection)
    after = found["activities"]["pageInfo"]["startCursor"]
    answer = await gateway.ask(CURSORS, {**selection, **other, "after": after})
    assert codes(answer) == {"activities": REFUSED}
    assert answer["errors"][0]["extensions"]["argument"] == "after"


async def test_a_cursor_does_not_mind_how_the_selection_is_written(gateway_over_items):
    gateway = gateway_over_items(*DAY)
    found = await gateway.data(
        CURSORS, clientId="7", kinds=["NOTE", "CONSENT"], **{"from": "2026-07-01T02:00:00Z"}
    )
    again = await gateway.data(
        CURSORS,
        clientId=7,
        kinds=["CONSENT", "NOTE", "CONSENT"],
        after=found["activities"]["pageInfo"]["startCursor"],
        **{"from": "2026-07-01T04:00:00+02:00"},
    )
    assert again["activities"]["pageInfo"]["startCursor"]


# Cursors that the first release with this format gave out for the third of eight activities; a later release
# accepts each with the same client, filter and order, whatever filters it adds.
EARLIER_CURSORS: list[tuple[dict[str, Any], str]] = [
    ({}, "_dvtnWkCAAAGVYPjIgwAAAAAADM"),
    ({"sort": "DESC"}, "LgimDrfhAAAGVYZm3PgAAAAAADY"),
    ({"kinds": ["NOTE", "CONSENT"]}, "m4ercZh8AAAGVYPjIgwAAAAAADM"),
    ({"events": ["CREATED"]}, "Dn5mqRigAAAGVYPjIgwAAAAAADM"),
    ({"appointmentId": "31"}, "s0C1ljhqAAAGVYPjIgwAAAAAADM"),
    ({"from": "2026-07-01T00:00:00Z"}, "epqxisnvAAAGVYPjIgwAAAAAADM"),
    ({"to": "2026-07-02T00:00:00Z"}, "m0NvsCg9AAAGVYPjIgwAAAAAADM"),
    (
        {
            "sort": "DESC",
            "kinds": ["NOTE"],
            "events": ["CREATED", "UPDATED"],
            "appointmentId": "31",
            "from": "2026-07-01T00:00:00Z",
            "to": "2026-07-02T00:00:00Z",
        },
        "MGNxC_j-AAAGVYZm3PgAAAAAADY",
    ),
]


@pytest.mark.parametrize(("selection", "cursor"), EARLIER_CURSORS)
async def test_a_cursor_of_an_earlier_release_is_accepted(gateway_over_items, selection, cursor):
    gateway = gateway_over_items(*DAY)
    sort = selection.get("sort", "ASC")
    filters = {name: value for name, value in selection.items() if name != "sort"}
    query = """query($filter: ActivityFilter, $sort: SortOrder!, $first: Int, $after: String, $before: String) {
      activities(clientId: 7, filter: $filter, sort: $sort, first: $first, after: $after, before: $before) {
        nodes { id } edges { cursor } } }"""
    order = "12345678" if sort == "ASC" else "87654321"
    absent: list[Any] = [None, {}]
    for sent in [filters] if filters else absent:
        asked = {"filter": sent, "sort": sort}
        after = (await gateway.data(query, **asked, after=cursor))["activities"]
        before = (await gateway.data(query, **asked, before=cursor))["activities"]
        assert (ids(before), ids(after)) == (list(order[:2]), list(order[3:]))
        three = (await gateway.data(query, **asked, first=3))["activities"]
        assert three["edges"][-1] == {"cursor": cursor}


async def test_a_cursor_does_not_bind_the_null_fields_of_a_filter(gateway_over_items):
    gateway = gateway_over_items(*DAY)
    query = "query($filter: ActivityFilter) { activities(clientId: 7, filter: $filter) { edges { cursor } } }"
    sent: list[Any] = [{"kinds": ["NOTE"]}, {**ALL_NULL, "kinds": ["NOTE"]}]
    absent, null = [await gateway.data(query, filter=each) for each in sent]
    assert absent == null


UNUSABLE = {
    "no id": {"type": "note", "event": "created"},
    "an id of null": {"id": None, "type": "note", "event": "created"},
    "an empty id": {"id": "", "type": "note", "event": "created"},
    "an id that is no id": {"id": {}, "type": "note", "event": "created"},
    "no kind": {"id": "x", "event": "created"},
    "an empty kind": {"id": "x", "type": "", "event": "created"},
    "a kind that is no word": {"id": "x", "type": ["note"], "event": "created"},
    "no object": "note",
    "nothing": None,
    "a list": [],
}


@pytest.mark.parametrize("broken", UNUSABLE.values(), ids=UNUSABLE)
async def test_an_unusable_item_is_left_out_counted_and_reported_once(
    gateway_over_items, codes, broken
):
    gateway = gateway_over_items(*DAY, broken, broken)
    answer = await gateway.ask(ARGUMENTS, {"first": 1})
    found = answer["data"]["activities"]
    (error,) = answer["errors"]
    (missing,) = found["completeness"]["missing"]
    assert (ids(found), found["totalCount"]) == (["1"], len(DAY))
    assert found["completeness"]["isComplete"] is False
    assert missing == {"code": BROKEN, "message": error["message"], "count": 2, "retryable": False}
    assert error["path"] == ["activities"]
    assert error["extensions"] == {"code": BROKEN, "count": 2}


async def test_an_unreadable_field_leaves_a_timeline_complete(gateway_over_items):
    gateway = gateway_over_items({**item("1", 1), "event": 5, "date": "yesterday"})
    found = (await gateway.data(ARGUMENTS))["activities"]
    assert (ids(found), found["completeness"]["isComplete"]) == (["1"], True)


def without_id(**fields: object) -> dict[str, Any]:
    return {**item("x", 3), **fields, "id": None}


COUNTED = [
    ({}, 5),
    ({"first": 1}, 5),
    ({"last": 1}, 5),
    ({"kinds": ["NOTE"]}, 4),
    ({"kinds": ["CONSENT", "APPOINTMENT"]}, 2),
    ({"kinds": ["UNKNOWN"]}, 1),
    ({"kinds": ["APPOINTMENT"]}, 1),
    ({"events": ["CREATED"]}, 4),
    ({"events": ["DELETED"]}, 2),
    ({"kinds": ["NOTE"], "events": ["CREATED"]}, 3),
    ({"from": "2026-07-01T03:00:00Z"}, 4),
    ({"to": "2026-07-01T03:00:00Z"}, 2),
    ({"kinds": []}, 0),
]


@pytest.mark.parametrize(("arguments", "count"), COUNTED)
async def test_unusable_items_are_counted_over_the_selection(
    gateway_over_items, codes, arguments, count
):
    gateway = gateway_over_items(
        *DAY,
        without_id(),
        without_id(date=item("x", 1)["date"]),
        without_id(event="deleted", date=item("x", 4)["date"]),
        without_id(type="consent"),
        "no object",
    )
    answer = await gateway.ask(ARGUMENTS, arguments)
    completeness = answer["data"]["activities"]["completeness"]
    assert [part["count"] for part in completeness["missing"]] == ([count] if count else [])
    assert completeness["isComplete"] is (count == 0)
    assert codes(answer) == ({"activities": BROKEN} if count else {})


async def test_each_timeline_of_an_operation_reports_for_itself(gateway_over_items):
    gateway = gateway_over_items(*DAY, without_id(), without_id(type="consent"))
    answer = await gateway.ask("""{
      all: activities(clientId: 7) { totalCount }
      client(id: 7) { consents: activities(filter: { kinds: [CONSENT] }) { totalCount } }
      none: activities(clientId: 7, filter: { kinds: [APPOINTMENT] }) { totalCount }
    }""")
    reports = [(error["path"], error["extensions"]["count"]) for error in answer["errors"]]
    assert sorted(reports) == [(["all"], 2), (["client", "consents"], 1)]


@pytest.mark.parametrize("body", [b"[[]]", b"{}", b'{"items":null}', b'{"items":{}}', b"x", b""])
async def test_an_answer_without_a_list_of_items_is_no_timeline(gateway_over, codes, body):
    answer = await gateway_over(lambda _: httpx.Response(200, content=body)).ask(ARGUMENTS)
    assert answer["data"] == {"activities": None}
    assert codes(answer) == {"activities": BROKEN}


async def test_timelines_of_one_client_are_one_call(gateway_over):
    upstream = Upstream(*MIXED)
    data = await gateway_over(upstream).data("""{
      notes: activities(clientId: 7, filter: { kinds: [NOTE] }) { nodes { id } }
      client(id: 7) { consents: activities(filter: { kinds: [CONSENT] }, sort: DESC) { nodes { id } } }
      clients(ids: [7]) { created: activities(filter: { kinds: [NOTE], events: [CREATED] }) { nodes { id } } }
    }""")
    assert ids(data["notes"]) == ["a", "b"]
    assert ids(data["client"]["consents"]) == ["c"]
    assert ids(data["clients"][0]["created"]) == ["a"]
    assert upstream.queries == [{"clientId": "7", "sort": "asc", "type": "note,consent"}]


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_the_order_that_the_upstream_sends_changes_no_answer(gateway_over, compile_queries):
    """Neither that of activities of one instant and id, which nothing but what they hold tells apart."""
    twins = [item("2", 12, event=event) for event in ("created", "updated", "deleted")]
    items = [*ITEMS, *twins, item("u9", event="updated")]
    query = "query($s: SortOrder!) { activities(clientId: 7, sort: $s) { edges { cursor node { id event } } } }"
    for sort in ("ASC", "DESC"):
        found = [
            await gateway_over(Upstream(*sent), compile_queries=compile_queries).data(query, s=sort)
            for sent in (items, items[::-1], items[5:] + items[:5])
        ]
        assert found[0] == found[1] == found[2]


async def test_an_order_that_is_null_asks_for_the_usual_one(gateway_over):
    upstream = Upstream(*ITEMS)
    gateway = gateway_over(upstream)
    query = "query($s: SortOrder) { activities(clientId: 7, sort: $s) { totalCount } }"
    for asked in (
        gateway.data("{ activities(clientId: 7, sort: null) { totalCount } }"),
        gateway.data(query, s=None),
        gateway.data(query),
    ):
        assert await asked == {"activities": {"totalCount": len(ITEMS)}}
    assert upstream.queries == [{"clientId": "7", "sort": "asc"}] * 3


@pytest.mark.parametrize("first", ["ASC", "DESC"])
async def test_equal_timelines_in_both_orders_are_one_call_also_of_two_requests(
    gateway_over, first
):
    upstream, asked, gate = Upstream(*ITEMS), asyncio.Event(), asyncio.Event()

    async def waiting(request: httpx.Request) -> httpx.Response:
        answer = await upstream(request)
        asked.set()
        await gate.wait()
        return answer

    gateway = gateway_over(waiting)
    then = "DESC" if first == "ASC" else "ASC"
    asking = [asyncio.create_task(page(gateway, first))]
    await asked.wait()
    asking.append(asyncio.create_task(page(gateway, then)))
    for _ in range(100):
        await asyncio.sleep(0)
    gate.set()
    found = {sort: ids(await each) for sort, each in zip((first, then), asking, strict=True)}
    assert found == {"ASC": ASC, "DESC": DESC}
    assert [query["sort"] for query in upstream.queries] == [first.lower()]


async def test_a_timeline_of_all_kinds_and_one_of_some_are_one_call_and_each_has_its_own(
    gateway_over,
):
    upstream = Upstream(*MIXED)
    data = await gateway_over(upstream).data("""{
      all: activities(clientId: 7) { nodes { id } }
      notes: activities(clientId: 7, filter: { kinds: [NOTE] }) { nodes { id } }
      unknown: activities(clientId: 7, filter: { kinds: [UNKNOWN] }) { nodes { id } }
    }""")
    assert (ids(data["all"]), ids(data["notes"])) == (list("abcdef"), list("ab"))
    assert ids(data["unknown"]) == ["d"]
    assert upstream.queries == [{"clientId": "7", "sort": "asc"}]


async def test_a_timeline_found_later_has_its_own_of_what_was_read_already(gateway_with):
    link = "/api/2.1/scheduling/companies/3/appointments/31"
    told = {"appointment": {"id": "31", "selfLink": link}}
    items = [{**item("a", 1, "appointment"), **told}, item("b", 2, "note"), item("c", 3, "consent")]
    gateway = gateway_with({link: {"id": "31", "client": {"id": "7"}}}, *items)
    data = await gateway.data("""{ activities(clientId: 7, filter: { kinds: [APPOINTMENT, NOTE] }) { nodes { id
      ... on AppointmentActivity { appointment { current { client {
        activities(filter: { kinds: [NOTE] }) { nodes { id } }
      } } } }
    } } }""")
    appointment, note = data["activities"]["nodes"]
    later = appointment["appointment"]["current"]["client"]["activities"]
    assert (appointment["id"], note, ids(later)) == ("a", {"id": "b"}, ["b"])
    assert gateway.asked == {"/api/2.3/activities": 1, link: 1}


UNCLEAR = [
    {
        "id": "1",
        "type": "note",
        "event": "updated",
        "date": {"dateTime": "2026-01-01T10:00:00", "timeZone": {}},
    },
    {"id": "2", "type": "note", "event": "created", "date": {"dateTime": "2026-02-30T10:00:00"}},
    {
        "id": "3",
        "type": "note",
        "event": [],
        "date": {"dateTime": "2020-01-01T10:00:00", "timeZone": "Europe/Paris"},
    },
    {
        "id": "4",
        "type": "note",
        "event": "updated",
        "date": {"dateTime": "2026-01-01T10:00:00", "timeZone": "Europe/Paris"},
    },
]


@pytest.mark.parametrize(
    ("arguments", "found", "left_out"),
    [
        ("", ["3", "4", "1", "2"], 0),
        ("filter: { events: [UPDATED] }", ["4", "1"], 1),
        ('filter: { from: "2023-01-01T00:00:00Z" }', ["4"], 2),
        ('filter: { events: [UPDATED], from: "2023-01-01T00:00:00Z" }', ["4"], 1),
        ("filter: { events: [DELETED] }", [], 1),
    ],
)
async def test_what_may_be_selected_but_cannot_be_told_is_left_out_and_counted(
    gateway_over_items, arguments, found, left_out
):
    query = f"""{{ client(id: "7") {{ activities{f"({arguments})" if arguments else ""} {{
        nodes {{ id }} completeness {{ missing {{ count }} }} }} }} }}"""
    connection = (await gateway_over_items(*UNCLEAR).ask(query))["data"]["client"]["activities"]
    assert [node["id"] for node in connection["nodes"]] == found
    assert sum(part["count"] for part in connection["completeness"]["missing"]) == left_out


NOWHERE = {"dateTime": "2026-01-01T10:00:00", "timeZone": "Mars/Phobos"}
WITHOUT_INSTANT = [
    {"id": "1", "type": "note", "event": "updated", "date": NOWHERE},
    {"id": "2", "type": "note", "event": "updated", "date": {"dateTime": "2026-01-01T10:00:00"}},
    {"id": "3", "type": "note", "event": [], "date": NOWHERE},
    {"id": None, "type": "note", "event": "updated", "date": NOWHERE},
    {"id": "5", "type": "note", "event": "updated", "date": {**NOWHERE, "timeZone": []}},
    {"id": "6", "type": "note", "event": "updated", "date": None},
    {"id": "7", "type": "note", "event": "updated", "date": {**NOWHERE, "timeZone": "UTC"}},
    {"id": "8", "type": "note", "event": "updated", "date": {**NOWHERE, "timeZone": 5}},
    "no object",
]
YEAR = 'from: "2025-06-01T00:00:00Z"'
BY_CODE = [
    ("sort: ASC", {}, ["7", "1", "2", "3", "5", "6", "8"], {BROKEN: 2}),
    (f"filter: {{ {YEAR} }}", {}, ["7"], {BROKEN: 3, "INSTANT_UNKNOWN": 4}),
    ('filter: { to: "2026-06-01T00:00:00Z" }', {}, ["7"], {BROKEN: 3, "INSTANT_UNKNOWN": 4}),
    (
        f"filter: {{ {YEAR} }}, first: 1, sort: DESC",
        {},
        ["7"],
        {BROKEN: 3, "INSTANT_UNKNOWN": 4},
    ),
    (f"filter: {{ {YEAR}, events: [UPDATED] }}", {}, ["7"], {BROKEN: 4, "INSTANT_UNKNOWN": 3}),
    (f"filter: {{ {YEAR}, events: [DELETED] }}", {}, [], {BROKEN: 2}),
    (f"filter: {{ {YEAR}, kinds: [CONSENT] }}", {}, [], {BROKEN: 1}),
    (f"filter: {{ {YEAR}, kinds: [CONSENT], events: [] }}", {}, [], {}),
    (
        f"filter: {{ {YEAR} }}",
        {"default_time_zone": "UTC"},
        ["2", "7"],
        {BROKEN: 3, "INSTANT_UNKNOWN": 3},
    ),
]


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
@pytest.mark.parametrize(("arguments", "settings", "found", "by_code"), BY_CODE)
async def test_what_is_left_out_is_counted_once_by_why_and_reported_where_it_is_broken(
    gateway_over_items, compile_queries, arguments, settings, found, by_code
):
    gateway = gateway_over_items(*WITHOUT_INSTANT, compile_queries=compile_queries, **settings)
    answer = await gateway.ask(f"""{{ client(id: "7") {{ activities({arguments}) {{
        totalCount nodes {{ id }}
        completeness {{ isComplete missing {{ code count retryable }} }} }} }} }}""")
    connection = answer["data"]["client"]["activities"]
    assert (ids(connection), connection["totalCount"]) == (found, len(found))
    assert connection["completeness"] == {
        "isComplete": not by_code,
        "missing": [
            {"code": code, "count": count, "retryable": False} for code, count in by_code.items()
        ],
    }
    reported = [(each["path"], each["extensions"]) for each in answer.get("errors", [])]
    expected = (["client", "activities"], {"code": BROKEN, "count": by_code.get(BROKEN)})
    assert reported == ([expected] if BROKEN in by_code else [])
