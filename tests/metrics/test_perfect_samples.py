import logging
import math
from dataclasses import replace

import pytest
import torch
from scipy.stats import ks_2samp

from truescore.errors import UserError
from truescore.metrics import NullLaw, PerfectSamples, perfect_samples
from truescore.metrics.ks import ks_distance
from truescore.metrics.perfect_samples import MARGINALS, error

from .conftest import gaussian, spins

# Of each of about 40 comparisons.
FALSE_ALARM = 1e-8


def errors_of(perfect, x):
    """Errors of sample sets ``(R, n, d)`` by name."""
    result = {o.name: error(o, o.average(x)) for o in perfect.observables}
    return result | {MARGINALS: ks_distance(perfect.target, x)}


def test_p_value_counts():
    law = NullLaw(torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64))
    assert law.p_value(2.5) == pytest.approx(3 / 5)
    assert law.p_value(2.0) == pytest.approx(4 / 5)
    assert law.p_value(9.0) == pytest.approx(1 / 5)
    assert law.percentile(2.5) == 50
    assert law.percentile(2.0) == 25
    assert law.floor == pytest.approx(math.sqrt(7.5))


def test_drawn_floor_is_the_closed_form(law):
    """z < 5.5: a false alarm of 4e-8 for each of two errors."""
    n = 300
    perfect = PerfectSamples(law)
    draws = perfect._draws(n)
    for observable in perfect.observables:
        if observable.variance is None or observable.norm == "l1":
            continue
        square = draws[observable.name] ** 2
        z = (square.mean() - observable.variance / n) / (square.std() / math.sqrt(len(square)))
        assert abs(z) < 5.5, observable.name


def test_floor_is_the_closed_form_at_every_n(law):
    perfect = PerfectSamples(law)
    trace = float(law.covariance().diagonal().sum())
    for n in (50, 1024, 100_000):
        laws = perfect.null_laws(n)
        assert laws["mean_l2"].floor == pytest.approx(math.sqrt(trace / n), rel=1e-12)


@pytest.mark.parametrize("n", [200, 2000])
def test_p_values_of_perfect_samples_are_uniform(law, n, generator):
    """Errors of fresh perfect sets and null draws are of one law, also where the null is scaled."""
    perfect = PerfectSamples(law)
    null = perfect.null_laws(n)
    fresh = errors_of(perfect, law.sample(200 * n, generator).reshape(200, n, -1))
    for name, errors in fresh.items():
        assert ks_2samp(errors.numpy(), null[name].draws.numpy()).pvalue > FALSE_ALARM, name
        p = torch.tensor([null[name].p_value(float(e)) for e in errors])
        # 1000 draws put p <= 0.01 at a true chance below 0.025: 25 of 200 is beyond 1e-8.
        assert int((p <= 0.01).sum()) < 25, name


def test_draws_do_not_touch_or_need_the_global_generator():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = PerfectSamples(spins(), n_null=100)._draw(30)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    second = PerfectSamples(spins(), n_null=100)._draw(30)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_draws_do_not_depend_on_the_size_of_blocks(monkeypatch):
    whole = PerfectSamples(gaussian(), n_null=100)._draw(30)
    monkeypatch.setattr("truescore.metrics.perfect_samples.REDUCED_AT_ONCE", 500)
    monkeypatch.setattr("truescore.metrics.ks.ENTRIES", 70)
    cut = PerfectSamples(gaussian(), n_null=100)._draw(30)
    for name in whole:
        torch.testing.assert_close(whole[name], cut[name])


def test_a_wrong_variance_is_reported(caplog):
    perfect = PerfectSamples(gaussian())
    perfect.observables = [
        replace(o, variance=o.variance and 2 * o.variance) for o in perfect.observables
    ]
    with caplog.at_level(logging.WARNING):
        perfect.null_laws(100)
    assert "mean_l2: exact samples show" in caplog.text
    assert "cov_frobenius: exact samples show" in caplog.text


def test_too_few_null_draws_are_refused():
    with pytest.raises(UserError, match="got n_null=99, expected at least 100"):
        PerfectSamples(gaussian(), n_null=99)


def test_too_few_null_draws_for_holm_are_reported(caplog):
    perfect_samples._warn_of_few_sets.cache_clear()  # it is said once in a process
    with caplog.at_level(logging.WARNING):
        PerfectSamples(gaussian(), n_null=100)
    assert "too few to reject any of 4 errors together (Holm): use 400 or more" in caplog.text
