import pytest

from gateway.upstream.read_log import CacheStatus, ReadLogEntry, number_ids, upstream_usage


@pytest.mark.parametrize(
    ("cache_status", "attempts", "counts"),
    [
        (CacheStatus.CALLED, 3, (3, 2)),
        (CacheStatus.CALLED, 1, (1, 0)),
        (CacheStatus.CALLED, 0, (0, 0)),
        (CacheStatus.STALE, 3, (3, 2)),
        (CacheStatus.STALE, 0, (0, 0)),
        (CacheStatus.COALESCED, 3, (0, 0)),
        (CacheStatus.CACHED, 3, (0, 0)),
    ],
)
def test_only_a_read_s_own_attempts_are_its_calls(cache_status, attempts, counts):
    read = ReadLogEntry("/a", 200, cache_status, 1.0, 2, attempts)
    assert upstream_usage([read]) == (1, *counts)


def test_the_calls_and_retries_of_all_reads_are_added():
    reads = [ReadLogEntry("/a", 200, CacheStatus.CALLED, 1.0, 2, count) for count in (0, 1, 2, 4)]
    assert upstream_usage(reads) == (4, 7, 4)
    assert upstream_usage([]) == (0, 0, 0)


def test_equal_ids_of_one_name_have_one_number():
    ids = [
        (("companyId", 70), ("staffId", 5)),
        (("companyId", 80),),
        (("companyId", 70),),
        (),
        (("staffId", 70), ("companyId", 80)),
    ]
    reads = [ReadLogEntry("/a", 200, CacheStatus.CALLED, 1.0, 2, 1, each) for each in ids]
    assert list(number_ids(reads)) == [
        {"companyId": 1, "staffId": 1},
        {"companyId": 2},
        {"companyId": 1},
        {},
        {"staffId": 2, "companyId": 2},
    ]
