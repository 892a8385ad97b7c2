"""What all metrics of generated samples share."""

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from truescore.errors import UserError
from truescore.metrics.perfect_samples import PerfectSamples
from truescore.metrics.verdict import Judgement
from truescore.targets import Target
from truescore.targets.base import check_spins, check_states, check_width

FEWEST = 20


class SampleMetric(Metric):
    """An error of all samples seen since the last reset, beside that of as many perfect ones.

    Samples are kept, not copied, and moved to the CPU, where the exact values are; the work is done
    once, in ``compute``, and does not depend on how the samples were cut into updates.

    Args:
        perfect: perfect samples of the law that the samples should follow.
        kwargs: options of ``torchmetrics.Metric``.
    """

    is_differentiable = False
    higher_is_better = False
    full_state_update = False

    def __init__(self, perfect: PerfectSamples, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.perfect = perfect
        self.add_state("samples", default=[], dist_reduce_fx="cat")

    def update(self, samples: Tensor) -> None:
        """Add samples, ``(n, d)``."""
        check_samples(self.perfect.target, samples)
        self.samples.append(samples.detach().cpu())  # pyright: ignore

    def compute(self) -> Judgement:
        """Judge the samples seen so far."""
        if not len(self.samples):  # pyright: ignore
            raise UserError("got no samples, expected some: call update first")
        x = dim_zero_cat(self.samples)  # pyright: ignore
        if len(x) < FEWEST:
            raise UserError(f"got {len(x)} samples, expected at least {FEWEST}: generate more")
        return self.judge(x)

    @abstractmethod
    def judge(self, x: Tensor) -> Judgement:
        """Judge a sample set, ``(n, d)`` on the CPU."""


def check_samples(target: Target, samples: Tensor) -> None:
    """Raise ``UserError`` unless ``samples`` could be of the law: shape, finite, symbols."""
    check_width(samples, target.dim)
    finite = torch.isfinite(samples)
    if not bool(finite.all()):
        wrong, rows = int((~finite).sum()), int((~finite).any(1).sum())
        raise UserError(
            f"got {wrong} NaN or infinite values in {rows} of {len(samples)} samples, expected"
            " finite ones: the sampler diverged or the file is damaged"
        )
    if target.state_space == "spin":
        check_spins(samples, target.dim)
    if target.n_states is not None:
        check_states(samples, target.dim, target.n_states)
