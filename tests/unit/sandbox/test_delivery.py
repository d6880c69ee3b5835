import httpx
import pytest

PATH = "/api/2.3/activities"


async def spoilt(rest: httpx.AsyncClient, **fault: object) -> httpx.Response:
    await rest.put("/_sandbox/faults", json=[{"path": PATH, **fault}])
    return await rest.get(PATH, params={"clientId": "1001"})


@pytest.mark.parametrize("drop", ["before", "headers", "body"])
async def test_without_a_socket_a_dropped_connection_is_an_exception(rest, drop):
    with pytest.raises(ConnectionResetError):
        await spoilt(rest, drop=drop)


async def test_a_call_that_got_no_answer_has_no_status(rest):
    with pytest.raises(ConnectionResetError):
        await spoilt(rest, drop="before")
    with pytest.raises(ConnectionResetError):
        await spoilt(rest, drop="headers")
    statuses = [call["status"] for call in (await rest.get("/_sandbox/calls")).json()["requests"]]
    assert statuses == [None, 200]


async def test_a_truncated_body_is_shorter_than_promised(rest):
    answer = await spoilt(rest, truncate=10)
    assert answer.content == b'{"items":['
    assert int(answer.headers["content-length"]) > 10


async def test_truncating_after_the_end_changes_nothing(rest):
    answer = await spoilt(rest, truncate=1_000_000)
    assert len(answer.content) == int(answer.headers["content-length"])


async def test_nothing_at_all_of_a_body_may_be_sent(rest):
    assert (await spoilt(rest, truncate=0)).content == b""


@pytest.mark.parametrize("length", [12, 13, 65_548, 200_000])
async def test_an_overlong_body_is_a_list_of_nothing(rest, length):
    answer = await spoilt(rest, bodyBytes=length)
    assert len(answer.content) == length
    assert answer.json() == {"items": []}
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("length", [0, 11])
async def test_where_a_list_does_not_fit_there_are_blanks(rest, length):
    assert (await spoilt(rest, bodyBytes=length)).content == b" " * length


async def test_an_overlong_body_can_be_cut_off_too(rest):
    assert len((await spoilt(rest, bodyBytes=200_000, truncate=100_000)).content) == 100_000
