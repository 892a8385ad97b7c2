"""One run: simulate, train, sample, judge, and write it all down."""

import logging
import platform
import subprocess
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import pytorch_lightning as pl
import torch
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor, nn

import truescore
from truescore.build import (
    build_loss,
    build_process,
    build_sampler,
    build_target,
    build_untrained,
)
from truescore.config import config_hash
from truescore.denoisers import check_pairing
from truescore.errors import UserError
from truescore.evaluation import EXCESS_LOSS, Evaluation, evaluate
from truescore.figures import save_figures
from truescore.files import CHECKPOINTS, CONFIG, SUMMARY, write_json
from truescore.metrics import Judgement
from truescore.metrics.sample_metric import check_samples
from truescore.plots import loss_curves
from truescore.randomness import keyed_generator
from truescore.ranks import rank
from truescore.report import report, report_certificate
from truescore.runs import SAMPLES, Run, load_run, read_checkpoint, write_samples
from truescore.samplers.cuda_graphs import replayed
from truescore.training.data import LawDataModule, has_trajectories
from truescore.training.module import (
    ConcreteScoreMatchingModule,
    DenoisingScoreMatchingModule,
    ScoreModule,
)
from truescore.training.monitor import SampleMonitor
from truescore.training.network import speed_up
from truescore.training.resume import (
    KEY,
    carry_best_over,
    check_resumable,
    training_config,
)
from truescore.training.throughput import Throughput
from truescore.training.trainer import (
    build_trainer,
    keep_freed_memory,
    steps_per_epoch,
    use_threads,
)

log = logging.getLogger("truescore")
SCHEMA_VERSION = 1
N_MONITORED = 1024
BLOCK = 65_536
MODULES = {
    "real": DenoisingScoreMatchingModule,
    "spin": ConcreteScoreMatchingModule,
    "categorical": ConcreteScoreMatchingModule,
}


def train(config: DictConfig, run_dir: Path) -> dict[str, Any]:
    """Run a composed configuration and return its summary, as written to ``summary.json``.

    Of several processes the one of rank 0 does all this; the others only train, and return nothing.

    Args:
        config: a configuration that ``truescore.config.check`` finds no fault with.
        run_dir: folder that everything is written into.

    Raises:
        UserError: for whatever the user can mend: a checkpoint of another training, a diverged
            loss, a law that cannot be sampled.
    """
    keep_freed_memory()
    plain: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # type: ignore[assignment]
    use_threads(plain["trainer"].get("threads"))
    if plain["ckpt_path"] is not None:
        check_resumable(Path(plain["ckpt_path"]), plain)
    if rank() == 0:
        OmegaConf.save(OmegaConf.create(plain), run_dir / CONFIG)

    throughput = Throughput()
    trainer = build_trainer(plain, run_dir, throughput)
    module, data, simulate_seconds = prepare(plain)
    if rank() == 0:
        report_certificate(run_dir, data.certificate(plain["metrics"]["n_null"]))
    if plain["ckpt_path"] is not None:
        carry_best_over(Path(plain["ckpt_path"]), trainer)
    trainer.fit(module, datamodule=data, ckpt_path=plain["ckpt_path"], weights_only=True)
    finished = module.converged or trainer.global_step >= plain["trainer"]["max_steps"]
    if trainer.interrupted or not finished:
        raise UserError(
            f"got {trainer.global_step} of {plain['trainer']['max_steps']} steps: resume with"
            f" ckpt_path={run_dir}/checkpoints/last.ckpt"
        )
    if rank() > 0:
        return {}

    run = load_run(run_dir)
    samples, sample_seconds = draw(run, trainer.strategy.root_device)
    evaluation, judged = judge(run, samples, data.train_data)
    summary = {
        "schema_version": SCHEMA_VERSION,
        "experiment": plain["name"],
        "dataset": plain["dataset"]["name"],
        "dim": run.target.dim,
        "n_train": plain["dataset"]["n_train"],
        "n_generate": plain["sampler"]["n_generate"],
        "seed": plain["seed"],
        "config_hash": config_hash(config),
        "git": _git_revision(),
        "versions": _versions(),
        "device": str(trainer.strategy.root_device),
        "n_parameters": sum(p.numel() for p in module.parameters()),
        "steps": trainer.global_step,
        "seconds": {
            "simulate": simulate_seconds,
            "train": throughput.seconds,
            "sample": sample_seconds,
        },
        **judged,
    }
    _log_hyperparameters(trainer, plain, evaluation)
    excess = evaluation.judgements.get(EXCESS_LOSS)
    losses = _loss_figure(run_dir, has_trajectories(plain["dataset"]), excess)
    save_figures(run_dir / "figures", {"loss": losses})
    write_json(run_dir / SUMMARY, summary)
    log.info("figures: %s", run_dir / "figures")
    log.info("summary: %s", run_dir / SUMMARY)
    return summary


def prepare(config: Mapping[str, Any]) -> tuple[ScoreModule, LawDataModule, float]:
    """The module and the data of a run, and the seconds that simulating the data took."""
    seed, settings = config["seed"], config["trainer"]
    target = build_target(config)
    process = build_process(config, target.dim, target.n_states)
    check_pairing(target, process)
    log.info("%s", process.describe())
    start = time.perf_counter()
    data = LawDataModule(
        target,
        process,
        config["dataset"],
        steps_per_epoch(settings["max_steps"], settings["val_every_n_steps"]),
        seed,
    )
    seconds = time.perf_counter() - start
    # In blocks, as there may be a million. On a GPU a symbol that is none would end the process.
    for points in (*data.train_data.split(BLOCK), data.val_data):
        check_samples(target, points)
    pl.seed_everything(seed, verbose=False)
    denoiser = build_untrained(config, target.dim, process, data.train_data)
    # A run from before there was a choice has no compile, nor cuda_graphs.
    compiled = settings.get("compile", False)
    speed_up(cast(nn.Module, denoiser.net), settings["precision"], compiled)
    monitor = SampleMonitor(
        target,
        build_sampler(config),
        min(N_MONITORED, config["sampler"]["n_generate"]),
        config["sampler"]["chunk_size"],
        config["metrics"],
        seed,
        settings.get("cuda_graphs", False),
    )
    module = MODULES[target.state_space](
        denoiser=denoiser,
        loss=build_loss(config),
        learning_rate=config["model"]["learning_rate"],
        weight_decay=config["model"]["weight_decay"],
        max_steps=settings["max_steps"],
        seed=seed,
        monitor=monitor,
        checkpoint_note={KEY: training_config(dict(config))},
        min_gradient_norm=settings.get("min_gradient_norm"),
        compiled=compiled,
        # Keys of the models that are trained otherwise.
        **{key: config["model"][key] for key in ("schedule", "beta2") if key in config["model"]},
    )
    return module, data, seconds


def draw(run: Run, device: torch.device) -> tuple[Tensor, float]:
    """Samples of the best checkpoint, written to the run's folder, and the seconds they took."""
    settings = run.config["sampler"]
    generator = keyed_generator(run.config["seed"], "samples", device=device)
    start = time.perf_counter()
    denoiser = run.denoiser.to(device)
    with replayed(cast(nn.Module, denoiser.net), run.config["trainer"].get("cuda_graphs", False)):
        samples = run.sampler.sample(
            denoiser,
            settings["n_generate"],
            run.target.dim,
            generator,
            settings["chunk_size"],
        ).cpu()
    seconds = time.perf_counter() - start
    run.denoiser.cpu()  # where the exact values are
    write_samples(run.path / SAMPLES, samples)
    return samples, seconds


def judge(run: Run, samples: Tensor, training_data: Tensor) -> tuple[Evaluation, dict[str, Any]]:
    """Hold samples and score of a run against the truth; the table, figures and their summary."""
    config = run.config
    evaluation = evaluate(
        run.target,
        samples,
        training_data,
        config["metrics"],
        run.process,
        run.denoiser,
        build_loss(config),
        run.sampler,
    )
    title = (
        f"{config['name']}: n_train = {len(training_data):,}, n_generate = {len(samples):,},"
        f" seed {config['seed']}"
    )
    odd = bool(config["model"]["net"].get("odd"))
    return evaluation, report(run.path, run.target, evaluation, title, odd, run)


def _loss_figure(run_dir: Path, stored_times: bool, excess: Judgement | None) -> Any:
    import csv

    with (run_dir / "metrics.csv").open() as stream:
        rows = list(csv.DictReader(stream))

    def column(name: str) -> tuple[list[float], list[float]]:
        kept = [row for row in rows if row.get(name)]
        # Lightning counts the steps before the one that it logs.
        return [float(row["step"]) + 1 for row in kept], [float(row[name]) for row in kept]

    kept_step = read_checkpoint(run_dir / CHECKPOINTS / "best.ckpt")["global_step"]
    losses = *column("train/loss"), *column("val/loss")
    if excess is None:
        return loss_curves(*losses, kept_step, stored_times)
    low, high = cast(float, excess.ci_low), cast(float, excess.ci_high)
    return loss_curves(*losses, kept_step, stored_times, (excess.value, low, high))


def _log_hyperparameters(
    trainer: pl.Trainer, config: Mapping[str, Any], evaluation: Evaluation
) -> None:
    """Fill TensorBoard's HPARAMS tab, which shows metrics only if they come with the values."""
    values = {
        key: value for key, value in training_config(dict(config)).items() if value is not None
    }
    results = {f"final/{name}": j.value for name, j in evaluation.judgements.items()}
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.log_hyperparams(values, results)
            logger.finalize("success")


def _git_revision() -> str | None:
    """The commit of the code, with ``-dirty`` if it was changed since; ``None`` outside git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    folder = Path(__file__).resolve().parent
    try:
        found = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None


def _versions() -> dict[str, str]:
    return {
        "truescore": truescore.__version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "pytorch_lightning": version("pytorch-lightning"),
    }
