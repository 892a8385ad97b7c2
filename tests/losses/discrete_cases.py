"""Small laws of spins and states under jumps and masks, with everything by enumeration."""

import itertools

import torch

from truescore.denoisers import oracle
from truescore.processes import Absorbing, SpinFlip, UniformJump
from truescore.targets import IsingRing, PottsRing

CASES = {
    "flips": (IsingRing(4, temperature=0.8), SpinFlip(4, t_min=0.01)),
    "masked spins": (IsingRing(4, temperature=0.8), Absorbing(4, t_min=0.01)),
    "jumps": (PottsRing(3, temperature=0.6), UniformJump(3, 3, t_min=0.01)),
    "masked states": (PottsRing(3, temperature=0.6), Absorbing(3, 3, False, t_min=0.01)),
}
TIMES = [0.03, 0.2, 0.8]


def states(symbols, dim):
    """All points of these symbols, ``(m^d, d)``."""
    return torch.tensor(list(itertools.product(symbols.tolist(), repeat=dim)), dtype=torch.float64)


class Enumeration:
    """All pairs of a clean and a noisy point at one time, with their probabilities."""

    def __init__(self, case, t):
        self.law, self.process = CASES[case]
        self.dim = self.law.dim
        self.exact = oracle(self.law, self.process)
        self.wrong = oracle(type(self.law)(self.dim, temperature=1.5), self.process)
        clean = states(self.process.symbols[: self.process.n_states], self.dim)
        self.noisy = states(self.process.symbols, self.dim)
        self.x_0 = clean.repeat_interleave(len(self.noisy), 0)
        self.row = torch.arange(len(self.noisy)).repeat(len(clean))
        self.t = torch.full((len(self.x_0),), t, dtype=torch.float64)
        log_noisy = self.process.log_noisy(self.x_0, self.t)
        index = self.process.index(self.noisy[self.row])[..., None]
        log_joint = self.law.log_prob(self.x_0) + log_noisy.gather(-1, index)[..., 0].sum(-1)
        self.joint = log_joint.exp()
        self.p_t = torch.zeros(len(self.noisy)).double().index_add(0, self.row, self.joint)

    def clean(self, denoiser):
        """Leave-one-out laws at all noisy points, ``(m^d, d, q)``."""
        return denoiser.clean_log_probs(self.noisy, self.t[: len(self.noisy)])

    def mean(self, loss, clean):
        """Exact mean of a loss for leave-one-out laws ``(m^d, d, q)``."""
        each = loss.of_sites(self.process, clean[self.row], self.x_0, self.t)
        return (self.joint * each.mean(-1)).sum()

    def information(self):
        """Mutual information of clean and noisy points, nats."""
        log_ratio = self.joint.log() - self.p_t.log()[self.row] - self.law.log_prob(self.x_0)
        return float((self.joint * log_ratio)[self.joint > 0].sum())
