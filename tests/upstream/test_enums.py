from enum import Enum

import msgspec
import pytest

from gateway.upstream.records import enums

WORDS = [
    enums.ActivityKind,
    enums.ActivityEvent,
    enums.AppointmentStatus,
    enums.RegistrationStatus,
    enums.RegistrationSourceType,
    enums.FormResultStatus,
]


@pytest.mark.parametrize("kind", WORDS)
def test_a_word_that_nobody_knows_is_unknown(kind):
    assert msgspec.json.decode(b'"something new"', type=kind) is kind["UNKNOWN"]


@pytest.mark.parametrize("kind", WORDS)
def test_each_known_word_is_itself(kind: type[Enum]):
    for word in kind:
        assert msgspec.json.decode(msgspec.json.encode(word.value), type=kind) is word


@pytest.mark.parametrize("kind", WORDS)
def test_words_can_be_told_apart_in_sets(kind):
    assert len({*kind, *kind}) == len(kind)
