"""Earlier studies of the same laws: what they report, and their way of measuring on our cells.

They compare one set of samples with another, so that what they call an error is noise of both sets
besides. Measured in the same way our cells can stand beside theirs, with what two sets of perfect
samples would show.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, cast

import pandas as pd
import torch
from torch import Tensor

from truescore.build import build_target
from truescore.randomness import keyed_generator
from truescore.runs import SAMPLES, read_config, read_samples
from truescore.study.cells import Study, where

N_GENERATED, N_REFERENCE = 10_000, 100_000


class Earlier(NamedTuple):
    """A row of an earlier study's table: errors of mean and covariance (Frobenius)."""

    dim: int
    n_train: int
    mean: float
    covariance: float


# Neither is published. The first does not say in which norm its means are; the second's are L2.
EARLIER: Mapping[str, tuple[Earlier, ...]] = {
    "ising_ring": (
        Earlier(16, 1000, 0.274, 0.487),
        Earlier(64, 10_000, 0.391, 1.459),
        Earlier(128, 400, 0.633, 3.22),
    ),
    "ginzburg_landau": (
        Earlier(8, 100_000, 0.007393, 0.023180),
        Earlier(16, 100_000, 0.008234, 0.055572),
        Earlier(32, 100_000, 0.012803, 0.143263),
        Earlier(64, 100_000, 0.061964, 0.878410),
    ),
}

THEIR_WAY: Mapping[str, str] = {
    "ising_ring": "as it did",
    "ginzburg_landau": "where it compared 100,000 with 100,000, of which perfect ones show"
    " covariances of 0.026, 0.046, 0.088 and 0.104 at d = 8, 16, 32 and 64; so its errors have"
    " other floors than those beside",
}
"""How the earlier study compared, beside 10,000 samples against 100,000."""


def two_sample_errors(samples: Tensor, reference: Tensor) -> tuple[float, float]:
    """L2 distance of the means and Frobenius distance of the covariances of two sets ``(n, d)``."""
    a, b = samples.double(), reference.double()
    mean = (a.mean(0) - b.mean(0)).norm()
    covariance = (torch.cov(a.mT) - torch.cov(b.mT)).norm()
    return float(mean), float(covariance)


def beside_earlier(study: Study, variant: str) -> pd.DataFrame | None:
    """Errors of 10,000 samples of each cell against a set of 100,000 exact ones.

    Returns:
        A row for each size of the study or of the earlier one: ``dim, n_train, mean, covariance``
        (means over seeds), ``mean_floor, covariance_floor`` (root mean square of the comparison
        of two sets of perfect samples), ``earlier_mean, earlier_covariance``. ``None`` if there is
        no earlier study of the law, or no cell that has kept as many samples.
    """
    rows = EARLIER.get(study.law)
    if rows is None:
        return None
    cells = where(study.cells, variant=variant)
    enough = [
        n >= N_GENERATED and (study.folder / cell / SAMPLES).is_file()
        for cell, n in zip(cells["cell"], cells["n_generate"], strict=True)
    ]
    cells = cast(pd.DataFrame, cells.loc[enough])
    if cells.empty:
        return None
    measured = []
    for _, of_dim in cells.groupby("dim"):
        names = list(dict.fromkeys(of_dim["cell"]))
        reference = _reference(study.folder / names[0])
        for name in names:
            cell = where(cast(pd.DataFrame, of_dim), cell=name)
            samples = read_samples(study.folder / name / SAMPLES)[:N_GENERATED]
            mean, covariance = two_sample_errors(samples, reference)
            size = {key: int(cell[key].iloc[0]) for key in ("dim", "n_train")}
            floors = {
                "mean_floor": _floor(cell, "mean_l2"),
                "covariance_floor": _floor(cell, "cov_frobenius"),
            }
            measured.append({**size, "mean": mean, "covariance": covariance, **floors})
    size = ["dim", "n_train"]
    ours = cast(pd.DataFrame, pd.DataFrame(measured).groupby(size, as_index=False).mean())
    columns = [*size, "earlier_mean", "earlier_covariance"]
    theirs = pd.DataFrame.from_records(rows, columns=columns)
    return ours.merge(theirs, how="outer", on=size).sort_values(size)


def _reference(cell: Path) -> Tensor:
    target = build_target(read_config(cell))
    return target.sample(N_REFERENCE, keyed_generator(0, "reference samples"))


def _floor(cell: pd.DataFrame, metric: str) -> float:
    """That of two sets: squares of floors are in inverse proportion to the numbers of samples."""
    row = where(cell, metric=metric).iloc[0]
    return float(row["floor"] * (row["n_generate"] * (1 / N_GENERATED + 1 / N_REFERENCE)) ** 0.5)
