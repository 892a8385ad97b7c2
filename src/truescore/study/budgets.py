"""Which sizes fall short of what a study asks of them, and the budgets that say why."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from truescore.budget.budget import FOLDER, SCHEMA_VERSION
from truescore.study.cells import Study, where
from truescore.study.fits import Estimate
from truescore.study.scaling import COVARIANCE, points

STEM = "budget"


class Aim(NamedTuple):
    """What the covariance of a model is to be worth, in samples per sample that it saw.

    Attributes:
        efficiency: at least that.
        most_n_train: up to this N; ``None`` for all.
    """

    efficiency: float
    most_n_train: int | None


# A law that all sites of a ring share can be averaged over them; a chain's plateau, which the fits
# tell, is above the error of many samples.
AIMS: Mapping[str, Aim] = {"ising_ring": Aim(4.0, None)}
AIM = Aim(1.0, 2**13)


class Miss(NamedTuple):
    """A size whose efficiency, as estimated, is below the aim.

    Attributes:
        dim: d.
        n_train: N.
        efficiency: of the covariance, over its seeds.
        cells: its runs, the one of the largest error first.
    """

    dim: int
    n_train: int
    efficiency: Estimate
    cells: list[str]


class CellBudget(NamedTuple):
    """What ``scripts/budget.py`` wrote of a cell.

    Attributes:
        name: of its run, with size and seed.
        words: a line for each observable: its parts, and how they add up.
        figures: ``budget.png`` and ``budget.pdf``.
    """

    name: str
    words: list[str]
    figures: list[Path]


def aim_of(study: Study) -> Aim:
    """What is asked of a law's models."""
    return AIMS.get(study.law, AIM)


def misses(study: Study, variant: str) -> list[Miss]:
    """Sizes below the aim, by their estimate: with few seeds the interval may well reach it."""
    aim, found = aim_of(study), []
    cells = where(study.cells, variant=variant, metric=COVARIANCE)
    for (dim, n_train), point in sorted(points(study, variant, COVARIANCE).items()):
        asked = aim.most_n_train is None or n_train <= aim.most_n_train
        if asked and point.efficiency and point.efficiency.value < aim.efficiency:
            runs = where(cells, dim=dim, n_train=n_train).sort_values("value", ascending=False)
            found.append(Miss(dim, n_train, point.efficiency, list(runs["cell"])))
    return found


def budgets(study: Study, variant: str) -> dict[str, CellBudget]:
    """The budgets of a variant's finished cells, by the cell's name.

    One that another version wrote is left out, as if there were none.
    """
    found = {}
    for cell in dict.fromkeys(where(study.cells, variant=variant)["cell"]):
        folder = study.folder / cell / FOLDER
        if not (file := folder / f"{FOLDER}.json").is_file():
            continue
        told = json.loads(file.read_text(encoding="utf-8"))
        if told.get("schema_version") == SCHEMA_VERSION:
            figures = [folder / f"{FOLDER}.{kind}" for kind in ("png", "pdf")]
            found[cell] = CellBudget(told["name"], told["words"], figures)
    return found


def copy_figures(cell: str, budget: CellBudget, folder: Path) -> list[Path]:
    """Put a budget's figures beside the others, the PNG first, under names that links can have."""
    stem = f"{STEM}_{re.sub(r'[^A-Za-z0-9.-]+', '_', cell)}"
    return [
        Path(shutil.copyfile(figure, folder / f"{stem}{figure.suffix}"))
        for figure in budget.figures
    ]
