"""Which pages are listed: origins in every spelling, and what a wildcard stands for."""

import pytest

from gateway.config.origins import AllowedOrigins, parse_allowed_origin


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://app.example.com", "https://app.example.com"),
        ("HTTPS://App.Example.com:443", "https://app.example.com"),
        ("http://app.example.com:80", "http://app.example.com"),
        ("http://app.example.com:443", "http://app.example.com:443"),
        ("http://app.example.com:0080", "http://app.example.com"),
        ("http://app.example.com:08080", "http://app.example.com:8080"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
        ("http://[2001:DB8::1]:80", "http://[2001:db8::1]"),
        ("http://127.0.0.1:*", "http://127.0.0.1:*"),
        ("https://*.Example.com", "https://*.example.com"),
        ("https://*", "https://*"),
        ("https://example.com.", "https://example.com."),
        ("capacitor://localhost", "capacitor://localhost"),
        ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(written, meant):
    assert str(parse_allowed_origin(written)) == meant
    assert str(parse_allowed_origin(meant)) == meant


NEVER = [
    *("*", "null", "", "localhost", "app.example.com", "app.example.com:443", "//app.example.com"),
    *("https://", "https://:443", "https:app.example.com", "*://app.example.com"),
    *("https://app.example.com/", "https://app.example.com/page", "https://app.example.com/*"),
    *("https://app.example.com?x", "https://app.example.com#x", "https://app.example.com:443/"),
    *("https://me@app.example.com", "https://app.example.com:", "https://app.example.com:0"),
    *("https://app.example.com:65536", "https://app.example.com:80*", "https://app.example.com:-1"),
    *("https://*app.example.com", "https://app-*.example.com", "https://**.example.com"),
    *("https://app..example.com", "https://.example.com", "https://app example.com"),
    *("https://b\u00fccher.example", "https://a.example,https://b.example", "https://a.example "),
    *(
        "http://[::1",
        "http://[::1]*",
        "http://[*]",
        "http://[1.2.3.4]",
        "http://[::g]",
        "http://::1",
    ),
    *("http://1.2.3", "http://256.1.1.1", "http://01.2.3.4", "http://*.0.0.1", "http://10.0.*.1"),
    *("file://x", "FILE://localhost", "data://x", "blob://x", "about://blank", "javascript://x"),
    f"https://{'a.' * 200}example.com",
    f"https://{'a' * 64}.example.com",
]


@pytest.mark.parametrize("written", NEVER)
def test_what_is_the_origin_of_no_page_is_refused_by_its_text(written):
    with pytest.raises(ValueError, match="is not the origin of a page") as refused:
        parse_allowed_origin(written)
    for secret, shown in {"me@": "…@", "?x": "?…", "#x": "?…"}.items():
        written = written.replace(secret, shown)
    assert str(refused.value).startswith(f"{written} is")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("https://me:secret@app.example.com", "https://…@app.example.com"),
        ("https://me:secret@app.example.com/@", "https://…@"),
        ("https://me:sec://ret@app.example.com", "https://…@app.example.com"),
        ("me:secret@app.example.com", "…@app.example.com"),
        ("secret@", "…@"),
        ("https://app.example.com/?key=secret", "https://app.example.com/?…"),
        ("https://app.example.com?a@b=secret", "https://app.example.com?…"),
    ],
)
def test_a_password_is_not_repeated(written, shown):
    with pytest.raises(ValueError, match="is not the origin of a page") as refused:
        parse_allowed_origin(written)
    assert str(refused.value).startswith(f"{shown} is")


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://app.example.com", "https://app.example.com"),
        ("https://app.example.com", "HTTPS://APP.example.com:443"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("http://[0::1]:3000", "http://[::1]:3000"),
        ("https://*.example.com", "https://a.example.com"),
        ("https://*.example.com", "https://a.b-c.d_e.example.com"),
        ("https://*.example.com:8443", "https://a.example.com:8443"),
        ("https://app.*.example.com", "https://app.a.b.example.com"),
        ("https://app.*", "https://app.example.com"),
        ("https://*", "https://app.example.com"),
        ("https://*", "https://app"),
        ("https://*.b.*.example.com", "https://a.b.c.example.com"),
        ("https://*.b.*.example.com", "https://a.b.b.b.example.com"),
        ("https://*.*.example.com", "https://a.b.example.com"),
        ("http://localhost:*", "http://localhost:3000"),
        ("http://localhost:*", "http://localhost"),
        ("http://127.0.0.1:*", "http://127.0.0.1:5173"),
        ("http://[::1]:*", "http://[::1]:5173"),
        ("https://*.example.com:*", "https://a.example.com:9"),
        ("capacitor://localhost", "capacitor://localhost"),
    ],
)
def test_a_page_whose_origin_is_listed_is_known(written, sent):
    assert sent in AllowedOrigins([written])


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://app.example.com", "http://app.example.com"),
        ("https://app.example.com", "https://app.example.com:8443"),
        ("https://app.example.com", "https://app.example.com.evil.example"),
        ("https://app.example.com", "https://evil.example/https://app.example.com"),
        ("https://app.example.com", "https://app.example.com/"),
        ("https://app.example.com", "https://app.example.com, https://app.example.com"),
        ("https://app.example.com", "https://appxexample.com"),
        ("https://app.example.com", "null"),
        ("https://app.example.com", ""),
        ("https://*.example.com", "https://example.com"),
        ("https://*.example.com", "https://.example.com"),
        ("https://*.example.com", "https://evilexample.com"),
        ("https://*.example.com", "https://a.example.com.evil.example"),
        ("https://*.example.com", "https://evil.example/.example.com"),
        ("https://*.example.com", "https://evil.example?.example.com"),
        ("https://*.example.com", "https://me@a.example.com"),
        ("https://*.example.com", "https://a.example.com:8443"),
        ("https://*.example.com", "http://a.example.com"),
        ("https://*.example.com", "https://*.example.com"),
        ("https://*.example.com", "null"),
        ("https://*.b.*.example.com", "https://a.b.example.com"),
        ("https://*.*.example.com", "https://a.example.com"),
        ("https://*:*", "null"),
        ("https://*:*", "https://127.0.0.1"),
        ("https://*:*", "https://[::1]"),
        ("http://localhost:*", "http://localhost:0"),
        ("http://localhost:*", "http://localhost:70000"),
        ("http://localhost:*", "http://localhost:*"),
        ("http://localhost:*", "https://localhost:3000"),
        ("http://localhost:*", "http://localhost.evil.example:3000"),
        ("http://127.0.0.1:*", "http://127.0.0.1.evil.example:80"),
    ],
)
def test_any_other_page_is_not(written, sent):
    assert sent not in AllowedOrigins([written])


def test_several_may_be_listed_or_none():
    both = AllowedOrigins(["https://a.example", "https://*.b.example"])
    assert both
    assert "https://a.example" in both
    assert "https://x.b.example" in both
    assert not AllowedOrigins()
    assert "https://a.example" not in AllowedOrigins()


def test_a_long_origin_against_many_wildcards_is_soon_read():
    """Each wildcard could be as long as the name: the number of ways grows with every one of them."""
    pages = AllowedOrigins(["https://" + "*.a." * 20 + "b"])
    assert "https://" + "a." * 120 + "c" not in pages
    assert "https://" + "a." * 120 + "b" in pages
