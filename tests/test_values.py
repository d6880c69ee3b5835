from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from gateway.values import HeaderNames, Origin


def read(kind: Any, value: object) -> Any:
    """What a setting of a kind makes of a value."""
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    "url",
    [
        "upstream",
        "ftp://upstream",
        "http://",
        "http://upstream/api",
        "http://upstream?x",
        "http://upstream#x",
        "http://user:secret@upstream",
        "http://upstream:",
        "http://upstream:99999",
        "http://up stream",
        "http://up..stream",
        "http://.upstream",
        "http://" + "x" * 64,
        "http://" + "x." * 130 + "x",
        "http://upstream\n",
    ],
)
def test_an_address_that_is_no_origin_is_refused(url):
    with pytest.raises(ValidationError, match="must be an origin"):
        read(Origin, url)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.agendize.com", "https://api.agendize.com"),
        ("https://sante.agendize.com/", "https://sante.agendize.com"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("http://rest:80/", "http://rest:80"),
        ("http://" + "x" * 63 + ".example.", "http://" + "x" * 63 + ".example."),
    ],
)
def test_an_origin_is_kept_without_its_slash(url, origin):
    assert read(Origin, url) == origin


@pytest.mark.parametrize(
    "name",
    [
        "Cookie",
        "HOST",
        "connection",
        "Content-Length",
        "Content-Type",
        "Transfer-Encoding",
        "Accept-Encoding",
        "If-None-Match",
        "Range",
        "Upgrade",
        "X Y",
        "X:Y",
        "X\r\nY",
        "é",
    ],
)
def test_a_header_that_must_not_go_along_is_refused(name):
    with pytest.raises(ValidationError, match="cannot be forwarded"):
        read(HeaderNames, ("X-Fine", name))


def test_a_list_is_split_wherever_it_comes_from():
    assert read(HeaderNames, " X-A,X-B ,, ") == ("X-A", "X-B")
