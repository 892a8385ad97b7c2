"""The document's own method stopped at three times our time, and its error then.

A network with a pass for every site, its loss, its step size and schedule, its sampler, on the data
of our own experiments; batches of a tenth of the data, and no average of the weights. The exact
score judges both networks besides.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf
from pytorch_lightning.callbacks import Timer

from truescore.benchmark.rows import Row, Spread, kept
from truescore.benchmark.settings import Settings
from truescore.build import build_sampler
from truescore.composition import composed
from truescore.denoisers import oracle
from truescore.evaluation import HELD_OUT_SEED
from truescore.files import SUMMARY
from truescore.metrics import PerfectSamples, evaluate_samples, score_error_curve
from truescore.randomness import keyed_generator
from truescore.targets import Target
from truescore.training.run import prepare, train
from truescore.training.trainer import build_trainer

GROUP = "against_document"
EXPERIMENTS = ("ising_d16", "ising_d64", "ising_d128", "gl_d32", "gl_d64")
TIMES, METRIC, SCORE = 3.0, "cov_frobenius", "score_error"
# Of both: the document's sampler takes d passes of its network at each of 335 steps, so that 20,000
# samples of a ring of 128 would take it hours.
JUDGED_BY = ("sampler.n_generate=1000", "metrics.n_null=200")
OF_CHAINS = "of chains the document has no recipe that runs: a plain network and the reverse SDE"


def measure(
    settings: Settings, experiments: tuple[str, ...] = EXPERIMENTS, changes: tuple[str, ...] = ()
) -> Iterator[Row]:
    """Our experiment, then the document's recipe on as many samples of the same law.

    Both are timed in training; ``changes`` are overrides of both configurations.
    """
    for experiment in experiments:
        yield from kept(_both(settings, experiment, changes), GROUP, experiment)


def _both(settings: Settings, experiment: str, changes: tuple[str, ...]) -> Iterator[Row]:
    accelerator = "gpu" if settings.device == "cuda" else "cpu"
    shared = ["callbacks.progress_bar=false", f"seed={settings.seed}",
              f"trainer.accelerator={accelerator}", *JUDGED_BY, *changes]  # fmt: skip
    ours = composed([f"+experiment={experiment}", *shared])
    summary = our_run(ours)
    seconds, judged = summary["seconds"]["train"], summary["metrics"]
    yield Row(GROUP, experiment, "our time in training", "s", Spread.of([seconds]))
    floor, ours_is = judged[METRIC]["floor"], (judged[METRIC]["debiased"], judged[SCORE]["value"])
    yield from _errors(experiment, "ours", *ours_is, floor)
    document = composed([*recipe(experiment, ours), *shared])
    steps, spent, theirs = stopped(document, TIMES * seconds)
    note = f"{steps} steps in {spent:.0f} s"
    if experiment.startswith("gl_"):
        note = f"{note}; {OF_CHAINS}"
    yield from _errors(experiment, f"the document's at {TIMES:g} x our time", *theirs, floor, note)


def recipe(experiment: str, ours: Mapping[str, Any]) -> list[str]:
    """The document's method as overrides, on the law and as many samples as ours."""
    n_train, n_generate = ours["dataset"]["n_train"], ours["sampler"]["n_generate"]
    if experiment.startswith("gl_"):
        return [f"+experiment={experiment}", "model=plain_cnn", "sampler=euler_maruyama",
                f"sampler.n_generate={n_generate}", "callbacks.ema_decay=0.0"]  # fmt: skip
    return ["+experiment=ising_document_d16", f"dataset.dim={ours['dataset']['dim']}",
            f"dataset.n_train={n_train}", "dataset.simulator=exact",
            "dataset.forward=simulation_free", f"dataset.batch_size={n_train // 10}",
            f"sampler.n_generate={n_generate}"]  # fmt: skip


def our_run(config: dict[str, Any]) -> dict[str, Any]:
    """The summary of a run that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        train(OmegaConf.create(config), Path(folder))
        return json.loads((Path(folder) / SUMMARY).read_text(encoding="utf-8"))


def stopped(config: dict[str, Any], seconds: float) -> tuple[int, float, tuple[float, float]]:
    """Train until its own end or for so many seconds; steps, seconds, both errors.

    Validations are left out: of them nothing is used, and their time would count.
    """
    config["trainer"]["val_every_n_steps"] = config["trainer"]["max_steps"]
    module, data, _ = prepare(config)
    module.monitor = None
    timer = Timer(timedelta(seconds=seconds))
    with tempfile.TemporaryDirectory() as folder:
        trainer = build_trainer(config, Path(folder), timer)
        start = time.perf_counter()
        trainer.fit(module, datamodule=data)
        spent = time.perf_counter() - start
    settings, device = config["sampler"], trainer.strategy.root_device
    generator = keyed_generator(config["seed"], "samples", device=device)
    with torch.inference_mode():
        samples = build_sampler(config).sample(
            module.denoiser.to(device).eval(),
            settings["n_generate"],
            data.target.dim,
            generator,
            settings["chunk_size"],
        )
    metrics = config["metrics"]
    judged = evaluate_samples(PerfectSamples(data.target, metrics["n_null"]), samples.cpu())[METRIC]
    score = score_error(module.denoiser.cpu(), data.target, metrics)
    return trainer.global_step, spent, (float(judged.debiased or 0.0), score)


def score_error(denoiser: Any, target: Target, metrics: Mapping[str, Any]) -> float:
    """Mean over noise levels of the distance from the exact score, as a run's summary has it."""
    held_out = target.sample(metrics["n_score"], keyed_generator(HELD_OUT_SEED, "held out"))
    process, exact = denoiser.process, oracle(target, denoiser.process)
    with torch.inference_mode():
        curve = score_error_curve(denoiser, exact, process, held_out, metrics["n_levels"])
    return curve.mean(n_bootstrap=metrics["n_bootstrap"]).value


def _errors(
    case: str, whose: str, debiased: float, score: float, floor: float, note: str = ""
) -> Iterator[Row]:
    words = f"floor of perfect samples {floor:.3g}"
    covariance = f"covariance F, debiased, {whose}"
    yield Row(GROUP, case, covariance, "", Spread.of([debiased]), None,
              f"{note}; {words}" if note else words)  # fmt: skip
    yield Row(GROUP, case, f"score error, {whose}", "", Spread.of([score]), None, note)
