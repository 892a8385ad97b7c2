"""Draw samples from a trained run, under a condition if one is asked for."""

import json
from pathlib import Path

from truescore.commands.frame import progress, split, writable
from truescore.composition import changed
from truescore.conditions import KEYS as CONDITIONS
from truescore.conditions import Condition, condition, conditioned
from truescore.errors import UserError

# What a file of samples notes of how they were drawn.
SAMPLER, CONDITION = "sampler", "condition"


def sample_command(arguments: list[str]) -> None:
    """``run=DIR [sampler=NAME] [sampler.KEY=...] [seed=...] [out=FILE]`` and a condition."""
    own, overrides = split(arguments, ("run", "out", *CONDITIONS))
    if "run" not in own:
        raise UserError("got no run=DIR, expected the folder of a finished run")
    sample_run(Path(own["run"]), overrides, own.get("out"), condition(own))


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
        run.denoiser, n, run.target.dim, generator, settings["chunk_size"], progress(n)
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
