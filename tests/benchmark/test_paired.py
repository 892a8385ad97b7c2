"""The timer on calls whose ratio is known."""

import pytest
import torch

from truescore.benchmark import Spread, Target
from truescore.benchmark.paired import Contender, alternate
from truescore.errors import UserError


def work(n):
    x = torch.ones(200, 200)
    for _ in range(n):
        x = x @ x.mT / 200


def test_four_times_the_work_takes_four_times_as_long():
    pair = [Contender("little", lambda: work(40)), Contender("much", lambda: work(160))]
    speed = alternate(pair, rounds=9).speed("little", "much")
    assert 2.5 < speed.median < 6.5 and speed.low <= speed.median <= speed.high


def test_the_amount_of_work_is_divided_out():
    pair = [Contender("little", lambda: work(40), 1), Contender("much", lambda: work(160), 4)]
    assert 0.6 < alternate(pair, rounds=9).speed("little", "much").median < 1.7


def test_they_are_called_in_turn_after_the_warm_up():
    calls = []
    alternate([Contender(name, lambda n=name: calls.append(n)) for name in "ab"], 3, warm_up=1)
    assert calls == list("ab" + "ababab")


def test_a_unit_may_do_the_work_of_several():
    pair = [Contender("little", lambda: work(40)), Contender("much", lambda: work(160))]
    times = alternate(pair, rounds=5)
    once, thrice = (times.speed("much", "little", amount).median for amount in (1, 3))
    assert thrice == pytest.approx(3 * once)


@pytest.mark.parametrize(("names", "rounds"), [("aa", 3), ("ab", 0)])
def test_equal_names_and_no_rounds_are_refused(names, rounds):
    with pytest.raises(UserError, match=f"got rounds={rounds} of a, {names[1]}, expected"):
        alternate([Contender(name, list) for name in names], rounds)


def test_a_spread_is_the_median_and_the_middle_68_percent():
    assert Spread.of(range(101)) == Spread(50, 16, 84, 101)
    assert Spread.of([3.0]) == Spread(3.0, 3.0, 3.0, 1)


def test_a_target_is_met_at_its_bound():
    assert Target(2).met(2.0) and not Target(2).met(1.99)
    assert Target(2, at_least=False).met(2.0) and not Target(2, at_least=False).met(2.01)
    assert (str(Target(30)), str(Target(1.05, at_least=False))) == (">= 30", "<= 1.05")
