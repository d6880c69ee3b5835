import pytest

from gateway.upstream.http.byte_budget import ByteBudget, NoRoom

A, B, C = b"a", b"b", b"c"


@pytest.fixture
def budget() -> ByteBudget:
    return ByteBudget(100)


def test_what_a_read_holds_is_free_again_at_its_end(budget):
    with budget.read(A) as held:
        held.take(60)
        held.take(40)
        assert budget.held == 100
    assert budget.held == 0


def test_more_than_there_is_is_refused_and_nothing_of_it_held(budget):
    with budget.read(A) as one, budget.read(A) as other:
        one.take(60)
        with pytest.raises(NoRoom):
            other.take(41)
        assert budget.held == 60
        other.take(40)
    assert budget.held == 0


def test_who_reads_alone_may_have_all_of_it(budget):
    with budget.read(A) as one, budget.read(A) as other:
        one.take(50)
        other.take(50)
        assert budget.held == 100


def test_one_share_has_half_of_it_where_others_have_reads_under_way(budget):
    with budget.read(A) as one, budget.read(A) as other, budget.read(B) as others:
        one.take(30)
        with pytest.raises(NoRoom):
            other.take(21)
        other.take(20)
        others.take(50)
    assert budget.held == 0


def test_who_has_more_than_half_gets_no_more_while_others_read(budget):
    with budget.read(A) as held:
        held.take(70)
        with budget.read(B) as others:
            with pytest.raises(NoRoom):
                held.take(1)
            others.take(30)
        held.take(30)
    assert budget.held == 0


def test_all_together_have_no_more_than_there_is(budget):
    with budget.read(A) as one, budget.read(B) as two, budget.read(C) as three:
        one.take(50)
        two.take(40)
        with pytest.raises(NoRoom):
            three.take(11)
        three.take(10)
        assert budget.held == 100


def test_a_read_that_fails_gives_back_what_it_held(budget):
    def fail() -> None:
        with budget.read(A) as held:
            held.take(90)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert budget.held == 0


def test_a_share_is_forgotten_with_its_last_read(budget):
    with budget.read(A) as held:
        with budget.read(B), budget.read(B):
            pass
        held.take(100)
    for number in range(1_000):
        with budget.read(number) as held:
            held.take(100)
    assert budget.held == 0
