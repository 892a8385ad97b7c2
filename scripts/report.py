"""The report of a sweep: its cells as a table, fitted laws, figures, what limits the model."""

import sys

from truescore.commands import command, report_command

USAGE = """python scripts/report.py sweep=outputs/multirun/NAME [out=DIR]
    writes cells.csv, figures, report.md and report.html of a sweep's finished cells into out, or
    into the sweep's own folder report; the sweep may still be running"""

if __name__ == "__main__":
    sys.exit(command(report_command, USAGE))
