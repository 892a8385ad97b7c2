"""MMD^2 with a Hamming kernel against its definition, its exact value and its own null law."""

import itertools
import math

import pytest
import torch
from scipy.stats import ks_2samp

from truescore.metrics import PerfectSamples, evaluate_samples
from truescore.metrics.distances import HammingDiscrepancy
from truescore.targets import GrayCode, IndependentSpins, IsingChain

FALSE_ALARM = 1e-8


def law(mean=0.0, dim=4):
    return IndependentSpins(torch.full((dim,), mean, dtype=torch.float64))


def test_it_is_the_mean_of_ten_unbiased_estimates(generator):
    """Pair by pair, with the Hamming distance counted."""
    x, y = (law().sample(53, generator).double() for _ in range(2))

    def kernel(a, b):
        return math.exp(-0.1 * int((a != b).sum()))

    values = []
    for k in range(10):
        first, second = x[5 * k : 5 * k + 5], y[5 * k : 5 * k + 5]
        own = [
            kernel(*pair) for side in (first, second) for pair in itertools.permutations(side, 2)
        ]
        mixed = [kernel(a, b) for a in first for b in second]
        values.append(sum(own) / 20 - 2 * sum(mixed) / 25)
    distance = HammingDiscrepancy(law())
    assert distance(x, y) == pytest.approx(sum(values) / 10, abs=1e-14)
    value, (low, high) = distance.own_error(x, y)
    spread = torch.tensor(values).std() / 10**0.5
    assert value == pytest.approx(sum(values) / 10, abs=1e-14)
    assert (high - low) / 2 == pytest.approx(2.262157 * float(spread), rel=1e-5)


@pytest.mark.parametrize("mean", [0.0, 0.2, 0.5])
def test_its_mean_is_the_exact_square(mean, generator, assert_mean):
    """For independent spins of means a and b, k = prod (c + s x x'), E k = (c + s a b)^d."""
    distance = HammingDiscrepancy(law())
    x = law(mean).sample(200 * 50, generator).double().reshape(200, 50, 4)
    y = law().sample(200 * 50, generator).double().reshape(200, 50, 4)
    even, odd = (1 + math.exp(-0.1)) / 2, (1 - math.exp(-0.1)) / 2
    exact = (even + odd * mean**2) ** 4 - even**4
    assert_mean(torch.tensor([distance(a, b) for a, b in zip(x, y, strict=True)]), exact)


def test_scaled_draws_follow_the_law_of_larger_sets(generator):
    """Null draws at 1,280 against fresh ones at 2,560."""
    ring, n, fresh = IsingChain(6, 0.4), 2560, 60
    null = PerfectSamples(ring, n_null=100, distances=["hamming_mmd"]).null_laws(n)["hamming_mmd"]
    distance = HammingDiscrepancy(ring)
    pairs = ring.sample(fresh * 2 * n, generator).double().reshape(fresh, 2, n, 6)
    values = torch.tensor([distance(x, y) for x, y in pairs])
    assert ks_2samp(values.numpy(), null.draws.numpy()).pvalue > FALSE_ALARM
    # Both are centred and their spreads agree; a wrong power of the sizes would be off by 1.4.
    assert float(values.std() / null.draws.std()) == pytest.approx(1, abs=0.35)
    assert abs(float(null.draws.mean())) < 6.5 * float(null.draws.std()) / 100**0.5


def test_codes_are_judged_by_it_alone_and_told_from_another_set(generator):
    perfect = PerfectSamples(GrayCode("moons"), n_null=100, distances=["hamming_mmd"])
    (right,) = evaluate_samples(perfect, GrayCode("moons").sample(2000, generator)).items()
    (wrong,) = evaluate_samples(perfect, GrayCode("circles").sample(2000, generator)).items()
    assert right[0] == "hamming_mmd"
    assert right[1].verdict == "at floor"
    assert wrong[1].p_value == pytest.approx(1 / 101)
    assert wrong[1].ci_low > 5 * wrong[1].floor
