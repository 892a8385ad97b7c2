"""Measure what each cause adds to a run's error."""

import sys
from pathlib import Path
from typing import Any

from truescore.commands.frame import progress, split, writable
from truescore.errors import UserError

KEYS = ("n_generate", "seed", "fine_steps", "train")


def budget_command(arguments: list[str]) -> None:
    """``run=DIR [n_generate=N] [seed=S] [fine_steps=K] [train=true|false]``: its error budget."""
    own, others = split(arguments, ("run", *KEYS))
    if others or "run" not in own:
        got = f"got {others[0]!r}" if others else "got no run=DIR"
        raise UserError(f"{got}, expected run=DIR, a finished run, and of {', '.join(KEYS)}")
    values = {key: _plain(key, own[key]) for key in KEYS if key in own}
    budget_run(Path(own["run"]), **values)


def budget_run(path: Path, n_generate: int = 20_000, **settings: Any) -> None:
    """Measure what each cause adds to a run's error, and write it into its folder ``budget``."""
    from rich.console import Console

    from truescore.budget import measure, table, write_budget
    from truescore.files import CONFIG, SUMMARY
    from truescore.runs import load_run
    from truescore.training.trainer import keep_freed_memory

    if (path / CONFIG).is_file() and not (path / SUMMARY).is_file():
        raise UserError(f"got run={path}, which has no {SUMMARY}: wait for it, or resume it")
    keep_freed_memory()
    run, folder = load_run(path), path / "budget"
    writable(folder)
    budget = measure(run, n_generate, progress=lambda: progress(n_generate), **settings)
    Console(width=None if sys.stdout.isatty() else 100).print(table(budget))
    for file in write_budget(budget, folder):
        print(file)


def _plain(key: str, text: str) -> int | bool:
    """A whole number, or for ``train`` true or false."""
    if key == "train":
        if text in ("true", "false"):
            return text == "true"
        raise UserError(f"got train={text}, expected true or false")
    try:
        return int(text.replace("_", ""))
    except ValueError:
        raise UserError(f"got {key}={text}, expected a whole number") from None
