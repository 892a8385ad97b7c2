"""An earlier study's way of measuring, on cells of ours."""

import torch
from safetensors.torch import save_file

from truescore.study import read_study
from truescore.study.earlier import EARLIER, N_GENERATED, beside_earlier, two_sample_errors
from truescore.study.pages import write_report
from truescore.targets import IsingRing

from .protocol import write_cell


def test_two_sets_differ_by_their_moments():
    x = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    shift = torch.tensor([3.0, 4.0])
    assert two_sample_errors(x + shift, x) == (5.0, 0.0)
    mean, covariance = two_sample_errors(2 * x, x)
    assert mean == 2**0.5
    # Variances 4/3 become 16/3.
    assert abs(covariance - 4 * 2**0.5) < 1e-12


def sweep_of_perfect_samples(folder, dim, n_seeds):
    law = IsingRing(dim)
    for seed in range(n_seeds):
        write_cell(folder, dim, 400, seed)
        x = law.sample(N_GENERATED, torch.Generator().manual_seed(seed))
        (cell,) = folder.glob(f"*seed{seed}")
        save_file({"samples": x}, cell / "samples.safetensors")
    return law


def test_perfect_samples_show_the_floor_of_two_sets(tmp_path):
    """Square errors of 40 sets over their floor: within 5 standard errors of 1."""
    law = sweep_of_perfect_samples(tmp_path, 8, 40)
    rows = beside_earlier(read_study(tmp_path), "-")
    ours = rows[rows["n_train"] == 400].iloc[0]
    # The protocol's synthetic floors are not the ring's, so take the exact one of the mean.
    floor = (law.covariance().trace() * (1 / N_GENERATED + 1 / 100_000)) ** 0.5
    assert abs(float(ours["mean"]) / float(floor) - 1) < 0.25
    assert ours[["earlier_mean", "earlier_covariance"]].isna().all()


def test_the_page_shows_both_tables_and_rows_without_a_cell(tmp_path):
    sweep_of_perfect_samples(tmp_path, 8, 1)
    study = read_study(tmp_path)
    (tmp_path / "report").mkdir()
    write_report(study, tmp_path / "report")
    text = (tmp_path / "report" / "report.md").read_text()
    for row in EARLIER["ising_ring"]:
        assert (
            f"| {row.dim} | {row.n_train:,} | {row.mean:.3g} | {row.covariance:.3g} | - |" in text
        )


def test_laws_of_no_earlier_study_have_no_such_table(tmp_path):
    write_cell(tmp_path, 8, 400, 0, dataset="potts_ring")
    assert beside_earlier(read_study(tmp_path), "-") is None
