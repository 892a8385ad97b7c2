import math

import pytest
import torch

from truescore.errors import UserError
from truescore.metrics import DISTANCES, DistanceError, PerfectSamples, evaluate_samples
from truescore.metrics.evaluate import metric_labels

from .conftest import gaussian, spins

EVERYWHERE = [name for name, kind in DISTANCES.items() if "spin" in kind.state_spaces]
NEED_TRANSPORT = ("wasserstein_1", "wasserstein_2")


def law_of(name, shift=False):
    if name in NEED_TRANSPORT:
        pytest.importorskip("ot")
    if "real" in DISTANCES[name].state_spaces:
        return gaussian(dim=2, shift=0.8 * shift)
    return spins(shift=-0.35 * shift)


def judge(law, name, x, n_null=200):
    perfect = PerfectSamples(law, n_null=n_null, distances=[name])
    metric = DistanceError(perfect, perfect.pairs.distances[name])
    metric.update(x)
    return metric.compute()


@pytest.mark.parametrize("name", list(DISTANCES))
def test_perfect_samples_are_at_their_floor_at_the_stated_rate(name, generator):
    """Of 60 sets against 200 draws, more than 12 with p <= 0.01 have a chance of 2e-8, fewer than
    9 or more than 51 with p <= 0.5 one of 2e-7 (beta-binomial laws)."""
    law = law_of(name)
    perfect = PerfectSamples(law, n_null=200, distances=[name])
    distance = perfect.pairs.distances[name]
    null = perfect.null_laws(100)[name]
    pairs = law.sample(60 * 200, generator).double().reshape(60, 2, 100, -1)
    p = torch.tensor([null.p_value(distance(x, y)) for x, y in pairs])
    assert int((p <= 0.01).sum()) <= 12
    assert 9 <= int((p <= 0.5).sum()) <= 51


@pytest.mark.parametrize("name", list(DISTANCES))
def test_a_shifted_law_is_rejected(name, generator):
    law = law_of(name)
    judgement = judge(law, name, law_of(name, shift=True).sample(1000, generator))
    assert judgement.p_value == pytest.approx(1 / 201)
    assert judgement.verdict.endswith("x floor")
    assert judgement.percentile == 100
    assert judgement.value > judgement.floor > 0


@pytest.mark.parametrize("name", EVERYWHERE)
def test_spins_are_judged_too(name, generator):
    assert judge(spins(), name, spins().sample(600, generator)).verdict == "at floor"
    assert judge(spins(), name, spins(shift=-0.35).sample(600, generator)).p_value < 0.01


def test_debiased_distances_have_an_interval_that_holds_the_truth(generator):
    """Energy distance of N(m, S) and N(0, S) on the line, in closed form."""
    law, model = gaussian(dim=1), gaussian(dim=1, shift=0.5)
    judgement = judge(law, "energy_distance", model.sample(2000, generator))
    gap = 2 * math.exp(-1 / 16) / math.sqrt(math.pi) + 0.5 * math.erf(0.25)
    true = math.sqrt(2 * gap - 4 / math.sqrt(math.pi))
    assert judgement.ci_low < true < judgement.ci_high
    assert judgement.ci_low < judgement.debiased < judgement.ci_high
    expected = math.sqrt(judgement.value**2 - judgement.floor**2)
    assert judgement.debiased == pytest.approx(expected, rel=0.05)


def test_an_unbiased_square_says_how_many_floors_it_is_from_zero(generator):
    """Of 40 perfect sets none has |z| > 5 and both signs occur; a shifted law is far above."""
    perfect = PerfectSamples(spins(), n_null=400, distances=["hamming_mmd"])
    metric = DistanceError(perfect, perfect.pairs.distances["hamming_mmd"])
    z = []
    for x in [
        *spins().sample(40 * 400, generator).split(400),
        spins(shift=-0.35).sample(400, generator),
    ]:
        metric.reset()
        metric.update(x)
        judged = metric.compute()
        assert judged.z == pytest.approx(judged.value / judged.floor)
        z.append(judged.z)
    assert -5 < min(z[:-1]) < 0 < max(z[:-1]) < 5 < z[-1]
    assert judge(spins(), "energy_distance", spins().sample(200, generator)).z is None


@pytest.mark.parametrize("name", ["sliced_wasserstein", "c2st", "total_variation"])
def test_others_have_no_debiased_value(name, generator):
    judgement = judge(gaussian(dim=2), name, gaussian(dim=2).sample(100, generator))
    assert (judgement.debiased, judgement.ci_low, judgement.ci_high) == (None, None, None)


def test_what_lies_beyond_the_largest_size_is_not_looked_at(generator):
    x = gaussian(dim=2).sample(3000, generator)
    changed = torch.cat([x[:2000], x[2000:] + 5])
    assert judge(gaussian(dim=2), "energy_distance", x) == judge(
        gaussian(dim=2), "energy_distance", changed
    )


def test_they_stand_beside_the_other_metrics(generator):
    law = gaussian(dim=2)
    perfect = PerfectSamples(law, n_null=100, distances=["energy_distance", "c2st"])
    x = law.sample(300, generator)
    judgements = evaluate_samples(perfect, x)
    assert list(judgements)[-3:] == ["marginals_ks", "energy_distance", "c2st"]
    assert set(judgements) < set(metric_labels(perfect))
    assert set(judgements) == set(perfect.null_laws(300))
    plain = evaluate_samples(PerfectSamples(law, n_null=100), x)
    assert {name: judgements[name] for name in plain} == plain


def test_bad_samples_are_refused_in_one_line():
    with pytest.raises(UserError, match="got 2 NaN or infinite values"):
        judge(gaussian(dim=2), "energy_distance", torch.full((1, 2), torch.nan))
