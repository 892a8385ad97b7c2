"""Draw samples from a trained run."""

import sys

from truescore.commands import command, sample_command

USAGE = """python scripts/sample.py run=DIR [sampler=NAME] [sampler.KEY=VALUE] [seed=S] [out=FILE]
    draws from a run's best checkpoint and saves .safetensors under the run's folder;
    sampler.n_generate=N says how many, sampler=NAME takes another sampler of conf/sampler/
of spins or states also, alone or together
    hold=0:1,5:-1        the law given the values of some sites, counted from 0
    temperature=T        the law at another temperature
    magnetisation=M      the law given the sum over all spins (of spins alone)
    sweeps=100           moves at t = 0, redraws of each site: more come nearer to that law"""

if __name__ == "__main__":
    sys.exit(command(sample_command, USAGE))
