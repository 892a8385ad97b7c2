"""The histogram on even bins: what it counts, and what perfect samples show."""

import math

import pytest
import torch

from truescore.errors import UserError
from truescore.metrics import PerfectSamples, total_variation
from truescore.targets import FourWell, SwissRoll
from truescore.targets.four_well import HISTOGRAM
from truescore.targets.histogram import histogram_observable

LAW = FourWell()


def generator(seed):
    return torch.Generator().manual_seed(seed)


def distance(observable, x):
    return (observable.average(x) - observable.exact).abs().sum(-1)


def mean_deviation(n, p):
    """E|k/n - p| of a binomial count k, in closed form (de Moivre)."""
    m = math.floor(n * p)
    log_binomial = math.lgamma(n + 1) - math.lgamma(m + 2) - math.lgamma(n - m)
    log_power = (n - m) * math.log1p(-p) + (m + 1) * math.log(p)
    return 2 * (m + 1) / n * math.exp(log_binomial + log_power)


def test_it_is_the_total_variation():
    x = LAW.sample(3000, generator(1))
    edges = torch.linspace(*HISTOGRAM[:2], HISTOGRAM[2] + 1, dtype=torch.float64)[:, None]
    expected = total_variation(x, lambda at: LAW.marginal_cdf(at)[0], edges)
    observable = {o.name: o for o in LAW.observables()}["histogram"]
    torch.testing.assert_close(distance(observable, x)[None], expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize(("place", "expected"), [(-9.0, 1.0), (9.0, 1.0), (-0.75, 0.75)])
def test_points_in_one_place(place, expected):
    """Outside of the bins the law has nothing; a well has about a quarter of it."""
    observable = histogram_observable(LAW, -1.5, 1.5, 6)
    assert float(distance(observable, torch.full((50, 1), place))) == pytest.approx(
        expected, abs=0.06
    )


def test_a_bin_holds_its_lower_edge():
    observable = histogram_observable(LAW, -1.0, 1.0, 2)
    counted = 2 * observable.average(torch.tensor([[-1.0], [0.0], [0.5], [1.0]]))
    assert counted.tolist() == [0, 0.25, 0.5, 0.25]


def test_sets_are_counted_apart():
    observable = histogram_observable(LAW, -1.5, 1.5, 30)
    x = LAW.sample(600, generator(2)).reshape(3, 200, 1)
    whole = torch.stack([observable.average(part) for part in x])
    assert torch.equal(observable.average(x), whole)


def test_perfect_samples_err_by_their_scatter(assert_mean):
    observable = histogram_observable(LAW, -1.5, 1.5, 100)
    n = 200
    errors = distance(observable, LAW.sample(4000 * n, generator(3)).reshape(4000, n, 1))
    probabilities = [p for p in (2 * observable.exact).tolist() if p > 1e-15]
    assert_mean(errors, sum(mean_deviation(n, p) for p in probabilities) / 2)


def test_the_floor_of_a_million_is_that_of_a_million():
    """The null law is drawn at 1,024 samples and scaled; bins with few of them hardly count."""
    n = 10**6
    floor = PerfectSamples(LAW).null_laws(n)["histogram"].floor
    observable = {o.name: o for o in LAW.observables()}["histogram"]
    p = [p for p in (2 * observable.exact).tolist() if p > 1e-15]
    exact = sum(mean_deviation(n, each) for each in p) / 2
    assert floor == pytest.approx(exact, rel=0.02)
    # The largest that 102 bins could have: all equally likely.
    assert exact < math.sqrt(102 / (2 * math.pi * n))


@pytest.mark.parametrize(
    ("law", "bins", "message"),
    [
        (SwissRoll(), (-1, 1, 5), "got a histogram of SwissRoll in 2 dimensions"),
        (LAW, (1, 1, 5), r"got 5 bins on \[1, 1\]"),
        (LAW, (-1, 1, 0), r"got 0 bins on \[-1, 1\]"),
    ],
)
def test_impossible_histograms_are_refused(law, bins, message):
    with pytest.raises(UserError, match=message):
        histogram_observable(law, *bins)
