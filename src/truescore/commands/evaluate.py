"""Judge samples again: those of a run, others of its model, or anybody's of a law."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from truescore.commands.frame import now, split, writable
from truescore.commands.sample import CONDITION, SAMPLER
from truescore.composition import changed, composed
from truescore.errors import UserError


def evaluate_command(arguments: list[str]) -> None:
    """``run=DIR [samples=FILE]`` or ``samples=FILE dataset=NAME [conf=DIR]``; ``out=DIR``."""
    own, overrides = split(arguments, ("run", "samples", "out", "conf"))
    if "run" in own:
        evaluate_run(Path(own["run"]), overrides, own.get("samples"), own.get("out"))
    elif "samples" in own:
        evaluate_file(Path(own["samples"]), overrides, own.get("out"), own.get("conf"))
    else:
        raise UserError("got neither run=DIR nor samples=FILE, expected one of them")


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
    of_the_run = SAMPLER in note or file.resolve() == (path / SAMPLES).resolve()
    if not of_the_run:
        print(f"{file} does not say who drew it: what is told of scores, losses, bounds and"
              f" couplings is that of the network of {path}")  # fmt: skip
    odd = of_the_run and bool(config["model"]["net"].get("odd"))
    _judge(folder, config, run.target, x, data, odd, run, *built)


def evaluate_file(file: Path, overrides: list[str], out: str | None, conf: str | None) -> None:
    """Judge anybody's samples of a law; the baselines are fitted to simulated data."""
    from truescore.build import build_target
    from truescore.runs import read_samples
    from truescore.training.data import training_data

    samples = read_samples(file)
    config = composed(overrides, conf)
    target = build_target(config)
    data = training_data(target, config["dataset"], config["seed"])
    folder = Path(out) if out else Path("outputs/evaluate") / f"{file.stem}_{now()}"
    _judge(folder, config | {"name": file.name}, target, samples, data)


def _judge(
    folder: Path,
    config: Mapping[str, Any],
    target: Any,
    samples: Any,
    training_data: Any,
    odd: bool = False,
    run: Any = None,
    loss: Any = None,
    sampler: Any = None,
) -> None:
    from truescore.evaluation import evaluate
    from truescore.files import SUMMARY, write_json
    from truescore.report import report
    from truescore.training.trainer import use_threads

    use_threads(config["trainer"].get("threads"))
    is_new = not folder.exists()
    writable(folder)
    process, denoiser = (run.process, run.denoiser) if run else (None, None)
    n_null = config["metrics"]["n_null"]
    kept = "drawn once for a law and a number, and kept"
    print(f"judging {len(samples):,} samples beside {n_null:,} perfect sets ({kept})", flush=True)
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
    write_json(folder / SUMMARY, report(folder, target, evaluation, title, odd, run))
    print(f"figures: {folder / 'figures'}\nsummary: {folder / SUMMARY}")
