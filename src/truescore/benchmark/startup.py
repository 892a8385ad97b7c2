"""Seconds from the command line to its help, to a refusal, to the first training step."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from truescore.benchmark.children import Failed, ended, running
from truescore.benchmark.rows import Row, Spread, Target
from truescore.benchmark.settings import Settings

GROUP = "startup"
BAD_CONFIG = 2
POLL, PATIENCE = 0.005, 300.0
HELP, REFUSAL = Target(1.0, at_least=False), Target(1.5, at_least=False)
CASES = {
    "train.py --help": (["--help"], 0, HELP),
    "train.py sampler.steps=1": (["+experiment=ising_d16", "sampler.steps=1"], BAD_CONFIG, REFUSAL),
}
FIRST_STEP = "train.py +experiment=ising_d16, first step's checkpoint, empty cache"


def measure(settings: Settings, runs: int = 5) -> Iterator[Row]:
    """Wall time of fresh processes; the least is what other work on the machine disturbed least."""
    for case, (arguments, code, target) in CASES.items():
        try:
            endings = [ended(arguments, code) for _ in range(runs)]
        except Failed as failed:
            yield Row.absent(GROUP, case, "least", str(failed), target)
            continue
        processor = min(ending.processor_seconds for ending in endings)
        note = f"least processor time {processor:.2f} s"
        yield from rows(case, [ending.seconds for ending in endings], target, note)
    fewer = (runs + 1) // 2  # of these each takes seconds
    try:
        yield from rows(FIRST_STEP, [first_step() for _ in range(fewer)])
    except Failed as failed:
        yield Row.absent(GROUP, FIRST_STEP, "least", str(failed))


def beside_torch(runs: int = 3) -> Iterator[Row]:
    """Processor time of the same processes beside one that imports torch and nothing else."""
    alone = min(ended(["-c", "import torch"], 0, ()).processor_seconds for _ in range(runs))
    for case, (arguments, code, _) in CASES.items():
        ours = min(ended(arguments, code).processor_seconds for _ in range(runs))
        quantity = "processor time beside `import torch`"
        yield Row.ratio(GROUP, case, quantity, Spread.of([ours / alone]))


def rows(
    case: str, seconds: list[float], target: Target | None = None, note: str = ""
) -> Iterator[Row]:
    """Least and median."""
    yield Row(GROUP, case, "least", "s", Spread.of([min(seconds)]), target, note)
    yield Row(GROUP, case, "median", "s", Spread.of(seconds))


def first_step() -> float:
    """Seconds until the first step's checkpoint is written, after null laws and a validation.

    Raises:
        Failed: it never is.
    """
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        arguments = [
            "+experiment=ising_d16", "trainer.max_steps=1", "dataset.n_val=20",
            "sampler.n_generate=20", "callbacks.progress_bar=false", f"hydra.run.dir={folder}/run",
        ]  # fmt: skip
        start = time.perf_counter()
        with running(arguments, folder / "cache", folder / "log") as process:
            while not (folder / "run" / "checkpoints" / "best.ckpt").is_file():
                if process.poll() is not None or time.perf_counter() - start > PATIENCE:
                    raise Failed("train.py +experiment=ising_d16 came to no first step")
                time.sleep(POLL)
            return time.perf_counter() - start
