"""What the scripts beside ``train.py`` do: judge and draw samples without training."""

import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truescore.composition import changed, composed
from truescore.conditions import KEYS as CONDITIONS
from truescore.conditions import Condition, condition, conditioned
from truescore.errors import UserError

if TYPE_CHECKING:
    from truescore.benchmark.settings import Settings

BAD_ARGUMENTS, INTERRUPTED = 2, 130
# What a file of samples notes of how they were drawn.
SAMPLER, CONDITION = "sampler", "condition"
BUDGET = ("n_generate", "seed", "fine_steps", "train")


def command(work: Callable[[list[str]], None], usage: str, needs_arguments: bool = True) -> int:
    """Call the work of a script with its arguments and return the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("truescore").setLevel(logging.INFO)
    arguments = sys.argv[1:]
    if arguments[:1] in (["-h"], ["--help"]) or (needs_arguments and not arguments):
        print(usage)
        return 0 if arguments else BAD_ARGUMENTS
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


def evaluate_command(arguments: list[str]) -> None:
    """``run=DIR [samples=FILE]`` or ``samples=FILE dataset=NAME [conf=DIR]``; ``out=DIR``."""
    own, overrides = split(arguments, ("run", "samples", "out", "conf"))
    if "run" in own:
        evaluate_run(Path(own["run"]), overrides, own.get("samples"), own.get("out"))
    elif "samples" in own:
        evaluate_file(Path(own["samples"]), overrides, own.get("out"), own.get("conf"))
    else:
        raise UserError("got neither run=DIR nor samples=FILE, expected one of them")


def sample_command(arguments: list[str]) -> None:
    """``run=DIR [sampler=NAME] [sampler.KEY=...] [seed=...] [out=FILE]`` and a condition."""
    own, overrides = split(arguments, ("run", "out", *CONDITIONS))
    if "run" not in own:
        raise UserError("got no run=DIR, expected the folder of a finished run")
    sample_run(Path(own["run"]), overrides, own.get("out"), condition(own))


def report_command(arguments: list[str]) -> None:
    """``sweep=DIR [out=DIR]``: the report of a sweep, finished or half way."""
    own, others = split(arguments, ("sweep", "out"))
    if others or "sweep" not in own:
        got = f"got {others[0]!r}" if others else "got no sweep=DIR"
        raise UserError(f"{got}, expected sweep=DIR [out=DIR], the folder of a sweep")
    try:
        from truescore.study import read_study, write_report
    except ModuleNotFoundError as error:
        raise UserError(
            f"got no package {error.name}, expected pandas: pip install -e '.[report]'"
            " -c constraints.txt"
        ) from error
    sweep = Path(own["sweep"])
    study = read_study(sweep)
    folder = Path(own["out"]) if "out" in own else sweep / "report"
    writable(folder)
    for file in write_report(study, folder):
        print(file)


def budget_command(arguments: list[str]) -> None:
    """``run=DIR [n_generate=N] [seed=S] [fine_steps=K] [train=true|false]``: its error budget."""
    own, others = split(arguments, ("run", *BUDGET))
    if others or "run" not in own:
        got = f"got {others[0]!r}" if others else "got no run=DIR"
        raise UserError(f"{got}, expected run=DIR, a finished run, and of {', '.join(BUDGET)}")
    values = {key: _plain(key, own[key]) for key in BUDGET if key in own}
    budget_run(Path(own["run"]), **values)


def benchmark_command(arguments: list[str]) -> None:
    """``[group=NAMES] [device=cpu|cuda] [threads=N] [seed=S] [out=DIR]``: times beside others'."""
    from truescore.benchmark.settings import KEYS, settings

    own, others = split(arguments, (*KEYS, "out"))
    if others:
        raise UserError(f"got {others[0]!r}, expected of {', '.join(KEYS)}, out")
    asked = settings(own)
    folder = Path(own["out"]) if "out" in own else Path("outputs", "benchmark", _now())
    if asked.device == "cuda":
        from truescore.benchmark.suite import check_device

        check_device(asked)
    writable(folder)
    run_benchmark(asked, folder)


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


def evaluate_run(path: Path, overrides: list[str], samples: str | None, out: str | None) -> None:
    """Judge a run again, by the samples it drew or by others of the same model."""
    from truescore.build import build_loss, build_sampler
    from truescore.runs import SAMPLES, load_run, read_note, read_samples
    from truescore.training.data import training_data

    run = load_run(path)
    config = changed(run.config, overrides, ("metrics", "sampler"))
    file = Path(samples) if samples else path / SAMPLES
    x, note = read_samples(file), read_note(file)
    if note.get(CONDITION):
        raise UserError(
            f"got samples={file}, drawn with {note[CONDITION]}, expected some of the run's own law:"
            " what sample.py printed beside them judges those of another temperature"
        )
    if SAMPLER in note and not any(override.startswith("sampler") for override in overrides):
        config |= {"sampler": json.loads(note[SAMPLER])}
    folder = Path(out) if out else path / "evaluation" / file.stem
    data = training_data(run.target, config["dataset"], config["seed"])
    built = build_loss(config), build_sampler(config)
    config |= {"name": f"{config['name']}, {file.name}"} if samples else {}
    _judge(folder, config, run.target, x, data, run, *built)


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
    budget = measure(run, n_generate, progress=lambda: _progress(n_generate), **settings)
    Console(width=None if sys.stdout.isatty() else 100).print(table(budget))
    for file in write_budget(budget, folder):
        print(file)


def run_benchmark(asked: "Settings", folder: Path) -> None:
    """Measure, write every row as it comes, print the table; a miss of ``quick`` is an error.

    Raises:
        UserError: a line for each ratio of ``quick`` that is worse than its bound, or not measured.
    """
    from rich.console import Console

    from truescore.benchmark.pages import WIDTH, table, write_figure, write_rows
    from truescore.benchmark.settings import QUICK
    from truescore.benchmark.suite import run_suite
    from truescore.benchmark.words import misses

    benchmark = run_suite(asked, lambda known: write_rows(known, folder))
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table(benchmark))
    for file in [*write_rows(benchmark, folder), *write_figure(benchmark, folder)]:
        print(file)
    if lines := misses([row for row in benchmark.rows if row.group == QUICK]):
        raise UserError("\n".join(lines))


def evaluate_file(file: Path, overrides: list[str], out: str | None, conf: str | None) -> None:
    """Judge anybody's samples of a law; the baselines are fitted to simulated data."""
    from truescore.build import build_target
    from truescore.runs import read_samples
    from truescore.training.data import training_data

    samples = read_samples(file)
    config = composed(overrides, conf)
    target = build_target(config)
    data = training_data(target, config["dataset"], config["seed"])
    folder = Path(out) if out else Path("outputs/evaluate") / f"{file.stem}_{_now()}"
    _judge(folder, config | {"name": file.name}, target, samples, data)


def sample_run(
    path: Path, overrides: list[str], out: str | None, asked: Condition | None = None
) -> None:
    """Draw samples from a trained run, under a condition if one is asked for, and save them."""
    from truescore.build import build_sampler
    from truescore.randomness import keyed_generator
    from truescore.runs import load_run, write_samples
    from truescore.training.trainer import keep_freed_memory, use_threads

    keep_freed_memory()
    run = load_run(path)
    use_threads(run.config["trainer"].get("threads"))
    config = changed(run.config, overrides, ("sampler", "seed"))
    settings = config["sampler"]
    n = settings["n_generate"]
    sampler = build_sampler(config)
    telling = _other_than_size(overrides)
    if asked is not None:
        sampler = conditioned(sampler, run.target, asked)
        telling += asked.words()
    stem = "_".join([f"n{n}", f"seed{config['seed']}", *telling])
    file = Path(out) if out else path / "samples" / f"{stem}.safetensors"
    writable(file.parent)
    generator = keyed_generator(config["seed"], "samples")
    samples = sampler.sample(
        run.denoiser, n, run.target.dim, generator, settings["chunk_size"], _progress(n)
    )
    under = "" if asked is None else str(asked)
    write_samples(file, samples, {SAMPLER: json.dumps(settings), CONDITION: under})
    print(f"samples: {file}")
    if asked is None:
        print(f"judge them: python scripts/evaluate.py run={path} samples={file}")
    elif asked.only_temperature:
        values = run.target.parameters() | {"temperature": asked.temperature}
        law = " ".join(f"dataset.{k}={v}" for k, v in values.items() if k in config["dataset"])
        name = config["dataset"]["name"]
        print(f"judge them: python scripts/evaluate.py samples={file} dataset={name} {law}")
    else:
        print("no exact values to judge them by: docs/conditional.md compares a small ring's")


def _other_than_size(overrides: list[str]) -> list[str]:
    """What tells samples of one model apart: another sampler, or other values of its keys."""
    same_draws = ("seed", "sampler.n_generate")
    telling = [o for o in overrides if o.partition("=")[0] not in same_draws]
    return [o.removeprefix("sampler").strip("=.").replace("=", "-") for o in telling]


def _judge(
    folder: Path,
    config: Mapping[str, Any],
    target: Any,
    samples: Any,
    training_data: Any,
    run: Any = None,
    loss: Any = None,
    sampler: Any = None,
) -> None:
    from truescore.evaluation import evaluate
    from truescore.files import SUMMARY, write_json
    from truescore.report import report

    is_new = not folder.exists()
    writable(folder)
    process, denoiser = (run.process, run.denoiser) if run else (None, None)
    n_null = config["metrics"]["n_null"]
    print(f"judging {len(samples):,} samples beside {n_null:,} perfect sets", flush=True)
    try:
        evaluation = evaluate(
            target, samples, training_data, config["metrics"], process, denoiser, loss, sampler
        )
    except UserError:
        if is_new:
            folder.rmdir()
        raise
    title = (
        f"{config['name']}: n_generate = {len(samples):,},"
        f" baselines from {len(training_data):,} {config['dataset']['simulator']} samples"
    )
    odd = run is not None and bool(config["model"]["net"].get("odd"))
    write_json(folder / SUMMARY, report(folder, target, evaluation, title, odd, run))
    print(f"figures: {folder / 'figures'}\nsummary: {folder / SUMMARY}")


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


def _progress(n: int) -> Callable[[int], None]:
    from rich.progress import Progress

    progress = Progress(transient=True)
    progress.start()
    task = progress.add_task("samples", total=n)

    def advance(done: int) -> None:
        progress.advance(task, done)
        if progress.finished:
            progress.stop()

    return advance


def _now() -> str:
    return datetime.now().strftime("%Y-%m-%d_%H-%M-%S_%f")
