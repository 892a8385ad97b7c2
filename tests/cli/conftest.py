"""train.py as a user runs it: the training is a stub that does what ``seed`` says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from truescore import cli

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(cli.__file__).parents[1]
# Every process of a sweep imports a module of this name when it starts.
SITE = """
import sys, types

def train(config, run_dir):
    import os
    from truescore.errors import UserError
    print("a table")
    os.write(1, b"training\\n")  # whoever hears what cells print
    (run_dir / "process").write_text(f"{os.getpid()} {os.environ.get('OMP_NUM_THREADS')}")
    if config.seed == 1:
        raise UserError("checkpoint x.ckpt is truncated; resume from best.ckpt")
    if config.seed == 2:
        raise ZeroDivisionError("a bug")
    if config.seed == 3:
        raise KeyboardInterrupt
    if config.seed == 4:
        try:  # what Lightning does on Ctrl-C
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            sys.exit(1)
    if config.seed == 5:
        raise SystemExit  # what Lightning does on SIGTERM
    if config.seed == 9:  # until it may go on
        import time
        while not (run_dir.parent / "go").exists():
            time.sleep(0.05)
    if config.seed == 6:
        import time
        time.sleep(60)
    from omegaconf import OmegaConf
    from truescore.config import config_hash
    OmegaConf.save(config, run_dir / "config.yaml", resolve=True)
    (run_dir / "summary.json").write_text('{"config_hash": "%s"}' % config_hash(config))
    (run_dir / "process").unlink()

sys.modules["truescore.training.run"] = types.SimpleNamespace(train=train)
rehearsal = types.SimpleNamespace(rehearse=lambda config: None)
sys.modules["truescore.training.rehearsal"] = rehearsal
"""
STUB = """
import runpy, sys
sys.argv = [{script!r}, *sys.argv[1:]]
try:
    runpy.run_path({script!r}, run_name="__main__")
finally:
    heavy = {{"torch", "pytorch_lightning", "scipy", "matplotlib"}} & set(sys.modules)
    if heavy:
        print("IMPORTED", *heavy)
"""


@pytest.fixture
def command(tmp_path):
    """What runs train.py with the stub: keywords of ``subprocess``."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SITE)
    stub = tmp_path / "stub.py"
    stub.write_text(STUB.format(script=str(ROOT / "train.py")))
    work = tmp_path / "work"
    work.mkdir()

    def command(*arguments):
        env = os.environ | {"PYTHONPATH": f"{tmp_path / 'site'}:{PACKAGE}"}
        return {"args": [sys.executable, str(stub), *arguments], "cwd": work, "env": env}

    return command


@pytest.fixture
def call(command):
    """Run train.py with the stub in a folder of its own; `(code, stdout, stderr)`."""

    def call(*arguments):
        done = subprocess.run(**command(*arguments), capture_output=True, text=True, timeout=120)
        assert "IMPORTED" not in done.stdout
        return done.returncode, done.stdout, done.stderr

    return call


@pytest.fixture
def outputs(tmp_path):
    return tmp_path / "work" / "outputs"


@pytest.fixture
def check_launcher(call, outputs):
    """Hold a launcher's sweep against cells that run one after the other: done, failed, skipped."""

    def check(launcher):
        code, _, errors = call("-m", "seed=0,1,7", launcher)
        assert code == 1
        assert errors.splitlines()[-2:] == [
            "1 cells of the sweep outputs/multirun/ising_ring failed:",
            "  seed_1: checkpoint x.ckpt is truncated; resume from best.ckpt",
        ]
        sweep = outputs / "multirun" / "ising_ring"
        assert all((sweep / f"seed_{seed}" / "summary.json").exists() for seed in (0, 7))
        assert call("-m", "seed=0,7", launcher)[0] == 0
        assert "seed_0: done before, skipped" in (sweep / "seed_0" / "train.log").read_text()

    return check


@pytest.fixture
def start(command):
    """Start train.py with the stub and give back the process."""

    def start(*arguments):
        return subprocess.Popen(**command(*arguments), stderr=subprocess.PIPE, text=True)

    return start
