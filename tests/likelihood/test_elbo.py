"""The evidence bound of the exact score is the entropy, but for its two ends, by enumeration."""

import itertools
import math

import pytest
import torch

from truescore.denoisers import oracle
from truescore.errors import UserError
from truescore.likelihood import negative_elbo
from truescore.processes import Absorbing, SpinFlip, UniformJump
from truescore.samplers.jumps import bridge
from truescore.targets import GrayCode, IsingRing, IsingTorus, PottsRing

CASES = {
    "flips": (IsingRing(4), SpinFlip(4, tolerance=0.1, t_min=0.05)),
    "masked spins": (IsingRing(4), Absorbing(4, tolerance=0.1, t_min=0.05)),
    "jumps": (PottsRing(3), UniformJump(3, 3, tolerance=0.1, t_min=0.02)),
    "masked states": (PottsRing(3), Absorbing(3, 3, False, tolerance=0.1, t_min=0.05)),
}
N = 2000


def states(symbols, dim):
    return torch.tensor(list(itertools.product(symbols.tolist(), repeat=dim)), dtype=torch.float64)


def ends(law, process):
    """Exactly what the bound pays above the entropy with the exact score, nats.

    Of jumps KL(p_T || prior); of masks the sites that are drawn apart from masks alone; and at
    t_min the entropies of single sites above that of all.
    """
    exact = oracle(law, process)
    clean = states(process.symbols[: process.n_states], law.dim)
    noisy = states(process.symbols, law.dim)
    p_0 = law.log_prob(clean).exp()

    def joint(t):
        rows = process.log_noisy(clean, torch.full((len(clean),), t).double()).exp()
        index = process.index(noisy)
        each = [rows[:, i, index[:, i]] for i in range(law.dim)]
        return p_0[:, None] * torch.stack(each).prod(0)

    at_end = joint(process.horizon).sum(0)
    log_prior = process.prior().log()[process.index(noisy)].sum(-1)
    if float(process.prior().max()) == 1:
        t = torch.tensor([process.horizon]).double()
        start = process.symbols[-1].expand(1, law.dim).double()
        law_of_sites = process.log_forward(exact.clean_log_probs(start, t), t)[0]
        log_prior = law_of_sites[torch.arange(law.dim), process.index(noisy)].sum(-1)
    mismatch = torch.where(at_end > 0, at_end * (at_end.log() - log_prior), 0.0).sum()
    first = joint(process.t_min)
    t = torch.full((len(noisy),), process.t_min).double()
    step = bridge(process, exact.clean_log_probs(noisy, t), noisy, t, torch.zeros_like(t))
    index = process.index(clean)
    apart = torch.stack([step[:, i, index[:, i]] for i in range(law.dim)]).sum(0).T
    together = first.log() - first.sum(0).log()
    last = torch.where(first > 0, first * (together - apart), 0.0).sum()
    return float(mismatch), float(last)


@pytest.mark.parametrize("case", CASES)
def test_with_the_exact_score_it_is_the_entropy_and_what_both_ends_cost(case):
    law, process = CASES[case]
    mismatch, last = ends(law, process)
    assert mismatch > 1e-4 and last > 1e-5
    bound = negative_elbo(oracle(law, process), law, N, torch.Generator().manual_seed(1))
    error = bound.per_site - bound.entropy_per_site - (mismatch + last) / law.dim
    # Once in 10^6.
    assert abs(error) < 4.9 * bound.standard_error
    assert bound.standard_error < 0.01
    total = bound.prior + bound.path + bound.reconstruction
    log_p = law.log_prob(law.sample(20_000, torch.Generator().manual_seed(3)))
    scatter = float(log_p.std()) / N**0.5
    assert total == pytest.approx(bound.per_site * law.dim, abs=5 * scatter)


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_score_pays_more_than_its_relative_entropy(case):
    """The model of another law is that law, up to both ends: at least KL(law || model)."""
    law, process = CASES[case]
    other = type(law)(law.dim, temperature=3.0)
    bound = negative_elbo(oracle(other, process), law, N, torch.Generator().manual_seed(2))
    clean = states(process.symbols[: process.n_states], law.dim)
    log_p, log_q = law.log_prob(clean), other.log_prob(clean)
    relative = float(log_p.exp() @ (log_p - log_q)) / law.dim
    assert relative > 0.02
    low, high = bound.interval
    assert low < bound.per_site < high
    assert bound.per_site - bound.entropy_per_site > relative - 4.9 * bound.standard_error
    assert bound.per_site - bound.entropy_per_site < 3 * relative + 0.1
    plain = bound.as_dict()
    assert (plain["ci_low"], plain["ci_high"], plain["n"]) == (low, high, N)
    excess = bound.per_site - law.entropy() / law.dim
    assert f"{excess:.2g} [" in bound.line() and f"{bound.per_site:.4f} nats a site" in bound.line()


@pytest.mark.parametrize(
    "law", [IsingRing(5, 0.7), PottsRing(5, 3, 0.8), IsingTorus(3, 3)], ids=["Ising", "Potts", "2d"]
)
def test_entropies_are_their_enumeration(law):
    symbols = torch.tensor([-1.0, 1.0]) if law.n_states is None else torch.arange(law.n_states)
    log_p = law.log_prob(states(symbols, law.dim))
    assert law.entropy() == pytest.approx(-float(log_p.exp() @ log_p), abs=1e-10)
    assert law.entropy() < law.dim * math.log(len(symbols))


def test_what_has_no_entropy_and_too_few_samples_are_refused():
    law, process = CASES["flips"]
    with pytest.raises(UserError, match="got n=1, n_times=16, expected at least 2 and 1"):
        negative_elbo(oracle(law, process), law, 1, torch.Generator())
    codes = GrayCode("moons")
    with pytest.raises(UserError, match="got GrayCode, whose entropy has no exact value"):
        negative_elbo(oracle(law, process), codes, 10, torch.Generator())
