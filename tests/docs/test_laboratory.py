"""docs/laboratory.md does what it says."""

import re
import shlex

import pytest
import torch
from hydra import compose, initialize_config_dir

from truescore.config import check_simulation
from truescore.laboratory.rehearsal import rehearse

from .pages import ROOT, blocks, commands, run

PAGE = "laboratory.md"
COMMANDS = sorted(set(commands(PAGE)))
FIGURES = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", (ROOT / "docs" / PAGE).read_text(encoding="utf-8"))
(PYTHON,) = (block.text for block in blocks(PAGE) if block.language == "python")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_valid_and_can_be_built(command):
    words = [word for word in shlex.split(command)[2:] if word != "-m"]
    first = [re.sub(r",.*", "", word) for word in words]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = compose("simulate", first)
    assert check_simulation(config) == []
    rehearse(config)


def test_the_script_of_the_page_moves_points_from_where_they_start():
    made = {}
    exec(compile(PYTHON, PAGE, "exec"), made)  # noqa: S102
    assert torch.equal(made["path"][0], made["x_0"])
    assert made["end"].isfinite().all() and not torch.equal(made["end"], made["x_0"])


def test_the_figures_are_there_and_small():
    for name in FIGURES:
        size = (ROOT / "docs" / name).stat().st_size
        assert 10_000 < size < (1_000_000 if name.endswith(".gif") else 250_000), name


def test_a_mistake_is_the_line_on_the_page(tmp_path):
    prompt, line = commands(PAGE, "console")
    done = run(prompt.removeprefix("$ "), tmp_path)
    assert (done.returncode, done.stderr) == (2, line + "\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs(command, tmp_path):
    done = run(command, tmp_path, "n_frames=2", "n_snapshots=2", "n_points=100")
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.rglob("summary.json"))) == (4 if "-m" in command else 1)
