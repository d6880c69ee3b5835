import pytest
from msgspec import Raw

from gateway.observability.event_loop import run_to_completion
from gateway.upstream.records.envelope import RequiredKey, decode_body, extract_list, is_large
from gateway.upstream.records.field_types import UNDECODABLE
from gateway.upstream.surprises import CONTROL_CHARACTERS, ODD_ENVELOPE, observe_surprises

HALF = rb"\ud83d"


def of_size(size: int, begin: bytes = b"") -> bytes:
    """A text in JSON of so many bytes."""
    return b'"' + begin + b"e" * (size - 2 - len(begin)) + b'"'


@pytest.mark.parametrize(
    ("size", "begin", "steps"),
    [
        (4_194_304, b"", 0),
        (4_194_305, b"", 1),
        (1_000_000, HALF, 0),
        (4_194_305, HALF, 6),
    ],
    ids=["not large", "large", "small and to be mended", "large and to be mended"],
)
def test_the_event_loop_is_free_before_each_step_of_a_large_answer(size, begin, steps):
    body = of_size(size, begin)
    assert is_large(body) == (size > 4_194_304)
    assert len([*decode_body(body, str)]) == steps
    assert run_to_completion(decode_body(body, str)).startswith("\ufffde" if begin else "ee")


@pytest.mark.parametrize("size", [100, 5_000_000])
@pytest.mark.parametrize("body", [b"7", b'"', b'"\\', b'"a', b"[" * 100_000], ids=repr)
def test_what_is_not_declared_is_told_whatever_its_size(size, body):
    with pytest.raises(UNDECODABLE):
        run_to_completion(decode_body(body + b" " * size, str))


def test_what_is_declared_raw_is_mended_as_well():
    assert bytes(run_to_completion(decode_body(b'{"a":"%s"}' % HALF, Raw))) == rb'{"a":"\ufffd"}'


ACTIVITY = b'{"id":"1","type":"note"}'
STAFF = b'{"id":"1","firstName":"Mina"}'
ELSEWHERE = {
    "bare": b"[%s,%s]",
    **{key: b'{"' + key.encode() + b'":[%s,%s]}' for key in ("activities", "data", "results")},
    "content": b'{"total":2,"content":[%s,%s],"page":null}',
    "beside an empty list": b'{"data":[%s,%s],"results":[]}',
    "beside another list": b'{"data":[%s,%s],"results":[{"name":"x"}],"errors":["x"]}',
    "with blanks": b' { "data" : [ %s , %s ] } ',
}


def read(body: bytes, mark: RequiredKey) -> tuple[list[bytes] | None, list[str]]:
    """The elements, or None where it is no list; and what was surprising."""
    surprises: list[str] = []
    with observe_surprises(lambda what, _: surprises.append(what)):
        try:
            return [bytes(each) for each in run_to_completion(extract_list(body, mark))], surprises
        except UNDECODABLE:
            return None, surprises


@pytest.mark.sample(4)
@pytest.mark.parametrize("form", ELSEWHERE.values(), ids=ELSEWHERE)
@pytest.mark.parametrize("padding", [b"", b" " * 4_200_000], ids=["", "large"])
def test_a_list_may_stand_elsewhere_where_it_is_one_beyond_doubt(form, padding):
    assert read(padding + form % (ACTIVITY, ACTIVITY), "type") == ([ACTIVITY] * 2, [ODD_ENVELOPE])
    assert read(padding + form % (STAFF, STAFF), "id") == ([STAFF] * 2, [ODD_ENVELOPE])
    assert read(padding + form % (STAFF, STAFF), "type") == (None, [])


NO_LISTS = {
    "an empty list under another key": b'{"data":[]}',
    "two lists": b'{"data":[%s],"results":[%s]}' % (ACTIVITY, ACTIVITY),
    "no list under items": b'{"items":null,"data":[%s]}' % ACTIVITY,
    "a list under some other key": b'{"records":[%s]}' % ACTIVITY,
    "a list further inside": b'{"data":{"items":[%s]}}' % ACTIVITY,
    "an object": b'{"data":%s}' % ACTIVITY,
    "an element without a mark": b"[%s,{}]" % ACTIVITY,
    "an element whose mark is null": b'[%s,{"id":null,"type":null}]' % ACTIVITY,
    "an element that is no object": b"[%s,7]" % ACTIVITY,
    "texts": b'["x"]',
    "lists": b"[[%s]]" % ACTIVITY,
    "no JSON": b"[%s" % ACTIVITY,
}


@pytest.mark.parametrize("mark", ["type", "id"])
@pytest.mark.parametrize("body", NO_LISTS.values(), ids=NO_LISTS)
def test_what_may_be_something_else_is_no_list(body, mark):
    assert read(body, mark) == (None, [])


@pytest.mark.parametrize("mark", ["type", "id"])
def test_an_empty_list_is_one_by_itself(mark):
    assert read(b"[]", mark) == ([], [ODD_ENVELOPE])
    assert read(b'{"items":[],"data":[%s]}' % ACTIVITY, mark) == ([], [])


def test_what_is_odd_in_several_ways_is_read_and_told_once_each():
    body = b'{"results":[{"id":"1","type":"note","note":{"id":"2","body":"a\n%s"}}]}' % HALF
    elements, surprises = read(body, "type")
    assert elements is not None
    assert rb"a\n\ufffd" in elements[0]
    assert sorted(surprises) == [CONTROL_CHARACTERS, ODD_ENVELOPE]


@pytest.mark.parametrize("count", [200_000, 200_001])
def test_a_list_elsewhere_is_no_longer_than_one_in_its_place(count):
    body = b"[" + b",".join([b'{"id":1,"name":"some name"}'] * count) + b"]"
    elements, surprises = read(body, "id")
    assert (elements is None) == (count > 200_000)
    assert surprises == [ODD_ENVELOPE] * (count <= 200_000)
