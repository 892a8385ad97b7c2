"""A sweep on a cluster of Ray: two nodes on this machine.

``pytest -m cluster tests/cli/test_ray.py``, with the extra ray.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec

import pytest

from .test_launchers import wait_for

LAUNCHER = "hydra/launcher=ray_cluster"
RAY = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus=1"]
# Ray's workers are nicer than all others, and its nodes ask for a token.
SETTINGS = {"RAY_worker_niceness": "0", "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra ray"),
]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def nodes(command, tmp_path_factory, monkeypatch):
    """Two nodes of a core each, whose processes import the stub of the training."""
    head = f"127.0.0.1:{free_port()}"
    folder = tmp_path_factory.mktemp("ray")
    env = command()["env"] | SETTINGS
    ways = (
        ["--head", "--node-ip-address=127.0.0.1", f"--port={head.split(':')[1]}"]
        + ["--include-dashboard=false", f"--temp-dir={folder}"],
        [f"--address={head}", "--node-ip-address=127.0.0.1"],
    )
    started = []
    try:
        for way in ways:
            log = folder / f"{len(started)}.log"
            listen = f"--dashboard-agent-listen-port={free_port()}"
            with log.open("w") as stream:
                process = subprocess.Popen(
                    [*RAY, *way, listen], env=env, stdout=stream, stderr=stream
                )
            started.append(process)
            deadline = time.time() + 100
            while "Ray runtime started" not in log.read_text():
                assert process.poll() is None and time.time() < deadline, log.read_text()
                time.sleep(0.2)
        for name, value in (SETTINGS | {"RAY_ADDRESS": head}).items():
            monkeypatch.setenv(name, value)
        yield
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(60)


def test_cells_run_fail_and_skip_as_one_after_the_other_would(nodes, check_launcher):
    check_launcher(LAUNCHER)


def test_both_nodes_have_cells_at_once_and_a_lost_worker_ends_the_sweep(nodes, start, outputs):
    """Each node has one core."""
    once = "+hydra.launcher.ray.remote.max_retries=0"
    sweep = outputs / "multirun" / "ising_ring"
    parent = start("-m", "seed=6", "trainer.max_steps=2000,2001", LAUNCHER, once)
    workers = []
    for steps in (2000, 2001):
        file = sweep / f"seed_6__trainer.max_steps_{steps}" / "process"
        wait_for(file)
        workers.append(int(file.read_text().split()[0]))
    assert len({parent_of(worker) for worker in workers}) == 2
    os.kill(workers[0], signal.SIGKILL)
    _, errors = parent.communicate(timeout=100)
    assert parent.returncode == 1
    last = errors.splitlines()[-1]
    assert "broke off with 0 of 2 cells done" in last and "WorkerCrashedError" in last
    assert last.endswith(": the same command goes on with it")


def parent_of(process):
    """The process that started another: that of a worker of Ray is its node's."""
    with open(f"/proc/{process}/status") as status:
        return next(line.split()[1] for line in status if line.startswith("PPid"))


def test_this_machine_alone_runs_fails_and_skips_as_one_would(check_launcher, monkeypatch):
    """Ray starts and ends with the command."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    check_launcher("hydra/launcher=ray")
