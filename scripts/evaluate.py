"""Judge samples of a law: those of a run, or anybody's."""

import sys

from truescore.commands import command, evaluate_command

USAGE = """python scripts/evaluate.py run=DIR [samples=FILE] [sampler=NAME]
    [metrics.KEY=VALUE] [out=DIR]
    judges a run's own samples, or others drawn from its model by another sampler
python scripts/evaluate.py samples=FILE dataset=NAME [dataset.KEY=VALUE] [conf=DIR] [out=DIR]
    judges anybody's samples of a law: .safetensors (key samples), .npy, .pt, .csv or .txt, one
    sample a row, one site a column; conf: a folder with the file of a law of your own"""

if __name__ == "__main__":
    sys.exit(command(evaluate_command, USAGE))
