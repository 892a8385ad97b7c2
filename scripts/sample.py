"""Draw samples from a trained run."""

import sys

from truescore.commands import command, sample_command

USAGE = """python scripts/sample.py run=DIR [sampler.n_generate=N] [seed=S] [out=FILE]
    draws from a run's best checkpoint and saves .safetensors under the run's folder"""

if __name__ == "__main__":
    sys.exit(command(sample_command, USAGE))
