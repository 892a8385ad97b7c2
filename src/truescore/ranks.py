"""Which of several processes of one training this one is, without torch.

The processes are started by ``torchrun`` or by SLURM, or by Lightning, which then starts the
command once more for each device. Rank 0 leads: it alone writes, draws samples and judges.
"""

import os


def rank() -> int:
    """This process's place among all, from 0."""
    variables = ["RANK", "LOCAL_RANK"]
    if _of_slurm():
        variables.insert(1, "SLURM_PROCID")
    return next((int(os.environ[name]) for name in variables if name in os.environ), 0)


def started_outside() -> int:
    """How many processes ``torchrun`` or SLURM started this command in; 1 without them."""
    if "TORCHELASTIC_RUN_ID" in os.environ:
        return int(os.environ["WORLD_SIZE"])
    return int(os.environ["SLURM_NTASKS"]) if _of_slurm() else 1


def _of_slurm() -> bool:
    # A shell that SLURM gave has the variables of a job too, and is one process.
    shell = os.environ.get("SLURM_JOB_NAME") in ("bash", "interactive")
    return "SLURM_PROCID" in os.environ and "SLURM_NTASKS" in os.environ and not shell
