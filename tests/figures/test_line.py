"""Runs on a law of the line: what their figures show, the exact score in place of a network."""

from pathlib import Path

import numpy as np
import pytest
import torch

from truescore.denoisers import oracle
from truescore.figures.line import NoisedLine, _backward, line_figures, support
from truescore.processes import VarianceExploding, VariancePreserving
from truescore.runs import Run
from truescore.samplers import EulerMaruyama, Heun
from truescore.targets import FourWell, GaussianMixture, SwissRoll

NORMAL = GaussianMixture(torch.ones(1), torch.tensor([[0.5]]), torch.tensor([[[0.04]]]))
MODEL = {
    "name": "mlp",
    "state_space": "real",
    "net": {"_target_": "truescore.nets.MLP", "width": 4, "depth": 1},
    "prediction": "score",
}


def generator(seed):
    return torch.Generator().manual_seed(seed)


def a_run(law, process, sampler, simulator="exact"):
    langevin = {
        "integrator": "euler_maruyama",
        "dt": 0.01,
        "n_chains": 4,
        "start": "zero",
        "burn_in": 0.5,
        "thin": 0.02,
    }
    config = {
        "seed": 0,
        "model": MODEL,
        "dataset": {"simulator": simulator, "langevin": langevin},
    }
    return Run(Path(), config, law, process, oracle(law, process), sampler)


@pytest.fixture(autouse=True)
def few_points(monkeypatch):
    for name, value in {"N_SHOWN": 2000, "PLACES": 21, "TIMES": 9}.items():
        monkeypatch.setattr(f"truescore.figures.line.{name}", value)


def panel(figure, title):
    (ax,) = [ax for ax in figure.axes if ax.get_title(loc="left").startswith(title)]
    return ax


def test_the_maps_are_sigma_times_the_score():
    law, process = FourWell(), VarianceExploding(0.03, 2.0, blurred=True)
    data = law.sample(500, generator(0))
    figure = line_figures(a_run(law, process, Heun(8)), data, data)["score_map"]
    cells = {name: panel(figure, name).collections[0] for name in ("after t", "exact", "after −")}
    places = torch.from_numpy(cells["exact"].get_coordinates()).reshape(-1, 2)
    x, t = places[:, :1], places[:, 1]
    expected = process.sigma(t) * oracle(law, process).score(x, t)[:, 0]
    shown = torch.from_numpy(np.asarray(cells["exact"].get_array())).flatten()
    torch.testing.assert_close(shown, expected, atol=1e-4, rtol=1e-4)
    assert np.asarray(cells["after t"].get_array()).tolist() == shown.reshape(9, 21).tolist()
    assert not np.asarray(cells["after −"].get_array()).any()
    assert -2.2 < x.min() < -1.8 and 1.8 < x.max() < 2.2


def test_of_a_normal_law_the_band_is_known():
    process = VariancePreserving()
    line = NoisedLine(oracle(NORMAL, process), *support(NORMAL))
    time = torch.tensor(0.3, dtype=torch.float64)
    alpha, sigma = float(process.alpha(time)), float(process.sigma(time))
    reach = 2.3263 * (0.04 * alpha**2 + sigma**2) ** 0.5
    expected = [0.5 * alpha - reach, 0.5 * alpha + reach]
    np.testing.assert_allclose(line.quantiles(time), expected, atol=0.02)
    x = line.grid(time)
    assert float(torch.trapezoid(line.density(x, time), x)) == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("sampler", [Heun(24), EulerMaruyama(400)], ids=["Heun", "Euler-Maruyama"])
def test_backward_points_follow_the_noised_law(sampler, assert_uniform):
    """A normal law stays normal: at every stop its distribution function is known."""
    process = VariancePreserving()
    run = a_run(NORMAL, process, sampler)
    times = sampler.times(run.denoiser)
    stops = [len(times) // 3, len(times) // 2, len(times) - 2]
    found = _backward(run, times, stops)
    assert len(found) == 4
    for stop, points in zip([0, *stops], found, strict=True):
        alpha, sigma = process.alpha(times[stop]), process.sigma(times[stop])
        spread = (0.04 * alpha**2 + sigma**2).sqrt()
        if stop:  # the prior's mean is 0
            assert_uniform(torch.special.ndtr((points - 0.5 * alpha) / spread))


def test_panels_stand_in_order_with_forward_data_and_backward_points():
    law, process = FourWell(), VarianceExploding(0.03, 2.0, blurred=True)
    data = law.sample(500, generator(1))
    figure = line_figures(a_run(law, process, EulerMaruyama(11)), data, data)["noising"]
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == [
        "$t$ = 0.001 (least noise)",
        "$t$ = 0.5",
        "$t$ = 0.7",
        "$t$ = 1 (most noise)",
        "$t$ = 1: prior in place of $p_t$",
        "$t$ = 0: truth and generated",
    ]
    assert [len(ax.patches) for ax in figure.axes] == [2, 2, 2, 1, 1, 1]


def test_a_chain_is_shown_if_there_is_one():
    """Row i is of chain i mod 4; the first state comes after the burn-in."""
    law, process = FourWell(), VarianceExploding(0.03, 2.0, blurred=True)
    data = law.sample(400, generator(2))
    assert "trajectory" not in line_figures(a_run(law, process, Heun(4)), data, data)
    run = a_run(law, process, Heun(4), simulator="langevin")
    left = line_figures(run, data, data)["trajectory"].axes[0]
    times, path = left.get_lines()[0].get_data()
    assert np.array_equal(path, data[::4, 0].double())
    np.testing.assert_allclose(times, 0.5 + 0.02 * np.arange(100))


def test_no_other_law_has_these_figures():
    law = SwissRoll()
    data = law.sample(10, generator(3))
    assert line_figures(a_run(law, VariancePreserving(), Heun(4)), data, data) == {}
