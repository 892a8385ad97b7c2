"""What stands around the work of a script: its arguments, exit code, folder and progress bar."""

import logging
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from truescore.errors import UserError

BAD_ARGUMENTS, INTERRUPTED, TERMINATED = 2, 130, 143


def command(work: Callable[[list[str]], None], usage: str, needs_arguments: bool = True) -> int:
    """Call the work of a script with its arguments and return the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("truescore").setLevel(logging.INFO)
    arguments = sys.argv[1:]
    if arguments[:1] in (["-h"], ["--help"]) or (needs_arguments and not arguments):
        print(usage)
        return 0 if arguments else BAD_ARGUMENTS
    # So that what is under way ends: processes, folders that were for the time being.
    signal.signal(signal.SIGTERM, _terminated)
    try:
        work(arguments)
    except UserError as error:
        print(error, file=sys.stderr)
        return BAD_ARGUMENTS
    except BrokenPipeError:
        os._exit(BAD_ARGUMENTS)  # whoever read the output has gone; there is nobody to tell
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _terminated(*_: Any) -> None:
    raise SystemExit(TERMINATED)


def split(arguments: Sequence[str], own: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """A script's own ``key=value`` arguments, and the others, which change the configuration."""
    mine: dict[str, str] = {}
    others = []
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals or not value:
            raise UserError(f"got {argument!r}, expected key=value; --help shows the keys")
        if key in own:
            mine[key] = value
        else:
            others.append(argument)
    # A sampler comes before its keys, wherever it stands.
    return mine, sorted(others, key=lambda text: not text.startswith("sampler="))


def writable(folder: Path) -> None:
    """Make a folder for results; raise ``UserError`` before any work if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        raise UserError(
            f"cannot write to {folder} ({error.strerror}): give another out="
        ) from error


def progress(n: int) -> Callable[[int], None]:
    """Show a bar of n samples; what is returned is told how many more there are."""
    from rich.progress import Progress

    bar = Progress(transient=True)
    bar.start()
    task = bar.add_task("samples", total=n)

    def advance(done: int) -> None:
        bar.advance(task, done)
        if bar.finished:
            bar.stop()

    return advance


def now() -> str:
    """This moment, for the name of a folder."""
    return datetime.now().strftime("%Y-%m-%d_%H-%M-%S_%f")
