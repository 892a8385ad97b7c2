"""The any-order loss against enumeration: its value, its minimiser, what it asks."""

import itertools

import pytest
import torch

from truescore.denoisers import oracle
from truescore.denoisers.base import SpinDenoiser
from truescore.errors import UserError
from truescore.losses import AnyOrder
from truescore.processes import Absorbing, SpinFlip, UniformJump
from truescore.targets import IsingRing, PottsRing

DIM, DRAWS = 4, 40_000
RING, MASKS = IsingRing(DIM, temperature=0.8), Absorbing(DIM)
SYSTEMS = [(RING, MASKS), (PottsRing(3), Absorbing(3, 3, spins=False))]


class Shifted(SpinDenoiser):
    """The oracle, its log-odds moved."""

    def __init__(self, amount):
        super().__init__()
        self.process = MASKS
        self.amount = amount
        self.exact = oracle(RING, MASKS)

    def log_odds(self, x_t, t):
        return self.exact.log_odds(x_t, t) + self.amount


def losses_of(law, denoiser, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x_0, loss = law.sample(DRAWS, generator), AnyOrder()
    return loss(denoiser, x_0, loss.sample_times(denoiser, DRAWS, generator), generator)


@pytest.mark.parametrize(("law", "process"), SYSTEMS, ids=["spins", "states"])
def test_d_times_the_oracles_mean_is_the_entropy(assert_mean, law, process):
    values = process.symbols[:-1].tolist()
    states = torch.tensor(list(itertools.product(values, repeat=law.dim)))
    log_p = law.log_prob(states)
    entropy = -(log_p.exp() * log_p).sum()
    assert_mean(law.dim * losses_of(law, oracle(law, process)), entropy)


def test_the_oracle_is_the_minimiser():
    """Paired: the same points and noise, so that differences alone scatter."""
    best = losses_of(RING, Shifted(0.0))
    for amount in (-0.3, 0.3):
        excess = losses_of(RING, Shifted(amount)) - best
        assert excess.mean() > 6.5 * excess.std() / DRAWS**0.5


class Watching(SpinDenoiser):
    """Answers even odds and keeps what it is shown."""

    process = MASKS

    def log_odds(self, x_t, t):
        self.shown = x_t
        return 0 * x_t


def test_every_number_of_known_sites_is_as_frequent():
    denoiser = Watching()
    losses = losses_of(RING, denoiser)
    torch.testing.assert_close(losses, torch.full((DRAWS,), 2.0).log())
    known = (denoiser.shown != 0).sum(1).bincount(minlength=DIM)
    # Strata leave a count to the draw of one stratum at either end of a number's range.
    assert ((known - DRAWS / DIM).abs() <= DRAWS * 2 * MASKS.t_min + 2).all()
    assert ((denoiser.shown != 0).double().mean(0) - 1.5 / 4).abs().max() < 0.02


@pytest.mark.parametrize(
    ("law", "process"), [(RING, SpinFlip(DIM)), (PottsRing(3), UniformJump(3, 3))]
)
def test_noise_without_masks_is_refused(law, process):
    with pytest.raises(UserError, match=r"loss=any_order with \w+, expected masks"):
        losses_of(law, oracle(law, process))
