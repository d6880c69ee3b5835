import json
from typing import Any

import pytest

from gateway.errors import InvalidUpstreamResponse
from gateway.observability.event_loop import run_to_completion
from gateway.upstream.records import decoding, resources
from gateway.upstream.records.activities import UNREADABLE
from gateway.upstream.records.enums import FormResultStatus


def read(declared: type[resources.FormResult], **sent: Any) -> Any:
    return run_to_completion(decoding.entity(json.dumps({"id": "1", **sent}).encode(), declared))


def test_an_answer_may_be_text_as_older_versions_sent_it():
    assert read(resources.FormResult, result="a: 1\nb: 2").result == "a: 1\nb: 2"
    for odd in (7, True, {"Height": "1,72 m"}):  # the last of which is no list of questions
        assert read(resources.FormResult, result=odd).result is UNREADABLE


def test_a_question_that_cannot_be_read_costs_itself_alone_however_deep_it_stands():
    sent = [{"title": "1", "subItem": [{"title": "1.1"}, 7, {"title": [], "value": "kept"}]}]
    [section] = read(resources.FormResult, result=sent).result
    first, second, third = section.sub_item
    assert (section.title, first.title) == ("1", "1.1")
    assert second is UNREADABLE
    assert (third.title, third.value) == (UNREADABLE, "kept")


@pytest.mark.parametrize("depth", [10, 100, 400, 5000])
def test_questions_inside_questions_are_read_or_refused_however_deep(depth):
    sent = b'{"id":"1","result":' + b'[{"subItem":' * depth + b"[7]" + b"}]" * depth + b"}"
    try:
        found = run_to_completion(decoding.entity(sent, resources.FormResult))
    except InvalidUpstreamResponse:
        assert depth > 100
    else:
        assert found.id == "1"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("FINISHED", FormResultStatus.FINISHED),
        ("finished", FormResultStatus.UNKNOWN),
        ("ARCHIVED", FormResultStatus.UNKNOWN),
        (7, UNREADABLE),
        (None, None),
        ([], UNREADABLE),
    ],
)
def test_a_word_that_is_new_is_unknown(sent, status):
    result = read(resources.FormResult, currentStatus=sent)
    assert result.status is status
    assert result.status_raw == (sent if isinstance(sent, str) else status)


@pytest.mark.parametrize(
    ("sent", "form"),
    [
        ("7", resources.FormReference(id="7")),
        (7, resources.FormReference(id=7)),
        ({"id": "7"}, resources.FormReference(id="7")),
        ([], UNREADABLE),
        ("", None),
        (None, None),
    ],
    ids=repr,
)
def test_a_result_refers_to_its_form_by_its_id(sent, form):
    assert read(resources.FormResult, form=sent).form == form
