"""Denoisers that a network answers for."""

import torch
from torch import Tensor, nn

from truescore.denoisers.base import (
    DiscreteDenoiser,
    MeasuredDenoiser,
    SpinDenoiser,
    correction_size,
)
from truescore.errors import UserError
from truescore.processes import Absorbing, DiscreteProcess, GaussianNoise
from truescore.processes.discrete import by_site

# A site without noise, or without a mask, is certain; to a network e^-16 of doubt is as good.
MOST_EVIDENCE = 16.0


class LearnedSpinDenoiser(SpinDenoiser):
    """Leave-one-out log-odds straight from a network ``net(x_t, log B(t))``.

    Where sites have times of their own, the network is shown spins of other sizes at one time, see
    `DiscreteProcess.at_one_time`: any network takes them. Train it on them, by ``loss.site_times``.

    A network that declares ``reads_evidence`` is shown e_i = x_t^i evidence(t_i)/2 in place of x_t:
    P(x_0 | x_t) is proportional to p_0(x_0) exp(sum_i e_i x_0^i) whatever the times, so that one
    function of e is the exact answer to all of them.
    """

    def __init__(self, net: nn.Module, process: DiscreteProcess) -> None:
        super().__init__()
        self.net = net
        self.process = process
        self.masked_only = _masked_only(net, process)

    def log_odds(self, x_t: Tensor, t: Tensor) -> Tensor:
        """The network's logits, ``(n, d)``."""
        if _reads_evidence(self.net):
            x_t = _evidence(self.process, t) / 2 * x_t
        elif t.ndim == 2:
            strength, t = self.process.at_one_time(t)
            x_t = strength * x_t
        return self.net(x_t, self.process.schedule.value(t).log())


class LearnedCategoricalDenoiser(DiscreteDenoiser):
    """Leave-one-out log laws of states from a network's logits.

    The network reads which of the m noisy symbols each site has, a mask among them, and answers
    with q logits for each site: ``net(one-hot (n, d, m), log B(t) (n,)) -> (n, d, q)``. One that
    declares ``reads_evidence`` is shown evidence(t_i) times one-hot.
    """

    state_space = "categorical"

    def __init__(self, net: nn.Module, process: DiscreteProcess) -> None:
        super().__init__()
        self.net = net
        self.process = process
        self.masked_only = _masked_only(net, process)

    def clean_log_probs(self, x_t: Tensor, t: Tensor) -> Tensor:
        """Log P(x_0^i = b | x_t without x_t^i), ``(n, d, q)``."""
        m = len(self.process.symbols)
        symbols = nn.functional.one_hot(self.process.index(x_t), m).to(t)
        if _reads_evidence(self.net):
            symbols = _evidence(self.process, t)[..., None] * symbols
        elif t.ndim == 2:
            strength, t = self.process.at_one_time(t)
            symbols = 1 / m + strength[..., None] * (symbols - 1 / m)
        return self.net(symbols, self.process.schedule.value(t).log()).log_softmax(-1)


class LearnedRealDenoiser(MeasuredDenoiser):
    """Posterior mean = that of a simple law fitted to the data + a learned residual.

    The simple law is a mixture of Gaussians with weights w_k, means m_k and one common covariance S
    with spectrum l_j and eigenbasis u_j. With y = x_t / alpha = x_0 + s z and s = sigma / alpha,

        D(x_t, t) = D_skip(y, s) + f(s) [c(v, s) F + sum_j u_j c(l_j, s) (u_j . G)],
        c(l, s) = s^2 sqrt(l) / (l + s^2),  (F, G) = net(x_in, log s),

    v the harmonic mean of the l_j, about the variance of a site given all others. The factor c is
    the size that a correction to the posterior mean can have: sqrt(l) where noise hides a mode,
    s^2/sqrt(l), a score of order 1/sqrt(l), where it does not. So F and G are of order one at every
    noise level, and their errors vanish with s faster than the noise. F says what happens at a
    site, at low noise; G what the long modes do together, at high noise. ``x_in`` are y, scaled to
    unit variance, D_skip, scaled by the data, and its cube: anharmonic forces are polynomials,
    which a network would only approximate (on a chain of 32 the score error falls by a third).

    Once s^2 far exceeds the law's largest variance l_max, x_t shows its second moments only, which
    the simple law has already: f = 1 / (1 + (s^2 / 8 l_max)^4) fades the residual out, or the
    network's own noise, 1e-5 of the score, would be all it added. Without a skip f = 1.

    Where s^2 exceeds the largest l_j, a mixture of many Gaussians is nearly the law itself. Below,
    the seams between its components show, which a network can hardly undo: there D_skip passes, at
    s^2 = 2 max l_j, to the Wiener filter, the posterior mean of one Gaussian with the data's second
    moments. One or two components have no seam where the data are, and stay.

    Args:
        net: ``net(fields (n, d, 3), log s (n,)) -> (n, d, 2)``.
        process: forward process.
        second_moment: E[x x'] of the training data, ``(d, d)``.
        skip_weights: w_k, ``(k,)``; k = 0 means no skip, D_skip = 0.
        skip_means: m_k, ``(k, d)``.
        skip_covariance: S, ``(d, d)``; without a skip the second moments again.
        mean: as of `MeasuredDenoiser`.
    """

    data_scale: Tensor
    skip_weights: Tensor
    skip_means: Tensor
    skip_spectrum: Tensor
    skip_basis: Tensor

    def __init__(
        self,
        net: nn.Module,
        process: GaussianNoise,
        second_moment: Tensor,
        skip_weights: Tensor,
        skip_means: Tensor,
        skip_covariance: Tensor,
        mean: Tensor | None = None,
    ) -> None:
        super().__init__(process, second_moment, mean)
        self.net = net
        skip_spectrum, skip_basis = torch.linalg.eigh(skip_covariance.double())
        buffers = {
            "data_scale": second_moment.diagonal().mean().sqrt(),
            "skip_weights": skip_weights,
            "skip_means": skip_means,
            "skip_spectrum": skip_spectrum,
            "skip_basis": skip_basis,
        }
        for name, value in buffers.items():
            self.register_buffer(name, value.float())

    def posterior_mean(self, x_t: Tensor, t: Tensor) -> Tensor:
        """E[x_0 | x_t], ``(n, d)``."""
        s = (self.process.sigma(t) / self.process.alpha(t))[:, None]
        y = x_t / self.process.alpha(t)[:, None]
        skip = self._skip(y, s)
        return skip + self._residual(y, skip, s)

    def _residual(self, y: Tensor, skip: Tensor, s: Tensor) -> Tensor:
        scaled = y / (self.data_scale**2 + s**2).sqrt()
        answer = skip / self.data_scale
        fields = torch.stack([scaled, answer, answer**3], -1)
        local, modal = self.net(fields, s[:, 0].log()).unbind(-1)
        by_mode = (modal @ self.skip_basis) * correction_size(self.skip_spectrum, s)
        site = correction_size(1 / (1 / self.skip_spectrum).mean(), s)
        return self._fade(s) * (site * local + by_mode @ self.skip_basis.mT)

    def _fade(self, s: Tensor) -> Tensor:
        if len(self.skip_weights) == 0:
            return torch.ones_like(s)
        return 1 / (1 + (s**2 / (8 * self.spectrum[-1])) ** 4)

    def correction_modes(self) -> tuple[Tensor, Tensor, Tensor]:
        """The skip's eigenmodes; between the components there is nothing left to correct."""
        variance = ((self.basis.mT @ self.skip_basis) ** 2).mT @ self.spectrum
        return self.skip_basis, variance, self.skip_spectrum

    def _skip(self, y: Tensor, s: Tensor) -> Tensor:
        if len(self.skip_weights) == 0:
            return torch.zeros_like(y)
        mixture = self._mixture_mean(y, s)
        if len(self.skip_weights) <= 2:
            return mixture
        wiener = ((y @ self.basis) * (self.spectrum / (self.spectrum + s**2))) @ self.basis.mT
        seam = 2 * self.skip_spectrum[-1]
        share = s**6 / (s**6 + seam**3)
        return share * mixture + (1 - share) * wiener

    def _mixture_mean(self, y: Tensor, s: Tensor) -> Tensor:
        # In the eigenbasis of the common covariance everything is diagonal.
        precision = 1 / (self.skip_spectrum + s**2)
        projected, means = y @ self.skip_basis, self.skip_means @ self.skip_basis
        logits = (projected * precision) @ means.mT - (precision @ (means**2).mT) / 2
        centre = (logits + self.skip_weights.log()).softmax(-1) @ means
        shrunk = centre + self.skip_spectrum * precision * (projected - centre)
        return shrunk @ self.skip_basis.mT


def _reads_evidence(net: nn.Module) -> bool:
    """Whether a network declares ``reads_evidence``."""
    return bool(getattr(net, "reads_evidence", False))


def _evidence(process: DiscreteProcess, t: Tensor) -> Tensor:
    """What noisy sites tell of clean ones, ``(n, 1)`` or ``(n, d)``, as far as floats go."""
    return by_site(process.evidence(t).clamp(max=MOST_EVIDENCE))


def _masked_only(net: nn.Module, process: DiscreteProcess) -> bool:
    """Whether a network declares ``masked_only``, which needs a process with a mask."""
    masked_only = bool(getattr(net, "masked_only", False))
    if masked_only and not isinstance(process, Absorbing):
        raise UserError(
            f"got {type(net).__name__}, which answers for masked sites alone, with"
            f" {type(process).__name__}, expected masks: use sde=absorbing"
        )
    return masked_only
