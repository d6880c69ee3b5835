from collections import Counter
from typing import Any

import httpx
import pytest

from gateway.schema import build_schema

REFUSED = "BAD_USER_INPUT"


@pytest.fixture
def upstream(gateway_over):
    """A gateway whose clients have one activity each, of the client's id; 404 is nobody."""
    asked: Counter[str] = Counter()

    def send(request):
        client_id = request.url.params["clientId"]
        asked[client_id] += 1
        if client_id == "404":
            return httpx.Response(404)
        return httpx.Response(200, json={"items": [{"id": f"of {client_id}", "type": "note"}]})

    gateway = gateway_over(send, max_clients=3)
    gateway.asked = asked
    return gateway


CLIENTS = "query($ids: [ID!]!) { clients(ids: $ids) { id activities { nodes { id } } } }"


def client(id_: str) -> dict[str, object]:
    return {"id": id_, "activities": {"nodes": [{"id": f"of {id_}"}]}}


async def test_a_client_by_itself_costs_nothing(upstream):
    assert await upstream.data("{ client(id: 7) { id } }") == {"client": {"id": "7"}}
    assert not upstream.asked


async def test_a_client_has_a_timeline(upstream):
    data = await upstream.data("{ client(id: 7) { id activities { nodes { id } } } }")
    assert data == {"client": client("7")}


async def test_clients_come_in_the_order_asked(upstream):
    data = await upstream.data(CLIENTS, ids=["9", 7, "8"])
    assert data == {"clients": [client("9"), client("7"), client("8")]}
    assert upstream.asked == {"9": 1, "7": 1, "8": 1}


async def test_a_client_asked_for_twice_is_read_once(upstream):
    data = await upstream.data(CLIENTS, ids=["7", "7"])
    assert data == {"clients": [client("7"), client("7")]}
    assert upstream.asked == {"7": 1}


async def test_no_clients_are_an_empty_list(upstream):
    assert await upstream.data(CLIENTS, ids=[]) == {"clients": []}


async def test_an_unknown_client_costs_its_own_timeline_only(upstream, codes):
    answer = await upstream.ask(CLIENTS, {"ids": ["404", "7"]})
    assert answer["data"] == {"clients": [{"id": "404", "activities": None}, client("7")]}
    assert codes(answer) == {"clients.0.activities": "NOT_FOUND"}


async def test_a_blank_id_costs_its_own_timeline_only(upstream, codes):
    answer = await upstream.ask(CLIENTS, {"ids": [" ", "7"]})
    assert answer["data"] == {"clients": [{"id": " ", "activities": None}, client("7")]}
    assert codes(answer) == {"clients.0.activities": REFUSED}


async def test_more_clients_than_the_setting_allows_are_refused_without_a_call(upstream, codes):
    answer = await upstream.ask(CLIENTS, {"ids": list("1234")})
    assert answer["data"] is None
    assert codes(answer) == {"clients": REFUSED}
    assert not upstream.asked


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        ", kinds: [NOTE]",
        ", events: [CREATED]",
        ', from: "2026-07-01T00:00:00Z", to: "2026-07-02T00:00:00Z"',
        ", sort: DESC, first: 1",
        ", last: 1",
    ],
)
async def test_a_timeline_is_the_same_from_the_root_and_from_the_client(upstream, arguments):
    of_client = f"({arguments.removeprefix(', ')})" if arguments else ""
    fields = "{ totalCount nodes { id } pageInfo { startCursor } }"
    data = await upstream.data(f"""{{
      activities(clientId: 7{arguments}) {fields} client(id: 7) {{ activities{of_client} {fields} }}
    }}""")
    assert data["client"]["activities"] == data["activities"]


def test_a_timeline_takes_the_same_arguments_at_the_root_and_at_the_client():
    types: dict[str, Any] = {**build_schema().type_map}
    client_id, *root = types["Query"].fields["activities"].args.items()
    of_client = types["Client"].fields["activities"].args.items()
    assert client_id[0] == "clientId"
    assert [
        (name, str(each.type), each.default_value, each.description) for name, each in root
    ] == [(name, str(each.type), each.default_value, each.description) for name, each in of_client]
