"""MALA: detailed balance point by point, and exact moments at steps that are far too long."""

import pytest
import torch
from torch.distributions import MultivariateNormal

from truescore.errors import UserError
from truescore.simulate import MALA, elastic_preconditioner
from truescore.targets import GinzburgLandauChain

CHAIN = GinzburgLandauChain(3, lam=0.3, temperature=0.5)
MATRIX = torch.tensor([[2.0, 0.3, 0.0], [0.3, 1.0, -0.4], [0.0, -0.4, 0.5]], dtype=torch.float64)
PRECONDITIONERS = {"none": None, "elastic": 6 * elastic_preconditioner(CHAIN), "given": MATRIX}


@pytest.fixture(params=PRECONDITIONERS.values(), ids=PRECONDITIONERS.keys())
def preconditioner(request):
    return request.param


def log_proposal(law, dt, preconditioner, x, y):
    """Log density of proposing y from x, written out with torch's own Gaussian."""
    matrix = torch.eye(3, dtype=torch.float64) if preconditioner is None else preconditioner
    temperature = law.temperature
    mean = x + dt * temperature * law.score(x) @ matrix
    return MultivariateNormal(mean, 2 * temperature * dt * matrix).log_prob(y)


def test_metropolis_ratio_is_that_of_the_proposals(preconditioner):
    generator, dt = torch.Generator().manual_seed(1), 0.2
    x = CHAIN.sample(50, generator).double()
    z = torch.randn(50, 3, dtype=torch.float64, generator=generator)
    y, log_ratio = MALA(CHAIN, dt, preconditioner).propose(x, z)
    forth = CHAIN.log_prob(x) + log_proposal(CHAIN, dt, preconditioner, x, y)
    back = CHAIN.log_prob(y) + log_proposal(CHAIN, dt, preconditioner, y, x)
    assert CHAIN.log_prob(y).isfinite().sum() > 40
    torch.testing.assert_close(log_ratio, back - forth, atol=1e-9, rtol=0)


def test_proposals_have_the_preconditioned_law(preconditioner, assert_mean):
    generator, dt = torch.Generator().manual_seed(2), 0.2
    x = CHAIN.sample(1, generator).double()
    z = torch.randn(20_000, 3, dtype=torch.float64, generator=generator)
    y, _ = MALA(CHAIN, dt, preconditioner).propose(x.expand(20_000, 3), z)
    matrix = torch.eye(3, dtype=torch.float64) if preconditioner is None else preconditioner
    mean = x[0] + dt * CHAIN.temperature * (CHAIN.score(x) @ matrix)[0]
    assert_mean(y, mean)
    products = (y - mean)[:, :, None] * (y - mean)[:, None, :]
    assert_mean(products, 2 * CHAIN.temperature * dt * matrix)


def test_exact_samples_keep_their_moments_at_long_steps(preconditioner, assert_mean):
    """Steps of which only some are accepted, and that Euler-Maruyama would not survive."""
    generator = torch.Generator().manual_seed(3)
    integrator = MALA(CHAIN, 0.2, preconditioner)
    x = integrator.run(integrator.start(CHAIN.sample(20_000, generator)), 12, generator)
    assert 0.1 < integrator.acceptance.rate < 0.8
    assert_mean(x, CHAIN.mean())
    assert_mean(x[:, :, None] * x[:, None, :], CHAIN.covariance())
    squares = x**2
    assert_mean(squares[:, :, None] * squares[:, None, :], CHAIN.squared_deviations())


def test_acceptance_is_what_moved():
    generator = torch.Generator().manual_seed(4)
    integrator, x = MALA(CHAIN, 0.2), CHAIN.sample(500, generator).double()
    moved = integrator.step(x, generator)
    assert integrator.acceptance.rate == float((moved != x).any(1).double().mean())
    assert integrator.heated(2.0).acceptance.proposed == 0


def test_overflowing_proposals_are_rejected():
    x = torch.full((4, 3), 1e120, dtype=torch.float64)
    assert torch.equal(MALA(CHAIN, 0.2).step(x, torch.Generator().manual_seed(5)), x)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (torch.eye(2), r"shape \(2, 2\), expected \(3, 3\)"),
        (-torch.eye(3), "not symmetric positive definite"),
        (torch.eye(3) + torch.eye(3).roll(1, 0).tril() / 9, "not symmetric positive definite"),
    ],
)
def test_impossible_preconditioners_are_refused(matrix, message):
    with pytest.raises(UserError, match=message):
        MALA(CHAIN, 0.2, matrix)
