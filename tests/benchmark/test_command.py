"""The command: what it refuses in one line, and which groups a word means."""

import json
import subprocess
import sys

import pytest

from truescore.benchmark import GROUPS, Row, Spread, Target, limits, quick, settings, simulate
from truescore.commands import benchmark_command
from truescore.errors import UserError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["group=everything"], "got group=everything, expected all, machine, shares, simulate"),
        (["group=[simulate,flips]"], "got group=flips, expected all"),
        (["group=[simulate"], "got group=[simulate, expected all"),
        (["group=simulate]"], "got group=simulate], expected all"),
        (["group=[]"], "got group=, expected all"),
        (["device=tpu"], "got device=tpu, expected cpu or cuda"),
        (["threads=0"], "got threads=0, expected a whole number from 1"),
        (["seed=-1"], "got seed=-1, expected a whole number from 0"),
        (["rounds=3"], "got 'rounds=3', expected of group, device"),
        (["quick"], "got 'quick', expected key=value"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(UserError) as error:
        benchmark_command(arguments)
    assert str(error.value).startswith(message) and "\n" not in str(error.value)


def test_groups_come_in_their_own_order():
    assert settings({"group": "[oracle,simulate]"}).groups == ("simulate", "oracle")
    assert settings({"group": "startup"}).groups == ("startup",)


def test_all_leaves_out_what_must_be_asked_for():
    left_out = set(GROUPS) - set(settings({}).groups)
    assert left_out == {"gl_d64", "against_document", "quick"}
    assert "gl_d64" in settings({"group": "[all,gl_d64]"}).groups


def test_a_bad_group_is_told_without_torch():
    code = (
        "import sys; sys.argv = ['', 'group=none']\n"
        "from truescore.commands import benchmark_command, command\n"
        "code = command(benchmark_command, '', needs_arguments=False)\n"
        "sys.exit(code if 'torch' not in sys.modules else 77)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("got group=none, expected all")
    assert done.stderr.count("\n") == 1


def rows_of(group, value):
    bad = Row.ratio(
        group, "flips", "ours against theirs", Spread(value, value, value, 1), Target(2)
    )
    return lambda asked: iter([bad, bad])


def test_a_miss_of_quick_is_an_error_of_one_line_each(monkeypatch, tmp_path):
    monkeypatch.setattr(quick, "measure", rows_of("quick", 1.0))
    with pytest.raises(UserError) as error:
        benchmark_command(["group=quick", f"out={tmp_path}"])
    line = "quick: flips: ours against theirs: 1 x: >= 2, missed"
    assert str(error.value).splitlines() == [line, line]
    assert (tmp_path / "benchmark.json").is_file()


def test_a_bound_that_is_kept_is_none(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(quick, "measure", rows_of("quick", 2.0))
    benchmark_command(["group=quick", f"out={tmp_path}"])
    assert "met" in capsys.readouterr().out


def test_a_miss_of_another_group_is_told_and_no_error(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(limits, "measure", rows_of("machine", 1.0))
    benchmark_command(["group=machine", f"out={tmp_path}"])
    assert "missed" in capsys.readouterr().out


def test_a_gpu_that_is_not_there_is_refused_and_leaves_no_folder(monkeypatch, tmp_path):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(UserError, match="torch sees no GPU: use device=cpu"):
        benchmark_command(["device=cuda", f"out={tmp_path / 'new'}"])
    assert not (tmp_path / "new").exists()


def failing(error):
    row = Row.ratio("machine", "flips", "ours against theirs", Spread(2, 2, 2, 1), Target(1))

    def measure(asked):
        yield row
        raise error

    return measure


def test_a_group_that_fails_costs_nobody_elses_rows(monkeypatch, tmp_path):
    monkeypatch.setattr(limits, "measure", failing(ValueError("no\nroom")))
    monkeypatch.setattr(simulate, "measure", rows_of("simulate", 3.0))
    benchmark_command(["group=[machine,simulate]", f"out={tmp_path}"])
    written = json.loads((tmp_path / "benchmark.json").read_text())
    assert [row["verdict"] for row in written["rows"]] == ["met", "not measured", "met", "met"]
    assert written["rows"][1]["note"] == "ValueError: no room"
    assert set(written["seconds"]) == {"machine", "simulate"}


def test_what_is_measured_survives_an_interruption(monkeypatch, tmp_path):
    monkeypatch.setattr(limits, "measure", failing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        benchmark_command(["group=machine", f"out={tmp_path}"])
    assert len(json.loads((tmp_path / "benchmark.json").read_text())["rows"]) == 1
    assert "met" in (tmp_path / "benchmark.md").read_text()


def test_a_failure_of_quick_does_not_pass_in_silence(monkeypatch, tmp_path):
    monkeypatch.setattr(quick, "measure", failing(ValueError("no room")))
    with pytest.raises(UserError, match="not measured: ValueError: no room"):
        benchmark_command(["group=quick", f"out={tmp_path}"])
