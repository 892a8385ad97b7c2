"""One masked site after the other: exact with the exact oracle, however many states there are."""

import itertools

import pytest
import torch
from scipy.stats import chisquare

from truescore.denoisers import SpinDenoiser, oracle
from truescore.errors import UserError
from truescore.processes import Absorbing, SpinFlip
from truescore.samplers import Unmasking
from truescore.targets import IsingRing, PottsRing

RING, POTTS = IsingRing(4, temperature=1.2), PottsRing(3)
SYSTEMS = [(RING, Absorbing(4)), (POTTS, Absorbing(3, 3, spins=False, schedule="cosine"))]
DRAWS = 20_000


@pytest.mark.parametrize(("law", "process"), SYSTEMS, ids=["spins", "states"])
def test_the_law_is_exact_with_one_site_a_step(law, process):
    x = Unmasking(law.dim).sample(
        oracle(law, process), DRAWS, law.dim, torch.Generator().manual_seed(0), chunk_size=DRAWS
    )
    values = process.symbols[:-1].tolist()
    states = torch.tensor(list(itertools.product(values, repeat=law.dim)))
    counts = (x[:, None] == states).all(-1).sum(0)
    assert counts.sum() == DRAWS
    # One false alarm in ten thousand.
    assert chisquare(counts.numpy(), DRAWS * law.log_prob(states).exp().numpy()).pvalue > 1e-4


def test_all_sites_at_once_are_independent():
    x = Unmasking(1).sample(
        oracle(RING, Absorbing(4)), DRAWS, 4, torch.Generator().manual_seed(1), chunk_size=DRAWS
    )
    correlation = (x[:, 0] * x[:, 1]).mean()
    assert abs(correlation) < 4.5 / DRAWS**0.5


class Counting(SpinDenoiser):
    """Keeps how many sites it is shown unmasked."""

    def __init__(self, dim):
        super().__init__()
        self.process = Absorbing(dim)
        self.shown = []

    def log_odds(self, x_t, t):
        known = (x_t != 0).sum(1)
        assert (known == known[0]).all()
        self.shown.append(known[0].item())
        return 0 * x_t

    def sample(self, steps):
        x = Unmasking(steps).sample(self, 5, 10, torch.Generator().manual_seed(2))
        assert (x != 0).all()
        return self.shown


def test_as_many_sites_are_revealed_in_every_step():
    assert Counting(10).sample(steps=10) == list(range(10))
    assert Counting(10).sample(steps=5) == [0, 2, 4, 6, 8]
    assert Counting(10).sample(steps=4) == [0, 2, 5, 8]
    assert Unmasking(4).evaluations == 4


def test_known_sites_stay_as_they_are():
    denoiser, x = oracle(RING, Absorbing(4)), torch.tensor([[1.0, 0, -1, 0]])
    sampler, generator = Unmasking(4), torch.Generator().manual_seed(3)
    times = sampler.times(denoiser).float()
    for _ in range(10):
        after = sampler.step(denoiser, x, times[2:3], times[3:4], generator)
        assert (after[0, 0], after[0, 2]) == (1, -1)
        assert (after != 0).sum() == 3


def test_noise_without_masks_is_refused():
    with pytest.raises(UserError, match="sampler=unmasking with SpinFlip"):
        Unmasking(4).sample(oracle(RING, SpinFlip(4)), 2, 4, torch.Generator())
    with pytest.raises(UserError, match=r"sampler\.steps=0"):
        Unmasking(0)
