"""What a number of processes asks of a configuration."""

from collections.abc import Mapping
from typing import Any

from truescore.ranks import started_outside


def n_processes(trainer: Mapping[str, Any]) -> int:
    """How many processes train together."""
    # A run from before there was a choice has no num_nodes.
    return trainer["devices"] * trainer.get("num_nodes", 1)


def process_errors(plain: Mapping[str, Any]) -> list[str]:
    """One line for each reason why the processes there are cannot train together."""
    n, started, batch_size = (
        n_processes(plain["trainer"]),
        started_outside(),
        plain["dataset"]["batch_size"],
    )
    lines = []
    if started not in (1, n):
        lines.append(
            f"trainer: got {n} processes (devices x num_nodes) where torchrun or SLURM started"
            f" {started}: use trainer=ddp, or start one"
        )
    if batch_size % n:
        lines.append(
            f"dataset.batch_size: got {batch_size} on {n} processes, expected a multiple of {n}"
        )
    return lines


def sweep_errors(plain: Mapping[str, Any]) -> list[str]:
    """A line if each cell of a sweep would start the whole sweep again, once for each process."""
    n = n_processes(plain["trainer"])
    if n == 1 or started_outside() > 1:
        return []
    return [
        f"trainer.devices: got a sweep of trainings on {n} processes, which only torchrun or SLURM"
        f" can start: torchrun --nproc_per_node={n} train.py -m ..., or use trainer=default"
    ]
