"""Grids of runs, read from what the runs wrote: a table, fitted laws, figures, a report."""

from truescore.study.cells import Study, read_study
from truescore.study.fits import Estimate, PowerLaw, fit_power_law, mean_over_seeds
from truescore.study.pages import write_report

__all__ = [
    "Estimate",
    "PowerLaw",
    "Study",
    "fit_power_law",
    "mean_over_seeds",
    "read_study",
    "write_report",
]
