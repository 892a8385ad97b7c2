"""A sweep's folder becomes a table, and what does not fit becomes one line."""

import json
import shutil

import pandas as pd
import pytest

from truescore.errors import UserError
from truescore.study.cells import read_study, write_cells

from .protocol import N_GENERATE, spectrum, write_cell, write_sweep


@pytest.fixture
def sweep(tmp_path):
    return write_sweep(tmp_path / "swept", (8, 16), (1000, 4000), 2)


def plan(folder, cells):
    content = {"schema_version": 1, "cells": cells, "done_before": 0, "began": 0.0}
    (folder / "sweep.json").write_text(json.dumps(content))


def test_a_row_for_each_cell_and_metric(sweep):
    study = read_study(sweep)
    cells = study.cells
    assert study.n_finished == 8 and (study.law, study.state_space) == ("ising_ring", "spin")
    assert len(cells) == 8 * 5 and not cells.duplicated(["cell", "metric"]).any()
    row = cells[(cells["cell"] == "d16_n4000_seed1") & (cells["metric"] == "mean_l2")].iloc[0]
    variance = spectrum(16).sum()
    assert row["floor"] == pytest.approx((variance / N_GENERATE) ** 0.5)
    assert row["training_data_floor"] == pytest.approx((variance / 4000) ** 0.5)
    assert (row["n_train"], row["n_generate"], row["seed"]) == (4000, N_GENERATE, 1)
    assert row["seconds_train"] == 12.5 and row["config_hash"] == "16-4000-1"
    assert set(cells["variant"]) == {"-"}
    assert len(study.curves) == 8 * 6


def test_failed_and_missing_cells_are_named(sweep):
    (sweep / "d16_n4000_seed1" / "summary.json").unlink()
    mark = {"schema_version": 1, "error": "UserError", "messages": ["the loss diverged"]}
    (sweep / "d16_n4000_seed1" / "failed.json").write_text(json.dumps(mark))
    (sweep / "d8_n1000_seed0" / "summary.json").unlink()
    # Interrupted is not failed: the same command runs it.
    mark = {"schema_version": 1, "error": "KeyboardInterrupt", "messages": ["interrupted"]}
    (sweep / "d8_n1000_seed0" / "failed.json").write_text(json.dumps(mark))
    (sweep / "elsewhere").mkdir()
    (sweep / "elsewhere" / ".lock").touch()
    plan(sweep, ["d16_n4000_seed1", "d8_n1000_seed0", "d16_n1000_seed0"])
    study = read_study(sweep)
    assert study.failed == {"d16_n4000_seed1": "the loss diverged"}
    assert study.missing == ["d8_n1000_seed0", "elsewhere"]
    assert study.n_finished == 6


def test_what_else_was_swept_tells_cells_apart_and_what_follows_the_size_does_not(tmp_path):
    for steps in (8, 16):
        for dim in (8, 16):  # chunk_size follows dim in every cell
            write_cell(tmp_path, dim, 1000, 0, **{"sampler.steps": steps})
    variants = read_study(tmp_path).cells.groupby("cell")["variant"].first()
    assert set(variants) == {"sampler.steps=8", "sampler.steps=16"}
    assert variants["d8_n1000_seed0_steps8"] == "sampler.steps=8"


def test_seeds_of_another_training_are_another_variant(tmp_path):
    for seed in range(4):
        write_cell(tmp_path, 8, 1000, seed, **{"sampler.steps": 8 if seed < 2 else 16})
    variants = read_study(tmp_path).cells.groupby("seed")["variant"].first()
    assert list(variants) == 2 * ["sampler.steps=8"] + 2 * ["sampler.steps=16"]


def test_a_choice_from_a_group_is_named_alone(tmp_path):
    for name, theta, steps in (("first", 0.3, 8), ("first", 0.3, 16), ("second", 0.5, 8)):
        changes = {"sampler.name": name, "sampler.theta": theta, "sampler.steps": steps}
        write_cell(tmp_path, 8, 1000, 0, **changes)
    variants = read_study(tmp_path).cells["variant"]
    assert set(variants) == {
        "sampler=first sampler.steps=8",
        "sampler=first sampler.steps=16",
        "sampler=second sampler.steps=8",
    }


def test_where_a_run_stood_is_no_variant(tmp_path):
    for seed, bar in enumerate((True, False)):
        write_cell(tmp_path, 8, 1000, seed, **{"callbacks.progress_bar": bar})
    assert set(read_study(tmp_path).cells["variant"]) == {"-"}


def test_tables_on_disk_hold_the_same(sweep, tmp_path):
    cells = read_study(sweep).cells
    files = write_cells(cells, tmp_path)
    assert [file.name for file in files] == ["cells.csv", "cells.parquet"]
    again = pd.read_csv(files[0])
    for table in (again, pd.read_parquet(files[1])):
        pd.testing.assert_frame_equal(table, cells, check_dtype=False)


def broken(cell, text):
    (cell / "summary.json").write_text(text)


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda p: p.rmdir(), "which is no folder"),
        (lambda p: None, "without a finished cell (0 failed)"),
        (
            lambda p: [
                write_cell(p, 8, 1000, 0),
                write_cell(p, 16, 1000, 0, **{"dataset.coupling": 0.5}),
            ],
            "got cells of different laws: dataset.coupling is 0.5 in d16_n1000_seed0_coupling0.5"
            " and 1.0 in d8_n1000_seed0",
        ),
        (
            lambda p: [
                write_cell(p, 8, 1000, 0),
                write_cell(p, 16, 1000, 0, dataset="ginzburg_landau"),
            ],
            "dataset.name is ginzburg_landau in d16_n1000_seed0 and ising_ring in d8_n1000_seed0",
        ),
        (lambda p: broken(write_cell(p, 8, 1000, 0), "{"), "which is no JSON"),
        (lambda p: broken(write_cell(p, 8, 1000, 0), "{}"), "of schema None, expected 1"),
        (
            lambda p: broken(write_cell(p, 8, 1000, 0), '{"schema_version": 1}'),
            "which is of no training",
        ),
        (lambda p: (write_cell(p, 8, 1000, 0) / "config.yaml").unlink(), "but no config.yaml"),
    ],
)
def test_what_cannot_be_read_is_one_line(prepare, message, tmp_path):
    sweep = tmp_path / "swept"
    sweep.mkdir()
    prepare(sweep)
    with pytest.raises(UserError) as caught:
        read_study(sweep)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_the_same_run_twice_is_not_two_seeds(tmp_path):
    cell = write_cell(tmp_path, 8, 1000, 0)
    shutil.copytree(cell, tmp_path / "again")
    with pytest.raises(UserError, match="which are the same run .d = 8, N = 1000, seed 0"):
        read_study(tmp_path)
