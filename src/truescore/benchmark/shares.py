"""How near what we run most comes to the machine: its arithmetic, memory and random numbers."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from truescore.benchmark import simulate
from truescore.benchmark.paired import Contender, alternate
from truescore.benchmark.rows import Row
from truescore.benchmark.settings import Settings
from truescore.benchmark.train_step import CHAIN, CHAIN_LAW, MESSAGES, RING, TrainStep
from truescore.benchmark.ways import OURS_HEUN, times_of
from truescore.build import build_process, build_target
from truescore.composition import composed
from truescore.denoisers import oracle
from truescore.randomness import keyed_generator

GROUP = "shares"
OF_ARITHMETIC, OF_MEMORY = "share of a matrix product's rate", "share of copying's rate"
SIZE, ENTRIES = 1024, 2**24


def measure(settings: Settings, batch: int = 512, n: int = 250, rounds: int = 5) -> Iterator[Row]:
    """Steps of training, sampling and exact scores; Langevin's beside the generator alone."""
    messages = TrainStep(RING, MESSAGES, 64, batch, settings)
    chain = TrainStep(CHAIN_LAW, CHAIN, 64, batch, settings)
    yield from shares(f"training, {MESSAGES}, d = 64, batch {batch}", messages, settings, rounds)
    yield from shares(f"training, {CHAIN}, d = 64, batch {batch}", chain, settings, rounds)
    network: Any = chain.denoiser.eval()
    x = torch.randn(n, 64, generator=keyed_generator(settings.seed, "shares"))
    times = times_of(network, "spectral", 4)
    sampling = partial(OURS_HEUN.path(), network, x.to(settings.device), times.to(settings.device))
    yield from shares(f"sampling, Heun, {CHAIN}, d = 64", sampling, settings, rounds)
    for case, experiment, dim in (("ring", RING, 64), ("chain", "gl_d32", 32)):
        call = exact_scores(settings, experiment, dim, n)
        yield from shares(f"exact scores, {case}, d = {dim}", call, settings, rounds, exact=True)
    for row in simulate.langevin(settings, 32, batch, 20, rounds):
        if " beside " in row.quantity:
            yield Row.ratio(GROUP, row.case, f"share of the rate, {row.quantity}", row.spread)


def shares(
    case: str, call: Callable[[], object], settings: Settings, rounds: int, exact: bool = False
) -> Iterator[Row]:
    """Rows of a call's arithmetic and traffic beside what the machine does of either alone.

    Args:
        case: its name.
        call: what is measured.
        settings: device and seed.
        rounds: of the timer.
        exact: it runs on the CPU, in float64.
    """
    flops, traffic = counted(call)
    dtype, device = (torch.float64, "cpu") if exact else (torch.float32, settings.device)
    a = torch.ones(SIZE, SIZE, dtype=dtype, device=device)
    source = torch.zeros(ENTRIES, device=device)
    product, copying = partial(torch.mm, a, a), partial(torch.empty_like(source).copy_, source)
    contenders = [
        Contender("ours", call),
        Contender("product", product, 2 * SIZE**3),
        Contender("copying", copying, 2 * source.nbytes),
    ]
    seconds = alternate(contenders, rounds)
    work = {OF_ARITHMETIC: ("product", flops, "matrix products alone are counted")}
    work[OF_MEMORY] = ("copying", traffic, "every operation's tensors; above 1 in the cache")
    for quantity, (limit, amount, note) in work.items():
        spread = seconds.speed("ours", limit, amount)
        yield Row.ratio(GROUP, case, quantity, spread, None, f"{amount / 1e6:,.0f} million; {note}")


def exact_scores(settings: Settings, experiment: str, dim: int, n: int) -> Callable[[], object]:
    """The oracle's answer at half the horizon."""
    config = composed([f"+experiment={experiment}", f"dataset.dim={dim}"])
    target = build_target(config)
    process = build_process(config, dim)
    generator = keyed_generator(settings.seed, "shares")
    t = torch.full((n,), process.horizon / 2)
    x_t = process.perturb(target.sample(n, generator), t, generator)
    exact: Any = oracle(target, process)
    spins = target.state_space == "spin"
    answer = torch.inference_mode()(exact.log_odds if spins else exact.posterior_mean)
    return partial(answer, x_t, t)


def counted(call: Callable[[], object]) -> tuple[float, float]:
    """Operations of a call's matrix products, and bytes that its operations read and write."""
    call()
    with FlopCounterMode(display=False) as flops:
        call()
    with Traffic() as traffic:
        call()
    return flops.get_total_flops(), traffic.bytes


class Traffic(TorchDispatchMode):
    """Bytes of the tensors that operations take and give, views left out."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        answer = func(*args, **(kwargs or {}))
        if not func.is_view:
            self.bytes += sum(
                min(leaf.nbytes, leaf.untyped_storage().nbytes())
                for leaf in tree_leaves((args, answer))
                if isinstance(leaf, Tensor)
            )
        return answer
