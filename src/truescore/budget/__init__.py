"""The error budget of a run: its error split into its causes, each one measured."""

from truescore.budget.budget import Budget, measure
from truescore.budget.ladder import Rung, learned_rung, oracle_rungs
from truescore.budget.pages import table, words, write_budget
from truescore.budget.parts import Averages, Part, Split, part, split

__all__ = [
    "Averages",
    "Budget",
    "Part",
    "Rung",
    "Split",
    "learned_rung",
    "measure",
    "oracle_rungs",
    "part",
    "split",
    "table",
    "words",
    "write_budget",
]
