import gc

import pytest

from gateway.upstream.http.expiring_cache import ExpiringCache

ADA, BOB = b"ada", b"bob"


@pytest.fixture
def kept(clock) -> ExpiringCache[str]:
    return ExpiringCache(ttl_seconds=60, max_bytes=100, clock=clock)


def keep(
    kept: ExpiringCache[str],
    answer: str,
    owner: bytes = ADA,
    thing: str = "7",
    question: str = "all",
) -> None:
    """Keeps an answer of ten bytes."""
    kept.put(kept.prepare_entry(owner, [thing], (owner, thing, question)), answer, size=10)


def found(
    kept: ExpiringCache[str], owner: bytes = ADA, thing: str = "7", question: str = "all"
) -> object:
    return kept.get((owner, thing, question))


def test_what_was_kept_is_found_by_its_key_alone(kept):
    keep(kept, "a")
    assert found(kept) == "a"
    assert found(kept, BOB) is found(kept, ADA, "8") is found(kept, ADA, "7", "notes") is None


def test_an_answer_that_is_expected_is_not_there_yet(kept):
    keep(kept, "a")
    entry = kept.prepare_entry(ADA, ["7"], (ADA, "7", "all"))
    other = kept.prepare_entry(ADA, ["8"], (ADA, "8", "all"))
    assert (found(kept), found(kept, ADA, "8"), len(kept)) == ("a", None, 1)
    kept.put(entry, "b", size=10)
    kept.put(other, "c", size=10)
    assert (found(kept), found(kept, ADA, "8"), len(kept)) == ("b", "c", 2)


def test_an_answer_is_kept_until_its_time_is_over(kept, clock):
    keep(kept, "a")
    clock.now += 59
    assert found(kept) == "a"
    clock.now += 1
    assert found(kept) is None


def test_an_answer_is_as_old_as_its_arrival_not_as_its_read_or_its_last_use(kept, clock):
    entry = kept.prepare_entry(ADA, ["7"], (ADA, "7", "all"))
    clock.now += 25
    kept.put(entry, "a", size=10)
    for _ in range(2):
        clock.now += 25
        assert found(kept) == "a"
    clock.now += 25
    assert found(kept) is None


def test_a_thing_is_forgotten_for_its_owner_alone(kept):
    keep(kept, "all", question="all")
    keep(kept, "notes", question="notes")
    keep(kept, "other thing", thing="8")
    keep(kept, "other owner", owner=BOB)
    kept.invalidate(ADA, "7")
    assert found(kept) is found(kept, ADA, "7", "notes") is None
    assert (found(kept, ADA, "8"), found(kept, BOB)) == ("other thing", "other owner")


def test_what_is_about_several_things_is_forgotten_with_each(kept):
    for thing in ("company", "staff"):
        kept.put(kept.prepare_entry(ADA, ["company", "staff"], "key"), "a", size=10)
        kept.invalidate(ADA, thing)
        assert kept.get("key") is None


def test_everything_of_an_owner_is_forgotten(kept):
    keep(kept, "7", thing="7")
    keep(kept, "8", thing="8")
    keep(kept, "bob", owner=BOB)
    kept.invalidate(ADA)
    assert found(kept) is found(kept, ADA, "8") is None
    assert found(kept, BOB) == "bob"
    assert len(kept) == 1, "what is forgotten still takes memory"


@pytest.mark.parametrize("thing", [None, "7"], ids=["everything", "the thing"])
def test_what_is_forgotten_while_it_is_read_is_not_kept(kept, thing):
    entry = kept.prepare_entry(ADA, ["7"], (ADA, "7", "all"))
    others = (
        kept.prepare_entry(ADA, ["8"], (ADA, "8", "all")),
        kept.prepare_entry(BOB, ["7"], (BOB, "7", "all")),
    )
    kept.invalidate(ADA, thing)
    for each in (entry, *others):
        kept.put(each, "a", size=10)
    assert found(kept) is None
    assert found(kept, ADA, "8") == (None if thing is None else "a")
    assert found(kept, BOB) == "a"


def test_what_is_kept_after_something_was_forgotten_is_found(kept):
    keep(kept, "a")
    kept.invalidate(ADA)
    kept.invalidate(ADA, "7")
    keep(kept, "b")
    assert found(kept) == "b"


def test_answers_are_bounded_by_their_bytes_and_the_least_recently_used_go_first(kept):
    for number in range(10):
        keep(kept, str(number), thing=str(number))
    assert found(kept, ADA, "0") == "0"
    keep(kept, "new", thing="new")
    assert found(kept, ADA, "0") == "0"
    assert found(kept, ADA, "1") is None
    assert len(kept) == 10


def test_an_answer_larger_than_all_that_may_be_kept_is_not_kept(kept):
    keep(kept, "small")
    kept.put(kept.prepare_entry(ADA, ["8"], (ADA, "8", "all")), "large", size=101)
    assert (found(kept), found(kept, ADA, "8")) == ("small", None)


def test_nothing_is_remembered_of_owners_of_whom_nothing_is_kept(kept, clock):
    """Else whoever makes up credentials or clients fills the memory. Without the help of the collector."""
    gc.collect()
    gc.disable()
    try:
        for number in range(50):
            keep(kept, "a", owner=bytes([number]), thing=str(number))
            kept.prepare_entry(b"refused", [str(number)], number)
            kept.invalidate(b"never seen")
        assert len(kept._groups) == 2 * len(kept) == 20
        clock.now += 60
        keep(kept, "b")
        assert (len(kept), len(kept._groups)) == (1, 2)
    finally:
        gc.enable()
