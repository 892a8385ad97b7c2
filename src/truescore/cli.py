"""What stands around a run on the command line: checks before it, exit codes after it.

Exit codes: 0 done; 1 a run failed; 2 the configuration cannot be run; 130 interrupted.
"""

import json
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.utils import create_config_search_path, get_args_parser
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from truescore.errors import UserError
from truescore.job import APPLICATIONS, BAD_CONFIG, FAILED, imported
from truescore.ranks import rank
from truescore.sweep import Plan, folder_errors

INTERRUPTED = 130
LAUNCHER = "hydra/launcher="
# The launcher that gives each job processes of its own.
SLURM = "submitit_slurm"
# The launchers whose jobs run in other working folders than the command.
RAY = ("ray", "ray_cluster")
# The launchers whose jobs tell of their progress where the command does.
HERE = ("basic", "joblib")
# What a configuration that cannot be composed raises.
UNCOMPOSED = (HydraException, OmegaConfBaseException, YAMLError, ValueError)
# The folder of the sweep that this process has handed to a launcher.
_launched: ContextVar[Path | None] = ContextVar("launched", default=None)


log = logging.getLogger("truescore")


def run(main: Callable[[], None], conf: Path, application: str = "train") -> int:
    """Call a ``hydra.main`` function and return the exit code.

    Args:
        main: the decorated function; its job is `truescore.job.job`.
        conf: the folder of its configuration, to tell which names would have worked.
        application: its primary configuration, one of `APPLICATIONS`.
    """
    wants_traceback = os.environ.get("HYDRA_FULL_ERROR") == "1"
    os.environ["HYDRA_FULL_ERROR"] = "1"  # or Hydra prints the error and exits by itself
    try:
        with _scratch_of_followers(), _groups_at_once():
            main()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if (folder := _launched.get()) is not None:
            # A job never raises: what gets here is a launcher whose worker was lost.
            if wants_traceback:
                traceback.print_exc()
            _tell(broken_off(error, Plan.read(folder)))
            return FAILED
        if not isinstance(error, UNCOMPOSED):
            raise
        # A job never raises these: what gets here is a configuration that cannot be composed.
        if wants_traceback:
            traceback.print_exc()
        _tell(explain(error, conf, application))
        return BAD_CONFIG
    return 0


@contextmanager
def _groups_at_once() -> Iterator[None]:
    """Let --help list the groups straight from where they are.

    For each of a hundred questions which options a group has Hydra copies all it knows of the
    configuration first, as an override could change it: half of the time of --help, which has none.
    """
    asked = ConfigLoaderImpl.get_group_options

    def options(
        self: ConfigLoaderImpl,
        group_name: str,
        results_filter: ObjectType | None = ObjectType.CONFIG,
        config_name: str | None = None,
        overrides: list[str] | None = None,
    ) -> list[str]:
        if config_name is None and not overrides:
            return self.repository.get_group_options(group_name, results_filter)
        return asked(self, group_name, results_filter, config_name, overrides)

    ConfigLoaderImpl.get_group_options = options
    try:
        yield
    finally:
        ConfigLoaderImpl.get_group_options = asked


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
            try:
                imported(behind.rehearse)(config)
            except UserError as error:
                _stop_if([str(error)])
            _stop_if(unwritable(config, "hydra.run.dir"))

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Stop a sweep whose overrides cannot be applied or whose folder cannot be written."""
        with _loud():
            from truescore.config.overrides import override_errors

            params = OmegaConf.select(config, "hydra.sweeper.params") or {}
            overrides = [f"{key}={value}" for key, value in params.items()]
            hydra = GlobalHydra.instance().hydra
            if hydra is not None:
                overrides += config.hydra.overrides.task
                launcher = [o for o in config.hydra.overrides.hydra if o.startswith(LAUNCHER)]
                errors = override_errors(
                    hydra.config_loader, overrides + launcher, RunMode.MULTIRUN, self.application
                )
                _stop_if(list(errors.values()))
            lines = imported(APPLICATIONS[self.application].check)(config)
            _stop_if([line for line in lines if line.startswith("study.")])
            _stop_if(_several_processes(config))
            _stop_if(unwritable(config, "hydra.sweep.dir"))
            if rank() > 0:
                return
            if hydra is not None:
                # A job composes its own configuration, in which the folder's name may differ.
                folder = Path(config.hydra.sweep.dir)
                if _launcher(config) in RAY:
                    folder = folder.absolute()
                config.hydra.overrides.hydra.append(f"hydra.sweep.dir='{folder}'")
                cells = cells_of(config, overrides, hydra.config_loader)
                _stop_if(folder_errors(cells))
                plan = Plan.of(folder, cells)
                plan.write()
                _launched.set(folder)
                _tell([f"{folder}: {plan.progress()}"])
                if _launcher(config) == SLURM:
                    imported("truescore.slurm.watch_the_queue")()

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """List the jobs that failed, and exit with an error if there are any."""
        if rank() > 0:
            return
        with _loud():
            plan = Plan.read(Path(config.hydra.sweep.dir))
            if _launcher(config) not in HERE:
                _tell([str(plan.progress())])
            if lines := failed_cells(plan):
                plan.forget_refused()
                _tell(lines)
                raise SystemExit(FAILED)


def failed_cells(plan: Plan) -> list[str]:
    """How many cells of a sweep failed, and a line for why each did; empty if none."""
    marks = plan.failures()
    lines = [
        f"  {mark.parent.relative_to(plan.folder)}: {message}"
        for mark in marks
        for message in json.loads(mark.read_text(encoding="utf-8"))["messages"]
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


def cells_of(config: DictConfig, overrides: Sequence[str], loader: ConfigLoader) -> list[str]:
    """The folders, within the sweep's, of all jobs of a sweep."""
    parsed = OverridesParser.create(loader).parse_overrides(list(overrides))
    cells = []
    for batch in BasicSweeper.split_arguments(parsed, None):
        for number, job_overrides in enumerate(batch):
            composed = loader.load_sweep_config(config, job_overrides)
            with open_dict(composed):
                composed.hydra.job.num = number
            cells.append(str(composed.hydra.sweep.subdir))
    return cells


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


@contextmanager
def _scratch_of_followers() -> Iterator[None]:
    """Have Hydra write what it does for a process that does not lead to a folder that goes."""
    if rank() == 0:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="truescore-") as folder:
        sys.argv += [f"hydra.{mode}.dir={folder}" for mode in ("run", "sweep")]
        sys.argv += ["hydra.sweep.subdir=.", "hydra.job_logging.root.level=WARNING"]
        yield


@contextmanager
def _loud() -> Iterator[None]:
    try:
        yield
    except Exception:
        traceback.print_exc()
        raise SystemExit(FAILED) from None


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


def explain(error: Exception, conf: Path, application: str) -> list[str]:
    """Lines that say why Hydra could not compose the command line, and what would work."""
    from truescore.config.overrides import override_errors

    arguments, _ = get_args_parser().parse_known_args()
    mode = RunMode.MULTIRUN if arguments.multirun else RunMode.RUN
    lines: list[str] = []
    try:
        loader = config_loader(conf, arguments.config_dir)
        errors = override_errors(loader, arguments.overrides, mode, application)
        lines += errors.values()
        if mode is RunMode.RUN:
            good = [text for text in arguments.overrides if text not in errors]
            composed = loader.load_configuration(application, good, run_mode=mode)
            lines += imported(APPLICATIONS[application].check)(composed)
    except Exception:
        # The files themselves may be at fault; then Hydra's own words are the better ones.
        log.debug("no diagnosis", exc_info=True)
    return lines or [" ".join(f"{error} {error.__cause__ or ''}".split())]


def config_loader(conf: Path, config_dir: str | None = None) -> ConfigLoader:
    """What composes the configurations of a folder."""
    search = create_config_search_path(str(conf))
    if config_dir:
        anchor = SearchPathQuery(provider="schema")
        search.prepend("command-line", f"file://{Path(config_dir).absolute()}", anchor)
    return ConfigLoaderImpl(search)


def _stop_if(errors: list[str]) -> None:
    if errors:
        _tell(errors)
        raise SystemExit(BAD_CONFIG)


def _tell(lines: Sequence[str]) -> None:
    if rank() > 0:  # rank 0 says the same
        return
    print(*lines, sep="\n", file=sys.stderr)
