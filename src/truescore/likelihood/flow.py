"""Log-likelihoods by the change of variables along the probability flow.

In whitened modes (``samplers/whitened.py``) the points start from the prior pi of w at t = T, and

    log q_0(x_0) = log pi(w_T) + int_0^T div dlog r - 1/2 sum_k log l_k,
    div = sum_k alpha^2 l_k/(alpha^2 l_k + sigma^2) - alpha tr dD/dx,

r = sigma/alpha: what a Gaussian law has is in closed form, and div is that of the rest only. All in
nats. Chen et al. 2018, arXiv 1806.07366; Song et al. 2021, arXiv 2011.13456, appendix D.2.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from truescore.denoisers import RealDenoiser
from truescore.errors import UserError
from truescore.likelihood.trace import jacobian_trace
from truescore.samplers.adaptive import LONGEST
from truescore.samplers.ode import check_solver, solve
from truescore.samplers.whitened import WhitenedModes

TOLERANCE = 1e-5


@dataclass(frozen=True)
class Likelihood:
    """Log-likelihoods of n points under a denoiser's flow.

    Attributes:
        log_prob: log q(x), nats, ``(n,)``.
        standard_error: of ``log_prob``, from the scatter of Hutchinson's probes, ``(n,)``; zero if
            the trace is exact.
    """

    log_prob: Tensor
    standard_error: Tensor


def log_likelihood(
    denoiser: RealDenoiser,
    x_0: Tensor,
    n_probes: int | None = None,
    generator: torch.Generator | None = None,
    tolerance: float = TOLERANCE,
) -> Likelihood:
    """Log-likelihoods of points ``(n, d)`` at t = 0, carried up to the prior at t = T.

    The flow between t_min and 0 is taken to leading order, which errs by r^4 at t_min.

    Args:
        denoiser: learned or oracle.
        x_0: points ``(n, d)``.
        n_probes: probes of Hutchinson's estimate, at least 2 for its standard error; ``None`` for
            the exact trace, d derivatives an evaluation.
        generator: source of the probes.
        tolerance: of the solver; see ``solve``.

    Raises:
        UserError: if torchdiffeq or the probes' generator is missing.
    """
    path = _Path(denoiser, _probes(x_0.shape, n_probes, generator), tolerance)
    first = path.log_r(denoiser.process.t_min)
    w = (x_0.to(denoiser.basis) @ denoiser.basis) / denoiser.spectrum.sqrt()
    # Velocity and divergence vanish like r^2, so their integrals from r = 0 are half of them.
    moved, gained = path.velocity(first, w)
    w, gained = w + moved / 2, gained / 2
    w, gained = path.carry(w, gained, denoiser.process.t_min, denoiser.process.horizon)
    return path.likelihood(w, gained)


def sample_with_log_prob(
    denoiser: RealDenoiser,
    n: int,
    generator: torch.Generator,
    n_probes: int | None = None,
    tolerance: float = TOLERANCE,
) -> tuple[Tensor, Likelihood]:
    """Draw ``(n, d)`` points by the flow, with their log-likelihoods; see ``log_likelihood``."""
    shape = (n, len(denoiser.spectrum))
    z = torch.randn(shape, generator=generator, device=generator.device).to(denoiser.basis)
    start = denoiser.prior_modes(z)
    path = _Path(denoiser, _probes(shape, n_probes, generator), tolerance)
    nothing = start.new_zeros(n_probes or 1, n)
    w, gained = path.carry(start, nothing, denoiser.process.horizon, denoiser.process.t_min)
    moved, rest = path.velocity(path.log_r(denoiser.process.t_min), w)
    x_0 = ((w - moved / 2) * denoiser.spectrum.sqrt()) @ denoiser.basis.mT
    # Going down the integral from 0 to T is gathered with the opposite sign.
    return x_0, path.likelihood(start, rest / 2 - gained)


@dataclass(frozen=True)
class _Path:
    """The flow of w together with the integral of its divergence, one for each probe."""

    denoiser: RealDenoiser
    probes: Tensor | None
    tolerance: float

    def __post_init__(self) -> None:
        check_solver()

    def log_r(self, t: float) -> Tensor:
        return -self.denoiser.process.log_snr(torch.tensor(t, dtype=torch.float64)) / 2

    def velocity(self, log_r: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
        """dw/dlog r ``(n, d)``, and its divergence ``(m, n)``."""
        denoiser, process = self.denoiser, self.denoiser.process
        t = process.time_from_log_snr(-2 * log_r).to(w).expand(len(w))
        level = WhitenedModes(denoiser, t)
        with torch.no_grad():
            x_t = level.unwhiten(w)
            moved = level.velocity(x_t, w)
        gaussian = (level.alpha**2 * denoiser.spectrum / level.spread**2).sum(-1)
        trace = jacobian_trace(denoiser, x_t, t, self.probes)
        return moved, (gaussian - level.alpha[:, 0] * trace).to(w)

    def carry(self, w: Tensor, gained: Tensor, t: float, s: float) -> tuple[Tensor, Tensor]:
        """Points and integrals at time s from those at time t, earlier or later."""
        n, dim = w.shape

        def flow(log_r: Tensor, state: Tensor) -> Tensor:
            moved, divergence = self.velocity(log_r, state[: n * dim].view(n, dim))
            return torch.cat([moved.flatten(), divergence.flatten()])

        state = torch.cat([w.flatten(), gained.flatten()])
        with torch.no_grad():
            ends = self.log_r(t), self.log_r(s)
            state = solve(flow, state, *ends, self.tolerance, LONGEST)
        return state[: n * dim].view(n, dim), state[n * dim :].view(gained.shape)

    def likelihood(self, w: Tensor, gained: Tensor) -> Likelihood:
        """Of points that are w at t = T, from the integral of the divergence from t = 0 up."""
        volume = self.denoiser.spectrum.log().sum() / 2
        log_prob = self.denoiser.prior_log_prob(w) + gained.mean(0) - volume
        if self.probes is None:
            return Likelihood(log_prob, torch.zeros_like(log_prob))
        return Likelihood(log_prob, gained.std(0) / len(gained) ** 0.5)


def _probes(
    shape: tuple[int, ...], n_probes: int | None, generator: torch.Generator | None
) -> Tensor | None:
    """Independent signs ``(n_probes, n, d)``."""
    if n_probes is None:
        return None
    if n_probes < 2 or generator is None:
        raise UserError(
            f"got n_probes={n_probes}, generator={generator}, expected at least 2 probes and a"
            " torch.Generator to draw them: or leave n_probes out for the exact trace"
        )
    bits = torch.randint(2, (n_probes, *shape), generator=generator, device=generator.device)
    return 2.0 * bits - 1
