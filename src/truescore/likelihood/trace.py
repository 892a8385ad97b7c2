"""The trace of a denoiser's Jacobian dD/dx, exact or estimated."""

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser


def jacobian_trace(denoiser: RealDenoiser, x_t: Tensor, t: Tensor, probes: Tensor | None) -> Tensor:
    """Tr dD/dx at each point, where E[x_0 | x_t] = D(x, t).

    Without probes one derivative for each of the d sites: exact. With them Hutchinson's estimate
    v' (dD/dx) v, one for each probe v of independent signs: unbiased. Hutchinson 1990.

    Args:
        denoiser: its answer to a point must not depend on the other points.
        x_t: points ``(n, d)``.
        t: times ``(n,)``.
        probes: ``(m, n, d)``, or ``None``.

    Returns:
        ``(1, n)``, or ``(m, n)`` with probes.
    """
    with torch.enable_grad():
        x = x_t.detach().requires_grad_()
        answer = denoiser.posterior_mean(x, t)
        if probes is None:
            sites = torch.eye(x.shape[1], dtype=answer.dtype, device=x.device)
            columns = torch.stack([_pulled_back(answer, x, site.expand_as(x)) for site in sites])
            return columns.diagonal(dim1=0, dim2=2).sum(-1)[None]
        return torch.stack([(_pulled_back(answer, x, v) * v).sum(-1) for v in probes.to(answer)])


def _pulled_back(answer: Tensor, x: Tensor, v: Tensor) -> Tensor:
    """Rows v' (dD/dx), one a point, ``(n, d)``."""
    return torch.autograd.grad(answer, x, v, retain_graph=True)[0]
