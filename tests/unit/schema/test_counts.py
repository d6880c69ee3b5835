"""The counts beside a timeline: what each choice of a filter would find, in one upstream call."""

import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from gateway.schema.counts import MAX_USERS
from tests.support.event_loop import counted_passes
from tests.support.upstream import Upstream

KINDS = {"note": "NOTE", "consent": "CONSENT", "emailNotification": "EMAIL_NOTIFICATION"}
ACTIONS = [
    *("NOTE_CREATED", "NOTE_UPDATED", "CONSENT_GIVEN", "CONSENT_UPDATED", "EMAIL_SENT", "OTHER")
]
USERS = ["ada", "bo"]

QUERY = """
query ($filter: ActivityFilter) {
  activities(clientId: 7, filter: $filter, first: 1) {
    totalCount
    counts {
      kinds { kind count }
      actions { action count }
      users { user { userName } count }
      days(timeZone: "UTC") { localDate count }
    }
  }
}
"""
TOTAL = (
    "query ($filter: ActivityFilter) { activities(clientId: 7, filter: $filter) { totalCount } }"
)


def item(number: int, kind: str, event: str | None, user: str | None, day: int | None) -> Any:
    date = {"dateTime": f"2026-07-0{day}T12:00:00", "timeZone": "UTC"} if day else None
    name = {"userName": user} if user else None
    text = {"body": f"word{number % 3}"}
    return {"id": str(number), "type": kind, "event": event, "user": name, "date": date, "note": text}  # fmt: skip


items = st.lists(
    st.tuples(
        st.sampled_from([*KINDS]),
        st.sampled_from(["created", "updated", None]),
        st.sampled_from([*USERS, None]),
        st.sampled_from([1, 2, None]),
    ),
    max_size=12,
).map(lambda drawn: [item(number, *each) for number, each in enumerate(drawn)])

filters = st.fixed_dictionaries(
    {},
    optional={
        "kinds": st.lists(st.sampled_from([*KINDS.values()]), max_size=2),
        "actions": st.lists(st.sampled_from(ACTIONS), max_size=2),
        "userNames": st.lists(st.sampled_from(USERS), max_size=2),
        "hasUser": st.booleans(),
        "events": st.just(["CREATED"]),
        "search": st.sampled_from(["word1", "word"]),
        "from": st.just("2026-07-02T00:00:00Z"),
    },
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(items, filters)
async def test_a_count_is_what_its_choice_finds(gateway_over, sent, filter_):
    gateway = gateway_over(Upstream(*sent))

    async def total(**changed: object) -> int:
        merged = {**filter_, **changed}
        found = await gateway.data(TOTAL, filter=merged)
        count: int = found["activities"]["totalCount"]
        return count

    page = (await gateway.data(QUERY, filter=filter_))["activities"]
    counts = page["counts"]
    kinds = {each["kind"]: each["count"] for each in counts["kinds"]}
    actions = {each["action"]: each["count"] for each in counts["actions"]}
    users = {each["user"] and each["user"]["userName"]: each["count"] for each in counts["users"]}
    for kind in KINDS.values():
        assert kinds.pop(kind, 0) == await total(kinds=[kind])
    for action in ACTIONS:
        assert actions.pop(action, 0) == await total(actions=[action])
    for user in USERS:
        assert users.pop(user, 0) == await total(userNames=[user], hasUser=None)
    assert users.pop(None, 0) == await total(userNames=None, hasUser=False)
    assert kinds == actions == users == {}
    assert sum(each["count"] for each in counts["days"]) == page["totalCount"]


async def test_counts_beside_three_aliases_cost_one_call(gateway_over):
    upstream = Upstream(*(item(number, "note", "created", "ada", 1) for number in range(5)))
    found = await gateway_over(upstream).data(
        """
        {
          chips: activities(clientId: 7, filter: {kinds: [CONSENT]}, first: 0) { counts { kinds { count } } }
          notes: activities(clientId: 7, filter: {kinds: [NOTE]}) { totalCount }
          byAda: activities(clientId: 7, filter: {userNames: ["ada"]}) { totalCount }
          found: activities(clientId: 7, filter: {search: "word2"}) { totalCount }
        }
        """
    )
    assert found == {
        "chips": {"counts": {"kinds": [{"count": 5}]}},
        "notes": {"totalCount": 5},
        "byAda": {"totalCount": 5},
        "found": {"totalCount": 1},
    }
    assert [each.get("type") for each in upstream.queries] == [None]


@pytest.mark.parametrize(
    ("counts", "type_"),
    [
        ("kinds { count }", None),
        ("actions { count }", "note"),
        ("... @skip(if: $yes) { kinds { count } }", "note"),
        ("... @include(if: $yes) { kinds { count } }", None),
    ],
)
@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_only_counts_of_kinds_widen_the_call(gateway_over, counts, type_, compile_queries):
    upstream = Upstream()
    await gateway_over(upstream, compile_queries=compile_queries).data(
        "query ($yes: Boolean = true) {"
        f"activities(clientId: 7, filter: {{kinds: [NOTE]}}) {{ totalCount counts {{ __typename {counts} }} }}"
        " x: __typename @include(if: $yes) }"
    )
    assert [each.get("type") for each in upstream.queries] == [type_]


@pytest.mark.parametrize(
    ("filter_", "counts", "calls"),
    [
        ("{kinds: []}", "kinds { count }", 1),
        ("{kinds: []}", "actions { count } users { count }", 0),
        ("{actions: []}", "actions { count }", 1),
        ("{userNames: []}", "users { count }", 1),
        ("{userNames: [], kinds: []}", "kinds { count } users { count }", 0),
        ("{events: []}", "kinds { count } actions { count } users { count }", 0),
    ],
)
async def test_an_empty_list_costs_a_call_only_for_counts_that_ignore_it(
    gateway_over, filter_, counts, calls
):
    upstream = Upstream(item(1, "note", "created", "ada", 1))
    found = await gateway_over(upstream).data(
        f"{{ activities(clientId: 7, filter: {filter_}) {{ totalCount counts {{ {counts} }} }} }}"
    )
    assert found["activities"]["totalCount"] == 0
    assert [*found["activities"]["counts"].values()].count([{"count": 1}]) == calls
    assert len(upstream.queries) == calls


async def test_an_unreadable_user_is_null_with_an_error(gateway_with, codes):
    items = [{"id": "1", "type": "note", "user": [1]}, {"id": "2", "type": "note", "user": None}]
    gateway = gateway_with({}, *items)
    answer = await gateway.ask(
        "{ activities(clientId: 7) { counts { users { user { userName } count } } } }"
    )
    users = [{"user": None, "count": 1}] * 2
    assert answer["data"] == {"activities": {"counts": {"users": users}}}
    assert codes(answer) == {"activities.counts.users.0.user": "UPSTREAM_CONTRACT_BROKEN"}


async def test_users_are_sorted_and_at_most_a_hundred(gateway_over):
    names = [f"user{number:03}" for number in range(MAX_USERS + 20)]
    sent = [item(number, "note", None, name, 1) for number, name in enumerate(reversed(names))]
    sent.append(item(1_000, "note", None, names[50], 1))
    found = await gateway_over(Upstream(*sent)).data(
        "{ activities(clientId: 7) { counts { users { user { userName } count } } } }"
    )
    users = [each["user"]["userName"] for each in found["activities"]["counts"]["users"]]
    assert users == [names[50], *names[:50], *names[51:MAX_USERS]]


async def test_an_activity_that_cannot_be_returned_is_not_counted(gateway_with, codes):
    items = [{"type": "note", "event": "created"}, {"id": "2", "type": "note", "event": "created"}]
    answer = await gateway_with({}, *items).ask(
        "{ activities(clientId: 7) { totalCount counts { actions { action count } } } }"
    )
    counts = {"actions": [{"action": "NOTE_CREATED", "count": 1}]}
    assert answer["data"] == {"activities": {"totalCount": 1, "counts": counts}}
    assert codes(answer) == {"activities": "UPSTREAM_CONTRACT_BROKEN"}


@pytest.mark.parametrize("compile_queries", ["eager", "off"])
async def test_counts_and_searches_of_long_timelines_leave_the_loop_free(
    gateway_over, compile_queries
):
    sent = [item(number, "note", "created", f"u{number % 7}", 1) for number in range(6_000)]
    gateway = gateway_over(Upstream(*sent), compile_queries=compile_queries)
    async with counted_passes() as passes:
        found = await gateway.data(
            """
            {
              activities(clientId: 7, first: 1, filter: {search: "word2"}) {
                totalCount
                counts { users { count } days(timeZone: "Asia/Tokyo") { count } }
              }
            }
            """
        )
    page = found["activities"]
    assert page["totalCount"] == sum(each["count"] for each in page["counts"]["users"]) == 2_000
    assert page["counts"]["days"] == [{"count": 2_000}]
    assert passes.count > 30


async def test_a_search_that_its_caller_leaves_holds_up_no_other(gateway_over):
    upstream = Upstream(*(item(number, "note", "created", None, 1) for number in range(6_000)))
    called = asyncio.Event()

    async def send(request: httpx.Request) -> httpx.Response:
        called.set()
        return await upstream(request)

    gateway = gateway_over(send)
    search = '{ activities(clientId: 7, filter: { search: "word2" }) { totalCount } }'
    left = asyncio.create_task(gateway.data(search))
    await called.wait()
    for _ in range(15):  # into the steps of the search
        await asyncio.sleep(0)
    assert left.cancel()
    found = await gateway.data(search)
    assert found["activities"]["totalCount"] == 2_000
    assert left.cancelled()
