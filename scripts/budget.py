"""The error budget of a run: how much of its error each cause makes."""

import sys

from truescore.commands import budget_command, command

USAGE = """python scripts/budget.py run=DIR [n_generate=20000] [seed=0] [fine_steps=K] [train=true]
    draws from the exact score with exact start and fine steps, and lets in one cause of error after
    the other until the run itself is reached; table, figure and numbers go to DIR/budget
    train=false     does not train again on unlimited data, and tells learning as one part
    fine_steps=K    of the exact score; four times the run's, between 64 and 256"""

if __name__ == "__main__":
    sys.exit(command(budget_command, USAGE))
