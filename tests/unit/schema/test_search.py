"""What a search finds: of words and texts by themselves, without a timeline."""

import json
import unicodedata

import pytest
from msgspec import Raw

from gateway.errors import InvalidArgument, InvalidUpstreamResponse
from gateway.observability.event_loop import run_cooperatively, run_to_completion
from gateway.schema.search import TextSearch, fold, fold_in_steps, parse_words
from gateway.upstream.records import decoding
from tests.support.event_loop import counted_passes


def verdict(words: str, **item: object) -> object:
    """What a search says of an activity."""
    record = decoding.activity(Raw(json.dumps({"id": "1", "type": "note", **item}).encode()))
    parsed = parse_words(words, "filter.search")
    assert parsed is not None
    return run_to_completion(TextSearch(parsed, [record]).verdict(0))


@pytest.mark.parametrize(
    ("sent", "folded"),
    [
        ("José", "jose"),
        ("JOSE\N{COMBINING ACUTE ACCENT}", "jose"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("Søren Łukasz", "soren lukasz"),
        ("ﬁne \N{FULLWIDTH DIGIT TWO}", "fine 2"),
        ("soft\N{SOFT HYPHEN}ly", "softly"),
        ("が", "が"),  # without its voicing it is another letter
        ("한", "한"),  # not decomposed: 하 is no part of it
        ("кот", "кот"),
    ],
)
def test_case_and_accents_do_not_matter(sent, folded):
    assert fold(sent) == folded


@pytest.mark.parametrize(
    "item",
    [
        {"note": {"body": "<p>Jos&eacute;</p>"}},
        {"note": {"previousBody": "<b>J</b>osé"}},
        {"type": "consent", "note": {"body": "JOSE"}},
        {"type": "emailNotification", "emailNotification": {"subject": "José"}},
        {"type": "emailNotification", "emailNotification": {"body": "<i>José</i>"}},
        {"type": "textMessageNotification", "textMessageNotification": {"body": "<José"}},
        {"type": "appointment", "appointment": {"notes": "José"}},
        {"type": "appointment", "appointment": {"previousNotes": "José"}},
        {"type": "appointment", "appointment": {"service": {"name": "José"}}},
        {"type": "appointment", "appointment": {"previousService": {"name": "José"}}},
        {"type": "appointment", "appointment": {"staff": {"firstName": "José"}}},
        {"type": "appointment", "appointment": {"staff": {"lastName": "José"}}},
        {"type": "appointment", "appointment": {"previousStaff": {"firstName": "José"}}},
        {"type": "formResult", "formResult": {"form": {"name": "José"}}},
        {
            "type": "conferenceRegistration",
            "conferenceRegistration": {"conference": {"title": "José"}},
        },
        {"user": {"userName": "jose"}},
        {"user": {"firstName": "José"}},
        {"user": {"lastName": "José"}},
        {"type": "voucher", "voucher": {"texts": [{"remark": 'a \\ " José'}]}},
    ],
    ids=str,
)
def test_jose_is_found_in_each_text_that_people_read(item):
    assert verdict("jose", **item) is True


@pytest.mark.parametrize(
    "item",
    [
        {"note": {"body": "<b title=jose>J</b>"}},
        {"note": {"body": "<img alt=jose>", "selfLink": "https://jose.test"}},
        {"type": "appointment", "appointment": {"status": "jose", "id": "jose"}},
        {"type": "voucher", "jose": {"jose": 1}},
        {"eventRaw": "jose"},
    ],
    ids=str,
)
def test_what_nobody_reads_is_not_searched(item):
    assert verdict("jose", **item) is False


def test_each_word_has_to_occur_in_any_text():
    item = {"note": {"body": "A new appointment"}, "user": {"firstName": "Zoë"}}
    assert verdict("zoe appoint", **item) is True
    assert verdict("zoe other", **item) is False


def test_an_unreadable_text_may_have_the_word():
    item = {"note": {"body": ["?", 1]}, "user": {"firstName": "Zoë"}}
    assert verdict("other", **item) is InvalidUpstreamResponse
    assert verdict("zoe", **item) is True


@pytest.mark.parametrize(
    "words", ["", " \t\N{NO-BREAK SPACE}", "\N{COMBINING ACUTE ACCENT} \N{ACUTE ACCENT}"]
)
def test_a_search_of_blanks_is_none(words):
    assert parse_words(words, "filter.search") is None


def test_repeats_count_once():
    assert parse_words("Zoë zoe ZOE " * 9 + "b", "filter.search") == ("b", "zoe")


@pytest.mark.parametrize("words", ["1 2 3 4 5 6 7 8 9", "x" * 101])
def test_too_much_to_search_for_is_refused(words):
    with pytest.raises(InvalidArgument) as refused:
        parse_words(words, "filter.search")
    assert refused.value.details == {"argument": "filter.search"}


def test_the_largest_search_is_allowed():
    assert len(parse_words(" ".join(each * 100 for each in "12345678"), "s") or ()) == 8


@pytest.mark.parametrize(
    "text",
    [
        "한",
        unicodedata.normalize("NFD", "한"),
        "e\N{COMBINING ACUTE ACCENT}\N{COMBINING CEDILLA}",
        "a b\n",
    ],
)
def test_a_long_text_is_folded_as_a_short_one(text):
    for offset in range(4):
        long = "é" * (65_530 + offset) + text * 5_000
        assert run_to_completion(fold_in_steps(long)) == fold(long)


@pytest.mark.parametrize(
    "item",
    [
        {"note": {"body": "e" * 500_000 + "end"}},
        {"note": {"body": "é" * 500_000 + "end"}},
        {"note": {"body": "<b>é</b>" * 60_000 + "end"}},
        {"note": {"body": "a é " * 150_000 + "end"}},
        {"type": "voucher", "vouchers": [*[{"key": 1}] * 10_000, "end"]},
        {"type": "voucher", "vouchers": [*[""] * 10_000, "end"]},
    ],
    ids=["ascii", "word", "html", "words", "keys", "empty"],
)
async def test_a_long_text_leaves_the_loop_free(item):
    record = decoding.activity(Raw(json.dumps({"id": "1", "type": "note", **item}).encode()))
    async with counted_passes() as passes:
        assert await run_cooperatively(TextSearch(("end",), [record]).verdict(0)) is True
    assert passes.count > 5
