"""Hydra's callback: refuses what cannot be run before any work, and ends a sweep honestly."""

import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from truescore.errors import UserError
from truescore.files import CHECKPOINTS, SUMMARY
from truescore.job import APPLICATIONS, BAD_CONFIG, FAILED, TERMINATED, imported
from truescore.ranks import rank
from truescore.sweep import Plan, folder_errors, read_mark

LAUNCHER = "hydra/launcher="
# The launcher that gives each job processes of its own.
SLURM = "submitit_slurm"
# The launcher whose jobs are processes of the command's.
JOBLIB = "joblib"
# The launchers whose jobs run in other working folders than the command.
RAY = ("ray", "ray_cluster")
# The launchers whose jobs tell of their progress where the command does.
HERE = ("basic", JOBLIB)
# The plan of the sweep that this process has handed to a launcher; the one in the sweep's folder
# may be another command's.
launched: ContextVar[Plan | None] = ContextVar("launched", default=None)


class CheckFirst(Callback):
    """Refuses what cannot be run before Hydra makes a folder for it, and ends a sweep honestly.

    Hydra turns an exception in a callback into a warning and goes on; ``SystemExit`` alone gets
    through, so every way out of these methods is one.

    Args:
        application: one of `APPLICATIONS`.
    """

    def __init__(self, application: str = "train") -> None:
        self.application = application

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Stop a run that cannot be built as it is configured, or not written where it should."""
        with _loud():
            behind = APPLICATIONS[self.application]
            _stop_if(imported(behind.check)(config))
            _stop_if(occupied(config))
            try:
                imported(behind.rehearse)(config)
            except UserError as error:
                _stop_if([str(error)])
            _stop_if(unwritable(config, "hydra.run.dir"))

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Stop a sweep of which any job cannot be run as it is configured, and plan its cells."""
        with _loud():
            cells = self._checked_cells(config, GlobalHydra.instance().config_loader())
            if rank() > 0:
                return
            # A job composes its own configuration, in which the folder's name may differ.
            folder = Path(config.hydra.sweep.dir)
            of_jobs = folder.absolute() if _launcher(config) in RAY else folder
            config.hydra.overrides.hydra.append(f"hydra.sweep.dir='{of_jobs}'")
            plan = Plan.of(folder, cells)
            plan.write()
            launched.set(plan)
            tell([f"{folder}: {plan.progress()}", *others_there(plan)])
            if _launcher(config) == JOBLIB:
                # Its workers end with an exception in the command, not with its death.
                signal.signal(signal.SIGTERM, _terminated)
            if _launcher(config) == SLURM:
                imported("truescore.slurm.watch_the_queue")()

    def _checked_cells(self, config: DictConfig, loader: ConfigLoader) -> list[str]:
        """The folders of all jobs, within the sweep's, if nothing is wrong with any."""
        from truescore.config.overrides import override_errors

        params = OmegaConf.select(config, "hydra.sweeper.params") or {}
        overrides = [f"{key}={value}" for key, value in params.items()]
        overrides += config.hydra.overrides.task
        launcher = [o for o in config.hydra.overrides.hydra if o.startswith(LAUNCHER)]
        errors = override_errors(loader, overrides + launcher, RunMode.MULTIRUN, self.application)
        _stop_if(list(errors.values()))
        _stop_if(_several_processes(config))
        cells = cells_of(config, overrides, loader)
        folders = [str(cell.hydra.sweep.subdir) for cell in cells]
        check = imported(APPLICATIONS[self.application].check)
        _stop_if(cell_errors(dict(zip(folders, map(check, cells), strict=True))))
        if rank() == 0:  # whoever follows has a folder that goes
            _stop_if(folder_errors(folders))
        _stop_if(unwritable(config, "hydra.sweep.dir"))
        return folders

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """List the jobs that failed, and exit with an error if there are any."""
        if rank() > 0:
            return
        with _loud():
            plan = launched.get() or Plan.read(Path(config.hydra.sweep.dir))
            if _launcher(config) not in HERE:
                tell([str(plan.progress())])
            if lines := failed_cells(plan):
                plan.forget_refused()
                tell(lines)
                raise SystemExit(FAILED)


def cells_of(
    config: DictConfig, overrides: Sequence[str], loader: ConfigLoader
) -> list[DictConfig]:
    """The configurations of all jobs of a sweep."""
    parsed = OverridesParser.create(loader).parse_overrides(list(overrides))
    cells = []
    for batch in BasicSweeper.split_arguments(parsed, None):
        for number, job_overrides in enumerate(batch):
            composed = loader.load_sweep_config(config, job_overrides)
            with open_dict(composed):
                composed.hydra.job.num = number
            cells.append(composed)
    return cells


def cell_errors(found: Mapping[str, Sequence[str]]) -> list[str]:
    """A line for each error in a sweep, with the jobs that have it.

    Args:
        found: the errors of each job by its folder.
    """
    where: dict[str, list[str]] = {}
    for folder, lines in found.items():
        for line in lines:
            where.setdefault(line, []).append(folder)
    return [line + _of_jobs(folders, len(found)) for line, folders in where.items()]


def _of_jobs(folders: Sequence[str], total: int) -> str:
    if len(folders) == total:
        return ""
    return f" ({folders[0]}{f' and {len(folders) - 1} more' if len(folders) > 1 else ''})"


def others_there(plan: Plan) -> list[str]:
    """A line if a sweep's folder holds finished cells that are not this command's."""
    names = {file.parent.name for file in plan.folder.glob(f"*/{SUMMARY}")} - set(plan.cells)
    if not names:
        return []
    return [f"  beside {len(names)} finished ones of other values; a report is of all in a folder,"
            " hydra.sweep.dir=FOLDER keeps them apart"]  # fmt: skip


def failed_cells(plan: Plan) -> list[str]:
    """How many cells of a sweep failed, and a line for why each did; empty if none."""
    marks = plan.failures()
    lines = [
        f"  {mark.parent.relative_to(plan.folder)}: {message}"
        for mark in marks
        for message in (read_mark(mark.parent) or {"messages": []})["messages"]
    ]
    return [f"{len(marks)} cells of the sweep {plan.folder} failed:", *lines] if marks else []


def broken_off(error: Exception, plan: Plan) -> list[str]:
    """Lines on a sweep whose launcher gave up: why, and which cells failed before it did."""
    said = str(error).splitlines()
    # It may hold all that a worker wrote.
    told = said if len(said) <= 5 else [*said[:3], "...", *said[-1:]]
    why = " ".join(f"{type(error).__name__}: {' '.join(told)}".split())
    return [
        *failed_cells(plan),
        f"the sweep {plan.folder} broke off with {plan.progress()} ({why}):"
        " the same command goes on with it",
    ]


def _several_processes(config: DictConfig) -> list[str]:
    """A line if a sweep's trainings are to be started by Lightning on more than one process."""
    from truescore.config.processes import sweep_errors

    # SLURM starts the processes of each of the jobs that are handed to it.
    if "trainer" not in config or _launcher(config) == SLURM:
        return []
    trainer = OmegaConf.to_container(config.trainer, resolve=True)
    return sweep_errors({"trainer": trainer})


def _launcher(config: DictConfig) -> str:
    return config.hydra.runtime.choices["hydra/launcher"]


def _terminated(*_: Any) -> None:
    if (plan := launched.get()) is not None:
        tell([f"{plan.folder}: terminated; the same command goes on with it"])
    raise SystemExit(TERMINATED)


@contextmanager
def _loud() -> Iterator[None]:
    try:
        yield
    except Exception:
        traceback.print_exc()
        raise SystemExit(FAILED) from None


def occupied(config: DictConfig) -> list[str]:
    """A line if the folder of a run is that of another run, whose files would mix with its own."""
    folder = Path(str(OmegaConf.select(config, "hydra.run.dir", throw_on_resolution_failure=False)))
    if (folder / SUMMARY).exists():
        return [f"hydra.run.dir: {folder} holds a finished run; name another folder or delete it"]
    checkpoint = Path(str(OmegaConf.select(config, "ckpt_path")))
    last = folder / CHECKPOINTS / "last.ckpt"
    if last.exists() and checkpoint.absolute().parent != last.absolute().parent:
        return [f"hydra.run.dir: {folder} holds a run that was cut off; go on with it by"
                f" ckpt_path={last}, name another folder, or delete it"]  # fmt: skip
    return []


def unwritable(config: DictConfig, key: str) -> list[str]:
    """Make the folder a run will write to; a line if that fails."""
    try:
        folder = Path(str(OmegaConf.select(config, key)))
    except OmegaConfBaseException as error:
        return [f"{key}: {str(error).splitlines()[0]}; set {key}=FOLDER"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return []
    except OSError as error:
        return [f"{key}: cannot write to {folder} ({error.strerror}); set {key}=FOLDER"]


def _stop_if(errors: list[str]) -> None:
    if errors:
        tell(errors)
        raise SystemExit(BAD_CONFIG)


def tell(lines: Sequence[str]) -> None:
    """Print lines for the user, once however many processes there are."""
    if rank() > 0:  # rank 0 says the same
        return
    print(*lines, sep="\n", file=sys.stderr)
