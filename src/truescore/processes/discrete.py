"""Noise on sites with finitely many symbols, each of which jumps on its own."""

from abc import abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor

from truescore.errors import UserError
from truescore.processes.base import Process
from truescore.processes.jump_schedules import JumpSchedule, jump_schedule


class DiscreteProcess(Process):
    """P(x_t = y | x_s = x) = prod_i K(x_i, y_i), K = exp((B(t) - B(s)) Q) for a constant Q.

    Symbols are numbered 0 .. m-1 where they are counted, and are ``symbols`` where they are seen:
    -1 and +1 for spins, 0 .. q-1 for others, and one more for a mask. Times of sites may differ:
    ``(n,)`` is one a point, ``(n, d)`` one a site.

    Attributes:
        symbols: values, ``(m,)`` float32; the first ``n_states`` are those that data have.
        n_states: q.
        dim: number of sites d that the horizon is for.
        schedule: B(t).
    """

    symbols: Tensor
    n_states: int
    dim: int

    def __init__(self, accumulated: float, t_min: float, schedule: JumpSchedule) -> None:
        """The horizon is where B is ``accumulated``."""
        self.schedule = jump_schedule(schedule)
        self.horizon = float(self.schedule.inverse(torch.tensor(accumulated, dtype=torch.float64)))
        if not 0 < t_min < self.horizon:
            raise UserError(f"got t_min={t_min}, expected inside (0, T = {self.horizon:g})")
        self.t_min = t_min

    @abstractmethod
    def log_kernel(self, jumped: Tensor) -> Tensor:
        """Log of exp(B Q), ``(..., m, m)``, rows from, columns to, for B = ``jumped`` ``(...)``."""

    @abstractmethod
    def generator(self) -> Tensor:
        """Q: rates from rows to columns at beta = 1; rows sum to zero, ``(m, m)`` float64."""

    @abstractmethod
    def prior(self) -> Tensor:
        """Probabilities of the symbols of a site from which samplers start, ``(m,)`` float64."""

    @abstractmethod
    def reverse_rate_bound(self, t: Tensor) -> Tensor:
        """Largest rate at which a site can jump backwards at any time from t on, at beta = 1."""

    @abstractmethod
    def evidence(self, t: Tensor) -> Tensor:
        """Log-likelihood ratio of a site's own symbol to any other, as its noisy one tells it.

        log P(x_t = b | x_0 = b) - log P(x_t = b | x_0 = other), of t's shape, nats.
        """

    @abstractmethod
    def clock_per_log_snr(self, t: Tensor) -> Tensor:
        """|dB/d log-SNR| at time t."""

    @abstractmethod
    def at_one_time(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Strengths ``(n, d)`` of sites at times ``(n, d)`` as if all were of one time ``(n,)``.

        What a symbol tells of its clean site is its excess over the even law; its strength is how
        much of that there is, 1 where all times are the same. Networks are shown strength times
        symbol, which keeps all that sites at several times tell.
        """

    @property
    def masks(self) -> bool:
        """Whether sites end in one state, which data have not."""
        return float(self.prior().max()) == 1

    def log_transition(self, s: Tensor, t: Tensor) -> Tensor:
        """Log K between times s <= t, ``(n, 1, m, m)`` or ``(n, d, m, m)``."""
        return self.log_kernel(self.schedule.value(by_site(t)) - self.schedule.value(by_site(s)))

    def log_forward(self, log_probs: Tensor, t: Tensor) -> Tensor:
        """Log law at time t of sites whose clean log law is ``(n, d, q)``, ``(n, d, m)``."""
        log_kernel = self.log_transition(torch.zeros_like(t), t)[..., : self.n_states, :]
        # Symbols first in memory: sums over a last axis of two or three are ten times slower.
        by_symbol = log_probs.movedim(-1, 0)[:, None] + log_kernel.movedim((-2, -1), (0, 1))
        return by_symbol.logsumexp(0).movedim(0, -1)

    def log_noisy(self, x_0: Tensor, t: Tensor) -> Tensor:
        """Log P(x_t^i = b | x_0^i), ``(n, d, m)``."""
        return self.log_moved(x_0, torch.zeros_like(t), t)

    def log_moved(self, x_s: Tensor, s: Tensor, t: Tensor) -> Tensor:
        """Log P(x_t^i = b | x_s^i) at times s <= t, ``(n, d, m)``."""
        rows = self.log_transition(s, t).expand(*x_s.shape, -1, -1)
        chosen = self.index(x_s)[..., None, None].expand(*rows.shape[:-2], 1, rows.shape[-1])
        return rows.gather(-2, chosen)[..., 0, :]

    def log_likelihood(self, x_t: Tensor, s: Tensor, t: Tensor) -> Tensor:
        """Log P(x_t^i | x_s^i = b) for every symbol b, ``(n, d, m)``."""
        log_kernel = self.log_transition(s, t).movedim((-2, -1), (0, 1))
        log_kernel = log_kernel.expand(*log_kernel.shape[:2], *x_t.shape)
        chosen = self.index(x_t).expand(len(log_kernel), 1, *x_t.shape)
        return log_kernel.gather(1, chosen)[:, 0].movedim(0, -1)

    def index(self, x: Tensor) -> Tensor:
        """Numbers of symbols, ``(n, d)`` int64.

        Raises:
            UserError: a value is none of the symbols.
        """
        index = torch.full(x.shape, -1, dtype=torch.int64, device=x.device)
        for number, symbol in enumerate(self.symbols.unbind()):
            index.add_(x == symbol, alpha=number + 1)
        # To look is to wait for a GPU; there whatever takes the -1 as an index refuses it.
        if on_host(x) and (index < 0).any():
            wrong = x[index < 0].flatten()[0].item()
            known = ", ".join(f"{value:g}" for value in self.symbols.tolist())
            raise UserError(f"got a site of value {wrong:g}, expected one of {known}: map them")
        return index

    def value(self, index: Tensor) -> Tensor:
        """Symbols of numbers ``(n, d)``, float32."""
        return self.symbols.to(index.device, non_blocking=True).take(index)

    def perturb(self, x_0: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        """Draw each site from its kernel; see ``Process.perturb``."""
        return self.move(x_0, torch.zeros_like(t), t, generator)

    def move(self, x_s: Tensor, s: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        """Draw each site at time t given what it was at time s <= t, ``(n, d)``."""
        return self.value(draw(self.log_moved(x_s, s, t), generator)).to(x_s)

    def trajectory(
        self, x_0: Tensor, times: Tensor, generator: torch.Generator
    ) -> Iterator[Tensor]:
        """Points ``(n, d)`` at each of increasing times ``(k,)``, along one path from x_0.

        Steps are drawn from their exact kernels, so that at every time, and however long the steps
        are, the points have the law of ``perturb``.
        """
        x, s = x_0, torch.zeros_like(times[:1])
        for t in times.split(1):
            x, s = self.move(x, s, t, generator), t
            yield x

    def sample_prior(self, n: int, dim: int, generator: torch.Generator) -> Tensor:
        """Independent symbols, ``(n, dim)``."""
        log_prior = self.prior().log().to(generator.device)
        return self.value(draw(log_prior.expand(n, dim, -1), generator))


def on_host(x: Tensor) -> bool:
    """Whether a tensor's values are at hand, so that a look at them waits for nothing."""
    return x.device.type == "cpu"


def by_site(t: Tensor) -> Tensor:
    """Times ``(n,)`` as ``(n, 1)``; times of sites ``(n, d)`` as they are."""
    return t[:, None] if t.ndim == 1 else t


def draw(log_probs: Tensor, generator: torch.Generator) -> Tensor:
    """Numbers of symbols drawn from normalised log laws ``(n, d, m)``, ``(n, d)``."""
    below = log_probs[..., :-1].exp().cumsum(-1)
    uniform = torch.rand(below.shape[:-1], device=below.device, generator=generator)
    return (uniform[..., None] >= below).sum(-1)
