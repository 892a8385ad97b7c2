"""Implicit score matching: the exact divergence, unbiased estimates, the explicit gradient."""

import pytest
import torch

from truescore.denoisers import RealDenoiser, oracle
from truescore.errors import UserError
from truescore.losses import ImplicitScoreMatching
from truescore.processes import VariancePreserving
from truescore.targets import GaussianMixture

DIM, DRAWS = 3, 20_000
PROCESS = VariancePreserving()
estimates = pytest.mark.parametrize("trace", ["hutchinson", "sliced"])
every = pytest.mark.parametrize("trace", ["hutchinson", "sliced", "exact"])


def wells():
    factor = torch.tensor([[0.7, 0.0, 0.0], [0.4, 0.5, 0.0], [-0.2, 0.2, 0.3]]).double()
    means = torch.tensor([[1.0, 1.5, -0.5], [-1.0, -1.5, 0.5]]).double()
    return GaussianMixture(torch.ones(2), means, (factor @ factor.mT).expand(2, DIM, DIM))


class Linear(RealDenoiser):
    """score = A x_t + b, with an A and a b for each sample, so that gradients come apart."""

    def __init__(self, matrix, shift):
        super().__init__()
        self.process = PROCESS
        self.spectrum = torch.ones(DIM)
        self.matrix, self.shift = matrix, shift

    def posterior_mean(self, x_t, t):
        alpha, sigma = PROCESS.alpha(t)[:, None], PROCESS.sigma(t)[:, None]
        return (x_t + sigma**2 * self.score(x_t, t)) / alpha

    def score(self, x_t, t):
        return (self.matrix @ x_t[..., None])[..., 0] + self.shift


def data(n=DRAWS):
    """Points, and times at which neither the noise nor the data is all."""
    t = torch.linspace(0.05, 0.6, n, dtype=torch.float64)
    return wells().sample(n, torch.Generator().manual_seed(1)).double(), t


def loss_of(trace, denoiser, n=DRAWS, seed=2):
    x_0, t = data(n)
    return ImplicitScoreMatching(trace)(denoiser, x_0, t, torch.Generator().manual_seed(seed))


def noisy(n=DRAWS, seed=2):
    """The points that a generator of the same seed gives to the loss."""
    x_0, t = data(n)
    return PROCESS.perturb(x_0, t, torch.Generator().manual_seed(seed)), t


def test_exact_trace_is_the_jacobian_s():
    denoiser = oracle(wells(), PROCESS)
    x_t, t = noisy(50)
    expected = []
    for x, time in zip(x_t, t, strict=True):

        def score(x, time=time):
            return denoiser.score(x[None], time[None])[0]

        jacobian = torch.autograd.functional.jacobian(score, x)
        square = (score(x) ** 2).sum() + 2 * jacobian.trace()
        expected.append(PROCESS.sigma(time) ** 2 * square / DIM)
    torch.testing.assert_close(
        loss_of("exact", denoiser, 50), torch.stack(expected), atol=1e-10, rtol=1e-10
    )


@estimates
def test_one_random_direction_keeps_the_mean(trace, assert_mean):
    """Beside the exact trace on the same points: whatever the point, the difference has mean 0."""
    denoiser = oracle(wells(), PROCESS)
    difference = loss_of(trace, denoiser) - loss_of("exact", denoiser)
    assert float(difference.std()) > 0.1
    x_t, t = noisy()
    by = torch.stack([torch.ones_like(t), t, *x_t.T, *(x_t**2).T], 1)
    assert_mean(difference[:, None] * by, 0.0)


@every
def test_mean_is_the_explicit_loss_up_to_the_scores_own_square(trace, assert_mean):
    """E sigma^2 |s - s*|^2 / d = E loss + E sigma^2 |s*|^2 / d, for a wrong score s."""
    exact = oracle(wells(), PROCESS)
    x_t, t = noisy()
    matrix = torch.tensor([[-1.5, 0.3, 0.0], [0.5, -1.0, 0.2], [0.0, 0.4, -2.0]]).double()
    wrong = Linear(matrix.expand(DRAWS, -1, -1), torch.tensor([0.3, -0.2, 0.5]).double())
    truth = exact.score(x_t, t)
    explicit = ((wrong.score(x_t, t) - truth) ** 2 - truth**2).mean(1) * PROCESS.sigma(t) ** 2
    assert_mean(loss_of(trace, wrong) - explicit, 0.0)


@every
def test_gradient_is_the_explicit_losss(trace, assert_mean):
    """For a linear score, weight by weight: it never saw the true score, and descends alike."""
    x_t, t = noisy()
    start = torch.tensor([[-1.5, 0.3, 0.0], [0.5, -1.0, 0.2], [0.0, 0.4, -2.0]]).double()
    matrix = start.expand(DRAWS, -1, -1).clone().requires_grad_()
    shift = torch.zeros(DRAWS, DIM, dtype=torch.float64).add_(0.3).requires_grad_()
    model = Linear(matrix, shift)
    truth = oracle(wells(), PROCESS).score(x_t, t)
    explicit = ((model.score(x_t, t) - truth) ** 2).mean(1) * PROCESS.sigma(t) ** 2
    gradients = [
        torch.autograd.grad(loss.sum(), (matrix, shift))
        for loss in (loss_of(trace, model), explicit)
    ]
    for implicit, expected in zip(*gradients, strict=True):
        assert float(expected.mean(0).abs().max()) > 0.01
        assert_mean(implicit - expected, 0.0)


@every
def test_validation_modes_give_the_same_numbers(trace):
    """Lightning validates without gradients; the derivative by x_t is needed all the same."""
    denoiser = oracle(wells(), PROCESS)
    expected = loss_of(trace, denoiser, 10)
    for mode in (torch.no_grad(), torch.inference_mode()):
        with mode:
            assert torch.equal(loss_of(trace, denoiser, 10), expected)


def test_exact_trace_is_for_few_dimensions():
    law = GaussianMixture(torch.ones(1), torch.zeros(1, 5), torch.eye(5)[None])
    with pytest.raises(UserError, match="got trace=exact for 5 sites, expected at most 4"):
        ImplicitScoreMatching("exact")(
            oracle(law, PROCESS), torch.zeros(2, 5), torch.ones(2), torch.Generator()
        )


@pytest.mark.parametrize("option", ["trace", "times"])
def test_unknown_names_are_refused(option):
    with pytest.raises(UserError, match=f"got {option}=none, expected one of"):
        ImplicitScoreMatching(**{option: "none"})
