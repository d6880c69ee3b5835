"""Which content coding an `Accept-Encoding` header prefers."""

import pytest

from gateway.web.content_coding import accepts_gzip, preference


def preferred(accept_encoding: str) -> str | None:
    coding = preference(accept_encoding.encode("latin-1")).coding
    return coding and coding.name


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),  # Chromium
        ("gzip, deflate, br", "br"),  # Safari
        ("gzip", "gzip"),
        ("zstd;q=0.5, br;q=0.8, gzip;q=0.8", "br"),
        ("gzip;q=1.0, br;q=0.999", "gzip"),
        ("X-GZIP", "gzip"),
        ("Br ;\tQ=0.2", "br"),
        ("*", "zstd"),
        ("zstd;q=0, *", "br"),
        ("gzip, *;q=0.5", "gzip"),
        ("gzip;q=0.1, identity;q=0", "gzip"),
        ("gzip, identity", "gzip"),
        ("gzip;q=0.5, identity", None),
        ("zstd;q=0.1, br;q=0.1, gzip;q=0.1, *", None),
        ("", None),
        ("identity", None),
        ("deflate, compress", None),
        ("gzip;q=0", None),
        ("*;q=0", None),
        ("gzip;q=0, *;q=0", None),
    ],
)
def test_the_best_coding_is_taken_and_zstd_br_gzip_of_equal_ones(accept_encoding, coding):
    assert preferred(accept_encoding) == coding


@pytest.mark.parametrize(
    "malformed", ["gzip;q=2", "gzip;q=0.0001", "gzip;q=", "gzip;level=9", "gzip br", "gzi\xdf", ";"]
)
def test_a_malformed_element_is_ignored(malformed):
    assert preferred(malformed) is None
    assert preferred(f"{malformed},, br;q=0.1,") == "br"


def test_a_header_longer_than_any_clients_is_ignored():
    assert preferred("gzip" + ", a" * 84) == "gzip"
    assert preferred("gzip" + ", a" * 85) is None


@pytest.mark.parametrize(
    ("accept_encoding", "is_rejected"),
    [
        ("gzip, identity;q=0", True),
        ("gzip, *;q=0", True),
        ("gzip, identity;q=0.1, *;q=0", False),
        ("gzip", False),
        ("gzip, identity;q=0.0000", False),
        ("identity;q=0", False),  # there is nothing else to send
    ],
)
def test_only_a_quality_of_zero_rejects_uncompressed_responses(accept_encoding, is_rejected):
    assert preference(accept_encoding.encode()).rejects_identity == is_rejected


@pytest.mark.parametrize(
    ("accept_encoding", "is_accepted"),
    [("br, gzip;q=0.1", True), ("*", True), ("*, gzip;q=0", False), ("br", False)],
)
def test_whether_gzip_is_accepted_does_not_depend_on_what_is_preferred(
    accept_encoding, is_accepted
):
    assert accepts_gzip(accept_encoding.encode()) == is_accepted
