"""train.py as a user runs it: the training is a stub that does what ``seed`` says."""

import subprocess
import sys
from pathlib import Path

import pytest

from truescore import cli

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(cli.__file__).parents[1]
STUB = """
import runpy, sys, types
sys.path.insert(0, {package!r})

def train(config, run_dir):
    from truescore.errors import UserError
    print("training", config.name)
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
    if config.seed == 6:
        import time
        time.sleep(60)
    from omegaconf import OmegaConf
    from truescore.config import config_hash
    OmegaConf.save(config, run_dir / "config.yaml", resolve=True)
    (run_dir / "summary.json").write_text('{{"config_hash": "%s"}}' % config_hash(config))

sys.modules["truescore.training.run"] = types.SimpleNamespace(train=train)
rehearsal = types.SimpleNamespace(rehearse=lambda config: None)
sys.modules["truescore.training.rehearsal"] = rehearsal
sys.argv = [{script!r}, *sys.argv[1:]]
try:
    runpy.run_path({script!r}, run_name="__main__")
finally:
    heavy = {{"torch", "pytorch_lightning", "scipy", "matplotlib"}} & set(sys.modules)
    if heavy:
        print("IMPORTED", *heavy)
"""


@pytest.fixture
def call(tmp_path):
    """Run train.py with the stub in a folder of its own; `(code, stdout, stderr)`."""
    stub = tmp_path / "stub.py"
    stub.write_text(STUB.format(package=str(PACKAGE), script=str(ROOT / "train.py")))
    work = tmp_path / "work"
    work.mkdir()

    def call(*arguments):
        command = [sys.executable, str(stub), *arguments]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=60)
        assert "IMPORTED" not in done.stdout
        return done.returncode, done.stdout, done.stderr

    return call


@pytest.fixture
def outputs(tmp_path):
    return tmp_path / "work" / "outputs"


@pytest.fixture
def start(call, tmp_path):
    """Start train.py with the stub and give back the process."""

    def start(*arguments):
        command = [sys.executable, str(tmp_path / "stub.py"), *arguments]
        return subprocess.Popen(command, cwd=tmp_path / "work", stderr=subprocess.PIPE, text=True)

    return start
