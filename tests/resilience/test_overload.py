"""Four times as many requests as the concurrency limit lets through: each is answered right, or rejected.

How many are accepted, and how fast, is measured by `python -m tests.benchmarks overload`.
"""

import pytest

from tests.resilience.overload import CAPACITY, LIMIT, Drill, calling, limited_gateway

pytestmark = pytest.mark.socket


async def test_at_four_times_its_capacity_it_rejects_only_what_is_above_the_limit():
    with limited_gateway() as gateway:
        async with calling(gateway) as http:
            storm = Drill(http, 4 * CAPACITY)
            await storm.run()
            calm = Drill(http, CAPACITY / 4)
            await calm.run()

    assert len(storm.accepted) >= LIMIT
    assert storm.rejected
    assert all(each.unanswered > LIMIT for each in storm.rejected)
    assert all(each.unanswered > LIMIT for each in calm.rejected)  # which has no reason to be any
    assert len(calm.accepted) >= LIMIT
    assert {each.code for each in storm.rejected} == {"OVERLOADED"}
    headers = [each.headers for each in storm.rejected]
    assert {each["Content-Type"] for each in headers} == {
        "application/graphql-response+json; charset=utf-8"
    }
    assert {each["Retry-After"] for each in headers} == {"1"}
    assert {each["X-Content-Type-Options"] for each in headers} == {"nosniff"}
    assert len({each["X-Request-Id"] for each in headers}) == len(headers)
