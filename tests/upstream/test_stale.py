import gc

import pytest

from gateway.upstream.stale import Dated, LastGood

ADA, BOB = b"ada", b"bob"


@pytest.fixture
def last_good(clock) -> LastGood[str]:
    return LastGood(seconds=60, max_bytes=100, clock=clock)


def keep(
    last_good: LastGood[str],
    content: str,
    owner: bytes = ADA,
    thing: str = "7",
    question: str = "all",
    at: float = 0.0,
) -> None:
    """Keeps an answer of ten bytes."""
    last_good.keep(owner, thing, question, Dated(content, at), size=10)


def found(
    last_good: LastGood[str], owner: bytes = ADA, thing: str = "7", *questions: str
) -> str | None:
    answer = last_good.find(owner, thing, questions or ("all",))
    return None if answer is None else answer.content


def test_what_was_kept_is_found_with_its_time_and_marked(last_good):
    keep(last_good, "a", at=5.0)
    assert last_good.find(ADA, "7", ["all"]) == Dated("a", 5.0, is_stale=True)


@pytest.mark.parametrize(
    ("owner", "thing", "question"), [(BOB, "7", "all"), (ADA, "8", "all"), (ADA, "7", "notes")]
)
def test_nothing_is_found_for_another_owner_thing_or_question(last_good, owner, thing, question):
    keep(last_good, "a")
    assert found(last_good, owner, thing, question) is None


def test_the_newest_answer_to_any_of_the_questions_is_found(last_good):
    keep(last_good, "all", question="all", at=1.0)
    keep(last_good, "notes", question="notes", at=2.0)
    assert found(last_good, ADA, "7", "notes", "all") == "notes"
    keep(last_good, "all again", question="all", at=3.0)
    assert found(last_good, ADA, "7", "notes", "all") == "all again"


def test_an_answer_is_kept_until_its_time_is_over(last_good, clock):
    keep(last_good, "a")
    clock.now += 59
    assert found(last_good) == "a"
    clock.now += 1
    assert found(last_good) is None


def test_looking_at_an_answer_does_not_make_it_younger(last_good, clock):
    keep(last_good, "a")
    for _ in range(3):
        clock.now += 25
        last = found(last_good)
    assert last is None


def test_a_thing_is_forgotten_for_its_owner_alone(last_good):
    keep(last_good, "all", question="all")
    keep(last_good, "notes", question="notes")
    keep(last_good, "other thing", thing="8")
    keep(last_good, "other owner", owner=BOB)
    last_good.forget(ADA, "7")
    assert found(last_good, ADA, "7", "all", "notes") is None
    assert (found(last_good, ADA, "8"), found(last_good, BOB)) == ("other thing", "other owner")


def test_everything_of_an_owner_is_forgotten(last_good):
    keep(last_good, "7", thing="7")
    keep(last_good, "8", thing="8")
    keep(last_good, "bob", owner=BOB)
    last_good.forget(ADA)
    assert (found(last_good, ADA, "7"), found(last_good, ADA, "8")) == (None, None)
    assert found(last_good, BOB) == "bob"
    assert len(last_good) == 1, "what is forgotten still takes memory"


def test_what_is_kept_after_something_was_forgotten_is_found(last_good):
    keep(last_good, "a")
    last_good.forget(ADA)
    last_good.forget(ADA, "7")
    keep(last_good, "b")
    assert found(last_good) == "b"


def test_answers_are_bounded_by_their_bytes_and_the_least_recently_used_go_first(last_good):
    for number in range(10):
        keep(last_good, str(number), thing=str(number))
    assert found(last_good, ADA, "0") == "0"
    keep(last_good, "new", thing="new")
    assert found(last_good, ADA, "0") == "0"
    assert found(last_good, ADA, "1") is None
    assert len(last_good) == 10


def test_an_answer_larger_than_all_that_may_be_kept_is_not_kept(last_good):
    keep(last_good, "small")
    last_good.keep(ADA, "8", "all", Dated("large", 0.0), size=101)
    assert (found(last_good), found(last_good, ADA, "8")) == ("small", None)


def test_nothing_is_remembered_of_owners_of_whom_nothing_is_kept(last_good, clock):
    """Else whoever makes up credentials or clients fills the memory. Without the help of the collector."""
    gc.collect()
    gc.disable()
    try:
        for number in range(50):
            keep(last_good, "a", owner=bytes([number]), thing=str(number))
            last_good.forget(b"never seen")
        assert len(last_good._groups) == 2 * len(last_good) == 20
        clock.now += 60
        keep(last_good, "b")
        assert (len(last_good), len(last_good._groups)) == (1, 2)
    finally:
        gc.enable()
