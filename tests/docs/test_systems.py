"""The pages on systems: their commands are valid, their code runs, their figures are there."""

import re
import shlex

import pytest
from hydra import compose, initialize_config_dir

from truescore.config import check, check_simulation

from .pages import ROOT, blocks, commands

PAGES = [
    "anticorrelated_langevin.md",
    "discrete.md",
    "errata.md",
    "four_well.md",
    "ginzburg_landau.md",
    "gray_codes.md",
    "ising.md",
    "ising_torus.md",
    "potts_ring.md",
    "study.md",
    "swiss_roll.md",
]
TRAININGS = sorted({line for page in PAGES for line in commands(page) if "train.py" in line})
SIMULATIONS = sorted({line for page in PAGES for line in commands(page) if "simulate.py" in line})
# What names a run's folder has none to read here.
CODE = [
    (page, block.text)
    for page in PAGES
    for block in blocks(page)
    if block.language == "python" and "TIME" not in block.text
]


def composed(command, name):
    parts = shlex.split(command, comments=True)
    words = parts[next(k for k, part in enumerate(parts) if part.endswith(".py")) + 1 :]
    overrides = [word for word in words if not word.startswith(("hydra.", "-"))]
    if "-m" in words:  # one cell stands for all
        overrides = [word.split(",")[0] for word in overrides]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return compose(name, overrides)


@pytest.mark.parametrize("command", TRAININGS)
def test_every_training_is_valid(command):
    assert check(composed(command, "train")) == []


@pytest.mark.parametrize("command", SIMULATIONS)
def test_every_simulation_is_valid(command):
    assert check_simulation(composed(command, "simulate")) == []


@pytest.mark.slow
@pytest.mark.parametrize(("page", "text"), CODE, ids=[page for page, _ in CODE])
def test_the_code_runs(page, text):
    exec(compile(text, page, "exec"), {})  # noqa: S102


@pytest.mark.parametrize("page", PAGES)
def test_the_figures_are_there_and_small(page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for name in re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text):
        assert 10_000 < (ROOT / "docs" / name).stat().st_size < 300_000, name


def test_every_page_and_figure_is_linked_from_somewhere():
    texts = [
        path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *ROOT.glob("docs/*.md")]
    ]
    for path in [*ROOT.glob("docs/*.md"), *ROOT.glob("docs/figures/*")]:
        assert any(path.name in text for text in texts), path.name
