"""Pseudo-likelihood: the conditionals of the data themselves."""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from truescore.denoisers import SpinDenoiser
from truescore.errors import UserError
from truescore.nets import Couplings


class PseudoLikelihood:
    """-log p(x^i | x without x^i) at the smallest noise, averaged over sites, in nats.

    What ratio matching becomes as t -> 0. Of couplings that see few events the likelihood alone
    says little (on a cold lattice a bond may never be broken in the data, and its estimate is then
    infinite), so each K_ij has a prior N(0, s^2), and the minimum is the most probable a posteriori
    under it: sum_{i<j} K_ij^2 / (2 s^2 n d) is added. Besag 1975, J. R. Stat. Soc. D 24, 179.

    Args:
        n_train: n, the number of samples that the prior stands against.
        prior_scale: s, of couplings in units of the temperature.
    """

    state_space = "spin"

    def __init__(self, n_train: int, prior_scale: float = 1.0) -> None:
        if not prior_scale > 0:
            raise UserError(f"got prior_scale={prior_scale}, expected > 0: inf for no prior")
        self.n_train = n_train
        self.prior_scale = prior_scale

    def sample_times(self, denoiser: SpinDenoiser, n: int, generator: torch.Generator) -> Tensor:
        """The smallest time in use, ``(n,)``."""
        return torch.full((n,), denoiser.process.t_min, device=generator.device)

    def __call__(
        self, denoiser: SpinDenoiser, x_0: Tensor, t: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Loss of each sample, ``(n,)``; the data are not noised."""
        surprise = softplus(-x_0 * denoiser.log_odds(x_0, t)).mean(-1)
        return surprise + self._prior(denoiser) / (self.n_train * x_0.shape[1])

    def _prior(self, denoiser: SpinDenoiser) -> Tensor | float:
        net = getattr(denoiser, "net", None)
        if not isinstance(net, Couplings):
            return 0.0
        return (net.strengths**2).sum() / (2 * self.prior_scale**2)
