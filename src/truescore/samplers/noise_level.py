"""How much signal and how much noise points have at a time."""

from functools import cached_property

from torch import Tensor

from truescore.processes.gaussian import GaussianNoise


class NoiseLevel:
    """Scales of a process at the times t, ``(n,)``, each looked up once, when it is asked for.

    All are ``(n, 1)``; ``(1, 1)`` where all points share one t, as on a path: a row says it for
    all, at a tenth of the cost.

    Args:
        process: Gaussian noise.
        t: times.
    """

    def __init__(self, process: GaussianNoise, t: Tensor) -> None:
        self._process = process
        self._t = t[:1] if t.stride() == (0,) else t

    @cached_property
    def alpha(self) -> Tensor:
        """Scale of the signal."""
        return self._process.alpha(self._t)[:, None]

    @cached_property
    def sigma(self) -> Tensor:
        """Scale of the noise."""
        return self._process.sigma(self._t)[:, None]

    @cached_property
    def log_r(self) -> Tensor:
        """log(sigma/alpha), minus half of the log-SNR."""
        return self.sigma.log() - self.alpha.log()
