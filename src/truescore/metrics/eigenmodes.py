"""The error of the generated variance, eigenmode by eigenmode."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import gamma
from torch import Tensor

from truescore.metrics.interval import Z95
from truescore.metrics.sample_metric import check_samples
from truescore.randomness import keyed_generator
from truescore.targets import Target

N_EXACT = 10_000
# Modes with less than this part of the largest variance carry rounding alone.
SMALLEST = 1e-12

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EigenmodeErrors:
    """v_k / lambda_k - 1 for the exact covariance's eigenmodes, from the largest lambda down.

    All arrays are ``(m,)``; m is d, less the modes without variance.

    Attributes:
        variance: exact variance lambda_k.
        error: relative error of the generated variance v_k = mean (u_k . (x - mu))^2. It is
            unbiased for the model's own.
        ci_low: lower end of its 95% interval.
        ci_high: its upper end.
        floor: root mean square of the error of perfect samples.
        band_low: 2.5% quantile of the error of perfect samples.
        band_high: 97.5% quantile.
        p_value: two-sided, under perfect samples.
    """

    variance: Floats
    error: Floats
    ci_low: Floats
    ci_high: Floats
    floor: Floats
    band_low: Floats
    band_high: Floats
    p_value: Floats

    def as_dict(self) -> dict[str, list[float]]:
        """The table in plain numbers."""
        return {field.name: getattr(self, field.name).tolist() for field in fields(self)}


def eigenmode_errors(target: Target, samples: Tensor) -> EigenmodeErrors:
    """Compare the variance of every eigenmode of a law's covariance with the exact one.

    For n perfect samples v_k / lambda_k has mean 1 and variance kappa_k / n, with
    kappa_k = E[a^4] / lambda_k^2 - 1 for the mode's amplitude a. Its law is taken as the Gamma law
    of that mean and variance: exact for a Gaussian mode, and right to order 1/sqrt(n) else. kappa_k
    comes from 10,000 exact samples, the same for every model: the floor is good to about 1%.

    Args:
        target: the law.
        samples: ``(n, d)``.
    """
    check_samples(target, samples)
    variance, modes = torch.linalg.eigh(target.covariance())
    variance, modes = variance.flip(0), modes.flip(1)
    kept = variance > SMALLEST * variance[0]
    variance, modes = variance[kept], modes[:, kept]

    def squares(x: Tensor) -> Tensor:
        """Squared amplitudes over their exact mean, ``(n, m)``."""
        return ((x.double() - target.mean()) @ modes) ** 2 / variance

    exact = squares(target.sample(N_EXACT, keyed_generator(0, "eigenmodes")))
    # Dividing by the measured mean, though it is known to be 1, takes most of the scatter away.
    kappa = ((exact**2).mean(0) / exact.mean(0) ** 2 - 1).clamp(min=1e-9).numpy()
    generated, n = squares(samples.cpu()), len(samples)
    error = (generated.mean(0) - 1).numpy()
    half = Z95 * (generated.std(0) / n**0.5).numpy()
    law = gamma(n / kappa, scale=kappa / n)
    return EigenmodeErrors(
        variance=variance.numpy(),
        error=error,
        ci_low=error - half,
        ci_high=error + half,
        floor=np.sqrt(kappa / n),
        band_low=law.ppf(0.025) - 1,
        band_high=law.ppf(0.975) - 1,
        p_value=np.minimum(2 * np.minimum(law.cdf(error + 1), law.sf(error + 1)), 1),
    )
