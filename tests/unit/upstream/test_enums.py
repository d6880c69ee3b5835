import pytest

from gateway.upstream.records import enums
from gateway.upstream.records.activities import UNREADABLE
from gateway.upstream.records.enums import MemberByWord, UpstreamEnum

WORDS = [
    enums.ActivityKind,
    enums.ActivityEvent,
    enums.AppointmentStatus,
    enums.RegistrationStatus,
    enums.RegistrationSourceType,
    enums.FormResultStatus,
]


@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("word", ["something new", " ", "", "APPOINTMENT_", "noshow"])
def test_a_word_that_nobody_knows_is_unknown(kind, word):
    members = MemberByWord(kind)
    assert members[word] is kind["UNKNOWN"]
    assert word not in members  # upstream's words are without end: none is kept


@pytest.mark.parametrize("kind", WORDS)
def test_words_are_told_apart_by_case(kind: type[UpstreamEnum]):
    for word in kind:
        assert MemberByWord(kind)[word.value.swapcase()] is kind["UNKNOWN"]


@pytest.mark.parametrize("kind", WORDS)
def test_what_is_no_word_stands_for_itself(kind):
    for value in (None, UNREADABLE):
        assert MemberByWord(kind)[value] is value


@pytest.mark.parametrize("kind", WORDS)
def test_each_known_word_is_itself(kind: type[UpstreamEnum]):
    for word in kind:
        assert MemberByWord(kind)[word.value] is word


@pytest.mark.parametrize("kind", WORDS)
def test_words_can_be_told_apart_in_sets(kind):
    assert len({*kind, *kind}) == len(kind)
