"""What statistical tests share."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest
import torch

from truescore.samplers import cuda_graphs

# The tensors are small: a second thread costs more than it brings, and workers share the cores.
torch.set_num_threads(1)

SLURM = Path(__file__).resolve().parents[1] / "scripts" / "slurm_loopback.sh"

# Two-sided false-alarm rate 8e-11 for each number compared, so below 1e-6 for 10,000 of them.
# Generators are fixed besides: a test that passes once passes always.
SIGMAS = 6.5


@pytest.fixture
def played(monkeypatch):
    """Networks as if on a GPU, recorded by what the CPU can play; the recordings as they are made.

    What a graph does: each replay reads and writes the same memory.
    """
    made = []

    def capture(function, inputs):
        kept = tuple(x.clone() for x in inputs)
        answer = function(*kept)
        made.append(cuda_graphs.Captured(kept, answer, lambda: answer.copy_(function(*kept))))
        return made[-1]

    monkeypatch.setattr(cuda_graphs, "on_gpu", lambda net: True)
    monkeypatch.setattr(cuda_graphs, "capture", capture)
    return made


@pytest.fixture
def assert_mean():
    """Check that draws, independent along their first axis, have the expected mean (z-test)."""

    def check(draws, expected, slack=0.0):
        draws = draws.double()
        expected = torch.as_tensor(expected, dtype=torch.float64)
        error = (draws.mean(0) - expected).abs()
        bound = SIGMAS * draws.std(0) / len(draws) ** 0.5 + slack
        worst = (error - bound).max()
        assert worst <= 0, f"mean off by {error.max():.3g}, allowed {bound.flatten()[:8].tolist()}"

    return check


@pytest.fixture
def assert_uniform():
    """Check that numbers are uniform on [0, 1], Kolmogorov-Smirnov; false-alarm rate 2e-9 each."""

    def check(u):
        n = len(u)
        u = u.double().flatten().sort().values
        steps = torch.arange(n + 1, dtype=torch.float64) / n
        distance = torch.maximum((u - steps[:-1]).abs().max(), (u - steps[1:]).abs().max())
        assert n**0.5 * distance < 3.2, f"Kolmogorov-Smirnov: {n**0.5 * distance:.3g} >= 3.2"

    return check


@pytest.fixture
def order():
    """Of convergence: minus the slope of log(error) over log(steps), by least squares."""

    def measured(steps, errors):
        x, y = (torch.as_tensor(v, dtype=torch.float64).log2() for v in (steps, errors))
        return -float((x - x.mean()) @ y / ((x - x.mean()) ** 2).sum())

    return measured


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory):
    """Null laws are drawn afresh, and the user's cache is left alone."""
    os.environ["TRUESCORE_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    """Two nodes of SLURM; the environment of a process that finds them."""
    folder = tmp_path_factory.mktemp("slurm")
    subprocess.run([SLURM, "start", folder], check=True)
    try:
        shell = f". {shlex.quote(str(folder / 'env.sh'))} && env -0"
        printed = subprocess.run(["bash", "-c", shell], check=True, capture_output=True, text=True)
        yield dict(line.split("=", 1) for line in printed.stdout.split("\0") if line)
    finally:
        subprocess.run([SLURM, "stop", folder], check=True)


@pytest.fixture
def in_slurm(slurm, monkeypatch):
    """What this test starts finds the two nodes."""
    for name in ("PATH", "LD_LIBRARY_PATH", "SLURM_CONF"):
        monkeypatch.setenv(name, slurm[name])
