"""Oracles against enumeration (spins) and against derivatives and integrals (reals)."""

import itertools

import pytest
import torch

from truescore.denoisers import (
    LearnedSpinDenoiser,
    RealOracle,
    SpinOracle,
    check_pairing,
    oracle,
)
from truescore.errors import UserError
from truescore.nets import LeaveOneOutConv
from truescore.processes import Absorbing, SpinFlip, UniformJump, VariancePreserving
from truescore.targets import (
    GaussianMixture,
    GinzburgLandauChain,
    IndependentSpins,
    IsingRing,
    NearestNeighbourChain,
    PottsRing,
)
from truescore.targets.quadrature import panels


def chain_in_a_field(boundary):
    generator = torch.Generator().manual_seed(1)
    field = torch.randn(5, dtype=torch.float64, generator=generator)
    coupling = torch.randn(6, dtype=torch.float64, generator=generator)
    return NearestNeighbourChain(
        5,
        lambda x, i: -field[i] * x,
        lambda x, y, i: -coupling[i] * x * y,
        boundary,
        temperature=0.7,
        boundary_value=1.0,
    )


SPIN_LAWS = {
    "ring of 3": IsingRing(3),
    "cold ring": IsingRing(6, temperature=0.4),
    "frustrated ring": IsingRing(5, coupling=-1.0),
    "open chain": chain_in_a_field("open"),
    "fixed chain": chain_in_a_field("fixed"),
    "independent": IndependentSpins(torch.tensor([0.9, -0.2, 0.0])),
}


class Enumeration:
    """p_0, the flip kernel and p_t over all 2^d states, with no use of the chain's messages."""

    def __init__(self, law, t):
        self.x = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=law.dim))).double()
        weight = (-law.energy(self.x) / law.temperature).exp()
        self.p_0 = weight / weight.sum()
        q = (1 - torch.exp(torch.tensor(-2.0 * t, dtype=torch.float64))) / 2
        differs = self.x[:, None, :] != self.x[None, :, :]
        self.site_kernel = torch.where(differs, q, 1 - q)  # [x_t, x_0, i]
        self.p_t = self.site_kernel.prod(-1) @ self.p_0

    def flipped(self, i):
        """p_t(flip_i x) for every x."""
        y = self.x.clone()
        y[:, i] *= -1
        powers = 2.0 ** torch.arange(self.x.shape[1] - 1, -1, -1, dtype=torch.float64)
        return self.p_t[((y + 1) / 2 @ powers).long()]

    def leave_one_out(self, i):
        """P(x_0^i = +1 | x_t without x_t^i), up to its normalisation, and that of -1."""
        others = [j for j in range(self.x.shape[1]) if j != i]
        joint = self.site_kernel[..., others].prod(-1) * self.p_0
        up = self.x[:, i] > 0
        return joint[:, up].sum(1), joint[:, ~up].sum(1)


@pytest.mark.parametrize("t", [1e-3, 0.05, 0.4, 2.0])
@pytest.mark.parametrize("name", SPIN_LAWS)
def test_spin_oracle_is_its_enumeration(name, t):
    law = SPIN_LAWS[name]
    truth, exact = Enumeration(law, t), oracle(law, SpinFlip(law.dim))
    x = truth.x
    time = torch.full((len(x),), t, dtype=torch.float64)
    close = {"atol": 1e-10, "rtol": 1e-10}
    torch.testing.assert_close(exact.log_prob(x, time), truth.p_t.log(), **close)
    log_odds, site = exact.log_odds(x, time), exact.site_log_odds(x, time)
    concrete, mean = exact.concrete_score(x, time), exact.posterior_mean(x, time)
    posterior = truth.site_kernel.prod(-1) * truth.p_0 / truth.p_t[:, None]
    torch.testing.assert_close(mean, posterior @ x, **close)
    for i in range(law.dim):
        up, down = truth.leave_one_out(i)
        torch.testing.assert_close(log_odds[:, i], (up / down).log(), **close)
        ratio = (truth.flipped(i) / truth.p_t).log()
        torch.testing.assert_close(concrete[:, i], ratio, **close)
        torch.testing.assert_close(site[:, i], -x[:, i] * ratio, **close)


def test_spin_oracle_answers_every_point_at_its_own_time():
    law = IsingRing(6)
    exact = oracle(law, SpinFlip(6))
    x = law.sample(4, torch.Generator().manual_seed(2))
    t = torch.tensor([0.01, 0.1, 0.5, 1.5])
    together = exact.site_log_odds(x, t)
    alone = torch.cat([exact.site_log_odds(x[k, None], t[k, None]) for k in range(4)])
    torch.testing.assert_close(together, alone, atol=1e-12, rtol=0)


def mixture():
    means = torch.tensor([[1.0, 0.5], [-0.5, -1.0], [0.0, 1.5]])
    factors = torch.tensor(
        [[[0.6, 0.0], [0.3, 0.4]], [[0.3, 0.0], [-0.2, 0.5]], [[0.4, 0.0], [0.0, 0.2]]]
    )
    return GaussianMixture(torch.tensor([1.0, 2.0, 0.5]), means, factors @ factors.mT)


def tilted_ring():
    return NearestNeighbourChain(
        4,
        lambda x, i: (1 - x**2) ** 2 + 0.2 * (i + 1) * x,
        lambda x, y, i: (1 + 0.3 * i) / 2 * (x - y) ** 2,
        "periodic",
        interval=(-3.0, 3.0),
    )


REAL_LAWS = {"mixture": mixture(), "ring": tilted_ring(), "walls": GinzburgLandauChain(5)}


def derivative(f, x, i, step):
    """Sixth-order central difference of f along coordinate i."""
    shift = torch.zeros_like(x)
    shift[:, i] = step
    near, mid, far = ((f(x + k * shift) - f(x - k * shift)) / (2 * k) for k in (1, 2, 3))
    return (1.5 * near - 0.6 * mid + 0.1 * far) / step


@pytest.mark.parametrize("t", [0.001, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("name", REAL_LAWS)
def test_score_is_the_gradient_of_log_prob(name, t):
    law, process = REAL_LAWS[name], VariancePreserving()
    exact = oracle(law, process)
    generator = torch.Generator().manual_seed(3)
    time = torch.full((6,), t, dtype=torch.float64)
    x_t = process.perturb(law.sample(6, generator).double(), time, generator)
    step = 0.02 * float(process.sigma(time[0]))
    slopes = [derivative(lambda y: exact.log_prob(y, time), x_t, i, step) for i in range(law.dim)]
    expected = torch.stack(slopes, 1)
    scale = float(expected.abs().max())
    torch.testing.assert_close(exact.score(x_t, time), expected, atol=1e-8 * scale, rtol=0)


def test_noisy_densities_are_normalised():
    """And have the second moments alpha^2 C + sigma^2, in two dimensions."""
    chain = NearestNeighbourChain(
        2,
        lambda x, i: (1 - x**2) ** 2 + 0.3 * i * x,
        lambda x, y, _: (x - y) ** 2 / 2,
        interval=(-3.0, 3.0),
    )
    process = VariancePreserving()
    nodes, log_weights = panels([-7.0, -2.0, 0.0, 2.0, 7.0], 24)
    points, weight = torch.cartesian_prod(nodes, nodes), log_weights.exp()
    weight = torch.outer(weight, weight).flatten()
    for law in (chain, mixture()):
        second = law.covariance() + torch.outer(law.mean(), law.mean())
        for t in (0.2, 0.7):
            time = torch.full((len(points),), t, dtype=torch.float64)
            density = weight * oracle(law, process).log_prob(points, time).exp()
            assert float(density.sum()) == pytest.approx(1, abs=1e-9)
            moments = torch.einsum("n,ni,nj->ij", density, points, points)
            alpha, sigma = process.alpha(time[0]), process.sigma(time[0])
            expected = alpha**2 * second + sigma**2 * torch.eye(2, dtype=torch.float64)
            torch.testing.assert_close(moments, expected, atol=1e-8, rtol=0)


def test_gaussian_has_its_closed_form():
    generator = torch.Generator().manual_seed(4)
    factor = torch.randn(3, 3, dtype=torch.float64, generator=generator)
    mean = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    covariance = factor @ factor.mT + 0.1 * torch.eye(3)
    law = GaussianMixture(torch.ones(1), mean[None], covariance[None])
    process = VariancePreserving()
    x_t = torch.randn(5, 3, dtype=torch.float64, generator=generator)
    for t in (0.01, 0.3, 0.9):
        time = torch.full((5,), t, dtype=torch.float64)
        alpha, sigma = process.alpha(time[0]), process.sigma(time[0])
        noisy = alpha**2 * covariance + sigma**2 * torch.eye(3)
        expected = -torch.linalg.solve(noisy, (x_t - alpha * mean).mT).mT
        torch.testing.assert_close(oracle(law, process).score(x_t, time), expected)


def test_pairs_of_different_kinds_are_refused():
    spins, reals = IsingRing(4), GinzburgLandauChain(4)
    flips, noise = SpinFlip(4), VariancePreserving()
    assert isinstance(oracle(spins, flips), SpinOracle)
    assert isinstance(oracle(reals, noise), RealOracle)
    for law, process in ((spins, noise), (reals, flips)):
        with pytest.raises(UserError, match="expected the same") as error:
            oracle(law, process)
        for named in (type(law).__name__, type(process).__name__, "spins", "reals"):
            assert named in str(error.value)
    learned = LearnedSpinDenoiser(LeaveOneOutConv(4), flips)
    check_pairing(spins, learned)
    with pytest.raises(UserError, match="LearnedSpinDenoiser"):
        check_pairing(reals, learned)


def test_laws_without_a_posterior_say_so():
    with pytest.raises(UserError, match="GaussianMixture.*noisy sites"):
        mixture().site_posterior(torch.zeros(1, 2, 2))
    with pytest.raises(UserError, match="spin values"):
        IsingRing(4).gaussian_posterior(torch.ones(1, 4), torch.ones(1), torch.ones(1))
    with pytest.raises(UserError, match=r"expected \(n, 4\)"):
        oracle(IsingRing(4), SpinFlip(4)).log_odds(torch.ones(1, 5), torch.ones(1))
    with pytest.raises(UserError, match=r"expected \(n, 5\)"):
        oracle(GinzburgLandauChain(5), VariancePreserving()).score(torch.ones(1, 4), torch.ones(1))


def test_samplers_start_from_the_second_moments_of_the_noisy_law(assert_mean):
    law, process = GinzburgLandauChain(3), VariancePreserving(beta_max=2.0)
    x = oracle(law, process).sample_prior(40_000, 3, torch.Generator().manual_seed(5)).double()
    horizon = torch.ones(1, dtype=torch.float64)
    alpha, sigma = process.alpha(horizon), process.sigma(horizon)
    assert float(alpha) > 0.5
    assert_mean(x, 0.0)
    expected = alpha**2 * law.covariance() + sigma**2 * torch.eye(3)
    assert_mean(x[:, :, None] * x[:, None, :], expected)


def test_spins_start_from_the_processs_stationary_law():
    process = SpinFlip(4)
    drawn = oracle(IsingRing(4), process).sample_prior(9, 4, torch.Generator().manual_seed(5))
    assert torch.equal(drawn, process.sample_prior(9, 4, torch.Generator().manual_seed(5)))


def test_a_law_and_a_process_of_other_numbers_of_states_are_told_apart():
    with pytest.raises(UserError, match="got PottsRing of 3 states with UniformJump of 4"):
        check_pairing(PottsRing(5, 3), UniformJump(5, 4))
    with pytest.raises(UserError, match="got PottsRing of 3 states with Absorbing of 2"):
        oracle(PottsRing(5, 3), Absorbing(5, 2, spins=False))
    check_pairing(PottsRing(5, 3), Absorbing(5, 3, spins=False))
