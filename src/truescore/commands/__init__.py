"""What the scripts beside ``train.py`` do: judge and draw samples without training, and report.

Torch and all that needs it are imported where the work begins, so that --help and a wrong argument
are answered at once.
"""

from truescore.commands.benchmark import benchmark_command
from truescore.commands.budget import budget_command
from truescore.commands.evaluate import evaluate_command
from truescore.commands.frame import command
from truescore.commands.report import report_command
from truescore.commands.sample import sample_command

__all__ = [
    "benchmark_command",
    "budget_command",
    "command",
    "evaluate_command",
    "report_command",
    "sample_command",
]
