"""Ratio matching against enumeration: its value, its minimiser and its smaller scatter."""

import itertools

import pytest
import torch
from torch.nn.functional import logsigmoid

from truescore.denoisers import oracle
from truescore.denoisers.base import SpinDenoiser
from truescore.losses import RatioMatching
from truescore.processes import Absorbing, SpinFlip, UniformJump
from truescore.targets import IsingRing, PottsRing

DIM, DRAWS = 4, 20_000
LAW, PROCESS = IsingRing(DIM, temperature=0.8), SpinFlip(DIM)
TIMES = [0.01, 0.2, 0.8]


class Shifted(SpinDenoiser):
    """The oracle, its log-odds moved by ``amount(x_t)``, which must not see a site from itself."""

    def __init__(self, amount):
        super().__init__()
        self.process = PROCESS
        self.amount = amount
        self.exact = oracle(LAW, PROCESS)

    def log_odds(self, x_t, t):
        return self.exact.log_odds(x_t, t) + self.amount(x_t)


SHIFTS = {
    "field": lambda x: 0.3 + 0 * x,
    "coupling": lambda x: 0.3 * x.roll(1, 1),
    "three spins": lambda x: 0.3 * x.roll(1, 1) * x.roll(2, 1),
}


def data(seed=1):
    return LAW.sample(DRAWS, torch.Generator().manual_seed(seed)).double()


def losses_of(denoiser, t, seed=2):
    time = torch.full((DRAWS,), t, dtype=torch.float64)
    loss = RatioMatching()(denoiser, data(), time, torch.Generator().manual_seed(seed))
    assert loss.shape == (DRAWS,)
    return loss


def exact_loss(denoiser, t):
    """sum_x p_t(x) of the cross-entropy of the denoiser's conditionals, by enumeration."""
    x = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=DIM)), dtype=torch.float64)
    time = torch.full((len(x),), t, dtype=torch.float64)
    p_t = oracle(LAW, PROCESS).log_prob(x, time).exp()
    return float(-p_t @ logsigmoid(x * denoiser.site_log_odds(x, time)).mean(-1))


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("shift", ["none", *SHIFTS])
def test_mean_is_the_cross_entropy_of_the_noisy_conditionals(t, shift, assert_mean):
    denoiser = Shifted(SHIFTS.get(shift, torch.zeros_like))
    assert_mean(losses_of(denoiser, t), exact_loss(denoiser, t))


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("shift", SHIFTS)
def test_oracle_has_the_smallest_loss(t, shift):
    """Exactly, and on the same draws of noise by more than six standard errors."""
    best, worse = Shifted(torch.zeros_like), Shifted(SHIFTS[shift])
    assert exact_loss(worse, t) > exact_loss(best, t) + 1e-4
    gap = losses_of(worse, t) - losses_of(best, t)
    assert float(gap.mean() / gap.std()) * DRAWS**0.5 > 6


@pytest.mark.parametrize("t", TIMES)
def test_gradient_vanishes_at_the_oracle(t, assert_mean):
    """Along every shift of the log-odds, site by site."""
    for shift in SHIFTS.values():
        size = torch.zeros(DRAWS, DIM, dtype=torch.float64, requires_grad=True)
        loss = losses_of(Shifted(lambda x, size=size, shift=shift: size * shift(x)), t)
        (gradient,) = torch.autograd.grad(loss.sum(), size)
        assert float(gradient.std()) > 1e-4
        assert_mean(gradient, 0.0)


@pytest.mark.parametrize("t", TIMES)
def test_average_over_a_sites_own_flip_keeps_the_mean_and_lessens_the_scatter(t, assert_mean):
    denoiser = Shifted(SHIFTS["coupling"])
    averaged = losses_of(denoiser, t, seed=3)
    time = torch.full((DRAWS,), t, dtype=torch.float64)
    x_t = PROCESS.perturb(data(), time, torch.Generator().manual_seed(3))
    drawn = RatioMatching().of_pair(denoiser, x_t, time)
    # As it is written in probabilities: -log(1/2 + x_i (p_i - 1/2)), p_i = P(x_i = +1 | rest).
    up = denoiser.site_log_odds(x_t, time).sigmoid()
    torch.testing.assert_close(drawn, -(1 / 2 + x_t * (up - 1 / 2)).log().mean(-1))
    assert float((drawn - averaged).abs().mean()) > 1e-3
    assert_mean(drawn - averaged, 0.0)
    assert averaged.std() < drawn.std()


@pytest.mark.parametrize(
    "process", [UniformJump(DIM, 3), Absorbing(DIM, 3, spins=False)], ids=["uniform", "masks"]
)
def test_states_and_masks_have_a_loss_of_noisy_points_alone(process, assert_mean):
    law = PottsRing(DIM, 3)
    denoiser = oracle(law, process)
    x_0 = law.sample(DRAWS, torch.Generator().manual_seed(5)).double()
    time = torch.full((DRAWS,), 0.2, dtype=torch.float64)
    averaged = RatioMatching()(denoiser, x_0, time, torch.Generator().manual_seed(6))
    x_t = process.perturb(x_0, time, torch.Generator().manual_seed(6))
    drawn = RatioMatching().of_pair(denoiser, x_t, time)
    assert float((drawn - averaged).abs().mean()) > 1e-3
    assert_mean(drawn - averaged, 0.0)


def test_loss_is_finite_where_float32_probabilities_are_not():
    """Log-odds of 200 are certainty in float32; their wrong answer costs what logits say."""
    certain = Shifted(lambda x: torch.full_like(x, 200.0))
    x_0, time = -torch.ones(8, DIM), torch.full((8,), PROCESS.t_min)
    loss = RatioMatching()(certain, x_0, time, torch.Generator().manual_seed(4))
    # A site that is surely up before the flip is down after it with probability q.
    q = PROCESS.flip_probability(time[0].double())
    expected = -((1 - q) * q.log() + q * (1 - q).log())
    torch.testing.assert_close(loss.double(), expected.expand(8), atol=0, rtol=1e-5)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("shift", SHIFTS)
def test_oracle_has_the_smallest_loss_where_some_sites_are_ahead(t, shift, assert_mean):
    """Its gradient vanishes there, and a part of the sites has indeed moved."""
    time = torch.full((DRAWS,), t, dtype=torch.float64)

    def losses(amount, site_times=True):
        generator = torch.Generator().manual_seed(5)
        return RatioMatching(site_times)(Shifted(amount), data(), time, generator)

    size = torch.zeros(DRAWS, DIM, dtype=torch.float64, requires_grad=True)
    best = losses(lambda x: size * SHIFTS[shift](x))
    (gradient,) = torch.autograd.grad(best.sum(), size)
    assert_mean(gradient, 0.0)
    best, worse = best.detach(), losses(SHIFTS[shift])
    assert float((worse - best).mean() / (worse - best).std()) * DRAWS**0.5 > 6
    assert float((losses(torch.zeros_like, False).mean() - best.mean()).abs()) > 1e-3
