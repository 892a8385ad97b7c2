"""Processes that the benchmark starts: they end with it."""

import os
import subprocess
import sys
import time

import pytest

SLEEP = "import os, sys, time; print(os.getpid(), file=open({file!r}, 'w', 1)); time.sleep(60)"
PARENT = """
import sys
from truescore.benchmark.children import ended
from truescore.commands import command
sys.argv = [""]
sys.exit(command(lambda _: ended(["-c", {child!r}], 0, ()), "", needs_arguments=False))
"""


def test_a_child_does_not_outlive_a_command_that_is_terminated(tmp_path):
    file = tmp_path / "pid"
    child = SLEEP.format(file=str(file))
    parent = subprocess.Popen([sys.executable, "-c", PARENT.format(child=child)])
    while not (file.is_file() and file.read_text()):
        assert parent.poll() is None
        time.sleep(0.05)
    os.kill(int(file.read_text()), 0)
    parent.terminate()
    assert parent.wait(20) == 143
    with pytest.raises(ProcessLookupError):
        os.kill(int(file.read_text()), 0)
