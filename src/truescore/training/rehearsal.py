"""A run's objects, built and tried on a few points: what does not fit is told before any work."""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from torch import Tensor, nn

from truescore.build import (
    build_denoiser,
    build_loss,
    build_process,
    build_sampler,
    build_target,
)
from truescore.config.check import resolve
from truescore.denoisers import Denoiser, DiscreteDenoiser, check_pairing
from truescore.errors import UserError
from truescore.losses import Loss, PairLoss
from truescore.samplers import Sampler
from truescore.simulate.data import build_simulation, simulator_settings
from truescore.simulate.rehearsal import rehearse_chains
from truescore.training.data import has_trajectories
from truescore.training.leaks import refuse_leaks
from truescore.training.trajectories import layer_times

N = 3  # not a number of sites, nor 1, which fits every shape


def rehearse(config: DictConfig) -> None:
    """Build everything that ``train`` would, and take one step of each kind with it.

    Args:
        config: a configuration that ``truescore.config.check`` finds no fault with.

    Raises:
        UserError: a checkpoint that cannot be resumed, a class that cannot be imported or built, a
            simulation that is unstable or does not move, an answer of the wrong shape.
    """
    plain, _ = resolve(config)
    if plain["ckpt_path"] is not None:
        # Only here: Lightning behind it takes a second to import.
        from truescore.training.resume import check_resumable

        check_resumable(Path(plain["ckpt_path"]), plain)
    target = build_target(plain)
    process = build_process(plain, target.dim, target.n_states)
    check_pairing(target, process)
    dataset = plain["dataset"]
    if dataset["simulator"] == "langevin":
        rehearse_chains(target, simulator_settings(dataset), dataset["n_train"])
    elif dataset["simulator"] != "exact":
        build_simulation(target, simulator_settings(dataset))
    denoiser = build_denoiser(plain, target.dim, process, data=None, n_components=1)
    if isinstance(denoiser, DiscreteDenoiser):
        refuse_leaks(denoiser, target.dim)
    x_0 = torch.ones(N, target.dim)
    loss = build_loss(plain)
    try_loss(loss, denoiser, x_0)
    if has_trajectories(dataset):
        try_pairs(loss, denoiser, x_0, dataset["trajectory"]["step"])
    try_sampler(build_sampler(plain), denoiser, target.dim)


def try_loss(loss: Loss, denoiser: Denoiser, x_0: Tensor) -> None:
    """Evaluate a loss once; every net must answer at the points that it is asked at."""
    generator = torch.Generator().manual_seed(0)
    net = denoiser.net
    if isinstance(net, nn.Module):
        # A correction of reals has two answers, local and modal; one of states q logits.
        states = isinstance(denoiser, DiscreteDenoiser)
        answers = denoiser.process.n_states if states else 2
        net.register_forward_hook(partial(_answers_in_shape, answers))
    t = loss.sample_times(denoiser, N, generator)
    _expect("times", loss, t, (N,))
    _expect("losses", loss, loss(denoiser, x_0, t, generator), (N,))


def try_pairs(loss: Loss, denoiser: Denoiser, x_0: Tensor, step: float) -> None:
    """Evaluate a loss on the first noisy points of stored trajectories."""
    if not isinstance(loss, PairLoss):
        raise UserError(
            f"got dataset.forward=trajectory with {type(loss).__name__}, which needs clean points,"
            " expected a loss with a method of_pair: use loss=ratio_matching"
        )
    if not isinstance(denoiser, DiscreteDenoiser):
        raise UserError(
            "got dataset.forward=trajectory for reals, expected spins: use simulation_free"
        )
    times = layer_times(denoiser.process, step)
    x_t = next(denoiser.process.trajectory(x_0, times, torch.Generator().manual_seed(0)))
    _expect("losses", loss, loss.of_pair(denoiser, x_t, times[:1].expand(N)), (N,))


def try_sampler(sampler: Sampler, denoiser: Denoiser, dim: int) -> None:
    """Take a sampler's first step."""
    generator = torch.Generator().manual_seed(0)
    t, s = sampler.times(denoiser).float()[:2]
    with torch.inference_mode():
        x = sampler.start(denoiser, N, dim, generator)
        moved = sampler.begin()(denoiser, x, t.expand(N), s.expand(N), generator)
    _expect("points", sampler, moved, (N, dim))


def _answers_in_shape(answers: int, net: nn.Module, asked: tuple[Any, ...], answer: Any) -> None:
    shape = tuple(asked[0].shape)
    _expect("answers", net, answer, shape if len(shape) < 3 else (*shape[:2], answers))


def _expect(what: str, giver: Any, got: Any, shape: tuple[int, ...]) -> None:
    found = tuple(got.shape) if isinstance(got, Tensor) else type(got).__name__
    if found != shape:
        raise UserError(
            f"got {what} of shape {found} from {type(giver).__name__}, expected {shape}: mend it"
        )
