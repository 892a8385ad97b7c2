"""One job of the command line: check, work, and a mark in its folder if it fails."""

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from truescore.errors import UserError
from truescore.files import FAILED_FILE, write_json
from truescore.ranks import rank, started_outside
from truescore.sweep import Plan, claimed, headline, unheard

FAILED, BAD_CONFIG, TERMINATED = 1, 2, 143


class Application(NamedTuple):
    """What stands behind a primary configuration, imported when it is needed.

    Attributes:
        check: finds what is wrong with the configuration, without torch.
        rehearse: builds every object once, and raises ``UserError`` where one cannot be.
        work: does the work.
    """

    check: str
    rehearse: str
    work: str


APPLICATIONS = {
    "train": Application(
        "truescore.config.check",
        "truescore.training.rehearsal.rehearse",
        "truescore.training.run.train",
    ),
    "simulate": Application(
        "truescore.config.check_simulation",
        "truescore.laboratory.rehearsal.rehearse",
        "truescore.laboratory.run.run_simulation",
    ),
}
log = logging.getLogger("truescore")


def job(config: DictConfig, application: str = "train") -> None:
    """The run of one composed configuration, in the folder Hydra made for it.

    A failure is written to the run's own log and to ``failed.json``. A single run then exits; a job
    of a sweep returns, so that the others go on, and `CheckFirst` lists the failures at the end; it
    says one line where it was started, and all else in its folder. On several processes a failure
    ends the sweep: where it left the others cannot be known.
    """
    launcher = HydraConfig.get()
    folder = Path(launcher.runtime.output_dir)
    if launcher.mode is not RunMode.MULTIRUN:
        if code := attempt(config, folder, application):
            raise SystemExit(code)
        return
    if started_outside() > 1:
        if code := _attempt_together(config, folder, application):
            raise SystemExit(code)
        return
    plan = Plan.read(Path(launcher.sweep.dir))
    if launcher.runtime.choices["hydra/launcher"] != "basic" and "callbacks" in config:
        # Bars of cells that run at once would overwrite each other.
        config.callbacks.progress_bar = False
    with claimed(config, folder, fail) as to_run:
        if to_run:
            log.info("%s", plan.progress())
            # Libraries keep the stream that they find: the command's, not that of one cell's file.
            imported(APPLICATIONS[application].work)
            with unheard(folder):
                attempt(config, folder, application)
            if (line := headline(folder)) is not None:
                log.info("%s: %s", folder.name, line)
    log.info("%s", plan.progress())


def _attempt_together(config: DictConfig, folder: Path, application: str) -> int:
    """A job of a sweep on several processes: rank 0 decides, for all, whether it is to be run."""
    from truescore.training.agreement import agreed

    leads = rank() == 0
    plan = Plan.read(Path(HydraConfig.get().sweep.dir)) if leads else None
    with claimed(config, folder, fail) if leads else nullcontext(False) as to_run:
        to_run = agreed(to_run, config.trainer.accelerator)
        if to_run and plan is not None:
            log.info("%s", plan.progress())
        imported(APPLICATIONS[application].work)  # see above
        with unheard(folder) if to_run else nullcontext():
            code = attempt(config, folder, application) if to_run else 0
    if plan is not None:
        log.info("%s", plan.progress())
    return code


def attempt(config: DictConfig, run_dir: Path, application: str) -> int:
    """Check and work; the exit code."""
    behind = APPLICATIONS[application]
    if rank() == 0:
        (run_dir / FAILED_FILE).unlink(missing_ok=True)
    try:
        if errors := imported(behind.check)(config):
            return fail(run_dir, "ConfigError", errors, BAD_CONFIG)
        imported(behind.work)(config, run_dir)
    except UserError as error:
        return fail(run_dir, "UserError", [str(error)])
    except KeyboardInterrupt:
        fail(run_dir, "KeyboardInterrupt", ["interrupted"])
        raise
    except SystemExit as stop:
        # Lightning turns Ctrl-C into exit(1), and SIGTERM into an exit without a code.
        if isinstance(stop.__context__, KeyboardInterrupt):
            fail(run_dir, "KeyboardInterrupt", ["interrupted"])
            raise KeyboardInterrupt from None
        fail(run_dir, type(stop).__name__, ["stopped before the end"])
        raise SystemExit(stop.code or TERMINATED) from None
    except Exception as error:
        log.exception("the run failed")
        return fail(run_dir, type(error).__name__, [str(error) or type(error).__name__])
    return 0


def fail(run_dir: Path, kind: str, messages: Sequence[str], code: int = FAILED) -> int:
    """Log a failure and mark the run's folder with it."""
    for message in messages:
        log.error(message)
    if rank() == 0:
        mark = {"schema_version": 1, "error": kind, "messages": list(messages)}
        write_json(run_dir / FAILED_FILE, mark)
    return code


def imported(path: str) -> Callable[..., Any]:
    """What stands at a dotted path."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)
