"""Training steps: every network, the document's beside ours, Lightning's loop beside a bare one."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor

from truescore.benchmark import bare
from truescore.benchmark.loops import lightning
from truescore.benchmark.paired import Contender, alternate
from truescore.benchmark.rows import Row, Target
from truescore.benchmark.settings import Settings
from truescore.build import build_loss, build_process, build_target, build_untrained
from truescore.composition import composed
from truescore.randomness import keyed_generator

GROUP = "train_step"
ratio = partial(Row.ratio, GROUP)
MESSAGES, CHAIN, DOCUMENT = "leave_one_out_messages", "chain_net", "rot_conv_film"
RING, CHAIN_LAW, TORUS = "ising_d64", "gl_d64", "ising_torus_8x8"
LATTICE = "ising_torus_couplings"
# Experiment -> the networks that are tried on its law: all there are, each where it fits.
NETS = {
    RING: (
        MESSAGES,
        "leave_one_out_pyramid",
        "leave_one_out",
        "leave_one_out_mlp",
        "masked_mlp",
        "hollow_transformer",
        DOCUMENT,
    ),
    TORUS: ("leave_one_out_2d",),
    LATTICE: ("couplings",),
    CHAIN_LAW: (CHAIN, "unet", "plain_cnn", "residual_mlp", "mlp"),
}
MASKS = ("sde=absorbing", "loss=any_order")
# The skip law of a chain is fitted to so many samples, eight means; of a longer one, whose own
# tables take minutes, one mean to random walks.
N_TRAIN, LONGEST_CHAIN = 16_000, 128
LONGEST, LONG_STEP = 10.0, 0.5
# Of the document's network: d and the least ratio, at the experiments' batch and at N/10.
AGAINST_DOCUMENT, BATCHES = {64: Target(30), 128: Target(60)}, (512, 1000)
PER_SITE, SITES = Target(1.3, at_least=False), 2**16
# Of all passes of a step of the document's network: about 1 GB.
PASSED_SITES = 2**22
BETAS = (0.9, 0.99)
# Experiment -> steps of Lightning's loop and of a bare one.
LOOPS = {RING: 200, CHAIN_LAW: 30}


class TrainStep:
    """One step of a training as it is configured, and nothing around it.

    Args:
        experiment: its name.
        model: network in place of the experiment's own; ``None`` keeps that.
        dim: number of sites.
        batch: samples a step.
        settings: device and seed.
    """

    def __init__(
        self,
        experiment: str,
        model: str | None,
        dim: int,
        batch: int,
        settings: Settings,
    ) -> None:
        of_model = [] if model is None else [f"model={model}"]
        config = composed(
            [f"+experiment={experiment}", *of_model, *_changes(experiment, model, dim)]
        )
        process = build_process(config, dim)
        short = dim <= LONGEST_CHAIN or experiment in (RING, TORUS, LATTICE)
        n = max(batch, N_TRAIN if short and "skip" in config["model"] else 2 * dim)
        generator = keyed_generator(settings.seed, "benchmark data")
        data = build_target(config).sample(n, generator) if short else walks(n, dim, generator)
        self.denoiser = build_untrained(config, dim, process, data).to(settings.device)
        self.loss = build_loss(config)
        self.x_0 = data[:batch].to(settings.device)
        self.generator = keyed_generator(settings.seed, "benchmark", device=settings.device)
        rate = config["model"]["learning_rate"]
        self.optimizer = torch.optim.AdamW(
            self.denoiser.parameters(), lr=rate, betas=BETAS, fused=True
        )

    def backward(self) -> Tensor:
        """The loss and its gradient."""
        t = self.loss.sample_times(self.denoiser, len(self.x_0), self.generator)
        loss = self.loss(self.denoiser, self.x_0, t, self.generator).mean()
        self.optimizer.zero_grad()
        loss.backward()
        return loss

    def __call__(self) -> None:
        """The gradient and the step."""
        self.backward()
        self.optimizer.step()

    def seconds(self) -> float:
        """Of one step, the second of two."""
        self()
        start = time.perf_counter()
        self()
        return time.perf_counter() - start

    def peak_megabytes(self) -> float:
        """Most memory that a step takes above what is held before it."""
        if self.x_0.is_cuda:
            before = torch.cuda.memory_allocated()
            torch.cuda.reset_peak_memory_stats()
            self()
            return (torch.cuda.max_memory_allocated() - before) / 1e6
        with _silent(), torch.profiler.profile(profile_memory=True) as profile:
            self.backward()
        taken = held = 0
        events: Any = profile.profiler.kineto_results.events()  # type: ignore[union-attr]
        for event in events:
            if event.name() == "[memory]":
                held += event.nbytes()
                taken = max(taken, held)
        return taken / 1e6


def measure(
    settings: Settings,
    dims: tuple[int, ...] = (16, 64, 256, 1024),
    batches: tuple[int, ...] = (64, 512, 4096),
    rounds: int = 3,
    bare_steps: Mapping[str, int] = LOOPS,
) -> Iterator[Row]:
    """Every network at some sizes, then what has a target."""
    for experiment, nets in NETS.items():
        for net in nets:
            for dim, batch in sizes(dims, batches):
                yield step_rate(settings, experiment, net, dim, batch, rounds)
    for dim, target in AGAINST_DOCUMENT.items():
        for batch in BATCHES:
            yield against_document(settings, dim, batch, target)
    yield from per_site(settings)
    for experiment, steps in bare_steps.items():
        yield lightning(settings, experiment, steps, rounds + 2)


def sizes(dims: tuple[int, ...], batches: tuple[int, ...]) -> list[tuple[int, int]]:
    """A cross of sizes: every batch at the second d, every d at the middle batch or what fits.

    Long laws have smaller batches, of at most as many sites as `SITES`.
    """
    dim, batch = dims[1], batches[len(batches) // 2]
    return sorted({*((d, min(batch, SITES // d)) for d in dims), *((dim, b) for b in batches)})


def step_rate(
    settings: Settings, experiment: str, net: str, dim: int, batch: int, rounds: int
) -> Row:
    """Samples per second of one network, once where a step takes long, and its memory."""
    case = f"{net}, d = {dim}, batch {batch}"
    passes = dim if net == DOCUMENT else 1
    if passes * dim * batch > PASSED_SITES:
        note = f"left out: {passes} passes a step of {batch} samples"
        return Row(GROUP, case, "samples trained on", "samples/s", None, None, note)
    step = TrainStep(experiment, net, dim, batch, settings)
    start = time.perf_counter()
    note = f"{step.peak_megabytes():,.0f} MB at most"
    once = time.perf_counter() - start > LONG_STEP
    rate = alternate([Contender(net, step, batch)], 1 if once else rounds, warm_up=0).rate(net)
    return Row(GROUP, case, "samples trained on", "samples/s", rate, None, note)


def against_document(
    settings: Settings, dim: int, batch: int, target: Target | None, rounds: int = 3
) -> Row:
    """Steps of our network for rings beside one of the document's, on the same batch."""
    steps = 10
    case = f"d = {dim}, batch {batch}"
    quantity = f"{MESSAGES} against {DOCUMENT}"
    small = TrainStep(RING, DOCUMENT, dim, batch // 8, settings).seconds() * 8
    if small > LONGEST:
        note = f"{DOCUMENT} takes about {small:.0f} s a step"
        return ratio(case, quantity, None, target, note)
    ours = TrainStep(RING, MESSAGES, dim, batch, settings)
    contenders = [
        Contender(MESSAGES, partial(_repeat, ours, steps), steps),
        Contender(DOCUMENT, TrainStep(RING, DOCUMENT, dim, batch, settings)),
    ]
    # A first step that is slow is one of three, and the median leaves it out.
    times = alternate(contenders, rounds, warm_up=0)
    return ratio(case, quantity, times.speed(MESSAGES, DOCUMENT), target)


def against_bare(settings: Settings, dim: int, batch: int, rounds: int) -> Row:
    """Our network for chains beside a perceptron of plain torch, on as many samples."""
    step = TrainStep(CHAIN_LAW, None, dim, batch, settings)
    theirs = bare.mlp_step(settings.seed, dim, batch, settings.device)
    name = f"a bare perceptron, {bare.DEPTH} layers of {bare.WIDTH}"
    times = alternate([Contender(CHAIN, step), Contender(name, theirs)], rounds)
    case = f"d = {dim}, batch {batch}"
    return ratio(case, f"{CHAIN} against {name}", times.speed(CHAIN, name))


def per_site(
    settings: Settings, dims: tuple[int, ...] = (64, 256, 1024), sites: int = SITES, rounds: int = 7
) -> Iterator[Row]:
    """Seconds per site and sample of our network for rings, as many sites in every batch."""
    contenders = []
    for dim in dims:
        step = TrainStep(RING, MESSAGES, dim, sites // dim, settings)
        contenders.append(Contender(f"d = {dim}", partial(_repeat, step, 5), 5 * sites))
    times = alternate(contenders, rounds)
    first = contenders[0].name
    for contender in contenders[1:]:
        cost = times.speed(first, contender.name)
        yield ratio(
            f"{MESSAGES}, {contender.name}", f"a site's cost beside {first}", cost, PER_SITE
        )


def _changes(experiment: str, model: str | None, dim: int) -> list[str]:
    """What makes the experiment's law one of so many sites, and fits the network."""
    if experiment not in (TORUS, LATTICE):
        return [f"dataset.dim={dim}", *(MASKS if model == "masked_mlp" else ())]
    rows = 4 if dim < 64 else 8
    columns = dim // rows
    lattice = [f"model.net.lattice=[{rows},{columns}]"] if experiment == LATTICE else []
    return [f"dataset.rows={rows}", f"dataset.columns={columns}", *lattice]


def walks(n: int, dim: int, generator: torch.Generator) -> Tensor:
    """Random walks that come back to zero, in place of long chains: a step takes as long."""
    x = torch.randn(n, dim, generator=generator).cumsum(1) / dim**0.5
    return x - x[:, -1:] * torch.linspace(0, 1, dim)


@contextmanager
def _silent() -> Iterator[None]:
    """Without what torch's profiler has to say for itself, which passes Python by."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _repeat(step: Callable[[], object], n: int) -> None:
    for _ in range(n):
        step()
