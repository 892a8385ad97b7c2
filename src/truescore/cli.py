"""What stands around a run on the command line: checks before it, exit codes after it.

Exit codes: 0 done; 1 a run failed; 2 the configuration cannot be run; 130 interrupted.
"""

import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path, get_args_parser
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.object_type import ObjectType
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from truescore.check_first import broken_off, launched, tell
from truescore.job import APPLICATIONS, BAD_CONFIG, FAILED, imported
from truescore.ranks import rank

INTERRUPTED = 130
# What a configuration that cannot be composed raises.
UNCOMPOSED = (HydraException, OmegaConfBaseException, YAMLError, ValueError)


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
        if (plan := launched.get()) is not None:
            tell([f"{plan.folder}: interrupted; the same command goes on with it"])
        return INTERRUPTED
    except Exception as error:
        if (plan := launched.get()) is not None:
            # A job never raises: what gets here is a launcher whose worker was lost.
            if wants_traceback:
                traceback.print_exc()
            tell(broken_off(error, plan))
            return FAILED
        if not isinstance(error, UNCOMPOSED):
            raise
        # A job never raises these: what gets here is a configuration that cannot be composed.
        if wants_traceback:
            traceback.print_exc()
        tell(explain(error, conf, application))
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


def explain(error: Exception, conf: Path, application: str) -> list[str]:
    """Lines that say why Hydra could not compose the command line, and what would work."""
    from truescore.config.overrides import override_errors

    arguments, _ = get_args_parser().parse_known_args()
    if arguments.config_dir and not Path(arguments.config_dir).is_dir():
        return [f"--config-dir: got {arguments.config_dir}, expected a folder: name one"]
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
