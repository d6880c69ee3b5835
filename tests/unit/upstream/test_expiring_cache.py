import gc

import pytest

from gateway.upstream.http.expiring_cache import ExpiringCache

ADA, BOB = b"ada", b"bob"


@pytest.fixture
def cache(clock) -> ExpiringCache[str]:
    return ExpiringCache(ttl_seconds=60, max_bytes=100, clock=clock)


def keep(
    cache: ExpiringCache[str],
    answer: str,
    owner: bytes = ADA,
    thing: str = "7",
    question: str = "all",
) -> None:
    """Keeps an answer of ten bytes."""
    cache.put(cache.prepare_entry(owner, [thing], (owner, thing, question)), answer, size=10)


def found(
    cache: ExpiringCache[str], owner: bytes = ADA, thing: str = "7", question: str = "all"
) -> object:
    return cache.get((owner, thing, question))


def test_what_was_kept_is_found_by_its_key_alone(cache):
    keep(cache, "a")
    assert found(cache) == "a"
    assert found(cache, BOB) is found(cache, ADA, "8") is found(cache, ADA, "7", "notes") is None


def test_an_answer_that_is_expected_is_not_there_yet(cache):
    keep(cache, "a")
    entry = cache.prepare_entry(ADA, ["7"], (ADA, "7", "all"))
    other = cache.prepare_entry(ADA, ["8"], (ADA, "8", "all"))
    assert (found(cache), found(cache, ADA, "8"), len(cache)) == ("a", None, 1)
    cache.put(entry, "b", size=10)
    cache.put(other, "c", size=10)
    assert (found(cache), found(cache, ADA, "8"), len(cache)) == ("b", "c", 2)


def test_an_answer_is_kept_until_its_time_is_over(cache, clock):
    keep(cache, "a")
    clock.now += 59
    assert found(cache) == "a"
    clock.now += 1
    assert found(cache) is None


def test_an_answer_is_as_old_as_its_arrival_not_as_its_read_or_its_last_use(cache, clock):
    entry = cache.prepare_entry(ADA, ["7"], (ADA, "7", "all"))
    clock.now += 25
    cache.put(entry, "a", size=10)
    for _ in range(2):
        clock.now += 25
        assert found(cache) == "a"
    clock.now += 25
    assert found(cache) is None


def test_a_thing_is_forgotten_for_its_owner_alone(cache):
    keep(cache, "all", question="all")
    keep(cache, "notes", question="notes")
    keep(cache, "other thing", thing="8")
    keep(cache, "other owner", owner=BOB)
    cache.invalidate(ADA, "7")
    assert found(cache) is found(cache, ADA, "7", "notes") is None
    assert (found(cache, ADA, "8"), found(cache, BOB)) == ("other thing", "other owner")


def test_what_is_about_several_things_is_forgotten_with_each(cache):
    for thing in ("company", "staff"):
        cache.put(cache.prepare_entry(ADA, ["company", "staff"], "key"), "a", size=10)
        cache.invalidate(ADA, thing)
        assert cache.get("key") is None


def test_everything_of_an_owner_is_forgotten(cache):
    keep(cache, "7", thing="7")
    keep(cache, "8", thing="8")
    keep(cache, "bob", owner=BOB)
    cache.invalidate(ADA)
    assert found(cache) is found(cache, ADA, "8") is None
    assert found(cache, BOB) == "bob"
    assert len(cache) == 1, "what is forgotten still takes memory"


@pytest.mark.parametrize("thing", [None, "7"], ids=["everything", "the thing"])
def test_what_is_forgotten_while_it_is_read_is_not_kept(cache, thing):
    entry = cache.prepare_entry(ADA, ["7"], (ADA, "7", "all"))
    others = (
        cache.prepare_entry(ADA, ["8"], (ADA, "8", "all")),
        cache.prepare_entry(BOB, ["7"], (BOB, "7", "all")),
    )
    cache.invalidate(ADA, thing)
    for each in (entry, *others):
        cache.put(each, "a", size=10)
    assert found(cache) is None
    assert found(cache, ADA, "8") == (None if thing is None else "a")
    assert found(cache, BOB) == "a"


def test_what_is_kept_after_something_was_forgotten_is_found(cache):
    keep(cache, "a")
    cache.invalidate(ADA)
    cache.invalidate(ADA, "7")
    keep(cache, "b")
    assert found(cache) == "b"


def test_answers_are_bounded_by_their_bytes_and_the_least_recently_used_go_first(cache):
    for number in range(10):
        keep(cache, str(number), thing=str(number))
    assert found(cache, ADA, "0") == "0"
    keep(cache, "new", thing="new")
    assert found(cache, ADA, "0") == "0"
    assert found(cache, ADA, "1") is None
    assert len(cache) == 10


def test_an_answer_larger_than_all_that_may_be_kept_is_not_kept(cache):
    keep(cache, "small")
    cache.put(cache.prepare_entry(ADA, ["8"], (ADA, "8", "all")), "large", size=101)
    assert (found(cache), found(cache, ADA, "8")) == ("small", None)


def test_nothing_is_remembered_of_owners_of_whom_nothing_is_kept(cache, clock):
    """Else whoever makes up credentials or clients fills the memory. Without the help of the collector."""
    gc.collect()
    gc.disable()
    try:
        for number in range(50):
            keep(cache, "a", owner=bytes([number]), thing=str(number))
            cache.prepare_entry(b"refused", [str(number)], number)
            cache.invalidate(b"never seen")
        assert len(cache._groups) == 2 * len(cache) == 20
        clock.now += 60
        keep(cache, "b")
        assert (len(cache), len(cache._groups)) == (1, 2)
    finally:
        gc.enable()
