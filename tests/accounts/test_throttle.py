"""Counting failures: how long one waits, what is forgotten, and that it stays small."""

from server.accounts.throttle import FORGET_MS, Allowance, FailedTries

RULE = Allowance(free=3, first_wait_ms=1_000, longest_wait_ms=60_000)


def _fail(tries: FailedTries, key: str, count: int, *, now: int) -> None:
    for _ in range(count):
        tries.charge(key, now=now)


def _wait(tries: FailedTries, *keys: str, now: int) -> int:
    return tries.wait_ms([(key, RULE) for key in keys], now=now)


def test_the_first_failures_are_free_and_each_further_one_doubles_the_wait() -> None:
    assert [RULE.wait_ms(failures) for failures in range(8)] == [0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000]
    assert RULE.wait_ms(9) == 60_000
    assert RULE.wait_ms(10**9) == 60_000


def test_the_wait_runs_from_the_last_failure_to_its_very_end() -> None:
    tries = FailedTries(most=10)
    _fail(tries, "a", 3, now=0)

    assert _wait(tries, "a", now=0) == 1_000
    assert _wait(tries, "a", now=999) == 1
    assert _wait(tries, "a", now=1_000) == 0
    assert _wait(tries, "b", now=0) == 0


def test_of_several_counts_the_longest_wait_holds() -> None:
    tries = FailedTries(most=10)
    _fail(tries, "a", 3, now=0)
    _fail(tries, "b", 5, now=0)

    assert _wait(tries, "a", "b", "c", now=0) == 4_000


def test_a_failure_that_was_none_is_taken_back() -> None:
    tries = FailedTries(most=10)
    _fail(tries, "a", 3, now=0)
    tries.forgive("a")
    assert _wait(tries, "a", now=0) == 0

    tries.forgive("a")
    tries.forgive("a")
    assert len(tries) == 0
    tries.forgive("a")

    _fail(tries, "a", 9, now=0)
    tries.forget("a")
    assert (len(tries), _wait(tries, "a", now=0)) == (0, 0)


def test_after_a_day_without_a_failure_all_is_forgotten() -> None:
    tries = FailedTries(most=10)
    _fail(tries, "a", 30, now=0)

    tries.charge("a", now=FORGET_MS)
    assert _wait(tries, "a", now=FORGET_MS) == 60_000

    tries.charge("a", now=2 * FORGET_MS + 1)
    assert _wait(tries, "a", now=2 * FORGET_MS + 1) == 0


def test_a_clock_that_was_set_back_prolongs_no_wait() -> None:
    """X46"""
    tries = FailedTries(most=10)
    _fail(tries, "a", 3, now=FORGET_MS)

    assert _wait(tries, "a", now=0) == 1_000


def test_it_holds_so_many_keys_and_lets_go_of_the_one_that_failed_longest_ago() -> None:
    """X82: inventing names neither fills the memory nor clears the count that holds somebody back."""
    tries = FailedTries(most=100)
    _fail(tries, "guesser", 3, now=0)
    for place in range(5_000):
        tries.charge(f"name {place}", now=0)
        if place % 50 == 0:
            tries.charge("guesser", now=0)

    assert len(tries) == 100
    assert _wait(tries, "guesser", now=0) == 60_000
    assert _wait(tries, "name 0", now=0) == 0
