"""How fast this is beside others that do the same, as ratios measured in one run."""

import sys

from truescore.commands import benchmark_command, command

USAGE = """python scripts/benchmark.py [group=NAME | group=[NAME,NAME]] [out=DIR]
    [device=cpu|cuda] [threads=1] [seed=0]
    times us and others in turn; tables, figure and numbers go to out, or outputs/benchmark/<time>,
    every row as it comes
    group=all       the default: all of these
    group=machine   matrix products, memory, random numbers
    group=shares    how much of these training, sampling and exact scores make use of
    group=simulate  flips, steps and exact samples
    group=oracle    exact scores
    group=train_step      steps of every network, and Lightning's loop beside a bare one
    group=sample    samplers beside others' on one network and one grid, and to equal quality
    group=startup   seconds to --help, to a refusal, to the first step
    group=time_to_floor   whole runs of ising_d16, d64, d128 and gl_d32, from a cold start
of their own:
    group=gl_d64    a whole run, many minutes
    group=against_document   the document's own method, stopped at three times our time
    group=quick     half a minute to two; exits with an error if what was timed became twice as slow
others' libraries come with pip install -e '.[bench]' -c constraints.txt"""

if __name__ == "__main__":
    sys.exit(command(benchmark_command, USAGE, needs_arguments=False))
