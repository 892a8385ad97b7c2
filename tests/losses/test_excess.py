"""What is left of a loss above the oracle's: the model's own error, and never less than nothing."""

import pytest
import torch

from truescore.denoisers import RealDenoiser, oracle
from truescore.losses import (
    DenoisingScoreMatching,
    FixedSigmaDenoising,
    ImplicitScoreMatching,
    RatioMatching,
    excess_loss,
)
from truescore.losses.weighting import weigh
from truescore.processes import SpinFlip, VariancePreserving
from truescore.targets import GaussianMixture, IsingRing

DIM, DRAWS = 3, 10_000
PROCESS = VariancePreserving()
MATCHING = {
    "mode": DenoisingScoreMatching("mode"),
    "score": DenoisingScoreMatching("score"),
    "likelihood": DenoisingScoreMatching("likelihood", "uniform"),
    "velocity": DenoisingScoreMatching("velocity", "uniform"),
    "edm": DenoisingScoreMatching("edm", "log_normal"),
    "min_snr": DenoisingScoreMatching("min_snr", "uniform"),
    "fixed_sigma": FixedSigmaDenoising(0.3),
}
IMPLICIT = {
    trace: ImplicitScoreMatching(trace, "uniform") for trace in ("hutchinson", "sliced", "exact")
}
LOSSES = MATCHING | IMPLICIT


def wells():
    factor = torch.tensor([[0.7, 0.0, 0.0], [0.4, 0.5, 0.0], [-0.2, 0.2, 0.3]]).double()
    means = torch.tensor([[1.0, 1.5, -0.5], [-1.0, -1.5, 0.5]]).double()
    return GaussianMixture(torch.ones(2), means, (factor @ factor.mT).expand(2, DIM, DIM))


class Wrong(RealDenoiser):
    """The oracle, wrong by an amount that vanishes with the noise like the oracle's own doubt.

    Its second moments are measured, and so not the law's, and its modes are a single well's.
    """

    def __init__(self, bend):
        super().__init__()
        self.process, self.bend = PROCESS, bend
        self.exact = oracle(wells(), PROCESS)
        measured = wells().sample(500, torch.Generator().manual_seed(9)).double()
        self.spectrum, self.basis = torch.linalg.eigh(measured.mT @ measured / 500)

    def correction_modes(self):
        within, modes = torch.linalg.eigh(wells().covariances[0])
        return modes, ((self.basis.mT @ modes) ** 2).mT @ self.spectrum, within

    def posterior_mean(self, x_t, t):
        s_squared = (-PROCESS.log_snr(t)).exp()[:, None]
        amount = s_squared / (1 + s_squared)
        return self.exact.posterior_mean(x_t, t) + amount * self.bend(x_t)


BENDS = {
    "shift": torch.ones_like,
    "slope": lambda x: x,
    "wave": lambda x: 2 * (3 * x.roll(1, 1)).sin(),
}


def drawn(loss, seed=2):
    x_0 = wells().sample(DRAWS, torch.Generator().manual_seed(1)).double()
    generator = torch.Generator().manual_seed(seed)
    return x_0, loss.sample_times(oracle(wells(), PROCESS), DRAWS, generator).double(), generator


@pytest.mark.parametrize("bend", BENDS)
@pytest.mark.parametrize("name", LOSSES)
def test_oracle_has_the_smallest_loss(name, bend):
    """On the same noise, by more than six standard errors."""
    loss, wrong = LOSSES[name], Wrong(BENDS[bend])
    excess = excess_loss(loss, wrong, oracle(wells(), PROCESS), *drawn(loss))
    assert excess.mean > 6 * excess.standard_error > 0


@pytest.mark.parametrize("name", MATCHING)
def test_excess_is_the_weighted_distance_to_the_oracle(name, assert_mean):
    """E|W(D - x_0)|^2 - E|W(D* - x_0)|^2 = E|W(D - D*)|^2, with the model's own W."""
    loss, wrong, exact = MATCHING[name], Wrong(BENDS["wave"]), oracle(wells(), PROCESS)
    x_0, t, generator = drawn(loss)
    excess = excess_loss(loss, wrong, exact, x_0, t, generator)
    x_t = PROCESS.perturb(x_0, t, torch.Generator().manual_seed(7))
    error = wrong.posterior_mean(x_t, t) - exact.posterior_mean(x_t, t)
    distance = (weigh(loss.weighting, wrong, error, t) ** 2).mean(1)
    spread = (excess.standard_error**2 + float(distance.var()) / DRAWS) ** 0.5
    assert abs(excess.mean - float(distance.mean())) < 6.5 * spread
    assert excess.mean > 10 * excess.standard_error


@pytest.mark.parametrize("trace", IMPLICIT)
def test_implicit_excess_is_that_of_the_score(trace):
    """sigma^2 |s - s*|^2 / d, though neither loss saw the true score."""
    loss, wrong, exact = IMPLICIT[trace], Wrong(BENDS["wave"]), oracle(wells(), PROCESS)
    x_0, t, generator = drawn(loss)
    excess = excess_loss(loss, wrong, exact, x_0, t, generator)
    x_t = PROCESS.perturb(x_0, t, torch.Generator().manual_seed(7))
    error = wrong.score(x_t, t) - exact.score(x_t, t)
    distance = PROCESS.sigma(t) ** 2 * (error**2).mean(1)
    spread = (excess.standard_error**2 + float(distance.var()) / DRAWS) ** 0.5
    assert abs(excess.mean - float(distance.mean())) < 6.5 * spread


def test_oracle_has_none_in_single_precision_too():
    """The same noise for both, though one answers in float32."""
    exact = oracle(wells(), PROCESS)

    class Rounded(RealDenoiser):
        process, spectrum, basis = PROCESS, exact.spectrum.float(), exact.basis.float()

        def posterior_mean(self, x_t, t):
            assert x_t.dtype == torch.float32
            return exact.posterior_mean(x_t, t).float()

    loss = MATCHING["mode"]
    x_0, t, generator = drawn(loss)
    excess = excess_loss(loss, Rounded(), exact, x_0.float(), t.float(), generator)
    alone = float(loss(exact, x_0, t, generator).mean())
    assert abs(excess.mean) < 1e-3 * alone


@pytest.mark.parametrize("t", [0.05, 0.4])
def test_excess_of_spins_is_the_relative_entropy(t):
    """Of every spin given the others, by enumeration of the ring's states."""
    law, other, process = IsingRing(4), IsingRing(4, temperature=2.0), SpinFlip(4)
    exact, wrong = oracle(law, process), oracle(other, process)
    x = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0]).double()] * 4)
    times = torch.full((16,), t, dtype=torch.float64)
    p_t = exact.log_prob(x, times).exp()
    p, q = (d.site_log_odds(x, times).sigmoid() for d in (exact, wrong))
    divergence = p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()
    x_0 = law.sample(DRAWS, torch.Generator().manual_seed(1)).double()
    time, generator = torch.full((DRAWS,), t).double(), torch.Generator().manual_seed(2)
    excess = excess_loss(RatioMatching(), wrong, exact, x_0, time, generator)
    assert abs(excess.mean - float(p_t @ divergence.mean(1))) < 6.5 * excess.standard_error
    assert excess.mean > 6.5 * excess.standard_error
