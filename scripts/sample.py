"""Draw samples from a trained run."""

import sys

from truescore.commands import command, sample_command

USAGE = """python scripts/sample.py run=DIR [sampler=NAME] [sampler.KEY=VALUE] [seed=S] [out=FILE]
    draws from a run's best checkpoint and saves .safetensors under the run's folder;
    sampler.n_generate=N says how many, sampler=NAME takes another sampler of conf/sampler/"""

if __name__ == "__main__":
    sys.exit(command(sample_command, USAGE))
