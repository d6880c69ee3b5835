import pytest
from msgspec import Raw

from gateway.steps import at_once
from gateway.upstream.declaring import UNDECODABLE
from gateway.upstream.envelope import envelope, is_large, keys

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
    assert len([*envelope(body, str)]) == steps
    assert at_once(envelope(body, str)).startswith("\ufffde" if begin else "ee")


@pytest.mark.parametrize("size", [100, 5_000_000])
@pytest.mark.parametrize("body", [b"7", b'"', b'"\\', b'"a', b"[" * 100_000], ids=repr)
def test_what_is_not_declared_is_told_whatever_its_size(size, body):
    with pytest.raises(UNDECODABLE):
        at_once(envelope(body + b" " * size, str))


def test_what_is_declared_raw_is_mended_as_well():
    assert bytes(at_once(envelope(b'{"a":"%s"}' % HALF, Raw))) == rb'{"a":"\ufffd"}'


def test_objects_and_keys_are_counted_where_there_may_be_very_many():
    body = b'{"a":[{"b":1},{"b":2}]}'
    assert keys(body) == 0
    assert keys(body + b" " * 5_000_000) == 6
