import pytest

from gateway.errors import RATE_LIMITED, UpstreamBusy, UpstreamTimeout, UpstreamUnavailable
from gateway.upstream.http.attempt import AttemptFailed, TooEarly
from gateway.upstream.http.retry import Backoff, RetryBudget, RetryBudgets, RetryPolicy

A, B, C = b"a", b"b", b"c"


def failed(*, retry_after: int | None = None, is_repeatable: bool = True) -> AttemptFailed:
    busy = UpstreamBusy("", reason=RATE_LIMITED, retry_after=retry_after)
    return AttemptFailed(busy, status=429, is_retryable=is_repeatable)


def attempts(*, most: int = 3, chance: float = 1.0) -> RetryPolicy:
    return RetryPolicy(most, Backoff(lambda: chance), RetryBudgets())


def with_one_left(*, chance: float = 1.0) -> RetryPolicy:
    """Terms on which A may try again once."""
    terms = attempts(chance=chance)
    for _ in range(9):
        assert terms.budgets.spend(A)
    return terms


# How long


def test_the_longest_wait_doubles_and_then_stays():
    longest = Backoff(lambda: 1.0)
    waits = [longest.seconds(made, None) for made in range(1, 8)]
    assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0])


@pytest.mark.parametrize("chance", [0.0, 0.25, 1.0])
def test_chance_has_all_of_the_wait_so_that_callers_come_apart(chance):
    assert Backoff(lambda: chance).seconds(3, None) == pytest.approx(0.4 * chance)


@pytest.mark.parametrize("chance", [0.0, 1.0])
@pytest.mark.parametrize("asked", [0, 1, 7])
def test_never_sooner_than_the_upstream_asks_and_not_all_at_that_moment(asked, chance):
    assert Backoff(lambda: chance).seconds(1, asked) == pytest.approx(asked + 0.1 * chance)


# Whether


def test_a_failure_may_have_fewer_further_attempts_than_others_but_never_more():
    early = TooEarly(UpstreamUnavailable(""), status=425, is_retryable=True)
    for most, waits in ((1, [False, False]), (2, [True, False]), (5, [True, False])):
        terms = attempts(most=most)
        asked = [
            terms.delay_seconds(made, early, fairness_key=A, remaining_seconds=30) is not None
            for made in (1, 2)
        ]
        assert asked == waits


def test_a_failure_that_may_pass_is_tried_again_until_there_were_enough_attempts():
    terms = attempts(most=3)
    waits = [
        terms.delay_seconds(made, failed(), fairness_key=A, remaining_seconds=30)
        for made in (1, 2, 3, 4)
    ]
    assert waits == [pytest.approx(0.1), pytest.approx(0.2), None, None]


def test_one_attempt_is_all_where_that_is_set():
    assert attempts(most=1).delay_seconds(1, failed(), fairness_key=A, remaining_seconds=30) is None


def test_what_would_fail_again_is_not_tried_again_and_costs_no_budget():
    terms = with_one_left()
    assert (
        terms.delay_seconds(1, failed(is_repeatable=False), fairness_key=A, remaining_seconds=30)
        is None
    )
    assert terms.delay_seconds(1, failed(), fairness_key=A, remaining_seconds=30) is not None


def test_a_wait_that_the_upstream_asks_for_is_obeyed_within_the_deadline():
    assert attempts(chance=0.5).delay_seconds(
        1, failed(retry_after=7), fairness_key=A, remaining_seconds=7.1
    ) == pytest.approx(7.05)


@pytest.mark.parametrize("left", [7.0, 6.9, 0.0, -1.0])
def test_a_wait_beyond_the_deadline_is_not_waited_for_and_costs_no_budget(left):
    terms = with_one_left(chance=0.0)
    assert (
        terms.delay_seconds(1, failed(retry_after=7), fairness_key=A, remaining_seconds=left)
        is None
    )
    assert terms.delay_seconds(1, failed(), fairness_key=A, remaining_seconds=30) is not None


def test_only_what_the_error_says_is_a_wait_that_was_asked_for():
    assert failed(retry_after=7).retry_after == 7
    assert AttemptFailed(UpstreamUnavailable("", retry_after=0)).retry_after == 0
    assert AttemptFailed(UpstreamTimeout("")).retry_after is None


# How often in all


def test_an_outage_is_not_multiplied():
    """1,000 reads that all fail: each is tried once, and a tenth of them again, beyond what was saved."""
    terms = attempts(most=3)
    retries = 0
    for _ in range(1000):
        terms.budgets.earn(A)
        made = 1
        while terms.delay_seconds(made, failed(), fairness_key=A, remaining_seconds=30) is not None:
            made += 1
        retries += made - 1
    assert 100 <= retries <= 110


def test_what_is_saved_is_bounded_so_that_good_times_do_not_pay_for_a_storm():
    budget = RetryBudget(ratio=0.1, max_balance=2.0)
    for _ in range(1000):
        budget.earn()
    assert [budget.spend() for _ in range(4)] == [True, True, False, False]


def test_a_gateway_that_just_started_may_try_again():
    assert RetryBudget().spend()


# How often each


def failures(budgets: RetryBudgets, share: bytes, reads: int) -> int:
    """How many further attempts so many reads have that all fail, and would have two each."""
    made = 0
    for _ in range(reads):
        budgets.earn(share)
        made += budgets.spend(share) + budgets.spend(share)
    return made


def test_one_tenant_s_failures_leave_another_its_further_attempts():
    budgets = RetryBudgets()
    assert 100 <= failures(budgets, A, 1_000) <= 110
    assert [budgets.spend(B) for _ in range(11)] == [True] * 10 + [False]


def test_over_all_tenants_an_outage_is_not_multiplied():
    """1,000 of them, each of which reads once: together they may try again as often as one and once more."""
    budgets = RetryBudgets()
    made = sum(failures(budgets, str(number).encode(), 1) for number in range(1_000))
    assert 100 <= made <= 120


def test_what_all_have_together_is_not_spent_where_one_has_nothing_left():
    budgets = RetryBudgets()
    for _ in range(100):
        budgets.spend(A)
    assert [budgets.spend(B) for _ in range(10)] == [True] * 10
    assert not budgets.spend(C)


def test_of_so_many_shares_the_ones_that_read_last_have_a_budget_of_their_own():
    budgets = RetryBudgets()
    for _ in range(10):
        budgets.spend(A)
    for number in range(999):
        budgets.earn(str(number).encode())
    assert not budgets.spend(A)
    for number in range(1_000):
        budgets.earn(str(number).encode())
    assert budgets.spend(A)
