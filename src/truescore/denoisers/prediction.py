"""Denoisers whose network predicts one quantity, with no law beneath it."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from truescore.denoisers.base import MeasuredDenoiser
from truescore.errors import UserError
from truescore.processes import GaussianNoise

Prediction = Literal["score", "noise", "x_0", "v", "edm", "velocity"]


class PredictionDenoiser(MeasuredDenoiser):
    """Posterior mean by a closed formula from a network's prediction.

    With x_t = alpha x_0 + sigma z, the network predicts the mean given x_t of

    - ``score``: (alpha x_0 - x_t) / sigma^2, whose mean is grad log p_t(x_t);
    - ``noise``: z; Ho et al. 2020, arXiv 2006.11239;
    - ``x_0``: the data;
    - ``v``: alpha z - sigma x_0; Salimans and Ho 2022, arXiv 2202.00512;
    - ``edm``: alpha l z - sigma x_0, the same for data of scale l: it is uncorrelated with x_t,
      so that nothing is left to predict where the law is a Gaussian of variance l;
      Karras et al. 2022, arXiv 2206.00364, equation 7;
    - ``velocity``: alpha' x_0 + sigma' z, whose mean is that of the probability flow;
      Lipman et al. 2022, arXiv 2210.02747.

    The network sees and gives numbers of order one: it sees x_t in units of its root mean square
    c = sqrt(alpha^2 l + sigma^2), l the measured second moment of a site, and its answer is in
    units of the root mean square of what it predicts; the score's unit is 1/c.

    Args:
        net: ``net(x (n, d), log(sigma/alpha) (n,)) -> (n, d)``.
        process: forward process.
        prediction: what the network predicts.
        second_moment: E[x x'] of the training data, ``(d, d)``.
        mean: as of `MeasuredDenoiser`.
    """

    def __init__(
        self,
        net: nn.Module,
        process: GaussianNoise,
        prediction: Prediction,
        second_moment: Tensor,
        mean: Tensor | None = None,
    ) -> None:
        super().__init__(process, second_moment, mean)
        if prediction not in get_args(Prediction):
            known = ", ".join(get_args(Prediction))
            raise UserError(f"got prediction={prediction}, expected one of {known}: choose one")
        self.net = net
        self.prediction: Prediction = prediction

    def posterior_mean(self, x_t: Tensor, t: Tensor) -> Tensor:
        """E[x_0 | x_t], ``(n, d)``."""
        alpha, sigma = self.process.alpha(t)[:, None], self.process.sigma(t)[:, None]
        variance = self.spectrum.mean()
        answer = self.net(
            x_t / (alpha**2 * variance + sigma**2).sqrt(), -self.process.log_snr(t) / 2
        )
        of_noisy, of_data = linear_form(self.process, self.prediction, t, variance)
        predicted = self._unit(t) * answer
        return (predicted - of_noisy[:, None] * x_t) / of_data[:, None]

    def _unit(self, t: Tensor) -> Tensor:
        """Root mean square of what is predicted, ``(n, 1)``."""
        t, variance = t[:, None], self.spectrum.mean()
        alpha, sigma = self.process.alpha(t), self.process.sigma(t)
        match self.prediction:
            case "score":
                return 1 / (alpha**2 * variance + sigma**2).sqrt()
            case "noise":
                return torch.ones_like(sigma)
            case "x_0":
                return variance.sqrt().expand_as(sigma)
            case "v":
                return (alpha**2 + sigma**2 * variance).sqrt()
            case "edm":
                return (variance * (alpha**2 * variance + sigma**2)).sqrt()
            case "velocity":
                decay = self.process.drift_rate(t) * alpha
                growth = self.process.variance_rate(t) / (2 * sigma)
                return (decay**2 * variance + growth**2).sqrt()


def linear_form(
    process: GaussianNoise, prediction: Prediction, t: Tensor, variance: Tensor
) -> tuple[Tensor, Tensor]:
    """Every prediction as p x_t + q E[x_0 | x_t]: p and q, ``(n,)`` each; ``variance`` is l.

    For the velocity alpha' x_0 + sigma' z: p = sigma'/sigma and q = alpha' - alpha sigma'/sigma
    = -alpha g^2/(2 sigma^2).
    """
    alpha, sigma = process.alpha(t), process.sigma(t)
    match prediction:
        case "score":
            return -1 / sigma**2, alpha / sigma**2
        case "noise":
            return 1 / sigma, -alpha / sigma
        case "x_0":
            return torch.zeros_like(alpha), torch.ones_like(alpha)
        case "v":
            return alpha / sigma, -(alpha**2 + sigma**2) / sigma
        case "edm":
            return alpha * variance / sigma, -(alpha**2 * variance + sigma**2) / sigma
        case "velocity":
            growth = process.variance_rate(t) / (2 * sigma**2)
            return growth, alpha * (process.drift_rate(t) - growth)
