"""The pages on systems: their commands are valid, their code runs, their figures are there."""

import re
import shlex

import pytest
from hydra import compose, initialize_config_dir

from truescore.config import check, check_simulation

from .pages import ROOT, blocks, commands

PAGES = [
    "anticorrelated_langevin.md",
    "continuous.md",
    "discrete.md",
    "errata.md",
    "four_well.md",
    "ginzburg_landau.md",
    "gray_codes.md",
    "ising.md",
    "ising_chain.md",
    "ising_torus.md",
    "potts_ring.md",
    "study.md",
    "swiss_roll.md",
]
TRAININGS = sorted({line for page in PAGES for line in commands(page) if "train.py" in line})
SIMULATIONS = sorted({line for page in PAGES for line in commands(page) if "simulate.py" in line})
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def codes(page):
    """Each code of a page, and what the page says that it prints, if that stands right below."""
    all_blocks = blocks(page)
    for block, after in zip(all_blocks, [*all_blocks[1:], None], strict=True):
        # What names a run's folder has none to read here.
        if block.language == "python" and "TIME" not in block.text:
            yield page, block.text, after.text if after and after.language == "text" else None


CODE = [code for page in PAGES for code in codes(page)]


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
@pytest.mark.parametrize(("page", "text", "told"), CODE, ids=[page for page, *_ in CODE])
def test_the_code_runs_and_prints_what_the_page_says(page, text, told, capsys):
    exec(compile(text, page, "exec"), {})  # noqa: S102
    if told is None:
        return
    printed = capsys.readouterr().out
    assert NUMBER.sub("#", printed) == NUMBER.sub("#", told)
    numbers = ([float(x) for x in NUMBER.findall(one)] for one in (printed, told))
    assert next(numbers) == pytest.approx(next(numbers), rel=0.02, abs=1e-5)


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
