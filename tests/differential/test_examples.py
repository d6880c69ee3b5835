from tests.differential.examples import Example
from tests.differential.operations import Operation
from tests.differential.timelines import Sent


def test_a_page_is_turned_whatever_number_an_answer_holds():
    """A payload is answered as the upstream sent it: its numbers may be longer than Python converts."""
    asked = Operation("{ id }", {}, ("after",), (), entities=False)
    nothing = Sent((), 1, {}, {}, frozenset())
    body = b'{"payload": %b, "pageInfo": {"endCursor": "next"}}' % (b"9" * 5_000)
    assert Example(0, asked, nothing, settings=0).turned(body) == {"after": "next"}
