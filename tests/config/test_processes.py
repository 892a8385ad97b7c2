"""How many processes train, and what their number asks of a configuration."""

import pytest

from truescore.config import check
from truescore.config.processes import sweep_errors
from truescore.ranks import rank, started_outside

ELASTIC = {"TORCHELASTIC_RUN_ID": "x", "RANK": "1", "LOCAL_RANK": "0", "WORLD_SIZE": "2"}
TORCHRUN = ELASTIC | {"LOCAL_WORLD_SIZE": "2", "GROUP_WORLD_SIZE": "1"}
SLURM = {
    "SLURM_PROCID": "3",
    "SLURM_NTASKS": "4",
    "SLURM_NTASKS_PER_NODE": "2",
    "SLURM_NNODES": "2",
}
SHELL = SLURM | {"SLURM_JOB_NAME": "bash"}
NAMES = {*TORCHRUN, *SHELL}


@pytest.fixture
def environment(monkeypatch):
    def set_to(values):
        for name in NAMES:
            monkeypatch.delenv(name, raising=False)
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    set_to({})
    return set_to


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, (0, 1)),
        (TORCHRUN, (1, 2)),
        (SLURM, (3, 4)),
        (SHELL, (0, 1)),
        ({"LOCAL_RANK": "1"}, (1, 1)),
    ],
)
def test_who_started_this_process(environment, values, expected):
    environment(values)
    assert (rank(), started_outside()) == expected


@pytest.mark.parametrize(
    ("values", "expected"), [({}, (2, 1)), (TORCHRUN, (2, 1)), (SLURM, (2, 2))]
)
def test_ddp_takes_as_many_processes_as_there_are(environment, composed, values, expected):
    environment(values)
    config = composed("+experiment=ising_d16", "trainer=ddp")
    assert (config.trainer.devices, config.trainer.num_nodes) == expected
    assert check(config) == []


def test_what_cannot_train_together_is_refused(environment, composed):
    config = composed("+experiment=ising_d16", "trainer=ddp", "trainer.devices=3")
    size = config.dataset.batch_size
    assert check(config) == [
        f"dataset.batch_size: got {size} on 3 processes, expected a multiple of 3"
    ]
    environment(TORCHRUN)
    assert check(composed("+experiment=ising_d16")) == [
        "trainer: got 1 processes (devices x num_nodes) where torchrun or SLURM started 2: use"
        " trainer=ddp, or start one"
    ]


def test_a_sweep_on_several_processes_has_to_be_started_outside(environment, composed):
    config = composed("+experiment=ising_d16", "trainer=ddp")
    (line,) = sweep_errors(config)
    assert "torchrun --nproc_per_node=2 train.py -m" in line
    assert sweep_errors(composed("+experiment=ising_d16")) == []
    environment(TORCHRUN)
    assert sweep_errors(config) == []
