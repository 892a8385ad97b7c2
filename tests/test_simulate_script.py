"""scripts/simulate.py as a user runs it: exit codes, one line per mistake, nothing left behind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from truescore import cli

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(cli.__file__).parents[1]
SCRIPT = """
import runpy, sys
sys.path.insert(0, {package!r})
sys.argv = [{script!r}, *sys.argv[1:]]
try:
    runpy.run_path({script!r}, run_name="__main__")
finally:
    heavy = {{"torch", "scipy", "matplotlib"}} & set(sys.modules)
    print("HEAVY" if heavy else "LIGHT")
"""


@pytest.fixture
def call(tmp_path):
    """Run the script in a folder of its own; `(code, stdout, stderr)`."""
    work = tmp_path / "work"
    work.mkdir()

    def call(*arguments):
        file = tmp_path / "script.py"
        script = str(ROOT / "scripts" / "simulate.py")
        file.write_text(SCRIPT.format(package=str(PACKAGE), script=script))
        command = [sys.executable, str(file), *arguments]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=250)
        return done.returncode, done.stdout, done.stderr

    return call


@pytest.fixture
def outputs(tmp_path):
    return tmp_path / "work" / "outputs"


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["n_points=1", "integrator=euler"], ["n_points: got 1", "integrator=euler for dynamics="]),
        (["dynamics=uo", "n_point=9"], ["dynamics=uo: no such option; did you mean", "n_point=9"]),
        (
            ["dynamics=unadjusted_langevin", "dataset=anticorrelated_gaussian", "dynamics.tau=1.3"],
            ["dynamics.tau: got 1.3, expected a number < 1.2"],
        ),
    ],
)
def test_mistakes_are_told_at_once_without_torch(call, outputs, arguments, lines):
    code, out, err = call(*arguments)
    assert code == 2
    assert out.strip() == "LIGHT"
    got = err.splitlines()
    assert len(got) == len(lines)
    assert all(line.startswith(start) for line, start in zip(got, lines, strict=True))
    assert not outputs.exists()


def test_help_shows_commands(call, outputs):
    code, out, _ = call("--help")
    assert code == 0
    assert "dynamics=unadjusted_langevin" in out and out.rstrip().endswith("LIGHT")
    assert not outputs.exists()


def test_a_run_and_a_failure(call, outputs):
    """One folder each, with a summary or with the reason there is none."""
    small = ["n_points=100", "n_frames=2", "n_snapshots=2", "dynamics.steps=4"]
    # A quartic force flings points that start far out, which is known only when they fly.
    wells = ["dataset=ginzburg_landau", "dataset.dim=2", "dynamics.horizon=0.1"]
    code, out, _ = call("-m", "dynamics.start_scale=1.0,1e9", *wells, *small)
    assert code == 1
    (sweep,) = (outputs / "multirun" / "simulate").iterdir()
    done, failed = sorted(path for path in sweep.iterdir() if path.is_dir())
    told = (done / "output.txt").read_text()
    assert "do they look alike?" in told and "summary:" in told and "alike" not in out
    summary = json.loads((done / "summary.json").read_text())
    assert summary["dynamics"] == "langevin" and (done / "figures" / "motion.gif").is_file()
    mark = json.loads((failed / "failed.json").read_text())
    assert mark["error"] == "UserError" and "ran away" in mark["messages"][0]
    assert not (failed / "summary.json").exists()
