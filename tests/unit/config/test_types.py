from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from gateway.config.caller_keys import CallerKeys
from gateway.config.types import (
    AdminAddress,
    CallerKeysFile,
    CollectorUrl,
    HeaderNames,
    ListenAddress,
    OriginUrl,
    Secret,
)


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
        "http://fd00::7",
        "http://[fd00::7",
        "http://[fd00::7::8]",
        "http://[10.0.0.7]",
        "http://[fd00::7%25eth0]",
        "http://[]",
        "http://10.0.0.256",
        "https://10.0.0.07:8443",
    ],
)
def test_an_address_that_is_no_origin_is_refused(url):
    with pytest.raises(ValidationError, match="must be an origin"):
        read(OriginUrl, url)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.agendize.com", "https://api.agendize.com"),
        ("https://sante.agendize.com/", "https://sante.agendize.com"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("http://rest:80/", "http://rest:80"),
        ("http://rest_api.my_ns:80/", "http://rest_api.my_ns:80"),
        ("http://[fd00::7]:8001/", "http://[fd00::7]:8001"),
        ("https://[::ffff:10.0.0.7]", "https://[::ffff:10.0.0.7]"),
        ("http://" + "x" * 63 + ".example.", "http://" + "x" * 63 + ".example."),
    ],
)
def test_an_origin_is_kept_without_its_slash(url, origin):
    assert read(OriginUrl, url) == origin


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


@pytest.mark.parametrize(
    "secret", ["s\n", "s\r\nX-Evil: 1", "s\x00", "s\t", "s\x7f", "sécret"], ids=repr
)
def test_a_secret_that_no_header_can_hold_is_refused_without_being_told(secret):
    with pytest.raises(ValidationError, match="must be printable ASCII") as refused:
        read(Secret, secret)
    assert secret not in str(refused.value.errors(include_input=False))


def test_a_secret_is_kept_as_it_is_and_not_shown():
    kept: SecretStr = read(Secret, "a b~!")
    assert kept.get_secret_value() == "a b~!"
    assert "a b~!" not in repr(kept)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://collector:4318", "http://collector:4318"),
        ("https://traces.example/otlp/", "https://traces.example/otlp"),
    ],
)
def test_a_collector_may_have_a_path(url, kept):
    assert read(CollectorUrl, url) == kept


@pytest.mark.parametrize(
    "url", ["collector:4318", "ftp://collector", "http://user:secret@collector", "http://a/?b"]
)
def test_an_address_that_is_no_collectors_is_refused(url):
    with pytest.raises(ValidationError, match="must be an address"):
        read(CollectorUrl, url)


@pytest.mark.parametrize(
    "name",
    [
        *("Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding"),
        *("Upgrade", "HTTP2-Settings", "Proxy-Authorization", "Proxy-Authenticate"),
        *("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Gateway-Key"),
    ],
)
def test_headers_of_one_connection_and_keys_are_not_forwarded(name):
    with pytest.raises(ValidationError, match=f"{name} cannot be forwarded"):
        read(HeaderNames, f"X-Tenant, {name}")


WEB, OTHER = "ab" * 32, "CD" * 32


def keys_in(folder: Path, text: bytes) -> Any:
    file = folder / "keys"
    file.write_bytes(text)
    return read(CallerKeysFile, str(file))


def test_keys_of_callers_are_read_from_lines(tmp_path):
    found = keys_in(tmp_path, f"web:{WEB}\n\n web-2.0_a:{OTHER} \r\n".encode())
    assert found == CallerKeys({bytes.fromhex(WEB): "web", bytes.fromhex(OTHER): "web-2.0_a"})
    assert WEB not in repr(found)


def test_a_caller_may_have_two_keys_while_one_replaces_the_other(tmp_path):
    found = keys_in(tmp_path, f"web:{WEB}\nweb:{OTHER}".encode())
    assert [*found.name_by_digest.values()] == ["web", "web"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "contains no keys"),
        (b"\n\n", "contains no keys"),
        (f"web:{WEB}\nweb\n".encode(), "line 2 is not name:sha256-of-key"),
        (f"\nweb:{WEB[1:]}".encode(), "line 2 is not name:sha256-of-key"),
        (f"web {WEB}".encode(), "line 1 is not name:sha256-of-key"),
        (f":{WEB}".encode(), "line 1 is not name:sha256-of-key"),
        (f"w\u00e9b:{WEB}".encode(), "line 1 is not name:sha256-of-key"),
        (f"{'w' * 65}:{WEB}".encode(), "line 1 is not name:sha256-of-key"),
        (f"web:{WEB}:x".encode(), "line 1 is not name:sha256-of-key"),
        (f"web:{WEB}\nother:{WEB.upper()}".encode(), "line 2 repeats the key of an earlier line"),
        (b"web:\xff", "is not UTF-8"),
    ],
    ids=range(11),
)
def test_a_malformed_file_of_keys_is_refused_by_the_line(tmp_path, text, problem):
    with pytest.raises(ValidationError, match=problem):
        keys_in(tmp_path, text)


def test_a_file_of_keys_that_is_not_there_is_refused():
    with pytest.raises(ValidationError, match="cannot be read: No such file"):
        read(CallerKeysFile, "missing.txt")


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("0.0.0.0:9000", "0.0.0.0", 9000), ("[fd00::7]:0", "fd00::7", 0), ("a-b.c:1", "a-b.c", 1)],
)
def test_an_address_to_listen_on_is_a_host_and_a_port(text, host, port):
    assert read(AdminAddress, text) == ListenAddress(host, port)


@pytest.mark.parametrize(
    "text",
    ["9000", ":9000", "::1:9000", "[::1]", "[1.2.3.4]:1", "1.2.3.256:1", "a:65536", "a:1/", "a:x"],
)
def test_an_address_to_listen_on_needs_both(text):
    with pytest.raises(ValidationError, match="must be a host and a port"):
        read(AdminAddress, text)
