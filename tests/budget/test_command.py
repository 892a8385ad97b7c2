"""The command: what it refuses in one line, and that a small run goes through."""

import pytest

from truescore.commands import budget_command
from truescore.errors import UserError
from truescore.files import SUMMARY
from truescore.training.run import train

from .conftest import small_config


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "got no run=DIR"),
        (["run=here", "steps=3"], "got 'steps=3', expected run=DIR"),
        (["run=here", "n_generate=many"], "n_generate=many, expected a whole number"),
        (["run=here", "train=maybe"], "train=maybe, expected true or false"),
        (["run=nowhere"], "which has no config.yaml"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(UserError, match=message):
        budget_command(arguments)


def test_an_unfinished_run_is_refused(tmp_path):
    (tmp_path / "config.yaml").write_text("name: half")
    with pytest.raises(UserError, match=f"which has no {SUMMARY}"):
        budget_command([f"run={tmp_path}"])


@pytest.mark.parametrize(
    "words", [["ising_d16", "dataset.dim=4"], pytest.param(["gl_d8"], marks=pytest.mark.slow)]
)
def test_a_small_run_goes_through(words, without_figures, tmp_path, capsys):
    train(small_config(*words), tmp_path)
    capsys.readouterr()
    budget_command([f"run={tmp_path}", "n_generate=200", "fine_steps=4", "seed=1"])
    out = capsys.readouterr().out
    assert "E  network, training" in out and "F  finite N" in out
    assert (tmp_path / "budget" / "budget.png").is_file()
    budget_command([f"run={tmp_path}", "n_generate=200", "fine_steps=4", "train=false"])
    assert "EF  learning, finite N" in capsys.readouterr().out
