"""Moments of samples, and what is fitted by them, without a second copy of the samples."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

import truescore
from truescore.targets import moments

SOURCE = Path(truescore.__file__).parents[1]
# Prints the size of the samples and how much the peak of memory rose above it, in MB.
PEAK = """
import resource, sys
sys.path.insert(0, {source!r})
import torch
from truescore.metrics.ks import ks_distance
from truescore.targets.fitted import fit_gaussian, fit_two_wells
from truescore.targets.fitted_mixture import fit_mixture
from truescore.targets.gaussian_mixture import GaussianMixture
torch.set_num_threads(1)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
g = torch.Generator().manual_seed(0)
law = GaussianMixture(torch.ones(1), torch.zeros(1, 64), torch.eye(64)[None])
fit_gaussian(torch.randn(1000, 64, generator=g))
x = torch.randn({n}, 64, generator=g)
before = peak()
{call}
print(x.nbytes / 1e6, peak() - before)
"""


def test_blocks_give_the_moments_of_the_whole(monkeypatch):
    monkeypatch.setattr(moments, "ENTRIES", 30)
    x = torch.randn(101, 4, generator=torch.Generator().manual_seed(0)) + 3
    whole = x.double()
    torch.testing.assert_close(moments.mean(x), whole.mean(0), rtol=1e-14, atol=0)
    torch.testing.assert_close(moments.second_moment(x), whole.mT @ whole / 101)
    torch.testing.assert_close(
        moments.second_moment(x, moments.mean(x)), whole.mT.cov(correction=0)
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "n", "most"),
    [
        ("fit_gaussian(x)", 2**20, 1.8),
        ("fit_two_wells(x + 3 * x[:, :1].sign())", 2**20, 2.8),
        ("fit_mixture(x, 4, g, odd=True, reflection=True)", 2**20, 1.8),
        ("ks_distance(law, x)", 2**21, 3),
    ],
)
def test_many_rows_are_never_held_in_double_precision_nor_sorted_at_once(call, n, most):
    """In sizes of the samples, and above them: a copy in double precision is 2, a sort 3.

    The two wells are 1 more, as their samples are made in the call; the distance has a copy.
    """
    script = PEAK.format(source=str(SOURCE), n=n, call=call)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    size, rise = map(float, done.stdout.split())
    assert size == pytest.approx(n * 64 * 4 / 1e6)
    assert rise < most * size
