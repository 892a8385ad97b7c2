"""The document's own method stopped at three times our time, and its error then.

A network with a pass for every site, its loss, its step size and schedule, its sampler, on the data
of our own experiments; batches of a tenth of the data, and no average of the weights.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf
from pytorch_lightning.callbacks import Timer

from truescore.benchmark.rows import Row, Spread
from truescore.benchmark.settings import Settings
from truescore.build import build_sampler
from truescore.composition import composed
from truescore.files import SUMMARY
from truescore.metrics import PerfectSamples, evaluate_samples
from truescore.randomness import keyed_generator
from truescore.training.run import prepare, train
from truescore.training.trainer import build_trainer

GROUP = "against_document"
EXPERIMENT, DIMS = "ising_document_d16", (16, 64, 128)
TIMES, METRIC = 3.0, "cov_frobenius"


def measure(
    settings: Settings, dims: tuple[int, ...] = DIMS, changes: tuple[str, ...] = ()
) -> Iterator[Row]:
    """Our experiment, then the document's recipe on as many samples of the same law.

    Both are timed in training; ``changes`` are overrides of both configurations.
    """
    accelerator = "gpu" if settings.device == "cuda" else "cpu"
    shared = ["callbacks.progress_bar=false", f"seed={settings.seed}",
              f"trainer.accelerator={accelerator}", *changes]  # fmt: skip
    for dim in dims:
        ours = composed([f"+experiment=ising_d{dim}", *shared])
        summary = our_run(ours)
        seconds, error = summary["seconds"]["train"], summary["metrics"][METRIC]
        case = f"ring, d = {dim}"
        yield Row(GROUP, case, "our time in training", "s", Spread.of([seconds]))
        yield _error(case, "ours", error["debiased"], error["floor"])
        n_train = ours["dataset"]["n_train"]
        recipe = [f"dataset.dim={dim}", f"dataset.n_train={n_train}", "dataset.simulator=exact",
                  "dataset.forward=simulation_free", f"dataset.batch_size={n_train // 10}",
                  f"sampler.n_generate={ours['sampler']['n_generate']}"]  # fmt: skip
        document = composed([f"+experiment={EXPERIMENT}", *shared, *recipe])
        steps, spent, judged = stopped(document, TIMES * seconds)
        note = f"{steps} steps in {spent:.0f} s"
        yield _error(case, f"the document's at {TIMES:g} x our time", *judged, note)


def our_run(config: dict[str, Any]) -> dict[str, Any]:
    """The summary of a run that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        train(OmegaConf.create(config), Path(folder))
        return json.loads((Path(folder) / SUMMARY).read_text(encoding="utf-8"))


def stopped(config: dict[str, Any], seconds: float) -> tuple[int, float, tuple[float, float]]:
    """Train until its own end or for so many seconds; steps, seconds, error and floor.

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
    perfect = PerfectSamples(data.target, config["metrics"]["n_null"])
    judged = evaluate_samples(perfect, samples.cpu())[METRIC]
    return trainer.global_step, spent, (float(judged.debiased or 0.0), judged.floor)


def _error(case: str, whose: str, debiased: float, floor: float, note: str = "") -> Row:
    words = f"floor of perfect samples {floor:.3g}"
    return Row(GROUP, case, f"covariance F, debiased, {whose}", "", Spread.of([debiased]), None,
               f"{note}; {words}" if note else words)  # fmt: skip
