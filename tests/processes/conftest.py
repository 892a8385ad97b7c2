"""Every Gaussian process, once."""

import pytest

from truescore.processes import (
    EDM,
    CosineVariancePreserving,
    RectifiedFlow,
    SubVariancePreserving,
    Trigonometric,
    VarianceExploding,
    VariancePreserving,
)

PROCESSES = {
    "vp": VariancePreserving(),
    "vp slow": VariancePreserving(beta_min=0.1, beta_max=8.0, t_min=0.01),
    "vp constant": VariancePreserving(beta_min=2.0, beta_max=2.0),
    "vp cosine": CosineVariancePreserving(),
    "sub-vp": SubVariancePreserving(),
    "ve": VarianceExploding(),
    "ve blurred": VarianceExploding(blurred=True),
    "edm": EDM(),
    "rectified flow": RectifiedFlow(),
    "trigonometric": Trigonometric(),
}
each_process = pytest.mark.parametrize("process", PROCESSES.values(), ids=PROCESSES)
