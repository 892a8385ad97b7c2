import math

import pytest
import torch

from truescore.errors import UserError
from truescore.metrics import ObservableError, PerfectSamples
from truescore.metrics.observable_error import group_averages

from .conftest import gaussian, spins


def metric(law, name="mean_l2"):
    perfect = PerfectSamples(law)
    return ObservableError(perfect, {o.name: o for o in perfect.observables}[name])


def judged(law, x, name="mean_l2"):
    error = metric(law, name)
    error.update(x)
    return error.compute()


def test_value_floor_and_debiased_by_hand(generator):
    law, n = gaussian(), 500
    x = gaussian(shift=0.2).sample(n, generator)
    judgement = judged(law, x)
    value = float((x.double().mean(0) - law.mean()).norm())
    floor = math.sqrt(float(law.covariance().diagonal().sum()) / n)
    assert judgement.value == pytest.approx(value, rel=1e-12)
    assert judgement.floor == pytest.approx(floor, rel=1e-12)
    assert judgement.debiased == pytest.approx(math.sqrt(value**2 - floor**2), rel=1e-12)
    assert judgement.ci_low < judgement.debiased < judgement.ci_high
    assert judgement.verdict == f"{value / floor:.1f} x floor"


def test_below_the_floor_the_debiased_error_is_negative(generator):
    law = gaussian()
    x = law.sample(500, generator)
    x = x - x.mean(0)
    judgement = judged(law, x)
    assert judgement.debiased == pytest.approx(-judgement.floor, rel=1e-6)
    assert judgement.verdict == "at floor"
    assert judgement.percentile == 0


def test_l1_has_no_debiased_value(generator):
    law = spins()
    x = law.sample(100, generator)
    judgement = judged(law, x, "mean_l1")
    assert judgement.value == pytest.approx(float((x.double().mean(0) - law.mean()).abs().sum()))
    assert (judgement.debiased, judgement.ci_low, judgement.ci_high) == (None, None, None)


def test_updates_may_be_cut_anywhere(generator):
    law = gaussian()
    x = law.sample(1003, generator)
    whole, cut = metric(law, "cov_frobenius"), metric(law, "cov_frobenius")
    whole.update(x)
    for part in x.split([1, 400, 2, 600]):
        cut.update(part)
    assert whole.compute() == cut.compute()


def test_reset_forgets(generator):
    law = gaussian()
    error = metric(law)
    error.update(gaussian(shift=9.0).sample(100, generator))
    error.reset()
    x = law.sample(100, generator)
    error.update(x)
    assert error.compute() == judged(law, x)


@pytest.mark.parametrize("n", [20, 199, 200, 201, 399, 400, 1003])
def test_groups_are_equal_and_their_average_is_that_of_all(n, generator):
    law = gaussian()
    x = law.sample(n, generator)
    observable = law.observables()[-1]
    groups, average = group_averages(observable, x)
    assert min(n, 200) <= len(groups) < 400
    torch.testing.assert_close(average, observable.average(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("truth", "model", "name"),
    [
        (gaussian(), gaussian(shift=0.1), "mean_l2"),
        (gaussian(), gaussian(scale=1.1), "cov_frobenius"),
        (spins(), spins(shift=0.05), "mean_l1"),
    ],
)
def test_a_wrong_law_is_rejected(truth, model, name, generator):
    judgement = judged(truth, model.sample(20_000, generator), name)
    assert judgement.p_value == pytest.approx(1 / 1001)
    assert judgement.verdict.endswith("x floor")


def test_bad_samples_are_refused_in_one_line(generator):
    x = gaussian().sample(100, generator)
    x[3, 1], x[3, 2], x[7, 0] = torch.nan, torch.inf, -torch.inf
    with pytest.raises(UserError, match="got 3 NaN or infinite values in 2 of 100 samples"):
        metric(gaussian()).update(x)
    with pytest.raises(UserError, match=r"got points of shape \(100, 4\), expected \(n, 5\)"):
        metric(gaussian()).update(x[:, :4])
    with pytest.raises(UserError, match="got 5 entries that are not spins"):
        metric(spins()).update(torch.cat([torch.zeros(1, 5), torch.ones(9, 5)]))
    with pytest.raises(UserError, match="got 19 samples, expected at least 20"):
        judged(gaussian(), gaussian().sample(19, generator))
    with pytest.raises(UserError, match="got no samples"), pytest.warns(UserWarning):
        metric(gaussian()).compute()


def test_float64_samples_are_taken_as_they_are(generator):
    law = gaussian()
    x = law.sample(50, generator).double() + 1e-10
    assert judged(law, x).value != judged(law, x.float()).value
