import pytest

from gateway.upstream.http.stale_cache import StaleIfErrorCache, Timestamped

ADA = b"ada"


@pytest.fixture
def last_good(clock) -> StaleIfErrorCache[str]:
    return StaleIfErrorCache(ttl_seconds=60, max_bytes=100, clock=clock)


def keep(last_good: StaleIfErrorCache[str], content: str, key: str, at: float) -> None:
    """Keeps an answer of ten bytes."""
    last_good.put(last_good.prepare_entry(ADA, ["7"], key), Timestamped(content, at), size=10)


def test_what_was_kept_is_found_with_its_time_and_marked(last_good):
    keep(last_good, "a", "all", at=5.0)
    assert last_good.newest(["all"]) == Timestamped("a", 5.0, is_stale=True)
    assert last_good.newest(["notes"]) is None


def test_the_newest_answer_to_any_of_the_questions_is_found(last_good):
    keep(last_good, "all", "all", at=1.0)
    keep(last_good, "notes", "notes", at=2.0)
    assert last_good.newest(["notes", "all"]) == Timestamped("notes", 2.0, is_stale=True)
    keep(last_good, "all again", "all", at=3.0)
    assert last_good.newest(["notes", "all"]) == Timestamped("all again", 3.0, is_stale=True)


def test_what_is_forgotten_is_not_found(last_good):
    keep(last_good, "all", "all", at=1.0)
    last_good.invalidate(ADA, "7")
    assert last_good.newest(["all"]) is None
