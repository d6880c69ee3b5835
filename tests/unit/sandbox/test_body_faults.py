import gzip
import zlib

import httpx
import pytest

from gateway.sandbox.fault_injection.body_faults import overwrite_json

PATH = "/api/2.3/activities"


async def spoilt(rest: httpx.AsyncClient, **fault: object) -> httpx.Response:
    set_ = await rest.put("/_sandbox/faults", json=[{"path": PATH, **fault}])
    assert set_.status_code == 200
    return await rest.get(PATH, params={"clientId": "1001"})


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ({"a": "1e400"}, b'{"a":1e400,"b":[{"c":1},{"c":2},3]}'),
        ({"new": "NaN"}, b'{"a":0,"b":[{"c":1},{"c":2},3],"new":NaN}'),
        ({"b/1": "]"}, b'{"a":0,"b":[{"c":1},],3]}'),
        ({"b/*/c": "{}"}, b'{"a":0,"b":[{"c":{}},{"c":{}},3]}'),
        ({"*": "x"}, b'{"a":x,"b":x}'),
        ({"a": "1", "b/0": "2"}, b'{"a":1,"b":[2,{"c":2},3]}'),
        ({"b/7": "1", "c/d": "1", "a/b": "1"}, b'{"a":0,"b":[{"c":1},{"c":2},3]}'),
    ],
    ids=str,
)
def test_other_json_is_put_in_places(places, expected):
    assert overwrite_json(b'{"a":0,"b":[{"c":1},{"c":2},3]}', places) == expected


async def test_a_fault_puts_json_in_places_of_the_normal_answer(rest):
    answer = await spoilt(rest, put={"items/*/date": "[[]]"})
    assert [item["date"] for item in answer.json()["items"]] == [[[]]]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_compressed_answer_is_the_normal_one(rest, coding):
    answer = await spoilt(rest, compress=[coding])
    assert answer.headers["content-encoding"] == coding
    assert len(answer.json()["items"]) == 1


async def test_compression_upon_compression_makes_a_bomb_small(rest):
    await rest.put(
        "/_sandbox/faults",
        json=[{"path": PATH, "bodyBytes": 10_000_000, "compress": ["deflate", "gzip"]}],
    )
    async with rest.stream("GET", PATH, params={"clientId": "1001"}) as answer:
        sent = b"".join([piece async for piece in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "deflate, gzip"
    assert len(sent) < 1000
    assert len(zlib.decompress(gzip.decompress(sent))) == 10_000_000
