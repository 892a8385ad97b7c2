"""Noise levels for training: in strata, uniform in log-SNR where there is much to learn."""

import math

import pytest
import torch

from truescore.losses import DenoisingScoreMatching, RatioMatching
from truescore.losses.times import (
    AHEAD,
    FAR_SHARE,
    site_times,
    stratified_times,
    training_times,
)
from truescore.processes import SpinFlip, VariancePreserving

PROCESSES = [VariancePreserving(), SpinFlip(64)]
each_process = pytest.mark.parametrize("process", PROCESSES, ids=["reals", "spins"])


def ends(process):
    """Log-SNR at the horizon and at t_min."""
    times = torch.tensor([process.horizon, process.t_min], dtype=torch.float64)
    return process.log_snr(times).tolist()


def place(process, t, hidden=None):
    """Where log-SNR stands, 0 at the horizon and 1 at t_min; ``hidden`` stands at ``FAR_SHARE``."""
    low, high = ends(process)
    log_snr = process.log_snr(t.double())
    if hidden is None:
        return (log_snr - low) / (high - low)
    far = FAR_SHARE * (log_snr - low) / (hidden - low)
    near = FAR_SHARE + (1 - FAR_SHARE) * (log_snr - hidden) / (high - hidden)
    return torch.where(log_snr < hidden, far, near)


@each_process
@pytest.mark.parametrize("hidden", [None, torch.tensor(-2.0)], ids=["seen", "hidden"])
def test_each_stratum_holds_one_time_uniform_inside(process, hidden, assert_uniform):
    generator, n = torch.Generator().manual_seed(1), 256
    offsets = []
    for _ in range(40):
        t = stratified_times(process, n, generator, hidden)
        assert t.shape == (n,)
        assert t.dtype == torch.float32
        offset = place(process, t, hidden).sort().values * n - torch.arange(n)
        # Times are float32: their log-SNR may stand 1e-3 of a stratum outside.
        assert (offset > -1e-3).all()
        assert (offset < 1 + 1e-3).all()
        offsets.append(offset)
    assert_uniform(torch.cat(offsets).clamp(0, 1))


@each_process
def test_a_lone_time_is_uniform_in_log_snr(process, assert_uniform):
    generator = torch.Generator().manual_seed(2)
    t = torch.cat([stratified_times(process, 1, generator) for _ in range(2000)])
    assert_uniform(place(process, t).clamp(0, 1))


@each_process
def test_a_level_outside_the_range_hides_nothing(process):
    low, high = ends(process)
    for hidden in (torch.tensor(low - 1), torch.tensor(high + 1)):
        first, second = (
            stratified_times(process, 32, torch.Generator().manual_seed(3), level)
            for level in (None, hidden)
        )
        assert torch.equal(first, second)


def test_ratio_matching_trains_at_these_times():
    class Spins:
        process = SpinFlip(64)

    t = RatioMatching().sample_times(Spins, 32, torch.Generator().manual_seed(3))
    same = stratified_times(Spins.process, 32, torch.Generator().manual_seed(3))
    assert torch.equal(t, same)


class Reals:
    process = VariancePreserving()
    spectrum = torch.tensor([0.1, 0.5, 9.0])


def test_denoising_trains_where_the_coherent_mode_is_seen():
    """A tenth of the times where s is over four times the largest standard deviation of a mode."""
    t = DenoisingScoreMatching().sample_times(Reals, 1000, torch.Generator().manual_seed(3))
    s = Reals.process.sigma(t) / Reals.process.alpha(t)
    assert int((s > 4 * math.sqrt(9.0)).sum()) == pytest.approx(100, abs=1)


def normal(x):
    return torch.special.ndtr(torch.as_tensor(x, dtype=torch.float64))


def share(law, t):
    """Probability of a time up to t by the definition of its law."""
    process, t = Reals.process, t.double()
    if law == "uniform":
        return (t - process.t_min) / (1 - process.t_min)

    def below(t):
        """Of log(s/scale) - log 2, which is normal with mean -1.2 and spread 1.2."""
        s = process.sigma(t) / process.alpha(t)
        return normal(((s / math.sqrt(3.2)).log() + math.log(0.5) + 1.2) / 1.2)

    first, last = below(torch.tensor([process.t_min, 1.0], dtype=torch.float64))
    return (below(t) - first) / (last - first)


@pytest.mark.parametrize("law", ["uniform", "log_normal"])
def test_other_laws_have_one_time_in_each_stratum_too(law, assert_uniform):
    generator, n = torch.Generator().manual_seed(4), 256
    offsets = []
    for _ in range(40):
        t = training_times(law, Reals, n, generator)
        assert t.dtype == torch.float32
        offset = share(law, t).sort().values * n - torch.arange(n)
        assert (offset > -1e-2).all()
        assert (offset < 1 + 1e-2).all()
        offsets.append(offset)
    assert_uniform(torch.cat(offsets).clamp(0, 1))


def test_noise_levels_follow_the_scale_of_the_data_and_stay_in_range():
    """Data far beyond the process's levels: times stay between its ends."""
    for scale in (1e-12, 1e-3, 1e3, 1e12):

        class Scaled(Reals):
            spectrum = torch.full((3,), scale**2, dtype=torch.float64)

        t = training_times("log_normal", Scaled, 64, torch.Generator().manual_seed(5))
        assert bool((t >= 0.999e-3).all()) and bool((t <= 1.001).all())
        s = Reals.process.sigma(t) / Reals.process.alpha(t)
        assert bool((s > 1).all() if scale > 1 else (s < 1).all())


def test_a_random_part_of_the_sites_is_ahead_by_a_random_log_snr(assert_mean):
    process, n, dim = SpinFlip(64), 4000, 16
    t = stratified_times(process, n, torch.Generator().manual_seed(3))
    times = site_times(process, t, dim, torch.Generator().manual_seed(4))
    earlier = times < t[:, None]
    assert torch.equal(times[~earlier], t[:, None].expand(n, dim)[~earlier])
    s = times.amin(1)
    assert torch.equal(times[earlier], s[:, None].expand(n, dim)[earlier])
    assert float(s.min()) >= process.t_min * (1 - 1e-6)
    # A uniform part: all numbers of sites from 0 to 16 alike, but for those that t_min holds back.
    free = process.log_snr(t) + AHEAD < ends(process)[1]
    moved = earlier[free].sum(1)
    for count in (0, 1, 8, 16):
        assert_mean((moved == count).double(), 1 / (dim + 1))
    far = (process.log_snr(s.double()) - process.log_snr(t.double()))[free & earlier.any(1)]
    assert_mean(far, AHEAD / 2)
