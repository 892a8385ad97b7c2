"""docs/conditional.md does what it says, and its exact numbers are exact."""

import re
import shlex

import pytest
import torch

from truescore.commands.frame import split
from truescore.conditions import KEYS, condition
from truescore.targets import IsingRing

from .pages import ROOT, blocks, commands

PAGE = "conditional.md"
CODE = "\n".join(block.text for block in blocks(PAGE) if block.language == "python")
TABLES = re.findall(r"^\| exact \| (.*) \|$", (ROOT / "docs" / PAGE).read_text(), re.M)


@pytest.mark.parametrize("command", commands(PAGE))
def test_every_command_asks_for_something(command):
    words = shlex.split(command, comments=True)
    assert words[:2] == ["python", "scripts/sample.py"]
    own, others = split(words[2:], ("run", *KEYS))
    assert condition(own) is not None and others == []


def test_the_code_runs(capsys):
    """With few samples and moves, near to what it finds with many."""
    small = CODE.replace("n = IsingRing(16), 1000", "n = IsingRing(16), 50")
    small = small.replace("Conditioned(path, ", "Conditioned(path, sweeps=5, ")
    small = small.replace("sweeps=5, held", "held, sweeps=5")
    assert small.count("sweeps=5") == 3 and ", 50\n" in small
    exec(compile(small, PAGE, "exec"), {})  # noqa: S102
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        "held",
        "T = 0.7",
        "M = 0",
        "nearest neighbours",
    ]


@pytest.mark.slow
def test_the_code_finds_the_truth(capsys):
    exec(compile(CODE, PAGE, "exec"), {})  # noqa: S102
    # Five standard errors of a spin and of the energies, of 1,000 samples.
    lines = capsys.readouterr().out.splitlines()[:3]
    for line, allowed in zip(lines, (0.1, 0.025, 0.025), strict=True):
        found = [float(x) for x in re.findall(r"-?\d+\.\d{3,}", line)]
        assert found[-1] == pytest.approx(found[-2], abs=allowed)


def test_exact_numbers_are_exact():
    ring = IsingRing(16)
    states = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 16).double()
    log_p, energy = ring.log_prob(states), ring.energy(states) / 16
    held = states[:, [0, 3, 4]] == torch.tensor([1.0, -1.0, 1.0])
    p = log_p.masked_fill(~held.all(1), -torch.inf).softmax(0)
    known = [*(p @ states)[[1, 5, 6]].tolist(), float(p @ energy)]
    cold = float((log_p / 0.7).softmax(0) @ energy)
    neutral = float(log_p.masked_fill(states.sum(1) != 0, -torch.inf).softmax(0) @ energy)
    told = [[float(x) for x in row.split("|")] for row in TABLES]
    for exact, row in zip((known, [cold], [neutral]), told, strict=True):
        assert row == pytest.approx(exact, abs=6e-4)
