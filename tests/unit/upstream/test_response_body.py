"""Bodies: what arrives is never more than it may be, whatever stands for it on the wire."""

import encodings
import gzip
import zlib
from collections.abc import Iterator

import pytest

from gateway.errors import InvalidUpstreamResponse, ResponseTooLarge
from gateway.upstream.http.response_body import ResponseBody, exceeds_value_density, to_utf8
from gateway.upstream.surprises import UNKNOWN_CHARSET, observe_surprises

TEXT = b'{"items":[' + b" " * 1000 + b"]}"


def compressed(text: bytes) -> bytes:
    """The same bytes at any time, since they are in the names of tests."""
    return gzip.compress(text, mtime=0)


def unframed(text: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(text) + compressor.flush()


def pieces(sent: bytes, size: int) -> Iterator[bytes]:
    for place in range(0, len(sent), size):
        yield sent[place : place + size]


def arrived(sent: bytes, coding: str = "", *, most: int = 10_000, size: int = 7) -> bytes:
    body = ResponseBody(coding, max_bytes=most)
    for piece in pieces(sent, size):
        body.add(piece)
    return body.to_bytes()


# Compression


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("coding", "sent"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("utf-8", TEXT),
        ("gzip", compressed(TEXT)),
        ("X-GZIP", compressed(TEXT)),
        (" identity , gzip ", compressed(TEXT)),
        ("deflate", zlib.compress(TEXT)),
    ],
    ids=["none", "identity", "no coding", "gzip", "x-gzip", "among others", "deflate"],
)
def test_a_body_is_what_was_compressed(coding, sent, size):
    assert arrived(sent, coding, size=size) == TEXT


def test_deflate_without_its_frame_is_understood():
    assert arrived(unframed(TEXT), "deflate", size=10_000) == TEXT


def test_pieces_without_content_change_nothing():
    body = ResponseBody("gzip", max_bytes=10_000)
    for piece in (b"", *pieces(compressed(TEXT), 100), b""):
        body.add(piece)
    assert body.to_bytes() == TEXT


@pytest.mark.parametrize("most", [len(TEXT), len(TEXT) - 1])
@pytest.mark.parametrize("coding", ["", "gzip", "deflate"])
def test_the_limit_is_about_what_was_compressed(coding, most):
    sent = {"": TEXT, "gzip": compressed(TEXT), "deflate": zlib.compress(TEXT)}[coding]
    if most == len(TEXT):
        assert arrived(sent, coding, most=most) == TEXT
    else:
        with pytest.raises(ResponseTooLarge):
            arrived(sent, coding, most=most)


def test_a_bomb_is_never_decompressed_further_than_the_limit():
    bomb = compressed(b" " * 50_000_000)
    body = ResponseBody("gzip", max_bytes=1000)
    with pytest.raises(ResponseTooLarge):
        body.add(bomb)
    assert len(body.to_bytes()) == 0


@pytest.mark.parametrize("size", [2_000_000, 1_048_576, 1_048_577, 3_145_728])
@pytest.mark.parametrize("form", [zlib.MAX_WBITS, -zlib.MAX_WBITS, zlib.MAX_WBITS | 16])
def test_a_few_bytes_that_stand_for_many_are_decompressed_in_pieces_and_to_their_end(form, size):
    compressor = zlib.compressobj(9, wbits=form)
    bomb = compressor.compress(b"7" * size) + compressor.flush()
    taken: list[int] = []
    body = ResponseBody(
        "gzip" if form > zlib.MAX_WBITS else "deflate",
        max_bytes=4_000_000,
        reserve_bytes=taken.append,
    )
    body.add(bomb)
    assert body.to_bytes() == b"7" * size
    assert sum(taken) == body.size == size
    assert max(taken) <= 1_048_576


def test_what_is_refused_is_not_kept():
    def refuse(count: int) -> None:
        raise ZeroDivisionError

    body = ResponseBody("", max_bytes=1000, reserve_bytes=refuse)
    with pytest.raises(ZeroDivisionError):
        body.add(b"one")
    assert body.size == 0


@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip,deflate", "deflate, identity, x-gzip"])
def test_what_is_compressed_twice_is_refused_unread(coding):
    with pytest.raises(InvalidUpstreamResponse, match="more than once"):
        ResponseBody(coding, max_bytes=1000)


# Members


def members(*texts: bytes) -> bytes:
    return b"".join(map(compressed, texts))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000_000])
@pytest.mark.parametrize("coding", ["gzip", "x-gzip"])
@pytest.mark.parametrize(
    "texts",
    [
        (TEXT[:500], TEXT[500:]),
        (b"", TEXT),
        (TEXT, b""),
        (TEXT[:1], b"", b"", TEXT[1:-1], TEXT[-1:]),
        tuple(pieces(TEXT, 10)),
    ],
    ids=["two", "an empty one first", "an empty one last", "five", "many"],
)
def test_a_body_is_what_all_its_members_hold(texts, coding, size):
    assert arrived(members(*texts), coding, most=len(TEXT), size=size) == TEXT


@pytest.mark.parametrize("size", [1_048_575, 1_048_576, 1_048_577])
def test_members_are_decompressed_in_pieces_and_to_their_ends(size):
    taken: list[int] = []
    body = ResponseBody("gzip", max_bytes=10_000_000, reserve_bytes=taken.append)
    body.add(members(b"7" * size, b"8" * size, b"9"))
    assert body.to_bytes() == b"7" * size + b"8" * size + b"9"
    assert sum(taken) == body.size == 2 * size + 1
    assert max(taken) <= 1_048_576


def test_the_limit_is_about_all_members_together():
    sent = members(TEXT[:500], TEXT[500:])
    assert arrived(sent, "gzip", most=len(TEXT)) == TEXT
    with pytest.raises(ResponseTooLarge):
        arrived(sent, "gzip", most=len(TEXT) - 1)


def test_bombs_one_after_the_other_are_never_decompressed_further_than_the_limit():
    body = ResponseBody("gzip", max_bytes=1000)
    with pytest.raises(ResponseTooLarge):
        body.add(members(*[b" " * 300] * 3, b" " * 50_000_000))
    assert len(body.to_bytes()) <= 1000


def test_there_are_no_more_members_than_can_be_honest():
    """An empty one is 20 bytes, which are nothing once they are decompressed."""
    one = compressed(b"")
    assert arrived(one * 9_999 + compressed(b"{}"), "gzip", size=65_536) == b"{}"
    for size in (65_536, 20_000_000):
        with pytest.raises(ResponseTooLarge, match="compressed members"):
            arrived(one * 1_000_000, "gzip", size=size)


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    "second",
    [b"\x1f\x8b\x08" + b"\xff" * 20, compressed(TEXT)[:-8] + bytes(8)],
    ids=["no head", "a wrong sum"],
)
def test_a_further_member_that_is_broken_is_not_left_out(second, size):
    with pytest.raises(InvalidUpstreamResponse, match="decompressed"):
        arrived(compressed(TEXT) + second, "gzip", size=size)


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    "after",
    [b"\r\n", bytes(512), b"\x1f", b"\x1f\x8b", b"\x1f\x8b\x07", b"\0" + compressed(b"more")],
    ids=repr,
)
def test_what_is_no_member_ends_them(after, size):
    most = len(TEXT) + len(after)
    assert arrived(compressed(TEXT) + after, "gzip", most=most, size=size) == TEXT


def test_only_gzip_has_members():
    assert arrived(zlib.compress(TEXT) + zlib.compress(TEXT), "deflate") == TEXT
    assert arrived(zlib.compress(TEXT) + compressed(TEXT), "deflate") == TEXT


def test_what_follows_the_end_is_left_out_but_counted():
    assert arrived(compressed(TEXT) + b"?" * 100, "gzip", most=len(TEXT) + 100) == TEXT
    with pytest.raises(ResponseTooLarge):
        arrived(compressed(TEXT) + b"?" * 1000, "gzip", most=len(TEXT) + 100)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_what_is_not_compressed_after_all_is_broken(coding):
    with pytest.raises(InvalidUpstreamResponse, match="decompressed"):
        arrived(b"not compressed at all", coding)


def test_what_stops_being_compressed_is_broken():
    wrong_sum = compressed(TEXT)[:-8] + bytes(8)
    with pytest.raises(InvalidUpstreamResponse, match="decompressed"):
        arrived(wrong_sum, "gzip")


# Charsets

NO_CHARSETS = (
    "utf8mb4",
    "utf8mb4_unicode_ci",
    "klingon",
    "x" * 5000,
    "utf\0-8",
    "hex",
    "undefined",
    "punycode",
    "idna",
    "",
)


@pytest.mark.parametrize("charset", NO_CHARSETS, ids=repr)
def test_where_there_is_no_such_charset_what_is_in_utf_8_is_read_and_told(charset):
    told: list[str] = []
    with observe_surprises(lambda what, _: told.append(what)):
        assert to_utf8("\ufeff{é}".encode(), charset) == "{é}".encode()
        assert told == [UNKNOWN_CHARSET]
        with pytest.raises(InvalidUpstreamResponse):
            to_utf8(b"{\xe9}", charset)
    assert told == [UNKNOWN_CHARSET]


@pytest.mark.parametrize("charset", ["utf-8", "utf8", "iso-8859-1", "us-ascii", "windows-1252"])
def test_what_is_in_the_charset_that_it_declares_is_no_surprise(charset):
    with observe_surprises(lambda what, _: pytest.fail(what)):
        assert to_utf8(b"{}", charset) == b"{}"


WEB = {
    "iso-8859-1": "windows-1252",
    "latin1": "windows-1252",
    "ISO_8859-1:1987": "windows-1252",
    "windows-1252": "windows-1252",
    "iso-8859-9": "windows-1254",
    "windows-1253": "windows-1253",
}


@pytest.mark.parametrize(("charset", "page"), WEB.items())
def test_bytes_are_read_as_the_web_reads_them(charset, page):
    """WHATWG Encoding, 4.2 and 9: some names mean a code page, and what that leaves undefined is a control."""
    for number in range(0x100):
        byte = bytes([number])
        there = byte.decode(page, "ignore") or (chr(number) if number < 0xA0 else "")
        if there:
            assert to_utf8(byte, charset).decode() == there


@pytest.mark.parametrize(
    ("charset", "larger", "text"),
    [
        ("gb2312", "gbk", "镕"),
        ("shift_jis", "cp932", "①"),
        ("euc-kr", "cp949", "갂"),
        ("big5", "big5hkscs", "嗰"),
    ],
)
def test_a_charset_of_many_bytes_is_the_larger_one_on_the_web(charset, larger, text):
    with pytest.raises(UnicodeDecodeError):
        text.encode(larger).decode(charset)
    assert to_utf8(text.encode(larger), charset).decode() == text


def test_quotation_marks_and_the_euro_are_in_iso_8859_1_on_the_web():
    assert to_utf8(b"\x80 \x93\xe9\x94 \x85", "ISO-8859-1").decode() == "€ “é” …"
    undefined = b"\x81\x8d\x8f\x90\x9d"
    assert to_utf8(undefined, "iso-8859-1").decode() == undefined.decode("latin-1")


@pytest.mark.parametrize(
    "charset", ["utf-8", "UTF8", "us-ascii", "ISO-8859-1", "windows-1252", "utf-16", "utf-32-be"]
)
def test_an_answer_is_read_in_its_charset(charset):
    text = '{"items":[]} eé'.replace("é", "" if charset == "us-ascii" else "é")
    assert to_utf8(text.encode(charset), charset) == text.encode()


@pytest.mark.parametrize("charset", ["utf-8", "utf-16-le", "utf-32-be", "us-ascii"])
def test_a_byte_order_mark_is_left_out(charset):
    marked = "\ufeff{}".encode("utf-8" if charset == "us-ascii" else charset)
    assert to_utf8(marked, charset) == b"{}"


def test_only_the_first_byte_order_mark_is_one():
    assert to_utf8("\ufeff\ufeff".encode(), "utf-8") == "\ufeff".encode()


def test_the_bytes_of_an_answer_in_utf_8_are_not_looked_at_yet():
    assert to_utf8(b'{"\xff"}', "utf-8") == b'{"\xff"}'


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        *[(b'"\xe9"', name) for name in NO_CHARSETS],
        (b"{}\x00", "utf-16"),
        (b"\x00\xd8", "utf-16-le"),
        (b"\xff", "windows-1253"),
        (b"\xdb", "iso-8859-11"),
    ],
    ids=repr,
)
def test_an_answer_that_is_not_in_its_charset_is_broken(content, charset):
    with pytest.raises(InvalidUpstreamResponse, match="not in its declared charset"):
        to_utf8(content, charset)


def test_names_of_charsets_that_do_not_exist_are_not_remembered():
    remembered = len(encodings._cache)
    for number in range(100):
        with pytest.raises(InvalidUpstreamResponse):
            to_utf8(b"\xe9", f"no-such-charset-{number}")
    assert len(encodings._cache) == remembered


# Crowds


@pytest.mark.parametrize(
    ("values", "crowded"),
    [
        (b"0," * 2_000_000, True),
        (b"{}, " * 1_000_000, True),
        (b"0," * 1000, False),  # so few do not matter
        (b'{"id":"9007199254740993","type":"note"},' * 100_000, False),
        (b"," + b" " * 2_000_000, False),
    ],
    ids=["zeros", "nothings", "few", "honest", "blank"],
)
def test_a_body_is_crowded_where_its_values_are_too_small_to_be_honest(values, crowded):
    assert exceeds_value_density(b"[" + values + b"0]") is crowded
