"""The cells of a sweep: which there are, which are done, and which are whose to run.

A cell is one job in a folder of its own, named by its values, under the sweep's fixed folder. It is
done when its ``summary.json`` is there; whatever was cut off is run anew. So the command that
started a sweep also continues it, and may run several times at once: each cell is locked by who
runs it.
"""

import itertools
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout
from omegaconf import DictConfig, OmegaConf

from truescore.files import CHECKPOINTS, CONFIG, FAILED_FILE, SUMMARY, write_json

LOCK, PLAN, OUTPUT = ".lock", "sweep.json", "output.txt"
# What a run writes in pieces; those of one that was cut off would mix with the next one's.
PIECES = (
    *(CHECKPOINTS, "tensorboard", "figures", "profile"),
    *("metrics.csv", "samples.safetensors", OUTPUT),
)
# What is told of a cell where its sweep was started.
HEADLINE = ("cov_frobenius", "score_error")
# Kinds of ends that say nothing of a cell.
CUT_OFF = ("KeyboardInterrupt", "SystemExit")
# Of a name in most file systems, in bytes.
LONGEST = 255
# Whoever asks whether a cell is run holds its lock for an instant, in seconds far below this.
INSTANT = 0.2
Fail = Callable[[Path, str, list[str]], Any]
log = logging.getLogger("truescore")


class Progress(NamedTuple):
    """How far a command has got with its cells."""

    total: int
    done: int
    running: int
    failed: int
    refused: int
    seconds_left: float | None

    def __str__(self) -> str:
        """One line for people."""
        line = f"{self.done} of {self.total} cells done"
        line += f", {self.running} running" if self.running else ""
        line += f", {self.failed} failed" if self.failed else ""
        line += f", {self.refused} of another configuration" if self.refused else ""
        return line if self.seconds_left is None else f"{line}, {_duration(self.seconds_left)} left"


class Plan(NamedTuple):
    """The cells of one command.

    Attributes:
        folder: the sweep's.
        cells: names of the cells' folders in it.
        done_before: how many were done when the command began.
        began: when that was, in seconds since 1970.
    """

    folder: Path
    cells: tuple[str, ...]
    done_before: int
    began: float

    @classmethod
    def of(cls, folder: Path, cells: Sequence[str]) -> "Plan":
        """A plan that begins now."""
        done = sum((folder / cell / SUMMARY).exists() for cell in cells)
        return cls(folder, tuple(cells), done, time.time())

    def write(self) -> None:
        """Leave the plan where the jobs, which may be other processes, find it."""
        content = {"schema_version": 1, "cells": self.cells, "done_before": self.done_before}
        write_json(self.folder / PLAN, content | {"began": self.began})

    @classmethod
    def read(cls, folder: Path) -> "Plan":
        """The latest plan of a sweep's folder."""
        content = json.loads((folder / PLAN).read_text(encoding="utf-8"))
        return cls(folder, tuple(content["cells"]), content["done_before"], content["began"])

    def failures(self) -> list[Path]:
        """Marks of the cells that failed, in the cells' order; not of those that were cut off."""
        folders = (self.folder / cell for cell in self.cells)
        return [folder / FAILED_FILE for folder in folders if has_failed(folder)]

    def refused(self) -> list[Path]:
        """Marks of those that failed because they were done before, with another configuration."""
        return [mark for mark in self.failures() if (mark.parent / SUMMARY).exists()]

    def forget_refused(self) -> None:
        """Leave finished cells as they were, once it has been told that they were asked for."""
        for mark in self.refused():
            mark.unlink()

    def progress(self) -> Progress:
        """Counts, and the time left if cells go on as those of this command did."""
        refused = len(self.refused())
        failed = len(self.failures()) - refused
        open_cells = [c for c in self.cells if not (self.folder / c / SUMMARY).exists()]
        done = len(self.cells) - len(open_cells) - refused
        # One that is done may still hold its lock for a moment.
        running = sum(_is_locked(self.folder / cell) for cell in open_cells)
        finished = done + refused - self.done_before
        left = len(self.cells) - done - failed - refused
        known = finished > 0 and left > 0
        seconds_left = left * (time.time() - self.began) / finished if known else None
        return Progress(len(self.cells), done, running, failed, refused, seconds_left)


def has_failed(folder: Path) -> bool:
    """Whether a cell failed by itself; one that was stopped from outside has only to run again."""
    mark = read_mark(folder)
    return mark is not None and mark["error"] not in CUT_OFF


def read_mark(folder: Path) -> dict[str, Any] | None:
    """What a cell's ``failed.json`` holds; ``None`` if there is none, or if it goes just now."""
    try:
        return json.loads((folder / FAILED_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


@contextmanager
def claimed(config: DictConfig, folder: Path, fail: Fail) -> Iterator[bool]:
    """Hold a cell while it is run; the value says whether it is to be.

    It is not if it is done, if another process holds it, if ``study.retry`` leaves it out, or if it
    is done with another configuration, which ``fail`` is told.

    Args:
        config: the cell's configuration.
        folder: the cell's.
        fail: marks a folder as failed, with a kind and lines that say why.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=INSTANT)
    except Timeout:
        log.info("%s: another process is at it", folder.name)
        yield False
        return
    try:
        yield _is_to_run(config, folder, fail)
    finally:
        lock.release()


@contextmanager
def unheard(folder: Path) -> Iterator[None]:
    """Have a cell speak to its own folder: what many say at once nobody understands.

    What it prints goes to ``output.txt`` beside its log. Its warnings and errors are heard, too,
    with its name before them.
    """
    heard = [h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler]
    before = [(handler, handler.level, handler.formatter) for handler in heard]
    for handler in heard:
        handler.setLevel(logging.WARNING)
        handler.setFormatter(logging.Formatter(f"{folder.name}: %(message)s"))
    try:
        with (folder / OUTPUT).open("a") as own, redirect_stdout(own), redirect_stderr(own):
            yield
    finally:
        for handler, level, formatter in before:
            handler.setLevel(level)
            handler.setFormatter(formatter)


def headline(folder: Path) -> str | None:
    """One line of a finished cell's errors; ``None`` if it has none to tell."""
    if not (folder / SUMMARY).exists():
        return None
    metrics = json.loads((folder / SUMMARY).read_text(encoding="utf-8")).get("metrics", {})
    told = [name for name in HEADLINE if name in metrics] or list(metrics)[:1]
    if not told:
        return None
    # Only here: torch is behind it, which whoever has measured errors has loaded.
    from truescore.metrics.table import brief
    from truescore.metrics.verdict import Judgement

    return "; ".join(f"{name} {brief(Judgement(**metrics[name]))}" for name in told)


def _is_to_run(config: DictConfig, folder: Path, fail: Fail) -> bool:
    if (folder / SUMMARY).exists():
        if lines := differences(folder, config):
            fail(folder, "ChangedConfig", lines)
            return False
        (folder / FAILED_FILE).unlink(missing_ok=True)
        log.info("%s: done before, skipped", folder.name)
        return False
    if OmegaConf.select(config, "study.retry") == "failed" and not (folder / FAILED_FILE).exists():
        log.info("%s: did not fail, left out", folder.name)
        return False
    clear(folder)
    return True


def differences(folder: Path, config: DictConfig) -> list[str]:
    """One line on how a finished cell's configuration differs from the one asked for, if it does.

    Compared by what changes the result alone; see ``config_hash``.
    """
    # Only here: the schemas behind it would slow down --help.
    from truescore.config.digest import NOT_THE_RESULT, config_hash, used

    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    if summary.get("config_hash") == config_hash(config):
        return []
    before = _flat(used(OmegaConf.to_container(OmegaConf.load(folder / CONFIG), resolve=True)))
    asked = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    now = _flat(used(OmegaConf.to_container(asked, resolve=True)))
    changed = [
        f"{key} {_typed(before.get(key, 'not there'))} -> {_typed(now.get(key, 'not there'))}"
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
        and NOT_THE_RESULT.isdisjoint({key, key.partition(".")[0]})
    ]
    return [
        f"{folder} holds a finished cell of another configuration ({'; '.join(changed)}): set"
        " hydra.sweep.dir=FOLDER to keep both, or delete that one"
    ]


def _typed(value: object) -> object:
    """A value as one types it on the command line."""
    return "null" if value is None else value


def clear(folder: Path) -> None:
    """Remove what an unfinished run left behind, its log excepted."""
    for name in PIECES:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def folder_errors(cells: Sequence[str]) -> list[str]:
    """One line for each folder that cells of a sweep would share, or whose name is too long."""
    lines = []
    for cell, group in itertools.groupby(sorted(cells)):
        if (count := len(list(group))) > 1:
            lines.append(
                f"hydra.sweep.subdir: {count} cells of this sweep share the folder {cell}; name in"
                " it every key that is swept"
            )
        if (size := max(len(part.encode()) for part in cell.split("/"))) > LONGEST:
            lines.append(
                f"hydra.sweep.subdir: got a folder's name of {size} bytes ({cell[:40]}...),"
                f" expected at most {LONGEST}: set it, as in hydra.sweep.subdir='seed${{seed}}'"
            )
    return lines


def _is_locked(folder: Path) -> bool:
    if not (folder / LOCK).exists():
        return False
    try:
        with FileLock(folder / LOCK, timeout=0):
            return False
    except Timeout:
        return True


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {path: value}
    below = (_flat(item, f"{path}.{key}".lstrip(".")) for key, item in value.items())
    return dict(itertools.chain.from_iterable(part.items() for part in below))


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{max(1, minutes)} min"
