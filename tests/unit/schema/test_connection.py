FIELDS = "{ edges { cursor node { id kind } } nodes { id kind } totalCount }"


async def test_nodes_are_those_of_the_edges(gateway_over_items):
    items = [{"id": str(n), "type": "note"} for n in range(3)]
    data = await gateway_over_items(*items).data(
        f"{{ activities(clientId: 7, first: 2) {FIELDS} }}"
    )
    connection = data["activities"]
    assert [edge["node"] for edge in connection["edges"]] == connection["nodes"]
    assert [node["id"] for node in connection["nodes"]] == ["0", "1"]
    assert connection["totalCount"] == 3


async def test_every_edge_has_a_cursor_of_its_own(gateway_over_items):
    items = [{"id": "same", "type": "note"}] * 3
    data = await gateway_over_items(*items).data(f"{{ activities(clientId: 7) {FIELDS} }}")
    assert len({edge["cursor"] for edge in data["activities"]["edges"]}) == 3


async def test_a_connection_may_be_empty(gateway_over_items):
    data = await gateway_over_items().data(
        """{ activities(clientId: 7) {
          edges { cursor } nodes { id } totalCount completeness { isComplete missing { code } }
          pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        } }"""
    )
    assert data["activities"] == {
        "edges": [],
        "nodes": [],
        "totalCount": 0,
        "completeness": {"isComplete": True, "missing": []},
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
    }
