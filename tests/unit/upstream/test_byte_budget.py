import pytest

from gateway.upstream.http.byte_budget import ByteBudget, ByteBudgetExceeded

A, B, C = b"a", b"b", b"c"


@pytest.fixture
def budget() -> ByteBudget:
    return ByteBudget(100)


def test_what_a_read_holds_is_free_again_at_its_end(budget):
    with budget.reservation(A) as held:
        held.reserve(60)
        held.reserve(40)
        assert budget.reserved_bytes == 100
    assert budget.reserved_bytes == 0


def test_more_than_there_is_is_refused_and_nothing_of_it_held(budget):
    with budget.reservation(A) as one, budget.reservation(A) as other:
        one.reserve(60)
        with pytest.raises(ByteBudgetExceeded):
            other.reserve(41)
        assert budget.reserved_bytes == 60
        other.reserve(40)
    assert budget.reserved_bytes == 0


def test_who_reads_alone_may_have_all_of_it(budget):
    with budget.reservation(A) as one, budget.reservation(A) as other:
        one.reserve(50)
        other.reserve(50)
        assert budget.reserved_bytes == 100


def test_one_share_has_half_of_it_where_others_have_reads_under_way(budget):
    with (
        budget.reservation(A) as one,
        budget.reservation(A) as other,
        budget.reservation(B) as others,
    ):
        one.reserve(30)
        with pytest.raises(ByteBudgetExceeded):
            other.reserve(21)
        other.reserve(20)
        others.reserve(50)
    assert budget.reserved_bytes == 0


def test_who_has_more_than_half_gets_no_more_while_others_read(budget):
    with budget.reservation(A) as held:
        held.reserve(70)
        with budget.reservation(B) as others:
            with pytest.raises(ByteBudgetExceeded):
                held.reserve(1)
            others.reserve(30)
        held.reserve(30)
    assert budget.reserved_bytes == 0


def test_all_together_have_no_more_than_there_is(budget):
    with budget.reservation(A) as one, budget.reservation(B) as two, budget.reservation(C) as three:
        one.reserve(50)
        two.reserve(40)
        with pytest.raises(ByteBudgetExceeded):
            three.reserve(11)
        three.reserve(10)
        assert budget.reserved_bytes == 100


def test_a_read_that_fails_gives_back_what_it_held(budget):
    def fail() -> None:
        with budget.reservation(A) as held:
            held.reserve(90)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert budget.reserved_bytes == 0


def test_a_share_is_forgotten_with_its_last_read(budget):
    with budget.reservation(A) as held:
        with budget.reservation(B), budget.reservation(B):
            pass
        held.reserve(100)
    for number in range(1_000):
        with budget.reservation(number) as held:
            held.reserve(100)
    assert budget.reserved_bytes == 0
