"""What the study of the ring did is kept as it was written, and what it costs can be measured."""

import itertools
import math

import pytest
import torch

from truescore.denoisers import oracle
from truescore.documents import EulerAsWritten, FlipsAsWritten
from truescore.processes import SpinFlip
from truescore.samplers.jumps import log_rates
from truescore.targets import IsingRing
from truescore.training.trajectories import layer_times


def kl_to_uniform(dim, process):
    """Of p_T, by enumeration."""
    x = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=dim)), dtype=torch.float64)
    t = torch.full((len(x),), process.horizon, dtype=torch.float64)
    log_p = oracle(IsingRing(dim), process).log_prob(x, t)
    return float(log_p.exp() @ log_p) + dim * math.log(2)


def test_what_is_called_data_is_the_final_noise_and_all_other_layers_are_right():
    written = FlipsAsWritten(8)
    mended = SpinFlip(8, written.tolerance)
    times = layer_times(written, 0.1)
    x_0 = torch.ones(50, 8)
    paths = [
        list(process.trajectory(x_0, times, torch.Generator().manual_seed(1)))
        for process in (written, mended)
    ]
    assert torch.equal(paths[0][0], paths[0][-1])
    assert not torch.equal(paths[1][0], paths[1][-1])
    assert all(torch.equal(a, b) for a, b in zip(paths[0][1:], paths[1][1:], strict=True))


def test_its_horizon_leaves_an_e_to_the_minus_2_of_each_spin():
    process = FlipsAsWritten(16)
    assert process.horizon == pytest.approx(1, abs=1e-9)
    assert float(process.alpha(torch.tensor(1.0))) == pytest.approx(math.exp(-2), rel=1e-6)
    # To lowest order in the noisy pair correlations, alpha^2 Cov; the next order takes 5 % off.
    pairs = (math.exp(-4) * IsingRing(8).covariance()).triu(1)
    assert kl_to_uniform(8, process) == pytest.approx(float((pairs**2).sum() / 2), rel=0.08)
    assert kl_to_uniform(8, SpinFlip(8)) < kl_to_uniform(8, process) / 10


def test_its_sampler_takes_one_step_too_many_and_all_of_the_same_length():
    process, sampler = FlipsAsWritten(16), EulerAsWritten()
    exact = oracle(IsingRing(16), process)
    times = sampler.times(exact)
    assert len(times) - 1 == sampler.evaluations == 201
    torch.testing.assert_close(times[:-2], torch.linspace(1, 0.005, 200, dtype=torch.float64))
    assert process.t_min == times[-2] and times[-1] == 0
    x = IsingRing(16).sample(5, torch.Generator().manual_seed(2)).double()
    for t, s in ((0.5, 0.495), (process.t_min, 0.0)):
        time, then = (torch.full((5,), at, dtype=torch.float64) for at in (t, s))
        flip = sampler.log_transition(exact, x, time, then).exp()
        chosen = flip.gather(-1, 1 - process.index(x)[..., None])[..., 0]
        rates = 0.005 * exact.concrete_score(x, time).exp()
        torch.testing.assert_close(chosen, rates)
        assert log_rates(process, exact.clean_log_probs(x, time), x, time).exp().max() < 200
