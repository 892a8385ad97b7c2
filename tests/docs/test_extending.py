"""docs/extending.md does what it says, with the files and commands that stand on it."""

import json
import shlex
import sys

import numpy as np
import pytest
import torch
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import open_dict

from truescore.config import check, check_simulation
from truescore.denoisers import oracle
from truescore.laboratory.rehearsal import rehearse as rehearse_simulation
from truescore.samplers import Adaptive
from truescore.training.rehearsal import rehearse

from .pages import ROOT, blocks, commands, run

PAGE = "extending.md"
FILES = {block.file: block.text for block in blocks(PAGE) if block.file}
SCRIPTS = [b.text for b in blocks(PAGE) if b.language == "python" and b.file is None]
SPINS, TRAIN, *PARTS, SAMPLE, EVALUATE, ANYBODYS = commands(PAGE)
(SECTION,) = (b.text for b in blocks(PAGE) if b.language == "yaml" and b.file is None)
SMALL = [
    "trainer.max_steps=20",
    "trainer.val_every_n_steps=10",
    "dataset.n_train=500",
    "dataset.n_val=100",
    "dataset.batch_size=100",
    "sampler.n_generate=200",
    "metrics.n_score=20",
    "metrics.n_levels=3",
    "metrics.n_null=100",
    "metrics.n_bootstrap=100",
    "callbacks.progress_bar=false",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the page's files in it."""
    folder = tmp_path_factory.mktemp("page")
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def importable(folder, monkeypatch):
    """The page's modules can be imported, and are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(folder / "mine"))
    yield
    for name in FILES:
        sys.modules.pop(name.removeprefix("mine/").removesuffix(".py"), None)


@pytest.fixture
def circle(importable):
    from circle import Circle  # pyright: ignore[reportMissingImports]

    return Circle(radius=1.0, width=0.3)


def composed(folder, command):
    """The configuration of one of the page's commands, and its application."""
    words = shlex.split(command)
    script = words[words.index("python") + 1]
    application = "simulate" if script == "scripts/simulate.py" else "train"
    overrides = [w for w in words[words.index("--config-dir") + 2 :] if not w.startswith("hydra.")]
    search = f"hydra.searchpath=[file://{folder / 'mine' / 'conf'}]"
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose(application, [search, *overrides]), application


def test_every_file_of_the_tree_is_on_the_page():
    assert blocks(PAGE)[0].language == "text"
    tree = {word for word in blocks(PAGE)[0].text.split() if word.endswith((".py", ".yaml"))}
    assert tree == {name.removeprefix("mine/") for name in FILES}
    code = [line for b in blocks(PAGE) if b.language == "python" for line in b.text.splitlines()]
    assert max(map(len, code)) <= 100


@pytest.mark.parametrize("script", SCRIPTS, ids=["law", "sampler"])
def test_the_scripts_of_the_page_run(importable, script, capsys):
    exec(compile(script, PAGE, "exec"), {})  # noqa: S102
    printed = capsys.readouterr().out
    assert "distance" in printed
    # The law's own moments and samples agree, and so do the exact score's.
    assert "x floor" not in printed


def test_the_law_is_normalised_and_its_marginals_are_its_own(circle):
    grid = torch.linspace(-3.5, 3.5, 281, dtype=torch.float64)
    spacing = float(grid[1] - grid[0])
    density = circle.log_prob(torch.cartesian_prod(grid, grid)).exp().reshape(281, 281)
    assert float(density.sum()) * spacing**2 == pytest.approx(1, abs=1e-9)
    marginal = density.sum(1) * spacing
    torch.testing.assert_close(circle.marginal(0, grid), marginal, atol=1e-9, rtol=0)
    cdf = circle.marginal_cdf(torch.stack([grid, grid], 1))[0][:, 0]
    between = (marginal[1:] + marginal[:-1]) / 2
    torch.testing.assert_close(cdf.diff() / spacing, between, atol=1e-3, rtol=0)


def test_the_laws_moments_are_its_densitys(circle):
    grid = torch.linspace(-3.5, 3.5, 281, dtype=torch.float64)
    points = torch.cartesian_prod(grid, grid)
    weight = circle.log_prob(points).exp() * float(grid[1] - grid[0]) ** 2
    close = {"atol": 1e-9, "rtol": 0}
    second = torch.einsum("n,ni,nj->ij", weight, points, points)
    torch.testing.assert_close(second, circle.covariance(), **close)
    fourth = torch.einsum("n,ni,nj->ij", weight, points**2, points**2)
    torch.testing.assert_close(fourth, circle.squared_deviations(), **close)
    distance = circle.observables()[-1]
    norm = points.norm(dim=1)
    torch.testing.assert_close((weight @ norm)[None], distance.exact, atol=1e-6, rtol=0)
    variance = float(weight @ norm**2 - (weight @ norm) ** 2)
    assert distance.variance == pytest.approx(variance, abs=1e-6)
    score = torch.func.grad(lambda x: circle.log_prob(x[None])[0])(points[17])
    torch.testing.assert_close(circle.score(points[17:18])[0], score, atol=1e-10, rtol=1e-8)


def test_the_sampler_has_order_two_on_the_exact_score(circle):
    from midpoint import Midpoint  # pyright: ignore[reportMissingImports]
    from relaxation import Relaxation  # pyright: ignore[reportMissingImports]

    exact = oracle(circle, Relaxation(rate=1.0, t_min=1e-3, horizon=5.0))
    x = torch.tensor([[0.3, -0.1], [-1.2, 0.5], [0.7, 0.9]], dtype=torch.float64)

    def end(sampler):
        times = sampler.times(exact)[:-1]
        return sampler.path(exact, x, times, torch.Generator())

    true = end(Adaptive(2, tolerance=1e-10))
    errors = [float((end(Midpoint(n, "log_snr")) - true).norm()) for n in (41, 81)]
    assert torch.tensor(errors[0] / errors[1]).log2() == pytest.approx(2, abs=0.4)


@pytest.mark.parametrize("command", [SPINS, TRAIN, *PARTS])
def test_every_command_is_valid_and_can_be_built(folder, importable, command):
    config, application = composed(folder, command)
    checks, tries = {
        "train": (check, rehearse),
        "simulate": (check_simulation, rehearse_simulation),
    }[application]
    assert checks(config) == []
    tries(config)


def test_the_section_for_langevin_data_is_valid_and_can_be_built(folder, importable):
    config, _ = composed(folder, TRAIN)
    config.dataset.simulator = "langevin"
    assert "this law has no section dataset.langevin" in check(config)[0]
    with open_dict(config):
        config.dataset.merge_with(yaml.safe_load(SECTION))
    assert check(config) == []
    rehearse(config)


def test_the_run_of_the_page(folder):
    done = run(TRAIN, folder, *SMALL)
    assert done.returncode == 0, done.stderr
    assert "distance from centre" in done.stdout
    summary = json.loads((folder / "outputs/circle/summary.json").read_text())
    assert summary["experiment"] == "circle" and summary["metrics"]["distance"]["floor"] > 0
    assert json.loads((folder / "outputs/circle/certificate.json").read_text())["passed"]
    # Held-out points and the same noise: the exact score never pays more than the network.
    assert summary["metrics"]["excess_loss"]["value"] > 0


def test_a_mistake_is_the_line_on_the_page(folder):
    (prompt, line) = commands(PAGE, "console")
    before = sorted(folder.rglob("*.json"))
    done = run(prompt.removeprefix("$ "), folder)
    assert (done.returncode, done.stderr) == (2, line + "\n")
    assert sorted(folder.rglob("*.json")) == before


def test_samples_from_anywhere_are_judged_by_the_page(folder, circle):
    np.save(folder / "mine.npy", circle.sample(300, torch.Generator().manual_seed(1)).numpy())
    small = ["dataset.radius=1.0", "dataset.width=0.3", "out=judged"]
    done = run(ANYBODYS, folder, *small, *(s for s in SMALL if s.startswith("metrics")))
    assert done.returncode == 0, done.stderr
    judged = json.loads((folder / "judged" / "summary.json").read_text())["metrics"]
    assert judged["distance"]["verdict"] == "at floor"
    wrong = run(ANYBODYS.replace("mine/conf", "nowhere"), folder)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert wrong.stderr.startswith("got conf=nowhere, expected a folder")


@pytest.mark.slow
def test_all_other_commands_run(folder):
    assert run(TRAIN, folder, *SMALL).returncode == 0
    for command in (SPINS, *PARTS):
        simulates = "simulate.py" in command
        small = ["n_points=100", "n_frames=2", "dynamics.steps=900"] if simulates else SMALL
        done = run(command, folder, *small)
        assert done.returncode == 0, done.stderr
    for command in (SAMPLE, EVALUATE):
        done = run(command, folder)
        assert done.returncode == 0, done.stderr
