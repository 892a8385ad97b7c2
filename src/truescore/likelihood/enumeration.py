"""The exact law of a sampler's output on few sites, by going through all states."""

import torch
from torch import Tensor

from truescore.denoisers import DiscreteDenoiser
from truescore.errors import UserError
from truescore.samplers import Sampler
from truescore.samplers.discrete import DiscreteSampler
from truescore.targets import Target

MOST_STATES = 4096


def generated_law(sampler: Sampler, denoiser: DiscreteDenoiser, dim: int) -> tuple[Tensor, Tensor]:
    """Every state that sites can be in, masked ones too, and its exact chance of being drawn.

    Args:
        sampler: its steps draw each site from a law of its own.
        denoiser: learned or exact.
        dim: number of sites d.

    Returns:
        States ``(m^d, d)`` of the process's m symbols and their probabilities, float64.

    Raises:
        UserError: the sampler's steps have no law that can be written down, or there are more than
            4,096 states.
    """
    if not isinstance(sampler, DiscreteSampler):
        raise UserError(
            f"got {type(sampler).__name__}, the law of whose steps has no closed form, expected"
            " one that draws each site from its own law: use sampler=analytic"
        )
    process = denoiser.process
    symbols = process.symbols.double()
    n = len(symbols) ** dim
    if n > MOST_STATES:
        raise UserError(f"got {n:,} states, expected at most {MOST_STATES:,}: lower dim")
    states = torch.cartesian_prod(*[symbols] * dim).reshape(n, dim)
    index = process.index(states)
    law = process.prior()[index].prod(1)
    for t, s in sampler.moves(sampler.times(denoiser), dim):
        before, after = t.expand(n, *t.shape), s.expand(n, *s.shape)
        with torch.inference_mode():
            step = sampler.log_transition(denoiser, states, before, after).exp()
        step = (
            step.nan_to_num().double()
        )  # of states that cannot be, such as spins at the masks' end
        law = law @ torch.stack([step[:, i, index[:, i]] for i in range(dim)]).prod(0)
    return states, law


def relative_entropy(sampler: Sampler, denoiser: DiscreteDenoiser, target: Target) -> float:
    """Exact KL(p_0 || generated) in nats, discretisation included; what `path_bound` bounds.

    Args:
        sampler: as in `generated_law`.
        denoiser: learned or exact.
        target: the law of few sites.
    """
    states, law = generated_law(sampler, denoiser, target.dim)
    process = denoiser.process
    clean = torch.isin(states, process.symbols[: process.n_states]).all(1)
    log_p = target.log_prob(states[clean])
    return float(log_p.exp() @ (log_p - law[clean].log()))
