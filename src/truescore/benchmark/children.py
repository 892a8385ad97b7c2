"""Fresh processes of ``train.py``, as a user would start them."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TRAIN = (str(ROOT / "train.py"),)
# Between two looks at a child, in seconds.
GLANCE = 0.005


class Failed(Exception):  # noqa: N818 - not an error: a line of the table says so
    """A process did not end as it should; the message is for the table."""


@dataclass(frozen=True)
class Ended:
    """A process that has ended.

    Attributes:
        seconds: of wall time from its start.
        processor_seconds: that it and its own children took of the processor.
        megabytes: most memory that it held.
        code: its exit code.
        last_line: of what it wrote to its streams.
    """

    seconds: float
    processor_seconds: float
    megabytes: float
    code: int
    last_line: str


@contextmanager
def running(
    arguments: list[str], cache: Path, log: Path, script: tuple[str, ...] = TRAIN
) -> Iterator[subprocess.Popen]:
    """``train.py`` of this checkout with this Python, no longer than the context.

    Null laws go to ``cache``.
    """
    path = os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH"))))
    own = os.environ | {"PYTHONPATH": path, "TRUESCORE_CACHE": str(cache)}
    with log.open("w") as stream:
        command = [sys.executable, *script, *arguments]
        process = subprocess.Popen(command, env=own, stdout=stream, stderr=stream)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()


def ended(arguments: list[str], code: int, script: tuple[str, ...] = TRAIN) -> Ended:
    """``train.py``, or what else this Python is to run, when it has ended.

    Raises:
        Failed: for another exit code than ``code``.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        start = time.perf_counter()
        held, own = 0.0, 0
        with running(arguments, Path(folder) / "cache", log, script) as process:
            while not own:
                held = max(held, _peak_megabytes(process.pid))
                time.sleep(GLANCE)
                # Unlike wait(), this tells what this one child used.
                own, status, usage = os.wait4(process.pid, os.WNOHANG)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        last = (log.read_text().strip().splitlines() or ["no word"])[-1]
    if process.returncode != code:
        words = " ".join([*(Path(part).name for part in script), *arguments])
        raise Failed(f"{words} ended with {process.returncode}, not {code}: {last}")
    processor_seconds = usage.ru_utime + usage.ru_stime
    # The system's own figure counts what the parent held before the child began.
    megabytes = held or usage.ru_maxrss / 1024
    return Ended(seconds, processor_seconds, megabytes, process.returncode, last)


def _peak_megabytes(pid: int) -> float:
    """Most memory that a running process has held; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    peak = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return float(peak[0]) / 1024 if peak else 0.0
