"""A run in memory on a Gaussian law, where every sampler's law is known."""

from pathlib import Path

from truescore.denoisers import oracle
from truescore.runs import Run
from truescore.targets import CorrelatedGaussian, IsingRing

LAW, RING = CorrelatedGaussian(2, correlation=0.5), IsingRing(6)


def run_on(target, process, sampler):
    """A run whose network is the oracle, and whose configuration names its parts alone."""
    config = {
        "name": "here",
        "seed": 0,
        "dataset": {"simulator": "exact", "n_train": 100},
        "sampler": {"name": type(sampler).__name__},
        "metrics": {"n_null": 100},
    }
    return Run(Path("nowhere"), config, target, process, oracle(target, process), sampler)
