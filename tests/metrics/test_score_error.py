import json
import math

import pytest
import torch
from torch import nn

from truescore.denoisers import RealDenoiser, SpinDenoiser, oracle
from truescore.errors import UserError
from truescore.metrics import score_error_curve
from truescore.metrics.score_error import bernoulli_kl, categorical_kl, noise_levels
from truescore.processes import Absorbing, SpinFlip, UniformJump, VariancePreserving
from truescore.targets import IsingRing, PottsRing

from .conftest import gaussian, spins

VP = VariancePreserving()
FLIP = SpinFlip(5)


class ScaledScore(RealDenoiser):
    """c times the exact score."""

    def __init__(self, law, factor):
        super().__init__()
        self.exact, self.process, self.factor = oracle(law, VP), VP, factor

    def posterior_mean(self, x_t, t):
        raise NotImplementedError

    def score(self, x_t, t):
        return self.factor * self.exact.score(x_t, t)


class ConstantLogOdds(SpinDenoiser):
    def __init__(self, value):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))
        self.process = FLIP
        self.seen = None

    def log_odds(self, x_t, t):
        self.seen = x_t.dtype, t.dtype
        return self.value.expand_as(x_t)

    def site_log_odds(self, x_t, t):
        return self.log_odds(x_t, t)


@pytest.mark.parametrize(("law", "process"), [(gaussian(), VP), (spins(), FLIP)])
def test_the_oracle_has_no_error(law, process, generator):
    exact = oracle(law, process)
    curve = score_error_curve(exact, exact, process, law.sample(30, generator))
    assert torch.equal(curve.error, torch.zeros(20, dtype=torch.float64))
    assert torch.equal(curve.standard_error, torch.zeros(20, dtype=torch.float64))
    assert curve.mean().value == 0


def test_relative_error_of_a_scaled_score(generator):
    law = gaussian()
    curve = score_error_curve(
        ScaledScore(law, 1.3), oracle(law, VP), VP, law.sample(50, generator), n_levels=5
    )
    torch.testing.assert_close(curve.error, torch.full((5,), 0.3, dtype=torch.float64))
    judgement = curve.mean()
    assert judgement.value == pytest.approx(0.3)
    assert judgement.debiased == judgement.value
    assert (judgement.floor, judgement.percentile, judgement.p_value) == (0.0, None, None)
    assert judgement.verdict is None


def test_relative_entropy_of_independent_spins(generator):
    """For independent spins the exact log-odds of x_t^i are known: atanh of alpha m_i, doubled."""
    law = spins()
    wrong = ConstantLogOdds(0.4)
    curve = score_error_curve(wrong, oracle(law, FLIP), FLIP, law.sample(20, generator))
    mean = FLIP.alpha(curve.times.float()).double()[:, None] * law.mean()
    p, q = (1 + mean) / 2, torch.tensor(0.4).double().sigmoid()
    expected = (p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()).mean(1)
    # Times are rounded to the network's float32.
    torch.testing.assert_close(curve.error, expected, rtol=1e-5, atol=0)
    assert float(curve.standard_error.max()) < 1e-12
    assert wrong.seen == (torch.float32, torch.float32)


PAIRS = {
    "jumps": (PottsRing(3, temperature=0.6), UniformJump(3, 3)),
    "masked states": (PottsRing(3, temperature=0.6), Absorbing(3, 3, False)),
    "masked spins": (IsingRing(4, temperature=0.6), Absorbing(4)),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_relative_entropy_of_states_and_masks(pair, generator):
    """Against the sum over all noisy points, of a law at another temperature; none of its own."""
    law, process = PAIRS[pair]
    exact, other = (
        oracle(type(law)(law.dim, temperature=temperature), process) for temperature in (0.6, 1.2)
    )
    x_0 = law.sample(4000, generator)
    assert float(score_error_curve(exact, exact, process, x_0[:50], 3).error.max()) < 1e-15
    curve = score_error_curve(other, exact, process, x_0, 4)
    x_t = torch.cartesian_prod(*[process.symbols.double()] * law.dim)
    for level in range(4):
        t = curve.times[level].float().double().expand(len(x_t))
        log_p, log_q = (d.noisy_log_probs(x_t, t) for d in (exact, other))
        p_t = exact.log_prob(x_t, t).exp()
        expected = float(p_t @ categorical_kl(log_p, log_q).mean(-1))
        assert abs(float(curve.error[level]) - expected) < 6 * float(curve.standard_error[level])
        assert expected > 5 * float(curve.standard_error[level])


def test_of_flips_the_two_formulas_agree(generator):
    """In log-odds, and as any two symbols."""
    law, process = IsingRing(5), SpinFlip(5)
    x_0 = law.sample(40, generator)
    exact, other = oracle(law, process), oracle(IsingRing(5, temperature=2.0), process)
    curve = score_error_curve(other, exact, process, x_0, 3)
    again = torch.Generator().manual_seed(0)
    for level, time in enumerate(curve.times.float()):
        t = time.expand(40)
        x_t = process.perturb(x_0, t, again)
        log_p, log_q = (d.noisy_log_probs(x_t.double(), t.double()) for d in (exact, other))
        torch.testing.assert_close(categorical_kl(log_p, log_q).mean(-1), curve.numerator[:, level])


def test_categorical_kl_of_what_cannot_be():
    log_p = torch.tensor([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]).double().log()
    log_q = torch.tensor([[0.25, 0.5, 0.25], [1.0, 0.0, 0.0]]).double().log()
    expected = torch.tensor([0.5 * math.log(2), 0.0]).double()
    torch.testing.assert_close(categorical_kl(log_p, log_q), expected)


def test_bernoulli_kl_in_the_tails():
    a = torch.tensor([-60.0, 60.0, 3.0, 3.0, -2.0, 50.0], dtype=torch.float64)
    b = torch.tensor([-61.0, 61.0, 3.0, 3.0 + 1e-4, 800.0, -50.0], dtype=torch.float64)
    kl = bernoulli_kl(a, b)
    small = math.exp(-60) * math.exp(-1)
    assert kl[:2].tolist() == pytest.approx([small, small], rel=1e-9)
    assert float(kl[2]) == 0
    p = 1 / (1 + math.exp(-3))
    assert float(kl[3]) == pytest.approx(p * (1 - p) * 1e-8 / 2, rel=1e-3)
    assert float(kl[4]) == pytest.approx(800 / (1 + math.exp(-2)), rel=1e-2)
    assert float(kl[5]) == pytest.approx(50, rel=1e-6)


@pytest.mark.parametrize("process", [VP, FLIP])
def test_levels_are_equally_spaced_from_noise_to_data(process):
    log_snr, times = noise_levels(process, 20)
    gaps = log_snr.diff()
    torch.testing.assert_close(gaps, gaps.mean().expand(19))
    assert float(times[0]) == pytest.approx(process.horizon)
    assert float(times[-1]) == pytest.approx(process.t_min)
    assert bool((times.diff() < 0).all())
    torch.testing.assert_close(process.log_snr(times), log_snr, rtol=1e-6, atol=1e-6)


def rough_curve(generator, n=400, n_levels=20, seed=0):
    """A score that is wrong by a law of its own: that of another Gaussian."""
    law = gaussian()
    other = oracle(gaussian(scale=1.5), VP)
    return score_error_curve(other, oracle(law, VP), VP, law.sample(n, generator), n_levels, seed)


def test_standard_error_is_the_scatter_of_repeats(generator):
    """Sixty curves give the scatter to 9%; z < 6 of that."""
    curves = [rough_curve(generator, n=100, n_levels=3, seed=seed) for seed in range(60)]
    scatter = torch.stack([curve.error for curve in curves]).std(0)
    stated = torch.stack([curve.standard_error for curve in curves]).mean(0)
    assert bool(((scatter / stated - 1).abs() < 6 * 0.092).all())


def test_mean_weights_the_levels(generator):
    curve = rough_curve(generator)
    square = curve.error**2
    trapezoid = (square.sum() - (square[0] + square[-1]) / 2) / 19
    assert curve.mean().value == pytest.approx(float(trapezoid.sqrt()))
    data_side = curve.mean(lambda log_snr: (log_snr > 0).double())
    noise_side = curve.mean(lambda log_snr: (log_snr < 0).double())
    assert data_side.value != noise_side.value
    last = curve.mean(lambda log_snr: (log_snr == curve.log_snr[-1]).double())
    assert last.value == pytest.approx(float(curve.error[-1]))


def test_interval_of_the_mean(generator):
    curve = rough_curve(generator)
    judgement = curve.mean(n_bootstrap=250)
    assert judgement.ci_low < judgement.value < judgement.ci_high
    assert judgement == curve.mean(n_bootstrap=250)
    one = curve.mean(lambda log_snr: (log_snr == curve.log_snr[5]).double(), n_bootstrap=2000)
    half = (one.ci_high - one.ci_low) / 2
    assert half == pytest.approx(1.96 * float(curve.standard_error[5]), rel=0.15)


def test_equal_seeds_give_equal_noise_in_any_chunks(generator):
    law = spins()
    x_0 = law.sample(40, generator)
    exact, wrong = oracle(law, FLIP), oracle(spins(shift=0.1), FLIP)
    first = score_error_curve(wrong, exact, FLIP, x_0, seed=3)
    again = score_error_curve(wrong, exact, FLIP, x_0, seed=3)
    assert torch.equal(first.numerator, again.numerator)


def test_curve_is_plain_numbers(generator):
    plain = rough_curve(generator, n=10, n_levels=3).as_dict()
    assert set(plain) == {"times", "log_snr", "error", "standard_error"}
    assert all(len(values) == 3 for values in json.loads(json.dumps(plain)).values())


def test_bad_pairs_are_refused(generator):
    law = spins()
    x_0 = law.sample(10, generator)
    with pytest.raises(UserError, match="got real with spin values"):
        score_error_curve(oracle(law, FLIP), oracle(gaussian(), VP), VP, x_0)
    with pytest.raises(UserError, match="got 1 samples, 20 levels"):
        score_error_curve(oracle(law, FLIP), oracle(law, FLIP), FLIP, x_0[:1])
