import pytest
import strawberry

from gateway.schema.arguments import argument, argument_set
from gateway.schema.enums import ActivityKind


@pytest.mark.parametrize("value", ["x", "", 0, [], None])
def test_what_is_given_is_taken_as_it_is(value):
    assert argument(value) == value


def test_what_is_absent_counts_as_null():
    assert argument(strawberry.UNSET) is None
    assert argument_set(strawberry.UNSET) is None


def test_words_are_a_set():
    note = ActivityKind.NOTE
    assert argument_set([note, note]) == frozenset({note})


def test_no_words_are_not_the_same_as_none_given():
    assert argument_set([]) == frozenset()
    assert argument_set(None) is None


NULLS = "kinds: null, events: null, appointmentId: null, from: null, to: null, first: null, last: null, after: null, before: null"


async def test_a_null_argument_equals_an_absent_one(gateway_over_items):
    gateway = gateway_over_items({"id": "1", "type": "note"})
    data = await gateway.data(f"""{{
      activities(clientId: 7, {NULLS}) {{ totalCount }}
      client(id: 7) {{ activities({NULLS}) {{ totalCount }} }}
    }}""")
    assert data == {"activities": {"totalCount": 1}, "client": {"activities": {"totalCount": 1}}}
