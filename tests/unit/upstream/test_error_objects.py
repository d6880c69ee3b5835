"""Which answers are errors, though they come with 200; those that are bytes no JSON can be are in test_decode.py."""

import msgspec
import pytest

from gateway.upstream.records.error_objects import ErrorEnvelope, ErrorObject, may_contain_error


def failure(sent: object) -> ErrorObject | None:
    content = msgspec.json.encode(sent)
    found = msgspec.json.decode(content, type=ErrorEnvelope).extract_error()
    assert may_contain_error(content) or found is None
    return found


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"message": "no", "statusCode": 404, "fields": []}, 404),
        ({"message": "no", "statusCode": 422, "fields": [{"name": "clientId"}]}, 422),
        ({"message": "no", "statusCode": 404, "fields": None}, 404),
        ({"message": "", "statusCode": 500}, 500),
        ({"message": "no", "statusCode": "403"}, 403),
        ({"message": "no", "statusCode": 429.0}, 429),
        ({"message": "no", "statusCode": 404, "error": "Not Found"}, 404),
        ({"message": "no", "statusCode": 404, "error": None}, 404),
        ({"message": "no", "statusCode": 404, "error": {}}, 404),
        ({"message": "no", "statusCode": 404, "error": {"code": 403}}, 403),
        ({"message": "no", "statusCode": 404, "path": "/x", "timestamp": 0}, 404),
        ({"message": "no", "statusCode": 404, "id": None, "items": None}, 404),
        ({"error": {"code": 403}, "id": "1", "items": []}, 403),
        ({"error": "down", "message": "no"}, None),
        ({"items": [], "message": "no", "statusCode": 500}, 500),
        ({"message": None, "statusCode": 401, "fields": []}, 401),
        ({"statusCode": 404, "fields": [{"name": "clientId"}]}, 404),
        ({"error": {"message": "no", "statusCode": 404, "fields": []}}, 404),
        ({"error": {"code": 403, "statusCode": 404}}, 403),
    ],
    ids=repr,
)
def test_an_error_is_known_by_its_form_and_has_its_code(sent, code):
    assert failure(sent) == ErrorObject(code)


@pytest.mark.parametrize(
    "sent",
    [
        {"message": "hello"},
        {"statusCode": 404},
        {"message": "hello", "fields": []},
        {"id": "1", "message": "hello"},
        {"id": "1", "message": "hello", "statusCode": 404, "fields": []},
        {"id": 0, "message": "hello", "statusCode": 404},
        {"items": [{}], "message": "hello", "statusCode": 404},
        {"message": 7, "statusCode": 404},
        {"message": "OK", "statusCode": 200, "data": [{"id": "1", "type": "note"}]},
        {"message": "hello", "statusCode": 399},
        {"message": "hello", "statusCode": 600},
        {"message": "hello", "statusCode": None},
        {"message": "hello", "statusCode": True},
        {"message": "hello", "statusCode": 404.5},
        {"message": "hello", "statusCode": "paid"},
        {"message": "hello", "statusCode": [404]},
        {"message": {"text": "hello"}, "statusCode": 404},
        {"message": None, "statusCode": 404},
        {"items": [{"message": "hello", "statusCode": 404, "fields": []}]},
        {"error": None, "items": []},
        {"error": False},
        {"error": ""},
    ],
    ids=repr,
)
def test_what_only_resembles_an_error_is_none(sent):
    assert failure(sent) is None


def test_no_error_is_looked_for_in_an_answer_that_is_too_long_for_one():
    long = b'{"message":"%s","statusCode":404}'
    assert may_contain_error(long % (b"a" * 16_000))
    assert not may_contain_error(long % (b"a" * 17_000))
    assert may_contain_error(b'{"error":{"code":404,"message":"%s"}}' % (b"a" * 17_000))
