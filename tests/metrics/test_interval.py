import pytest
import torch

from truescore.metrics import ObservableError, PerfectSamples
from truescore.metrics.interval import debiased_interval

from .conftest import gaussian

REPEATS = 2000
# 95% less 1.5%, three standard errors: a chance of 1e-3 each where coverage is 95%. No upper
# bound: the construction errs on that side.
LEAST = 0.935


def coverage(deviation, scales, generator):
    """Share of intervals that hold |delta|, from 200 groups with noise of given scales."""
    delta, scales = torch.tensor(deviation).double(), torch.tensor(scales).double()
    true = float(delta.norm())
    floor = float(scales.norm())
    hits = 0
    for _ in range(REPEATS):
        noise = torch.randn(200, len(delta), dtype=torch.float64, generator=generator)
        groups = delta + noise * scales * 200**0.5
        low, high = debiased_interval(groups, groups.mean(0), floor)
        hits += low <= true <= high
    return hits / REPEATS


@pytest.mark.parametrize("times_floor", [0, 2, 8])
@pytest.mark.parametrize("kind", ["scalar", "equal", "one dominates", "off the dominant"])
def test_coverage_of_gaussian_noise(times_floor, kind, generator):
    scales = {
        "scalar": [1.0],
        "equal": [1.0] * 30,
        "one dominates": [10.0] + [1.0] * 30,
        "off the dominant": [1.0] * 30 + [10.0],
    }[kind]
    delta = [0.0] * len(scales)
    delta[0] = times_floor * float(torch.tensor(scales).norm())
    assert coverage(delta, scales, generator) > LEAST


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (1.1, 0.1), (1.3, 0.3)])
def test_coverage_of_samples(scale, shift, generator):
    """The whole metric, the true error known from the closed form of both laws."""
    law, model = gaussian(), gaussian(scale=scale, shift=shift)
    perfect = PerfectSamples(law)
    offset = model.mean() - law.mean()
    second = model.covariance() + offset[:, None] * offset
    true = {"mean_l2": offset.norm(), "cov_frobenius": (second - law.covariance()).norm()}
    for observable in perfect.observables:
        if observable.norm == "l1":
            continue
        metric = ObservableError(perfect, observable)
        judgements = [metric.judge(model.sample(400, generator)) for _ in range(REPEATS)]
        hits = sum(j.ci_low <= float(true[observable.name]) <= j.ci_high for j in judgements)
        assert hits / REPEATS > LEAST, observable.name


def test_the_interval_shrinks_with_the_samples(generator):
    law, model = gaussian(), gaussian(shift=0.3)
    perfect = PerfectSamples(law)
    metric = ObservableError(perfect, perfect.observables[1])
    widths = []
    for n in (1_000, 100_000):
        judgement = metric.judge(model.sample(n, generator))
        widths.append(judgement.ci_high - judgement.ci_low)
    assert widths[0] / widths[1] == pytest.approx(10, rel=0.4)


@pytest.mark.parametrize("p", [1, 3])
def test_samples_without_scatter_have_an_interval_without_width(p):
    groups = torch.full((200, p), 0.5, dtype=torch.float64)
    low, high = debiased_interval(groups, groups[0], 0.0)
    assert low == pytest.approx(0.5 * p**0.5)
    assert high == pytest.approx(0.5 * p**0.5)
