"""Pages around an activity and from an instant on, as callers request them."""

from typing import Any

import pytest

from tests.support.upstream import Upstream

PAGE = """
query(
  $sort: SortOrder, $filter: ActivityFilter, $first: Int, $after: String, $last: Int, $before: String,
  $around: ID, $startingAt: DateTime
) {
  activities(
    clientId: 7, sort: $sort, filter: $filter, first: $first, after: $after, last: $last, before: $before,
    around: $around, startingAt: $startingAt
  ) {
    nodes { id }
    totalCount
    precedingCount
    followingCount
    pageInfo { hasPreviousPage hasNextPage startCursor endCursor }
  }
}
"""


def note(id_: str, at: str | None, kind: str = "note") -> dict[str, Any]:
    date = None if at is None else {"dateTime": f"2026-07-{at}:00:00", "timeZone": "UTC"}
    return {"id": id_, "type": kind, "event": "created", "date": date}


HUNDRED = [
    note(str(n), None if n > 95 else f"{1 + n // 10:02}T{n % 10 // 2:02}") for n in range(100)
]
"""Two activities at each instant, and some without one."""

FEW = [
    *(note("1", "01T09"), note("2", "02T09"), note("3", "02T09"), note("4", "03T09")),
    *(note("u1", None), note("u2", None)),
]
SORTS = pytest.mark.parametrize("sort", ["ASC", "DESC"])


async def page(gateway: Any, **arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = (await gateway.data(PAGE, **arguments))["activities"]
    counts = (found["precedingCount"], len(found["nodes"]), found["followingCount"])
    assert sum(counts) == found["totalCount"]
    assert found["pageInfo"]["hasPreviousPage"] is (counts[0] > 0)
    assert found["pageInfo"]["hasNextPage"] is (counts[2] > 0)
    return found


def ids(connection: dict[str, Any]) -> list[str]:
    return [node["id"] for node in connection["nodes"]]


async def refusal(gateway: Any, **arguments: object) -> dict[str, Any]:
    answer = await gateway.ask(PAGE, arguments)
    assert answer["data"] == {"activities": None}
    [error] = answer["errors"]
    assert error["path"] == ["activities"]
    extensions: dict[str, Any] = error["extensions"]
    return extensions


@pytest.mark.slow
@SORTS
async def test_a_page_around_any_activity_leads_to_the_whole_list(gateway_over_items, sort):
    gateway = gateway_over_items(*HUNDRED)
    whole = ids(await page(gateway, sort=sort, first=100))
    assert len(whole) == 100
    for place, id_ in enumerate(whole):
        jump = await page(gateway, sort=sort, first=11, around=id_)
        assert jump["precedingCount"] == min(max(place - 5, 0), 89)
        walked = ids(jump)
        assert walked == whole[jump["precedingCount"] :][:11]
        assert id_ in walked
        info = jump["pageInfo"]
        while info["hasNextPage"]:
            following = await page(gateway, sort=sort, first=60, after=info["endCursor"])
            walked, info = walked + ids(following), following["pageInfo"]
        info = jump["pageInfo"]
        while info["hasPreviousPage"]:
            preceding = await page(gateway, sort=sort, last=60, before=info["startCursor"])
            walked, info = ids(preceding) + walked, preceding["pageInfo"]
        assert walked == whole


async def test_an_even_page_has_one_more_activity_after_the_middle(gateway_over_items):
    gateway = gateway_over_items(*HUNDRED)
    assert ids(await page(gateway, first=4, around="50")) == ["49", "50", "51", "52"]
    assert ids(await page(gateway, first=1, around="50")) == ["50"]


async def test_without_a_size_a_place_has_the_default_page(gateway_over_items):
    gateway = gateway_over_items(*HUNDRED, default_page_size=3)
    assert ids(await page(gateway, around="50")) == ["49", "50", "51"]
    assert ids(await page(gateway, startingAt="2026-07-06T00:00:00Z")) == ["50", "51", "52"]


@SORTS
async def test_an_empty_page_counts_what_precedes_a_place(gateway_over_items, sort):
    gateway = gateway_over_items(*FEW)
    whole = ids(await page(gateway, sort=sort))
    for place, id_ in enumerate(whole):
        empty = await page(gateway, sort=sort, first=0, around=id_)
        assert (empty["precedingCount"], empty["nodes"]) == (place, [])
        assert empty["pageInfo"]["startCursor"] is empty["pageInfo"]["endCursor"] is None


@pytest.mark.parametrize(
    ("at", "ascending", "descending"),
    [
        ("2026-07-01T00:00:00Z", "1 2 3 4 u1 u2", "u2 u1"),
        ("2026-07-02T09:00:00Z", "2 3 4 u1 u2", "3 2 1 u2 u1"),
        ("2026-07-02T11:00:00+02:00", "2 3 4 u1 u2", "3 2 1 u2 u1"),
        ("2026-07-02T09:00:00.001Z", "4 u1 u2", "3 2 1 u2 u1"),
        ("2026-07-02T08:59:59Z", "2 3 4 u1 u2", "1 u2 u1"),
        ("2026-07-04T00:00:00Z", "u1 u2", "4 3 2 1 u2 u1"),
    ],
)
async def test_a_page_begins_exactly_at_an_instant(gateway_over_items, at, ascending, descending):
    gateway = gateway_over_items(*FEW)
    assert ids(await page(gateway, startingAt=at)) == ascending.split()
    assert ids(await page(gateway, startingAt=at, sort="DESC")) == descending.split()


async def test_a_page_after_the_last_instant_is_empty(gateway_over_items):
    gateway = gateway_over_items(*FEW[:4])
    empty = await page(gateway, startingAt="2026-07-04T00:00:00Z")
    assert (empty["precedingCount"], ids(empty), empty["followingCount"]) == (4, [], 0)


async def test_a_place_is_one_of_the_filtered_list(gateway_over_items):
    gateway = gateway_over_items(*FEW, note("5", "02T09", "consent"))
    notes = {"kinds": ["NOTE"]}
    found = await page(gateway, filter=notes, first=3, around="4")
    assert (found["precedingCount"], ids(found)) == (2, ["3", "4", "u1"])
    assert await refusal(gateway, filter=notes, around="5") == {
        "code": "NOT_FOUND",
        "argument": "around",
    }


@pytest.mark.parametrize("compile_queries", ["off", "eager"])
@pytest.mark.parametrize("more", [0, 5_000], ids=["short", "long"])
async def test_a_place_that_is_not_there_costs_only_its_own_list(
    gateway_over, compile_queries, more
):
    upstream = Upstream(*FEW, *(note(f"m{n}", "04T09") for n in range(more)))
    gateway = gateway_over(upstream, compile_queries=compile_queries, explain=True)
    answer = await gateway.ask(
        """{
          a: activities(clientId: 7, around: "9") { totalCount }
          b: activities(clientId: 7, around: "9") { totalCount }
          c: activities(clientId: 7, around: "u2", first: 1) { nodes { id } precedingCount }
        }""",
        headers={"X-Gateway-Explain": "1"},
    )
    assert answer["data"] == {
        "a": None,
        "b": None,
        "c": {"nodes": [{"id": "u2"}], "precedingCount": 5 + more},
    }
    assert [error["path"] for error in answer["errors"]] == [["a"], ["b"]]
    explained = answer["extensions"]["gateway"]
    assert explained["compiled"] is (compile_queries == "eager")
    assert explained["upstreamCalls"] == upstream.calls.total() == 1


async def test_an_empty_selection_has_no_places_and_is_not_read(gateway_over):
    upstream = Upstream(*FEW)
    gateway = gateway_over(upstream)
    nothing: dict[str, Any] = {"kinds": []}
    assert (await refusal(gateway, filter=nothing, around="1"))["code"] == "NOT_FOUND"
    empty = await page(gateway, filter=nothing, startingAt="2026-07-01T00:00:00Z")
    assert (empty["totalCount"], empty["precedingCount"], empty["followingCount"]) == (0, 0, 0)
    assert not upstream.calls


@pytest.mark.parametrize("id_", ["", " ", "\t"])
async def test_a_blank_place_is_refused_before_anything_is_read(gateway_over, id_):
    upstream = Upstream(*FEW)
    assert await refusal(gateway_over(upstream), around=id_) == {
        "code": "BAD_USER_INPUT",
        "argument": "around",
    }
    assert not upstream.calls


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"around": "1", "startingAt": "2026-07-01T00:00:00Z"}, "around"),
        ({"around": "1", "last": 5}, "around"),
        ({"startingAt": "2026-07-01T00:00:00Z", "last": 5}, "startingAt"),
        ({"around": "1", "first": 101}, "first"),
    ],
)
async def test_a_place_goes_with_first_alone(gateway_over_items, arguments, argument):
    assert await refusal(gateway_over_items(*FEW), **arguments) == {
        "code": "BAD_USER_INPUT",
        "argument": argument,
    }


async def test_a_cursor_does_not_go_with_a_place(gateway_over_items):
    gateway = gateway_over_items(*FEW)
    cursor = (await page(gateway, first=1))["pageInfo"]["endCursor"]
    for place in ({"around": "1"}, {"startingAt": "2026-07-01T00:00:00Z"}):
        for paging in ({"after": cursor}, {"before": cursor}):
            refused = await refusal(gateway, **place, **paging)
            assert refused == {"code": "BAD_USER_INPUT", "argument": next(iter(place))}


async def test_a_place_that_is_null_equals_an_absent_one(gateway_over_items):
    gateway = gateway_over_items(*FEW)
    nulls = {"around": None, "startingAt": None}
    assert await page(gateway, last=2, **nulls) == await page(gateway, last=2)


async def test_numbers_are_ids_as_everywhere(gateway_over_items):
    gateway = gateway_over_items({**FEW[0], "id": 1}, *FEW[1:])
    assert ids(await page(gateway, around="1", first=1)) == ["1"]
    answer = await gateway.data("{ activities(clientId: 7, around: 1, first: 1) { nodes { id } } }")
    assert ids(answer["activities"]) == ["1"]


async def test_counts_are_those_of_pages_in_both_directions(gateway_over_items):
    gateway = gateway_over_items(*FEW)
    backward = await page(gateway, last=2)
    assert (backward["precedingCount"], backward["followingCount"]) == (4, 0)
    forward = await page(gateway, first=2)
    assert (forward["precedingCount"], forward["followingCount"]) == (0, 4)
    none = await page(gateway, last=0)
    assert (none["precedingCount"], none["followingCount"]) == (6, 0)
