"""Which proxy is used for which address, and what is told of it."""

from typing import Any

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from gateway.config.proxies import (
    DIRECT,
    Proxy,
    ProxyAddress,
    bypasses_proxy,
    is_loopback,
    proxy_for,
)

ADDRESS: TypeAdapter[Any] = TypeAdapter(ProxyAddress)
ONE, OTHER = Proxy("http", "one", 3128), Proxy("http", "other", 3128)
NAMED = {
    ONE: SecretStr("http://one:3128"),
    OTHER: SecretStr("other:3128"),
    DIRECT: SecretStr("none"),
}
SOCKS = SecretStr("socks5://one")


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://proxy:3128", Proxy("http", "proxy", 3128)),
        ("http://proxy:3128/", Proxy("http", "proxy", 3128)),
        ("HTTP://Proxy.example", Proxy("http", "proxy.example", 80)),
        ("https://proxy", Proxy("https", "proxy", 443)),
        ("proxy:3128", Proxy("http", "proxy", 3128)),
        ("squid_1:3128", Proxy("http", "squid_1", 3128)),
        ("http://[fd00::7]:3128", Proxy("http", "fd00::7", 3128)),
        ("http://me:p%40ss@proxy:3128", Proxy("http", "proxy", 3128, "me", "p@ss")),
        ("http://me@proxy:3128", Proxy("http", "proxy", 3128, "me")),
        ("none", DIRECT),
        (" None ", DIRECT),
    ],
)
def test_an_address_of_a_proxy_is_read_as_every_tool_reads_it(text, proxy):
    assert ADDRESS.validate_python(text) == proxy


@pytest.mark.parametrize(
    "text",
    [
        *("socks5://hunter2@proxy:1080", "ftp://proxy", "http://", "http://:3128", "://proxy"),
        *("http://hunter2:12/34@proxy:3128", "http://me:12#34@proxy", "http://proxy/?x"),
        *("http://proxy:99999", "http://proxy:port", "http://pro xy", "http://[fd00::7", "proxy\n"),
    ],
)
def test_what_is_no_address_of_a_proxy_is_refused_without_its_text(text):
    with pytest.raises(ValidationError) as refused:
        ADDRESS.validate_python(text)
    [problem] = refused.value.errors(include_input=False, include_url=False)
    assert "must be the address of an HTTP proxy" in problem["msg"]
    assert "hunter2" not in problem["msg"]


def test_a_proxy_shows_its_place_and_nobodys_password():
    proxy = Proxy("http", "fd00::7", 3128, "me", "hunter2")
    assert (proxy.url, proxy.authority) == ("http://[fd00::7]:3128", "[fd00::7]:3128")
    assert "hunter2" not in repr(proxy)
    assert "me" not in repr(proxy).replace("scheme", "")


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("api.localhost", True),
        ("localhost.", True),
        ("::ffff:127.0.0.1", True),
        ("127.1", True),
        ("2130706433", True),
        ("0.0.0.0", False),  # which is every address of this machine
        ("::", False),
        ("::ffff:10.0.0.1", False),
        ("api.agendize.com", False),
        ("notlocalhost", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_addresses_are_known(host, is_one):
    assert is_loopback(host) is is_one


@pytest.mark.parametrize(
    ("exceptions", "host", "is_one"),
    [
        ("", "api.agendize.com", False),
        ("*", "api.agendize.com", True),
        ("api.agendize.com", "api.agendize.com", True),
        ("AGENDIZE.com", "api.Agendize.com", True),
        (".agendize.com", "api.agendize.com", True),
        ("*.agendize.com", "api.agendize.com", True),
        ("agendize.com.", "api.agendize.com", True),
        ("dize.com", "api.agendize.com", False),
        ("api.agendize.com.evil", "api.agendize.com", False),
        ("example.com, agendize.com", "api.agendize.com", True),
        ("example.com agendize.com", "api.agendize.com", True),
        ("agendize.com:443", "api.agendize.com", True),
        ("agendize.com:80", "api.agendize.com", False),
        ("10.0.0.7", "10.0.0.7", True),
        ("10.0.0.7:443", "10.0.0.7", True),
        ("10.0.0.0/8", "10.0.0.7", True),
        ("10.0.0.7/8", "10.0.0.9", True),
        ("192.168.0.0/16", "10.0.0.7", False),
        ("fd00::/8", "fd00::7", True),
        ("[fd00::7]", "fd00::7", True),
        ("[fd00::7]:443", "fd00::7", True),
        ("[fd00::7]:80", "fd00::7", False),
        ("not/anything, :,,", "api.agendize.com", False),
    ],
)
def test_exceptions_are_names_addresses_and_networks(exceptions, host, is_one):
    assert bypasses_proxy(host, 443, exceptions) is is_one


@pytest.mark.parametrize(
    ("origin", "given", "proxy"),
    [
        ("https://api.agendize.com", {}, None),
        ("https://api.agendize.com", {"https": ONE, "http": OTHER}, ONE),
        ("http://api.agendize.com", {"https": ONE, "http": OTHER}, OTHER),
        ("https://api.agendize.com", {"http": OTHER}, None),
        ("https://api.agendize.com", {"https": ONE, "exceptions": "agendize.com"}, None),
        ("https://api.agendize.com:8443", {"https": ONE, "exceptions": "agendize.com:443"}, ONE),
        ("https://api.agendize.com", {"https": ONE, "chosen": OTHER}, OTHER),
        ("https://api.agendize.com", {"chosen": OTHER, "exceptions": "*"}, OTHER),
        ("https://api.agendize.com", {"https": ONE, "chosen": DIRECT}, None),
        ("https://api.agendize.com", {"https": DIRECT}, None),
        ("http://127.0.0.1:8001", {"http": ONE}, None),
        ("http://127.0.0.1:8001", {"chosen": ONE}, None),
        ("http://[::1]:8001", {"chosen": ONE}, None),
        ("http://localhost:8001", {"chosen": ONE}, None),
        ("http://[fd00::7]:8001", {"http": ONE}, ONE),
        ("http://[::ffff:127.0.0.1]:8001", {"http": ONE}, None),
    ],
)
def test_an_origin_has_the_proxy_that_is_set_for_it(origin, given, proxy):
    schemes = {scheme: NAMED.get(given.get(scheme, "")) for scheme in ("https", "http")}
    chosen, exceptions = given.get("chosen"), given.get("exceptions", "")
    assert proxy_for(origin, explicit=chosen, url_by_scheme=schemes, no_proxy=exceptions) == proxy


def test_what_is_no_http_proxy_is_refused_where_it_is_wanted():
    named = {"https": SOCKS, "http": None}
    with pytest.raises(ValueError, match="HTTP proxy"):
        proxy_for("https://api.agendize.com", explicit=None, url_by_scheme=named, no_proxy="")
    for origin, chosen, exceptions in (
        ("http://api.agendize.com", None, ""),
        ("https://api.agendize.com", ONE, ""),
        ("https://api.agendize.com", DIRECT, ""),
        ("https://api.agendize.com", None, "agendize.com"),
        ("https://localhost", None, ""),
    ):
        found = proxy_for(origin, explicit=chosen, url_by_scheme=named, no_proxy=exceptions)
        assert found is (chosen if chosen is ONE else None)
