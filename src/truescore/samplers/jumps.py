"""Laws of a step of sites that each jump on its own, from their leave-one-out clean laws."""

import torch
from torch import Tensor

from truescore.processes import DiscreteProcess
from truescore.processes.discrete import by_site, draw


def bridge(process: DiscreteProcess, clean: Tensor, x_t: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """Log P(x_s^i = b | x_t), ``(n, d, m)``, from leave-one-out log laws ``(n, d, q)`` of x_0^i."""
    log_law = process.log_forward(clean, s) + process.log_likelihood(x_t, s, t)
    return log_law - log_law.logsumexp(-1, keepdim=True)


def log_rates(process: DiscreteProcess, clean: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
    """Log rate of the reversed jump of each site to every symbol, ``(n, d, m)``; -inf to its own.

    R(b) = beta(t) Q(b, x_t^i) P(x_t^i -> b | rest) / P(x_t^i | rest).
    """
    own = process.index(x_t)[..., None]
    at_t = process.log_forward(clean, t)
    into = process.generator().to(clean).mT[own[..., 0]].scatter(-1, own, 0.0)
    rate = process.schedule.rate(by_site(t))[..., None].log()
    return rate + into.log() + at_t - at_t.gather(-1, own)


def first_jump(expected: Tensor) -> Tensor:
    """Probabilities of the first jump, from expected numbers of jumps to each symbol."""
    total = expected.sum(-1, keepdim=True)
    return expected * torch.where(total > 0, -torch.expm1(-total) / total, 1.0)


def log_law_of_leaving(process: DiscreteProcess, leave: Tensor, x_t: Tensor) -> Tensor:
    """Log law of sites that leave for other symbols with probabilities ``(n, d, m)``, else stay."""
    total = leave.sum(-1, keepdim=True)
    leave = leave / total.clamp(min=1)
    stay = (1 - total).clamp(min=0)
    return leave.scatter(-1, process.index(x_t)[..., None], stay).log()


def redraw(
    process: DiscreteProcess, log_law: Tensor, x_t: Tensor, generator: torch.Generator
) -> Tensor:
    """Draw every site from its log law ``(n, d, m)``; as points ``(n, d)``."""
    return process.value(draw(log_law, generator)).to(x_t)
